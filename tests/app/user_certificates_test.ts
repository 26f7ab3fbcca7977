import { parseAccounts } from "../../mod/account/accounts_file.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import { issueAuthority } from "../../mod/tls/own_ca.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { Machine } from "../support/command.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { SeededRandom } from "../support/seeded_random.ts";

const FILE = "/home/data/accounts.yaml";

Deno.test("user certificate adds and removes, by file or fingerprint", async () => {
  const m = new Machine();
  const { certificate } = await issueAuthority("x", new FakeClock(), new SeededRandom());
  await m.fs.createWith("/home/phone.pem", [utf8(certificate)]);
  assertEquals((await m.run(["user", "add", "you"])).code, 0);
  const has = async () => {
    const parsed = parseAccounts(FILE, utf8(await m.text(FILE)));
    return parsed.ok ? parsed.value.get("you@example.test")?.certificates ?? [] : ["broken"];
  };
  const added = await m.run(["user", "certificate", "add", "you", "phone.pem"]);
  assertEquals(added.code, 0, added.err);
  const [fingerprint = ""] = await has();
  assert(/^[0-9a-f]{64}$/.test(fingerprint) && added.out.includes(fingerprint));
  assertEquals((await m.run(["user", "certificate", "add", "you", fingerprint.toUpperCase()])).code, 1);
  assertEquals((await m.run(["user", "certificate", "remove", "you", "ab".repeat(32)])).code, 1);
  assertEquals((await m.run(["user", "certificate", "remove", "you", "phone.pem"])).code, 0);
  assertEquals(await has(), []);
  const wrong: [string[], number, string][] = [
    [["you", "phone.pem"], 2, "add or remove?"],
    [["add", "you"], 2, "which certificate?"],
    [["add", "you", "none.pem"], 1, "no such file"],
    [["add", "you", "roost.yaml"], 1, "holds no certificate"],
    [["add", "nobody", fingerprint], 1, "there is no account"],
  ];
  for (const [args, code, text] of wrong) {
    const r = await m.run(["user", "certificate", ...args]);
    assertEquals(r.code, code, r.err);
    assert(r.err.includes(text), r.err);
  }
});
