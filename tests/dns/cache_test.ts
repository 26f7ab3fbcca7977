import { CachingResolver } from "../../mod/dns/cache.ts";
import type { RecordTypes } from "../../mod/dns/resolver.ts";
import type { Asked, RecordType, Source } from "../../mod/dns/source.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { zone } from "../support/zone.ts";

Deno.test("lookup() keeps answers for their time to live, and tells what is left of it", async () => {
  const clock = new FakeClock();
  const source = zone({ "a.example": { A: ["192.0.2.1"], ttl: 100 } });
  const cache = new CachingResolver(source, clock);
  await cache.lookup("A.example.", "A");
  await clock.advance(60_000);
  const kept = await cache.lookup("a.example", "A");
  assert(kept.kind === "records");
  assertEquals(kept.ttl, 40);
  assertEquals(source.calls, ["A a.example"]);
  await clock.advance(40_000);
  await cache.lookup("a.example", "A");
  assertEquals(source.calls.length, 2);
  await cache.lookup("a.example", "AAAA");
  assertEquals(source.calls.length, 3);
});

Deno.test("lookup() keeps a no, but never a failure", async () => {
  const clock = new FakeClock();
  const source = zone({ "b.example": "servfail", "c.example": "nodata" });
  const cache = new CachingResolver(source, clock);
  for (const name of ["missing.example", "b.example", "c.example"]) {
    await cache.lookup(name, "MX");
    await cache.lookup(name, "MX");
  }
  assertEquals(source.calls, ["MX missing.example", "MX b.example", "MX b.example", "MX c.example"]);
});

/** Answers with what it is told to, when it is told to. */
class Slow implements Source {
  calls = 0;
  readonly #answers: Promise<Asked<never>>;
  go: (answer: Asked<never>) => void = () => {};
  constructor() {
    this.#answers = new Promise((go) => this.go = go);
  }
  ask<T extends RecordType>(_name: string, _type: T): Promise<Asked<RecordTypes[T]>> {
    this.calls++;
    return this.#answers;
  }
}

Deno.test("lookup() asks once for all who ask at the same time", async () => {
  const source = new Slow();
  const cache = new CachingResolver(source, new FakeClock());
  const both = [cache.lookup("a.example", "A"), cache.lookup("A.EXAMPLE", "A")];
  source.go({ kind: "temp", why: "x" });
  assertEquals((await Promise.all(both)).map((a) => a.kind), ["temp", "temp"]);
  assertEquals(source.calls, 1);
  await cache.lookup("a.example", "A");
  assertEquals(source.calls, 2);
});

Deno.test("lookup() takes a source that throws for one that cannot answer", async () => {
  const source: Source = { ask: () => Promise.reject(new Error("bug")) };
  const cache = new CachingResolver(source, new FakeClock());
  assertEquals((await cache.lookup("a.example", "A")).kind, "temp");
  assertEquals((await cache.lookup("a.example", "A")).kind, "temp");
});

Deno.test("lookup() caps times to live, and keeps nothing that has none", async () => {
  const clock = new FakeClock();
  const source = zone({
    "long.example": { A: ["192.0.2.1"], ttl: 10_000_000 },
    "short.example": { A: ["192.0.2.1"], ttl: 0 },
  });
  const cache = new CachingResolver(source, clock);
  for (const name of ["long.example", "short.example", "short.example"]) await cache.lookup(name, "A");
  assertEquals(source.calls.length, 3);
  await clock.advance(86_400_000);
  await cache.lookup("long.example", "A");
  assertEquals(source.calls.length, 4);
});

Deno.test("the cache stays within its capacity and drops what was used longest ago", async () => {
  const clock = new FakeClock();
  const names = Array.from({ length: 100 }, (_, i) => `n${i}.example`);
  const source = zone(Object.fromEntries(names.map((n) => [n, { TXT: ["x".repeat(1000)] }])));
  const cache = new CachingResolver(source, clock, 20_000);
  for (const name of names) {
    await cache.lookup(name, "TXT");
    await cache.lookup("n0.example", "TXT");
    assert(cache.octets <= 20_000);
  }
  assertEquals(source.calls.filter((c) => c.endsWith(" n0.example")).length, 1);
  await cache.lookup("n1.example", "TXT");
  assertEquals(source.calls.filter((c) => c.endsWith(" n1.example")).length, 2);
  cache.clear();
  assertEquals(cache.octets, 0);
  await clock.advance(301_000);
  for (const name of names) await cache.lookup(name, "TXT");
  assert(cache.octets <= 20_000 && cache.octets > 0);
});

Deno.test("lookup() does not ask for what can be no name", async () => {
  const source = zone({});
  const cache = new CachingResolver(source, new FakeClock());
  for (const name of ["", "a..b", "a\tb", `${"x".repeat(64)}.example`]) {
    assertEquals((await cache.lookup(name, "A")).kind, "nxdomain");
  }
  assertEquals(source.calls, []);
});
