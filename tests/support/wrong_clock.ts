import type { Clock } from "../../mod/base/clock.ts";
import { FakeClock } from "./fake_clock.ts";

/** A clock that somebody has yet to set: it shows the truth and `wrongBy` milliseconds. Durations are right all the same. */
export class WrongClock implements Clock {
  readonly #fake = new FakeClock(Date.UTC(2026, 5, 1));
  wrongBy = 0;

  now(): number {
    return this.#fake.now() + this.wrongBy;
  }

  truth(): number {
    return this.#fake.now();
  }

  monotonic(): number {
    return this.#fake.monotonic();
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#fake.sleep(ms, signal);
  }

  after(ms: number, fn: () => void): () => void {
    return this.#fake.after(ms, fn);
  }

  /** Lets time pass. */
  pass(ms: number): Promise<void> {
    return this.#fake.advance(ms);
  }
}
