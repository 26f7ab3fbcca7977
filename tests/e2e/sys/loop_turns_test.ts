import type { Clock } from "../../../mod/base/clock.ts";
import { systemClock } from "../../../mod/sys/clock.ts";
import { LoopTurns } from "../../../mod/sys/loop_turns.ts";
import { assert } from "../../support/assert.ts";

/** Counts its timers. */
function counting(): Clock & { slept: number } {
  const clock = {
    ...systemClock,
    slept: 0,
    sleep(ms: number) {
      clock.slept++;
      return systemClock.sleep(ms);
    },
  };
  return clock;
}

Deno.test("LoopTurns lets sockets have their turn each time, without timers where nobody has anything to do", async () => {
  const clock = counting();
  const turns = new LoopTurns(clock);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const client = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
  const server = await listener.accept();
  let heard = 0;
  const listening = (async () => {
    while (await server.read(new Uint8Array(1)) !== null) heard++;
  })();
  for (let n = 0; n < 10; n++) await turns.pass();
  clock.slept = 0;
  // One octet for every second turn: it has come after the turn at the latest.
  for (let n = 1; n <= 20; n++) {
    await client.write(new Uint8Array(1));
    await turns.pass();
    await turns.pass();
    assert(heard >= n - 1, `${heard} of ${n}`);
  }
  // A machine that does other things makes some turns long.
  const before = clock.slept;
  let alone = 0;
  for (let n = 0; n < 200; n++) {
    const slept = clock.slept;
    await turns.pass();
    if (clock.slept === slept) alone++;
  }
  assert(alone > 0, `${clock.slept - before} timers for 200 turns`);
  client.close();
  await listening;
  server.close();
  listener.close();
  await turns.close();
});

Deno.test("LoopTurns gives turns where its sockets are gone", async () => {
  const turns = new LoopTurns(systemClock);
  for (let n = 0; n < 3; n++) await turns.pass();
  await turns.close();
  for (let n = 0; n < 3; n++) await turns.pass();
  await turns.close();
});

Deno.test("LoopTurns gives the turn that waits while its sockets are closed", async () => {
  const turns = new LoopTurns(systemClock);
  for (let n = 0; n < 20; n++) {
    await turns.pass();
    const waiting = turns.pass();
    await turns.close();
    await waiting;
  }
  await turns.close();
});

Deno.test("LoopTurns tries sockets again some time after they were lost, or could not be had", async () => {
  let [lost, passed] = [true, 0];
  const clock = counting();
  const turns = new LoopTurns({
    ...clock,
    sleep: (ms) => clock.sleep(ms),
    monotonic: () => systemClock.monotonic() + passed,
    after: (ms, fn) => lost ? systemClock.after(0, fn) : systemClock.after(ms, fn),
  });
  /** Turns of 200 that took no timer. */
  const alone = async () => {
    let n = 0;
    for (let turn = 0; turn < 200; turn++) {
      const { slept } = clock;
      await turns.pass();
      if (clock.slept === slept) n++;
    }
    return n;
  };
  for (let n = 0; n < 100; n++) await turns.pass();
  lost = false;
  passed += 120_000;
  assert(await alone() > 0);
  await turns.close();
});
