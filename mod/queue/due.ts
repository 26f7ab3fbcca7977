/** What is due when: a binary heap by time. Nothing is removed from its middle; whoever takes an item out looks whether it still counts. */
export class DueHeap<T> {
  readonly #items: { readonly at: number; readonly item: T }[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** When the first item is due; null when there is none. */
  get next(): number | null {
    return this.#items[0]?.at ?? null;
  }

  push(at: number, item: T): void {
    const items = this.#items;
    const added = { at, item };
    let place = items.length;
    items.push(added);
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = items[above];
      if (!parent || parent.at <= at) break;
      items[place] = parent;
      place = above;
    }
    items[place] = added;
  }

  /** Takes out the first item that is due at `now`, with the time it was pushed for. */
  pop(now: number): { readonly at: number; readonly item: T } | null {
    const items = this.#items;
    const first = items[0];
    if (!first || first.at > now) return null;
    const last = items.pop();
    if (last && last !== first) this.#sink(last);
    return first;
  }

  #sink(added: { readonly at: number; readonly item: T }): void {
    const items = this.#items;
    let place = 0;
    for (;;) {
      const left = items[2 * place + 1];
      const right = items[2 * place + 2];
      if (!left) break;
      const rightFirst = right !== undefined && right.at < left.at;
      const child = rightFirst ? right : left;
      if (child.at >= added.at) break;
      items[place] = child;
      place = 2 * place + (rightFirst ? 2 : 1);
    }
    items[place] = added;
  }
}
