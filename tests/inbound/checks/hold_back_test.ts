import { HELD_BACK } from "../../../mod/base/limits.ts";
import { HoldBack, refusalDelay } from "../../../mod/inbound/checks/hold_back.ts";
import { assertEquals } from "../../support/assert.ts";
import { FakeClock } from "../../support/fake_clock.ts";

Deno.test("refusalDelay() grows, to a bound", () => {
  assertEquals([1, 2, 3, 4, 6, 7, 8, 1000].map(refusalDelay), [0, 0, 1000, 2000, 4000, 5000, 5000, 5000]);
});

Deno.test("HoldBack delays so many at once, and others when these are over", async () => {
  const clock = new FakeClock();
  const holdBack = new HoldBack(clock);
  for (let i = 0; i < HELD_BACK; i++) assertEquals(holdBack.take(3), 1000);
  assertEquals(holdBack.take(3), 0);
  await clock.advance(1000);
  assertEquals(holdBack.take(3), 1000);
});
