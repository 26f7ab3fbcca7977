import type { Clock } from "../base/clock.ts";

/** Milliseconds in which further ones may join. */
const GATHER = 50;

/** Gathers destinations that are back for a moment: one walk through the queue serves all of them, however many share a host. */
export class Returns {
  readonly #clock: Clock;
  readonly #act: (back: ReadonlySet<string>) => void;
  #back = new Set<string>();
  #cancel: () => void = () => {};

  constructor(clock: Clock, act: (back: ReadonlySet<string>) => void) {
    this.#clock = clock;
    this.#act = act;
  }

  /** These are back. */
  note(names: Iterable<string>): void {
    const first = this.#back.size === 0;
    for (const name of names) this.#back.add(name);
    if (first && this.#back.size > 0) this.#cancel = this.#clock.after(GATHER, () => this.#flush());
  }

  /** Forgets what is gathered. */
  stop(): void {
    this.#cancel();
    this.#back.clear();
  }

  #flush(): void {
    const back = this.#back;
    this.#back = new Set();
    this.#act(back);
  }
}
