import { CLOCK_DRIFT } from "../../mod/base/limits.ts";
import { SteadyClock } from "../../mod/base/steady_clock.ts";
import { assertEquals } from "../support/assert.ts";
import { WrongClock } from "../support/wrong_clock.ts";

const HOUR = 3_600_000;

Deno.test("SteadyClock counts from the last jump, and not while the clock was never set", async () => {
  const clock = new WrongClock();
  const steady = new SteadyClock(clock);
  assertEquals(steady.steadyFor(), 0);
  await clock.pass(3 * HOUR);
  clock.wrongBy = CLOCK_DRIFT; // brought right by a time server, bit by bit
  assertEquals(steady.steadyFor(), 3 * HOUR);
  for (const wrongBy of [-2_000 * HOUR, 9_000 * HOUR, 0]) {
    clock.wrongBy = wrongBy;
    assertEquals(steady.steadyFor(), 0, String(wrongBy));
    await clock.pass(HOUR);
    assertEquals(steady.steadyFor(), HOUR, String(wrongBy));
  }
  clock.wrongBy = -clock.now();
  for (let i = 0; i < 3; i++) {
    assertEquals(steady.steadyFor(), 0);
    await clock.pass(HOUR);
  }
});
