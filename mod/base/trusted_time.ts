/**
 * A time to throw things away by. A machine without a battery-backed clock may start years off, ahead or behind, until somebody sets it; what is
 * old by such a clock is not old. So this time follows the clock back at once, but forward only as fast as time goes by, or somewhat faster
 * while it catches up with what it missed (the machine was off, say): a clock that is wrong for some hours moves it by some days at most.
 */
import { type Clock, clockIsSet, NO_ROOST_BEFORE } from "./clock.ts";
import { CATCH_UP } from "./limits.ts";

export class TrustedTime {
  readonly #clock: Clock;
  #time: number;
  /** Monotonic. */
  #looked: number;

  /** `known`: a time that has been: the last one that was remembered, or when a person changed a file. */
  constructor(clock: Clock, known: number) {
    this.#clock = clock;
    this.#time = Math.max(known, NO_ROOST_BEFORE);
    this.#looked = clock.monotonic();
  }

  /** Milliseconds since 1970 that have been reached for certain, or nearly; null while the clock was never set. To be asked now and then. */
  look(): number | null {
    const now = this.#clock.now();
    const monotonic = this.#clock.monotonic();
    const passed = monotonic - this.#looked;
    this.#looked = monotonic;
    if (!clockIsSet(now)) {
      this.#time += passed;
      return null;
    }
    this.#time = Math.min(now, this.#time + passed * CATCH_UP);
    return this.#time;
  }
}
