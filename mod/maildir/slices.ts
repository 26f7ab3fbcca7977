import type { Ports } from "./ports.ts";

const SLICE = 6; // milliseconds of work before others get their turn
const STRIDE = 32; // items between two looks at the clock

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
