import type { Folder } from "./folder.ts";

/** Of this many names at least it is looked now and then whose folder is no more. */
const SWEEP = 1000;

/**
 * The folders of an account by name. It holds none: a folder lives as long as somebody uses it (whoever has it open, a delivery on its way, the
 * store's caches), and as long as it does it is the one that is found, so that there are never two of one name.
 */
export class LiveFolders {
  readonly #refs = new Map<string, WeakRef<Folder>>();
  #sweepAt = SWEEP;

  /** How many names are kept. */
  get size(): number {
    return this.#refs.size;
  }

  get(name: string): Folder | undefined {
    return this.#refs.get(name)?.deref();
  }

  set(folder: Folder): void {
    this.#refs.set(folder.name, new WeakRef(folder));
    if (this.#refs.size < this.#sweepAt) return;
    for (const [name, ref] of this.#refs) if (!ref.deref()) this.#refs.delete(name);
    this.#sweepAt = Math.max(SWEEP, this.#refs.size * 2);
  }

  delete(name: string): void {
    this.#refs.delete(name);
  }

  all(): readonly Folder[] {
    return [...this.#refs.values()].flatMap((ref) => ref.deref() ?? []);
  }
}
