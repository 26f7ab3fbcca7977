import { Lookups } from "../../../mod/auth/spf/lookups.ts";
import { SPF_LIMITS } from "../../../mod/auth/spf/types.ts";
import type { Resolver } from "../../../mod/dns/resolver.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { zone } from "../../support/zone.ts";

Deno.test("Lookups counts terms, and those in vain", () => {
  const lookups = new Lookups(zone({}), new FakeClock(), SPF_LIMITS);
  for (let i = 1; i <= 10; i++) assert(lookups.spend());
  assert(!lookups.spend() && !lookups.spend());
  assertEquals(lookups.terms, 10);
  assert(lookups.spendVoid() && lookups.spendVoid() && !lookups.spendVoid());
});

Deno.test("Lookups waits for no answer longer than the check may take", async () => {
  const clock = new FakeClock();
  const silent: Resolver = { lookup: () => new Promise(() => {}) };
  const lookups = new Lookups(silent, clock, SPF_LIMITS);
  const asked = lookups.ask("a.test", "A");
  await clock.advance(19_999);
  assert(!lookups.late);
  await clock.advance(1);
  assertEquals(await asked, { kind: "temp", why: "no answer within 20 s" });
  assert(lookups.late);
  assertEquals((await lookups.ask("a.test", "A")).kind, "temp");
  assertEquals(clock.waiting, 0);
});

Deno.test("Lookups leaves no timer behind, and takes a fault of the resolver for no answer", async () => {
  const clock = new FakeClock();
  const lookups = new Lookups(zone({ "a.test": { A: ["192.0.2.1"] } }), clock, SPF_LIMITS);
  assertEquals((await lookups.ask("a.test", "A")).kind, "records");
  assertEquals(clock.waiting, 0);
  const broken = new Lookups({ lookup: () => Promise.reject(new Error("bug")) }, clock, SPF_LIMITS);
  assertEquals(await broken.ask("a.test", "A"), { kind: "temp", why: "Error: bug" });
  assertEquals(clock.waiting, 0);
});
