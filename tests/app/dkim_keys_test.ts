import { dkimKeys, ensureDkimKeys } from "../../mod/app/dkim_keys.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemFs } from "../support/mem_fs.ts";

Deno.test("ensureDkimKeys() makes an RSA and an Ed25519 key once, durably, for the owner only", async () => {
  const clock = new FakeClock();
  const fs = new MemFs({ clock, dirs: ["/data"] });
  const config = { data: "/data" };
  assertEquals(await dkimKeys(fs, config, "a.test"), []);
  const keys = await ensureDkimKeys({ fs, clock }, config, "a.test");
  assertEquals(keys.map((k) => [k.selector, k.algorithm]), [["rsa-20260102", "rsa"], [
    "ed25519-20260102",
    "ed25519",
  ]]);
  assertMatch(keys[0]?.p ?? "", /^MIIBIjAN[A-Za-z0-9+/]{384}$/);
  assertMatch(keys[1]?.p ?? "", /^[A-Za-z0-9+/]{43}=$/);
  for (const k of keys) {
    assert(k.pem.startsWith("-----BEGIN PRIVATE KEY-----"));
    assertEquals(fs.statSync(`/data/keys/dkim/a.test/${k.selector}.pem`)?.mode, 0o600);
  }
  assertEquals(await ensureDkimKeys({ fs, clock }, config, "a.test"), keys);
  assertEquals(await dkimKeys(fs.afterCrash("synced-only"), config, "a.test"), keys);
});
