/** One thing at a time: who asks gets its turn in the order of asking. */
export class Turns {
  #taken = false;
  readonly #waiting = new Set<() => void>();
  /** Who may have much waiting in memory. */
  #favourite: object | null = null;

  /** Others wait for theirs. */
  get wanted(): boolean {
    return this.#waiting.size > 0;
  }

  /** Resolves to true when it is our turn, which `give` ends; to false when `signal` aborts before. */
  async take(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    if (!this.#taken) return this.#taken = true;
    return await new Promise((resolve) => {
      const mine = () => {
        signal.removeEventListener("abort", aborted);
        resolve(true);
      };
      const aborted = () => {
        this.#waiting.delete(mine);
        resolve(false);
      };
      this.#waiting.add(mine);
      signal.addEventListener("abort", aborted, { once: true });
    });
  }

  /** Whether it is `who` that may have much waiting in memory: one at a time, until `release`. */
  favours(who: object): boolean {
    this.#favourite ??= who;
    return this.#favourite === who;
  }

  release(who: object): void {
    if (this.#favourite === who) this.#favourite = null;
  }

  give(): void {
    for (const next of this.#waiting) {
      this.#waiting.delete(next);
      return next();
    }
    this.#taken = false;
  }
}
