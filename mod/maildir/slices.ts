import { sortInTurns } from "../base/sort.ts";
import type { Ports } from "./ports.ts";

const SLICE = 4; // milliseconds of work before others get their turn
const STRIDE = 32; // pieces of work between two looks at the clock
const FILE = 8; // pieces that a change of one file counts for

/** Long work in slices: whoever works tells of each piece, and passes its turn on when it is time. */
export class Turns {
  readonly #ports: Pick<Ports, "fs" | "clock">;
  readonly #dir: string;
  #began: number;
  #left = STRIDE;
  #passes = 0;
  #passing: Promise<void> | null = null;

  /** `dir` is any folder that is there. */
  constructor(ports: Pick<Ports, "fs" | "clock">, dir: string) {
    this.#ports = ports;
    this.#dir = dir;
    this.#began = ports.clock.monotonic();
  }

  /** Counts pieces of work of some microseconds each; true when it is time to `pass`. */
  worked(pieces = 1): boolean {
    this.#left -= pieces;
    if (this.#left > 0) return this.#passing !== null;
    this.#left = STRIDE;
    return this.#passing !== null || this.#ports.clock.monotonic() - this.#began >= SLICE;
  }

  /** Resolves after others had their turn. All who share this object wait together. */
  pass(): Promise<void> {
    return this.#passing ??= this.#pass();
  }

  async #pass(): Promise<void> {
    try {
      const { clock, fs } = this.#ports;
      // A timer lets all others run, sockets too, and costs a millisecond. A call of the file system costs much less, but one after the other
      // they can be done without a look at any socket: measured, for up to half a second.
      if (clock.turn) await clock.turn();
      else if (this.#passes++ % 2 === 0) await clock.sleep(0);
      else await fs.stat(this.#dir);
    } finally {
      this.#passing = null;
      this.#began = this.#ports.clock.monotonic();
    }
  }
}

/** Calls `each` for all items, letting the event loop run every few milliseconds. `dir` is any folder that is there. */
export async function inSlices<T>(
  ports: Pick<Ports, "fs" | "clock">,
  dir: string,
  items: Iterable<T>,
  each: (item: T) => void,
): Promise<void> {
  const turns = new Turns(ports, dir);
  for (const item of items) {
    each(item);
    if (turns.worked()) await turns.pass();
  }
}

/** The items in lists of `size`, in order. */
export function* listsOf<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  if (items.length <= size) return yield items;
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}

/** The items sorted, equal ones in the order they came, letting the event loop run every few milliseconds. */
export async function sortInSlices<T>(
  ports: Pick<Ports, "fs" | "clock">,
  dir: string,
  items: readonly T[],
  compare: (a: T, b: T) => number,
): Promise<T[]> {
  const turns = new Turns(ports, dir);
  return await sortInTurns(items, compare, (n) => turns.worked(n) ? turns.pass() : null);
}

/**
 * Calls `each` for all items, some at once; rejects with the first failure after all have ended. With `turns` the event loop gets to run even where
 * none of them waits for anything.
 */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  each: (item: T) => Promise<void>,
  turns: Turns | null = null,
): Promise<void> {
  let next = 0;
  let failed = false;
  let failure: unknown;
  const worker = async () => {
    while (next < items.length && !failed) {
      const item = items[next++] as T;
      try {
        await each(item);
        if (turns?.worked(FILE)) await turns.pass();
      } catch (e) {
        failure = failed ? failure : e;
        failed = true;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
  if (failed) throw failure;
}
