import { Slices } from "../../mod/queue/slices.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";

Deno.test("Slices ends a slice before it holds others for 10 ms, and begins the next after a rest", async () => {
  const clock = new FakeClock();
  const slices = new Slices(clock);
  assertEquals(slices.over, false);
  await clock.advance(5);
  assertEquals(slices.over, false);
  await clock.advance(4);
  assert(slices.over);
  let rested = false;
  const rest = slices.rest().then(() => rested = true);
  await Promise.resolve();
  assertEquals(rested, false);
  await clock.advance(1);
  await rest;
  assertEquals(slices.over, false);
});
