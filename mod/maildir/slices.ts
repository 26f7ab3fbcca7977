import type { Ports } from "./ports.ts";

const SLICE = 6; // milliseconds of work before others get their turn
const STRIDE = 32; // items between two looks at the clock
const RUN = 128; // items sorted at once: STRIDE such runs take some 2 ms

/** Calls `each` for all items, letting the event loop run every few milliseconds. `dir` is any folder that is there. */
export async function inSlices<T>(
  ports: Pick<Ports, "fs" | "clock">,
  dir: string,
  items: Iterable<T>,
  each: (item: T) => void,
): Promise<void> {
  let began = ports.clock.monotonic();
  let n = 0;
  for (const item of items) {
    each(item);
    if (++n % STRIDE !== 0 || ports.clock.monotonic() - began < SLICE) continue;
    // A call that goes through the event loop: whatever is ready runs before it comes back.
    await ports.fs.stat(dir);
    began = ports.clock.monotonic();
  }
}

/** The items sorted, letting the event loop run every few milliseconds. */
export async function sortInSlices<T>(
  ports: Pick<Ports, "fs" | "clock">,
  dir: string,
  items: readonly T[],
  compare: (a: T, b: T) => number,
): Promise<readonly T[]> {
  let runs: T[][] = [];
  const starts = Array.from({ length: Math.ceil(items.length / RUN) }, (_, i) => i * RUN);
  await inSlices(ports, dir, starts, (at) => runs.push(items.slice(at, at + RUN).sort(compare)));
  while (runs.length > 1) {
    const merged: T[][] = [];
    await inSlices(ports, dir, merging(runs, compare, merged), () => {});
    runs = merged;
  }
  return runs[0] ?? [];
}

/** Puts two runs each together, an item at a step. */
function* merging<T>(runs: readonly T[][], compare: (a: T, b: T) => number, merged: T[][]): Generator<void> {
  for (let i = 0; i < runs.length; i += 2) {
    const [one = [], other = []] = [runs[i], runs[i + 1]];
    const both: T[] = [];
    merged.push(both);
    for (let x = 0, y = 0; x < one.length || y < other.length;) {
      const first = y >= other.length || (x < one.length && compare(one[x] as T, other[y] as T) <= 0);
      both.push((first ? one[x++] : other[y++]) as T); // within both
      yield;
    }
  }
}

/** Calls `each` for all items, some at once; rejects with the first failure after all have ended. */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  each: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failed = false;
  let failure: unknown;
  const worker = async () => {
    while (next < items.length && !failed) {
      const item = items[next++] as T;
      try {
        await each(item);
      } catch (e) {
        failure = failed ? failure : e;
        failed = true;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
  if (failed) throw failure;
}
