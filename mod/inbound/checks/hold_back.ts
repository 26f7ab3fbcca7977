/** How long refusals are held back: guessing addresses and passwords is to cost time (a tarpit, with a bottom). */
import type { Clock } from "../../base/clock.ts";
import { HELD_BACK, HOLD_BACK_FREE, HOLD_BACK_MOST, HOLD_BACK_STEP } from "../../base/limits.ts";

/** Milliseconds for the `refusals`-th refusal of a connection. */
export function refusalDelay(refusals: number): number {
  return Math.min(HOLD_BACK_MOST, Math.max(0, refusals - HOLD_BACK_FREE) * HOLD_BACK_STEP);
}

/** Gives out delays, to so many connections at once. Past that nobody waits: slots are worth more than revenge. */
export class HoldBack {
  readonly #clock: Clock;
  /** When those under way end, monotonic. */
  #ends: number[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds to wait now; the caller does. */
  take(refusals: number): number {
    const delay = refusalDelay(refusals);
    if (delay === 0) return 0;
    const now = this.#clock.monotonic();
    if (this.#ends.length >= HELD_BACK) this.#ends = this.#ends.filter((end) => end > now);
    if (this.#ends.length >= HELD_BACK) return 0;
    this.#ends.push(now + delay);
    return delay;
  }
}
