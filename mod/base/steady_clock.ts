/** For how long the clock has gone as time does: one that was just set, or is about to be, is not to be acted upon. */
import { type Clock, clockIsSet } from "./clock.ts";
import { CLOCK_DRIFT } from "./limits.ts";

export class SteadyClock {
  readonly #clock: Clock;
  /** Of wall time over monotonic time, when it was last found to have jumped. */
  #offset: number;
  #since: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = clock.monotonic();
    this.#offset = clock.now() - this.#since;
  }

  /** Milliseconds, 0 while the clock was never set. To be asked now and then: it is then that a jump is found. */
  steadyFor(): number {
    const monotonic = this.#clock.monotonic();
    const now = this.#clock.now();
    const offset = now - monotonic;
    if (Math.abs(offset - this.#offset) > CLOCK_DRIFT || !clockIsSet(now)) {
      this.#offset = offset;
      this.#since = monotonic;
    }
    return monotonic - this.#since;
  }
}
