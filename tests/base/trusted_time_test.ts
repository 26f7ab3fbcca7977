import fc from "fast-check";
import { CATCH_UP } from "../../mod/base/limits.ts";
import { TrustedTime } from "../../mod/base/trusted_time.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { WrongClock } from "../support/wrong_clock.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

Deno.test("TrustedTime goes with a clock that is right", async () => {
  const clock = new WrongClock();
  const time = new TrustedTime(clock, clock.now());
  for (let i = 0; i < 100; i++) {
    await clock.pass(HOUR);
    assertEquals(time.look(), clock.now());
  }
});

Deno.test("TrustedTime does not leap with a clock that is a year ahead, and is right again when the clock is", async () => {
  const clock = new WrongClock();
  const known = clock.now();
  clock.wrongBy = YEAR;
  const time = new TrustedTime(clock, known);
  assertEquals(time.look(), known);
  for (let i = 0; i < 3; i++) {
    await clock.pass(HOUR);
    time.look();
  }
  assert((time.look() ?? Infinity) <= known + 3 * HOUR * CATCH_UP);
  clock.wrongBy = 0;
  assertEquals(time.look(), clock.now());
});

Deno.test("TrustedTime catches up with a month in which the machine was off, in some days", async () => {
  const clock = new WrongClock();
  const time = new TrustedTime(clock, clock.now() - 30 * DAY);
  let hours = 0;
  for (; (time.look() ?? 0) < clock.now(); hours++) await clock.pass(HOUR);
  assert(hours > 3 * 24 && hours < 6 * 24, String(hours));
});

Deno.test("TrustedTime has no answer by a clock that was never set, and counts on", async () => {
  const clock = new WrongClock();
  const known = clock.now();
  clock.wrongBy = -clock.now();
  const time = new TrustedTime(clock, known);
  await clock.pass(DAY);
  assertEquals(time.look(), null);
  clock.wrongBy = 0;
  assertEquals(time.look(), known + DAY);
});

Deno.test("TrustedTime is never further ahead of the truth than a wrong clock had time for", async () => {
  const leg = fc.record({ wrong: fc.integer({ min: -20, max: 20 }), hours: fc.integer({ min: 1, max: 30 }) });
  await fc.assert(fc.asyncProperty(fc.array(leg, { maxLength: 12 }), async (legs) => {
    const clock = new WrongClock();
    const time = new TrustedTime(clock, clock.truth());
    let wrongFor = 0;
    for (const { wrong, hours } of legs) {
      clock.wrongBy = wrong * 30 * DAY;
      for (let i = 0; i < hours; i++) {
        await clock.pass(HOUR);
        if (wrong > 0) wrongFor += HOUR;
        const told = time.look();
        if (told !== null) assert(told <= clock.truth() + wrongFor * CATCH_UP && told <= clock.now());
      }
    }
  }));
});
