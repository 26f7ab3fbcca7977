import type { Clock } from "../base/clock.ts";
import { IMAP_SLICE } from "../base/limits.ts";

/** Octets of work between two looks at the clock: under half a millisecond's worth also where messages have to be read. */
const UNIT = 16 * 1024;

/** Long work in slices: whoever works tells how much it did, and others on the event loop get their turn when it is time. */
export class Slice {
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #pause: () => Promise<void>;
  #start: number;
  #left = UNIT;

  /** `pause` resolves after everybody else on the event loop had a turn. */
  constructor(clock: Pick<Clock, "monotonic">, pause: () => Promise<void>) {
    this.#clock = clock;
    this.#pause = pause;
    this.#start = clock.monotonic();
  }

  /** Counts work as octets looked at; true when it is time to `breathe`. */
  worked(octets: number): boolean {
    this.#left -= octets;
    if (this.#left > 0) return false;
    this.#left = UNIT;
    return this.#clock.monotonic() - this.#start >= IMAP_SLICE;
  }

  /** Others had their turn just now, since there was nothing to do. */
  rested(): void {
    this.#start = this.#clock.monotonic();
  }

  async breathe(): Promise<void> {
    await this.#pause();
    this.#start = this.#clock.monotonic();
  }

  /** `worked`, and `breathe` when it is time. */
  async spend(octets: number): Promise<void> {
    if (this.worked(octets)) await this.breathe();
  }
}
