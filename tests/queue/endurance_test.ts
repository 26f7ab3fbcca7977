import { memoryBody } from "../../mod/base/body.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import { Endurance } from "../../mod/queue/endurance.ts";
import { TERMS } from "../../mod/queue/schedule.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { type Answer, delivered, envelope, notDelivered, started, stop } from "./rig.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;
const NOW = Date.UTC(2027, 5, 1);

/** A clock that somebody may set. */
class SetClock extends FakeClock {
  /** Milliseconds it is ahead. */
  ahead = 0;

  override now(): number {
    return super.now() + this.ahead;
  }
}

/** Whether messages of each kind may be given up: one from before the start, one taken `ago` milliseconds before. */
function ends(endurance: Endurance, clock: FakeClock, ago: number): readonly [boolean, boolean] {
  const of = (entry: { taken?: number }) => Number.isFinite(endurance.terms(entry, TERMS).lifetime);
  return [of({}), of({ taken: clock.monotonic() - ago })];
}

Deno.test("Endurance lets nothing end by its age in the first hour, nor in the first hour of a clock that was set", async () => {
  const clock = new SetClock(NOW);
  const endurance = new Endurance(clock);
  assertEquals(ends(endurance, clock, 0), [false, false]);
  await clock.advance(HOUR);
  assertEquals(ends(endurance, clock, HOUR), [true, false]);
  for (const jump of [YEAR, -YEAR]) {
    clock.ahead += jump;
    assertEquals(ends(endurance, clock, 10 * DAY), [false, false], `after ${jump}`);
    await clock.advance(HOUR);
    // What came a minute before the jump is not a year old.
    assertEquals(ends(endurance, clock, HOUR + 60_000), [true, false]);
    assertEquals(ends(endurance, clock, TERMS.lifetime), [true, true]);
  }
});

Deno.test("Endurance waits no longer than a short lifetime, and says nothing else about the terms", async () => {
  const clock = new FakeClock(NOW);
  const endurance = new Endurance(clock);
  const terms = { lifetime: 2000, waits: [500] };
  assertEquals(endurance.terms({}, terms), { lifetime: Infinity, waits: [500] });
  await clock.advance(2000);
  assertEquals(endurance.terms({}, terms), terms);
});

Deno.test("Endurance ends nothing by a clock that was never set", async () => {
  const clock = new FakeClock(Date.UTC(1970, 0, 1));
  const endurance = new Endurance(clock);
  await clock.advance(10 * DAY);
  assertEquals(ends(endurance, clock, 10 * DAY), [false, false]);
});

/** The host is away; reports to the sender arrive. */
const away: Answer = ({ address }) => address.domain === "x.test" ? notDelivered("deferred") : delivered();

Deno.test("a queue gives nothing up by a clock that is a year off at the start and set later, and still ends what is old", async () => {
  for (const off of [YEAR, -YEAR]) {
    const clock = new SetClock(NOW);
    const before = await started(undefined, away, {}, clock);
    await before.queue.submit(envelope(["before@x.test"]), memoryBody(utf8("m")));
    await stop(before);
    clock.ahead = off;
    const r = await started(before.fs, away, {}, clock);
    await r.queue.submit(envelope(["since@x.test"]), memoryBody(utf8("m")));
    await clock.advance(HOUR / 2);
    clock.ahead = 0;
    for (let i = 0; i < 8; i++) await clock.advance(12 * HOUR);
    assertEquals(
      [r.reports.filter((one) => one.kind === "failure"), r.queue.stats().messages],
      [[], 2],
      `by ${off}`,
    );
    for (let i = 0; i < 8; i++) await clock.advance(12 * HOUR);
    // What came a year ahead of its time is tried on.
    assertEquals(r.queue.stats().messages, off > 0 ? 1 : 0, `by ${off}`);
    assert(r.batches.length > 50, `${r.batches.length} attempts: none waits for a year`);
    await stop(r);
  }
});
