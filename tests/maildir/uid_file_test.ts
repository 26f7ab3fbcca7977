import { UidFile } from "../../mod/maildir/uid_file.ts";
import { assertEquals, assertMatch, assertRejects } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemFs } from "../support/mem_fs.ts";
import { fileText, portsOn } from "./support.ts";

const LIST = "/d/dovecot-uidlist";
const GUID = "e8caf30d44e6026b3933000083ecc375";

function made(text?: string, pid = 1) {
  const clock = new FakeClock(1_700_000_000_000);
  const fs = new MemFs({ clock, dirs: ["/d"], files: text === undefined ? {} : { [LIST]: text } });
  return { clock, fs, file: new UidFile(portsOn(fs, clock, pid), "/d", "/d") };
}

const record = (uid: number, base = `m${uid}`) => ({ uid, extensions: "", base });
const basesOf = async (file: UidFile) =>
  [...(await file.news()).records.values()].map((r) => `${r.uid} ${r.base}`);

Deno.test("a new list gets a UIDVALIDITY and a GUID, and grows by lines", async () => {
  const { fs, file } = made();
  assertEquals([file.changed(), file.uidValidity, file.nextUid], [false, 0, 1]);
  await file.locked(() => file.append([record(1), record(2)]));
  assertEquals([file.uidValidity, file.nextUid, file.changed()], [1_700_000_000, 3, false]);
  assertMatch(
    await fileText(fs.afterCrash("synced-only"), LIST),
    /^3 V1700000000 N1 G[0-9a-f]{32}\n1 :m1\n2 :m2\n$/,
  );
  assertEquals(fs.tree("/d").filter((p) => p.includes("lock") || p.includes("tmp")), []);
});

Deno.test("news() reads what others append, and all when they wrote it anew", async () => {
  const { fs, file, clock } = made(`3 V7 N1 G${GUID}\n1 :a\n5 S1 W2 :b\n`);
  assertEquals(await basesOf(file), ["1 a", "5 b"]);
  assertEquals([file.uidValidity, file.nextUid], [7, 6]);
  await clock.advance(1000);
  const other = new UidFile(portsOn(fs, clock, 2), "/d", "/d");
  await other.locked(() => other.append([record(6)]));
  assertEquals(file.changed(), true);
  const reads = fs.calls.get("read") ?? 0;
  assertEquals(await file.news().then((n) => [n.whole, [...n.records.keys()]]), [false, ["m6"]]);
  assertEquals((fs.calls.get("read") ?? 0) - reads, 2);
  await other.locked(() => other.rewrite((uid) => uid !== 1));
  assertEquals(await basesOf(file), ["5 b", "6 m6"]);
  assertEquals(await fileText(fs, LIST), `3 V7 N7 G${GUID}\n5 S1 W2 :b\n6 :m6\n`);
});

Deno.test("append() goes on above what is in the file, whatever the header says", async () => {
  for (
    const [text, next] of [
      [`3 V7 N1 G${GUID}\n41 :a\n`, 42],
      [`3 V7 N90 G${GUID}\n41 :a\n`, 90],
      [`3 V7 N5 G${GUID}\n`, 5],
      [
        `3 V7 N1 G${GUID}\n` + Array.from({ length: 20_000 }, (_, i) => `${i + 1} :base-${i}\n`).join(""),
        20_001,
      ],
    ] as const
  ) {
    const { file } = made(text);
    await file.locked(() => Promise.resolve());
    assertEquals([file.uidValidity, file.nextUid], [7, next]);
  }
});

Deno.test("append() gives no UID that would not be read again", async () => {
  const { fs, file } = made(`3 V7 N1 G${GUID}\n4294967293 :a\n`);
  await file.locked(() => file.append([record(file.nextUid)]));
  const before = await fileText(fs, LIST);
  await assertRejects(() => file.locked(() => file.append([record(file.nextUid)])), "dovecot-uidlist");
  assertEquals(await fileText(fs, LIST), before);
  assertEquals(await basesOf(file), ["4294967293 a", "4294967294 m4294967294"]);
});

Deno.test("a torn last line, junk and version 1 are put right by the next append", async () => {
  for (
    const [text, after] of [
      [`3 V7 N1 G${GUID}\n1 :a\n2 :tor`, `3 V7 N2 G${GUID}\n1 :a\n2 :new\n`],
      [`1 7 3\n1 a:2,S\n2 b\n`, `3 V7 N3 G1\n1 :a\n2 :b\n3 :new\n`],
    ] as const
  ) {
    const { fs, file } = made(text);
    await file.locked(() => file.append([record(file.nextUid, "new")]));
    assertEquals(
      (await fileText(fs, LIST)).replace(/G[0-9a-f]{32}/, (g) => g.slice(1) === GUID ? g : "G1"),
      after,
    );
  }
});

Deno.test("a list without a header is begun anew with another UIDVALIDITY", async () => {
  for (const text of ["", "junk\n1 :a\n", "\0\0\0\0"]) {
    const { file } = made(text);
    await file.locked(() => file.append([record(1)]));
    assertEquals([file.uidValidity, file.nextUid], [1_700_000_000, 2]);
  }
});

Deno.test("a failed append gives its UIDs to nobody it told of, and the next one works", async () => {
  const { fs, file } = made();
  await file.locked(() => file.append([record(1)]));
  const heal = fs.fail("sync", "io");
  await assertRejects(() => file.locked(() => file.append([record(2)])), "io");
  heal();
  await file.locked(() => file.append([record(file.nextUid, "again")]));
  assertEquals((await basesOf(file)).at(-1), "3 again"); // the line of the failed one stood there
});
