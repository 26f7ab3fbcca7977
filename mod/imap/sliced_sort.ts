/** Sorting that does not hold the event loop, however many there are. */
import { sortInTurns } from "../base/sort.ts";
import type { Slice } from "./slice.ts";

/** What an item costs, as octets of a slice. */
const ITEM = 128;

/** The items in order, equal ones in the order they came. Gives others their turn. */
export async function sortSliced<T>(
  items: readonly T[],
  compare: (a: T, b: T) => number,
  slice: Slice,
): Promise<T[]> {
  return await sortInTurns(items, compare, (n) => slice.worked(n * ITEM) ? slice.breathe() : null);
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
