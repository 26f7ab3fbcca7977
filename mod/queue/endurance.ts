/**
 * Under which terms a message goes on being tried. How old it is tells a clock that may have been wrong when it came, or may be now: machines
 * without a battery start with some other year until somebody sets them. So age alone ends nothing while the clock was just set, or the server
 * just started, and what this process took itself is given up once it really waited that long.
 */
import type { Clock } from "../base/clock.ts";
import { QUEUE_STEADY } from "../base/limits.ts";
import { SteadyClock } from "../base/steady_clock.ts";
import type { Entry } from "./agenda.ts";
import type { Terms } from "./schedule.ts";

export class Endurance {
  readonly #clock: Clock;
  readonly #steady: SteadyClock;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#steady = new SteadyClock(clock);
  }

  /** The terms as they are, or without an end for now. To be asked at every attempt. */
  terms({ taken }: Pick<Entry, "taken">, terms: Terms): Terms {
    const { lifetime } = terms;
    const steady = this.#steady.steadyFor() >= Math.min(QUEUE_STEADY, lifetime);
    const waited = taken === undefined || this.#clock.monotonic() - taken >= lifetime;
    return steady && waited ? terms : { ...terms, lifetime: Infinity };
  }
}
