import type { Clock } from "../../mod/base/clock.ts";
import { LoopTurns } from "../../mod/sys/loop_turns.ts";
import { assertEquals } from "../support/assert.ts";

// Without permission for the network, as here, turns are given by timers; with it, see tests/e2e/sys/loop_turns_test.ts.

Deno.test("LoopTurns gives turns one at a time, in the order they were asked for", async () => {
  const said: string[] = [];
  const wakes: (() => void)[] = [];
  const clock: Clock = {
    now: () => 0,
    monotonic: () => 0,
    after: () => () => {},
    sleep: () => new Promise((resolve) => wakes.push(resolve)),
  };
  const turns = new LoopTurns(clock);
  const all = Promise.all(["a", "b", "c"].map(async (name) => {
    await turns.pass();
    said.push(name);
  }));
  for (let n = 0; n < 3; n++) {
    while (wakes.length === 0) await new Promise((r) => setTimeout(r, 0));
    assertEquals(said.length, n);
    wakes.shift()?.();
    await new Promise((r) => setTimeout(r, 0));
  }
  await all;
  assertEquals(said, ["a", "b", "c"]);
  await turns.close();
});
