import { assert, assertEquals } from "../../support/assert.ts";
import { Machine } from "../../support/command.ts";

Deno.test("alias add, list and remove", async () => {
  const m = new Machine();
  const before = await m.text("/home/roost.yaml");
  const r = await m.run(["alias", "add", "Info", "you", "friend@else.test"]);
  assertEquals(
    r.out,
    "Info@example.test goes to you@example.test, friend@else.test (no server runs; it counts from the next start)",
  );
  assert((await m.text("/home/roost.yaml")).includes("# ours"));
  assertEquals(JSON.parse((await m.run(["alias", "list", "--json"])).out), [
    { alias: "postmaster@example.test", targets: ["you@example.test"] },
    { alias: "info@example.test", targets: ["you@example.test", "friend@else.test"] },
  ]);
  assert((await m.run(["alias", "list", "else.test"])).out.includes("no aliases"));
  assertEquals((await m.run(["alias", "remove", "info@example.test", "you"])).code, 0);
  assertEquals((await m.run(["alias", "remove", "info"])).out.includes("leads nowhere now"), true);
  assertEquals((await m.text("/home/roost.yaml")).replace("[ you ]", "[you]"), before);
});

Deno.test("alias refuses what cannot be, and leaves the file alone", async () => {
  const m = new Machine();
  const before = await m.text("/home/roost.yaml");
  const cases: [string[], number, string][] = [
    [["alias"], 2, "alias needs one of"],
    [["alias", "add"], 2, "which alias?"],
    [["alias", "add", "info"], 2, "where does its mail go?"],
    [["alias", "add", "info@else.test", "you"], 1, "roost domain add else.test"],
    [["alias", "add", "info", "you@@x"], 1, "is not an address"],
    [["alias", "remove", "info"], 1, "no alias info@example.test"],
  ];
  for (const [args, code, text] of cases) {
    const r = await m.run(args);
    assertEquals(r.code, code, args.join(" "));
    assert(r.err.includes(text), r.err);
  }
  assertEquals(await m.text("/home/roost.yaml"), before);
});
