import { assert, assertEquals, assertMatch } from "../../support/assert.ts";
import { Machine } from "../../support/command.ts";

async function machine(): Promise<Machine> {
  const m = new Machine();
  await m.run(["user", "add", "you@example.test", "--password-stdin"], "secret-word\n");
  return m;
}

Deno.test("backup makes snapshots and keeps as many as it is told", async () => {
  const m = await machine();
  const names: string[] = [];
  for (let i = 0; i < 4; i++) {
    await m.clock.advance(60_000);
    const ran = await m.run(["backup", "/b", "--keep", "2", "--json"]);
    assertEquals([ran.code, ran.err], [0, ""]);
    names.push(JSON.parse(ran.out).name);
  }
  const left = (await m.fs.list("/b")).map((e) => e.name).sort();
  assertEquals(left, [...names.slice(2), "latest"].sort());
  const text = await m.run(["backup", "/b"]);
  assertMatch(
    text.out,
    /^\/b\/\d{4}-\d\d-\d\dT\d{6}Z: \d files, 0\.0 MB; 0 of them were in the snapshot before$/,
  );
  assertEquals((await m.run(["verify", "/b", "--all"])).code, 0);
});

Deno.test("backup runs once at a time", async () => {
  const m = await machine();
  await m.fs.makeDir("/b");
  await m.fs.createWith("/b/backup.lock", [new TextEncoder().encode("1:elsewhere")]);
  const ran = await m.run(["backup", "/b"]);
  assertEquals([ran.code, ran.err.includes("another backup to /b is under way")], [1, true]);
});

Deno.test("backup says what is wrong with a call", async () => {
  const m = await machine();
  for (
    const [args, code, why] of [
      [["backup"], 2, "backup to where"],
      [["backup", "/b", "--keep", "0"], 2, "is no number above 0"],
      [["backup", "data/b"], 1, "is what is backed up"],
    ] as const
  ) {
    const ran = await m.run([...args]);
    assertEquals(ran.code, code, args.join(" "));
    assert(ran.err.includes(why), ran.err);
  }
});
