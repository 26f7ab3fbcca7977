/** Work on items in order, some of it begun before its turn: what waits for the disk waits for several at a time. */
export class Ahead<T, R> {
  readonly #items: readonly T[];
  readonly #width: number;
  readonly #work: (item: T) => Promise<R>;
  readonly #begun: Promise<R>[] = [];
  #next = 0;

  /** `width`: how many are under way at most. */
  constructor(items: readonly T[], width: number, work: (item: T) => Promise<R>) {
    this.#items = items;
    this.#width = width;
    this.#work = work;
  }

  /** What came of the next item. Not to be asked for more than there are. */
  next(): Promise<R> {
    while (this.#begun.length < this.#width && this.#next < this.#items.length) {
      const result = this.#work(this.#items[this.#next++] as T); // within the items
      // Who asks for it hears of its failure; until then nobody does.
      result.catch(() => {});
      this.#begun.push(result);
    }
    const first = this.#begun.shift();
    if (first === undefined) throw new RangeError("Cannot go on after the last item");
    return first;
  }

  /** Resolves when all that was begun has ended; nothing more is. */
  async end(): Promise<void> {
    this.#next = this.#items.length;
    await Promise.allSettled(this.#begun);
  }
}
