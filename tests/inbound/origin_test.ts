import { ORIGIN_WAIT } from "../../mod/base/limits.ts";
import type { Resolver } from "../../mod/dns/resolver.ts";
import { PeerOrigin } from "../../mod/inbound/origin.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { zone } from "../support/zone.ts";

const LISTS = {
  blocklists: [{ zone: "bl.example", results: [] }],
  allowlists: [{ zone: "wl.example", results: [] }],
};
const DATA = {
  "1.2.0.192.in-addr.arpa": { PTR: ["mx.far.example"] },
  "mx.far.example": { A: ["192.0.2.1"] },
  "1.2.0.192.bl.example": { A: ["127.0.0.2"] },
} as const;

Deno.test("PeerOrigin asks all at once, and knows nothing until it is answered", async () => {
  const clock = new FakeClock();
  const resolver = zone(DATA);
  const origin = new PeerOrigin("192.0.2.1", { trusted: false, ...LISTS }, { resolver, clock });
  assertEquals(resolver.calls, [
    "PTR 1.2.0.192.in-addr.arpa",
    "A 1.2.0.192.bl.example",
    "A 1.2.0.192.wl.example",
  ]);
  assertEquals([origin.name, origin.listed, origin.reverse.kind], [null, null, "unknown"]);
  await origin.pending;
  assertEquals([origin.name, origin.listed?.zone, origin.pending], ["mx.far.example", "bl.example", null]);
  assertEquals(clock.waiting, 0);
});

Deno.test("PeerOrigin: an allowlist outweighs a blocklist; trusted hosts are looked up in no list", async () => {
  const clock = new FakeClock();
  const resolver = zone({ ...DATA, "1.2.0.192.wl.example": { A: ["127.0.0.1"] } });
  const allowed = new PeerOrigin("192.0.2.1", { trusted: false, ...LISTS }, { resolver, clock });
  await allowed.pending;
  assertEquals([allowed.listed, allowed.allowed], [null, true]);
  const before = resolver.calls.length;
  const trusted = new PeerOrigin("192.0.2.1", { trusted: true, ...LISTS }, { resolver, clock });
  await trusted.pending;
  assertEquals([trusted.name, trusted.listed, resolver.calls.length - before], ["mx.far.example", null, 2]);
});

Deno.test("PeerOrigin waits so long for DNS and no longer, and outlives one that breaks", async () => {
  const clock = new FakeClock();
  const silent: Resolver = { lookup: () => new Promise(() => {}) };
  const origin = new PeerOrigin("192.0.2.1", { trusted: false, ...LISTS }, { resolver: silent, clock });
  let over = false;
  origin.pending?.then(() => over = true);
  await clock.advance(ORIGIN_WAIT - 1);
  assert(!over);
  await clock.advance(1);
  assert(over);
  assertEquals([origin.reverse.kind, origin.listed], ["unknown", null]);
  const broken: Resolver = { lookup: () => Promise.reject(new Error("no module")) };
  const other = new PeerOrigin("192.0.2.1", { trusted: false, ...LISTS }, { resolver: broken, clock });
  await other.pending;
  assertEquals([other.reverse.kind, clock.waiting], ["unknown", 0]);
});
