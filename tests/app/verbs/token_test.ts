import { assert, assertEquals } from "../../support/assert.ts";
import { Machine } from "../../support/command.ts";

Deno.test("token add shows a token once; list and remove know its name", async () => {
  const m = new Machine();
  assertEquals((await m.run(["token", "list"])).out, 'there is no token; "roost token add NAME" makes one');
  const made = await m.run(["token", "add", "phone"]);
  assert(/^roost_[0-9a-f]{64}$/.test(made.out), made.out);
  assertEquals((await m.run(["token", "add", "monitor", "--read"])).code, 0);
  const listed = await m.run(["token", "list", "--json"]);
  const told = JSON.parse(listed.out) as { name: string; right: string }[];
  assertEquals(told.map((t) => [t.name, t.right]), [["phone", "change"], ["monitor", "read"]]);
  assert(!listed.out.includes(made.out) && !(await m.run(["token", "list"])).out.includes("roost_"));
  assertEquals((await m.run(["token", "remove", "phone"])).code, 0);
  assertEquals((await m.run(["token", "remove", "phone"])).code, 1);
});

Deno.test("token says what is wrong with its arguments", async () => {
  const m = new Machine();
  await m.run(["token", "add", "a"]);
  const table: [string[], number][] = [
    [[], 2],
    [["show"], 2],
    [["add"], 2],
    [["remove"], 2],
    [["add", "a"], 2],
    [["add", "a", "b"], 2],
    [["add", "<b>"], 2],
  ];
  for (const [args, code] of table) {
    assertEquals((await m.run(["token", ...args])).code, code, args.join(" "));
  }
});
