import { PatientResolver } from "../../mod/auth/patience.ts";
import { assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { zone } from "../support/zone.ts";

const ANSWER = { kind: "records", records: ["192.0.2.1"], ttl: 300, secure: false } as const;

Deno.test("PatientResolver answers as the other does, until it is too late", async () => {
  const clock = new FakeClock();
  const silent = zone({ "a.example": { A: ["192.0.2.1"] } });
  const resolver = new PatientResolver({
    lookup: (name, type) => name === "silent.example" ? new Promise(() => {}) : silent.lookup(name, type),
  });
  assertEquals(await resolver.lookup("a.example", "A"), ANSWER);
  const waiting = resolver.lookup("silent.example", "A");
  resolver.atMost(clock, 1000);
  await clock.advance(999);
  assertEquals(await resolver.lookup("a.example", "A"), ANSWER);
  await clock.advance(1);
  const late = { kind: "temp", why: "no answer in time" } as const;
  assertEquals(await waiting, late);
  const asked = silent.calls.length;
  assertEquals(await resolver.lookup("a.example", "A"), late);
  assertEquals(silent.calls.length, asked);
});

Deno.test("PatientResolver forgets its hurry when all is done", async () => {
  const clock = new FakeClock();
  const resolver = new PatientResolver(zone({ "a.example": { A: ["192.0.2.1"] } }));
  resolver.atMost(clock, 1000)();
  await clock.advance(2000);
  assertEquals(await resolver.lookup("a.example", "A"), ANSWER);
});
