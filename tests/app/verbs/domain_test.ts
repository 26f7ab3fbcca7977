import { assert, assertEquals } from "../../support/assert.ts";
import { Machine } from "../../support/command.ts";

Deno.test("domain add writes roost.yaml and keys, tells the server, and remove takes it out again", async () => {
  const m = new Machine();
  await m.startServer();
  const before = await m.text("/home/roost.yaml");
  const r = await m.run(["domain", "add", "Bücher.example"]);
  assertEquals([r.code, r.err], [0, ""]);
  assertEquals(m.requests, ["POST /api/reload"]);
  assertEquals(await m.text("/home/roost.yaml"), `${before}  xn--bcher-kva.example: {}\n`);
  assertEquals((await m.fs.list("/home/data/keys/dkim/xn--bcher-kva.example")).length, 2);
  assert((await m.run(["domain", "add", "bücher.example"])).err.includes("already"));
  assertEquals((await m.run(["domain", "remove", "bücher.example"])).code, 0);
  assertEquals(await m.text("/home/roost.yaml"), before);
});

Deno.test("domain remove refuses while accounts are left", async () => {
  const m = new Machine();
  await m.run(["user", "add", "you", "--password-stdin"], "x");
  assert(
    (await m.run(["domain", "remove", "example.test"])).err.includes("still has accounts: you@example.test"),
  );
  assertEquals(JSON.parse((await m.run(["domain", "list", "--json"])).out), [{
    domain: "example.test",
    accounts: 1,
    aliases: 1,
  }]);
  assert((await m.run(["domain", "list"])).out.includes("example.test  1"));
  for (const args of [["domain"], ["domain", "add"], ["domain", "add", "no domain"]]) {
    assertEquals((await m.run(args)).code, 2);
  }
});
