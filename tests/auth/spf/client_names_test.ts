import { isWithin, preferredName, validatedNames } from "../../../mod/auth/spf/client_names.ts";
import { Lookups } from "../../../mod/auth/spf/lookups.ts";
import { SPF_LIMITS } from "../../../mod/auth/spf/types.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { zone, type ZoneData } from "../../support/zone.ts";

const IP = new Uint8Array([192, 0, 2, 1]);

async function names(data: ZoneData) {
  const dns = zone(data);
  const found = await validatedNames(IP, new Lookups(dns, new FakeClock(), SPF_LIMITS), 10);
  return { ...found, calls: dns.calls };
}

Deno.test("validatedNames() keeps the names that lead back, ten at most are asked for", async () => {
  const PTR = ["a.test", "b.test", "c.test", "d.test", ...Array.from({ length: 20 }, (_, i) => `n${i}.test`)];
  const found = await names({
    "1.2.0.192.in-addr.arpa": { PTR },
    "a.test": { A: ["192.0.2.9", "192.0.2.1"] },
    "b.test": { A: ["192.0.2.9"] },
    "c.test": "servfail",
    "d.test": { CNAME: ["a.test"] },
    "n19.test": { A: ["192.0.2.1"] },
  });
  assertEquals(found.names, ["a.test", "d.test"]);
  assertEquals(found.calls.length, 11);
  assert(!found.none);
});

Deno.test("validatedNames() tells an address without names from one that cannot be asked for", async () => {
  assertEquals((await names({})).none, true);
  assertEquals((await names({ "1.2.0.192.in-addr.arpa": "nodata" })).none, true);
  assertEquals((await names({ "1.2.0.192.in-addr.arpa": "timeout" })).none, false);
});

Deno.test("preferredName() wants the domain, then what is below it, then anything", () => {
  assertEquals(preferredName(["x.test", "b.a.test", "a.test"], "a.test"), "a.test");
  assertEquals(preferredName(["x.test", "b.a.test"], "a.test"), "b.a.test");
  assertEquals(preferredName(["x.test", "aa.test"], "a.test"), "x.test");
  assertEquals(preferredName([], "a.test"), "unknown");
  assert(!isWithin("ba.test", "a.test") && isWithin("b.a.test", "a.test") && isWithin("a.test", "a.test"));
});
