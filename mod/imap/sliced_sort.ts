/** Sorting that does not hold the event loop, however many there are. */
import type { Slice } from "./slice.ts";

/** Sorted at once: under 2 ms. */
const RUN = 1024;
/** What a comparison costs, as octets of a slice. */
const COMPARISON = 128;

/** The items in order, equal ones in the order they came. Gives others their turn. */
export async function sortSliced<T>(
  items: readonly T[],
  compare: (a: T, b: T) => number,
  slice: Slice,
): Promise<T[]> {
  let sorted: T[] = [];
  for (let at = 0; at < items.length; at += RUN) {
    for (const item of items.slice(at, at + RUN).sort(compare)) sorted.push(item);
    await slice.spend(RUN * COMPARISON);
  }
  for (let run = RUN; run < sorted.length; run *= 2) sorted = await mergeRuns(sorted, run, compare, slice);
  return sorted;
}

async function mergeRuns<T>(
  from: readonly T[],
  run: number,
  compare: (a: T, b: T) => number,
  slice: Slice,
): Promise<T[]> {
  const to: T[] = [];
  for (let start = 0; start < from.length; start += run * 2) {
    const middle = Math.min(start + run, from.length);
    const end = Math.min(start + run * 2, from.length);
    let left = start;
    let right = middle;
    while (left < middle || right < end) {
      const takeLeft = right === end || (left < middle && compare(from[left] as T, from[right] as T) <= 0);
      to.push(from[takeLeft ? left++ : right++] as T);
      if (slice.worked(COMPARISON)) await slice.breathe();
    }
  }
  return to;
}

/** Compares as i;octet does with UTF-8: by code points. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  let at = 0;
  while (at < length && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  if (at === length) return a.length - b.length;
  return rank(a.charCodeAt(at)) - rank(b.charCodeAt(at));
}

/** Surrogates stand for characters above all others. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
}
