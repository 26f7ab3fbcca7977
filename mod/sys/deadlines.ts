/** Something that may have waited too long. */
export interface Waiter {
  /** `performance.now()` time at which it has waited long enough; Infinity while it does not wait. */
  deadline: number;
  expire(): void;
}

/**
 * One coarse timer for all connections, instead of a timer armed and cleared for every read: a wait ends at most `tick` milliseconds late.
 * The timer runs only while there is someone to watch.
 */
export class Deadlines {
  readonly #tick: number;
  readonly #waiters = new Set<Waiter>();
  #timer: ReturnType<typeof setInterval> | null = null;

  constructor(tick = 1000) {
    this.#tick = tick;
  }

  add(waiter: Waiter): void {
    this.#waiters.add(waiter);
    if (this.#timer === null) {
      const timer = setInterval(() => this.#look(), this.#tick);
      Deno.unrefTimer(timer);
      this.#timer = timer;
    }
  }

  remove(waiter: Waiter): void {
    this.#waiters.delete(waiter);
    if (this.#waiters.size === 0 && this.#timer !== null) {
      clearInterval(this.#timer);
      this.#timer = null;
    }
  }

  #look(): void {
    const now = performance.now();
    for (const w of this.#waiters) if (w.deadline <= now) w.expire();
  }
}
