import { listSnapshots, snapshotName, snapshotsAt, snapshotTime } from "../../mod/backup/snapshots.ts";
import { assertEquals } from "../support/assert.ts";
import { MemFs } from "../support/mem_fs.ts";

Deno.test("names of snapshots sort by time and tell it", () => {
  const time = Date.UTC(2026, 10, 22, 16, 53, 7);
  assertEquals([snapshotName(time), snapshotTime("2026-11-22T165307Z")], ["2026-11-22T165307Z", time]);
  for (const bad of ["2026-11-22", "latest", ".unfinished-2026-11-22T165307Z", "2026-99-99T165307Z"]) {
    assertEquals(snapshotTime(bad), null, bad);
  }
});

Deno.test("only finished snapshots are listed, the newest that is old enough first", async () => {
  const files = Object.fromEntries(
    [
      "2026-01-01T000000Z",
      "2026-02-01T000000Z",
      "2026-03-01T000000Z",
      ".unfinished-2026-04-01T000000Z",
      "other",
    ]
      .map((n) => [`/b/${n}/manifest.jsonl`, "x"]),
  );
  const fs = new MemFs({ files, dirs: ["/b/2026-05-01T000000Z"] });
  assertEquals((await listSnapshots(fs, "/b")).length, 3);
  assertEquals(await listSnapshots(fs, "/none"), []);
  assertEquals((await snapshotsAt(fs, "/b", null))[0], "/b/2026-03-01T000000Z");
  assertEquals(await snapshotsAt(fs, "/b", Date.UTC(2026, 1, 15)), [
    "/b/2026-02-01T000000Z",
    "/b/2026-01-01T000000Z",
  ]);
  assertEquals(await snapshotsAt(fs, "/b/2026-01-01T000000Z", 0), ["/b/2026-01-01T000000Z"]);
});
