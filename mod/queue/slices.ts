import type { Clock } from "../base/clock.ts";

/** Milliseconds of work before others have their turn: under the 10 ms that no work may hold the loop for. */
const SLICE = 7;

/** Cuts long work into slices: `if (slices.over) await slices.rest()` at each step of it. */
export class Slices {
  readonly #clock: Clock;
  #end: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#end = clock.monotonic() + SLICE;
  }

  /** It is time to `rest`. */
  get over(): boolean {
    return this.#clock.monotonic() > this.#end;
  }

  /** Lets others have their turn, and begins the next slice. */
  async rest(): Promise<void> {
    await this.#clock.sleep(0);
    this.#end = this.#clock.monotonic() + SLICE;
  }
}
