import { utf8 } from "../../../mod/base/bytes.ts";
import { assertEquals, assertMatch } from "../../support/assert.ts";
import { Machine } from "../../support/command.ts";

const MAIL = "/home/data/mail/example.test/you";

Deno.test("verify says of the server's own what is broken, with exit 1, and what to do", async () => {
  const m = new Machine();
  await m.run(["user", "add", "you@example.test", "--password-stdin"], "secret-word\n");
  await m.fs.makeDir(`${MAIL}/cur`);
  await m.fs.createWith(`${MAIL}/cur/1.a,S=3,W=3:2,`, [utf8("one")]);
  const good = await m.run(["verify"]);
  assertEquals([good.code, good.out], [0, "1 files read, 0.0 MB: nothing is broken"]);
  await m.fs.createWith(`${MAIL}/cur/2.b,S=9:2,`, [utf8("two")]);
  const bad = await m.run(["verify"]);
  assertEquals(bad.code, 1);
  assertMatch(bad.out, /^fail {2}\/home\/.*2\.b,S=9:2, has 3 octets, its name says 9\n {6}restore it/);
  const json = JSON.parse((await m.run(["verify", "--json"])).out);
  assertEquals([json.failed, json.files, json.findings.length], [1, 2, 1]);
  await m.fs.remove("/home/data/accounts.yaml");
  await m.fs.createWith("/home/data/accounts.yaml", [utf8("- nonsense")]);
  assertEquals((await m.run(["verify"])).code, 1);
});

Deno.test("verify of what is no snapshot says so", async () => {
  const m = new Machine();
  const ran = await m.run(["verify", "/none"]);
  assertEquals([ran.code, ran.err], [1, "roost: /none is no snapshot, and holds none that was finished"]);
});
