import type { ResponseBuffer } from "./response_buffer.ts";
import { type SequenceSet, type SetRange, STAR } from "./types.ts";

const COMMA = 0x2c;
const COLON = 0x3a;
const ASTERISK = 0x2a;
const ZERO = 0x30;
/** The largest number IMAP has. */
export const MAX_NUMBER = 0xffffffff;

/** Numbers `low` to `high`, both included. */
export interface NumberRange {
  readonly low: number;
  readonly high: number;
}

/**
 * Reads a sequence-set (RFC 3501 9) at `from`: numbers from 1 to 2^32-1 without leading zeros, "*", ranges either way round.
 * Gives the set and the offset after it, or null when there is none or it is broken.
 */
export function readSet(
  bytes: Uint8Array,
  from: number,
): { readonly set: SequenceSet; readonly end: number } | null {
  const ranges: SetRange[] = [];
  let at = from;
  const number = (): number => {
    const first = bytes[at];
    if (first === ASTERISK) {
      at++;
      return STAR;
    }
    if (first === undefined || first <= ZERO || first > ZERO + 9) return -1;
    let n = 0;
    for (let b = bytes[at]; b !== undefined && b >= ZERO && b <= ZERO + 9; b = bytes[++at]) {
      n = n * 10 + b - ZERO;
      if (n > MAX_NUMBER) return -1;
    }
    return n;
  };
  for (;;) {
    const low = number();
    if (low < 0) return null;
    let high = low;
    if (bytes[at] === COLON) {
      at++;
      high = number();
      if (high < 0) return null;
    }
    ranges.push({ from: low, to: high });
    if (bytes[at] !== COMMA) return { set: { ranges }, end: at };
    at++;
  }
}

/**
 * The numbers a set names, ascending and without overlaps. `star` is what "*" stands for: the last message's number, 0 in an
 * empty mailbox (then "*" names nothing, and "5:*" too). "5:*" with `star` 3 is 3 to 5 (RFC 3501 6.4.8).
 */
export function resolveSet(set: SequenceSet, star: number): readonly NumberRange[] {
  const all: { low: number; high: number }[] = [];
  for (const { from, to } of set.ranges) {
    const a = from === STAR ? star : from;
    const b = to === STAR ? star : to;
    if (a === 0 || b === 0) continue;
    all.push(a <= b ? { low: a, high: b } : { low: b, high: a });
  }
  if (all.length < 2) return all;
  all.sort((x, y) => x.low - y.low);
  const merged: { low: number; high: number }[] = [];
  let last: { low: number; high: number } | null = null;
  for (const range of all) {
    if (last && range.low <= last.high + 1) {
      if (range.high > last.high) last.high = range.high;
    } else {
      merged.push(last = range);
    }
  }
  return merged;
}

/** Whether `n` lies in one of `ranges`, which are ascending as `resolveSet` gives them. */
export function inRanges(ranges: readonly NumberRange[], n: number): boolean {
  let low = 0;
  let high = ranges.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const range = ranges[middle];
    if (!range) return false;
    if (n < range.low) high = middle - 1;
    else if (n > range.high) low = middle + 1;
    else return true;
  }
  return false;
}

/** Writes ranges as a set: "1:3,7". */
export function writeRanges(out: ResponseBuffer, ranges: readonly NumberRange[]): void {
  for (const [i, { low, high }] of ranges.entries()) {
    if (i > 0) out.byte(COMMA);
    out.number(low);
    if (high === low) continue;
    out.byte(COLON);
    out.number(high);
  }
}

/** Writes numbers as a set in the order they come; runs that ascend by one are joined: "1:3,7". */
export function writeSet(out: ResponseBuffer, numbers: readonly number[]): void {
  for (let i = 0; i < numbers.length; i++) {
    const first = numbers[i] ?? 0;
    let last = first;
    while (numbers[i + 1] === last + 1) {
      last++;
      i++;
    }
    out.number(first);
    if (last > first) {
      out.byte(COLON);
      out.number(last);
    }
    if (i + 1 < numbers.length) out.byte(COMMA);
  }
}
