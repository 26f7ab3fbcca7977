import { LAG_LOOK } from "../../mod/base/limits.ts";
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
