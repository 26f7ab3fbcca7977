import type { Clock } from "../../mod/base/clock.ts";
import { LAG_CALM, LAG_LOOK, LAG_LOOK_BUSY } from "../../mod/base/limits.ts";
import { Timings } from "../../mod/status/timings.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";

Deno.test("Timings tells of all it was told, in base units", async () => {
  const timings = new Timings();
  timings.smtpCommand(2);
  timings.smtpMessage(20);
  timings.imapCommand(200);
  timings.accepted(2000);
  const clock = new FakeClock();
  timings.watchLoop(clock);
  timings.watchLoop(clock);
  assertEquals(clock.waiting, 1, "one timer, however often it is asked");
  for (let i = 0; i < 3; i++) await clock.advance(LAG_LOOK);
  const text = timings.format();
  for (
    const line of [
      'roost_smtp_command_seconds_bucket{le="0.0025"} 1',
      "roost_smtp_message_seconds_sum 0.02",
      "roost_imap_command_seconds_sum 0.2",
      'roost_accepted_message_bytes_bucket{le="4000"} 1',
      "roost_event_loop_lag_seconds_count 3",
    ]
  ) {
    assert(text.includes(`${line}\n`), `${line}\n${text}`);
  }
});

Deno.test("whatever holds the loop is seen while something goes on, and a machine without work sleeps", async () => {
  const timings = new Timings();
  const clock = new FakeClock();
  // Timers of the fake clock are never late by themselves.
  let held = 0;
  const late: Clock = {
    now: () => clock.now(),
    monotonic: () => clock.monotonic() + held,
    sleep: (ms) => clock.sleep(ms),
    after: (ms, fn) => clock.after(ms, fn),
  };
  timings.watchLoop(late);
  const looks = () => Number(/event_loop_lag_seconds_count (\d+)/.exec(timings.format())?.[1]);
  const above = (bound: string) =>
    looks() - Number(new RegExp(`lag_seconds_bucket\\{le="${bound}"\\} (\\d+)`).exec(timings.format())?.[1]);
  await clock.advance(10 * LAG_LOOK);
  assertEquals(looks(), 10);
  timings.imapCommand(1);
  await clock.advance(LAG_LOOK_BUSY);
  assertEquals(looks(), 11);
  held += 30; // between two looks
  await clock.advance(LAG_LOOK_BUSY);
  assertEquals([above("0.025"), above("0.05")], [1, 0]);
  await clock.advance(2 * LAG_CALM);
  const before = looks();
  await clock.advance(3 * LAG_LOOK);
  assertEquals([looks() - before, clock.waiting], [3, 1]);
  // Work that no command began shows by itself.
  held += 5;
  await clock.advance(LAG_LOOK);
  const calm = looks();
  await clock.advance(10 * LAG_LOOK_BUSY);
  assert(looks() - calm >= 9, `${looks() - calm}`);
});
