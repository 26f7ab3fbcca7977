/**
 * Flags as bits and by name. Bits 0-4 are the system flags; bit KEYWORD_SHIFT + k is keyword k of the mailbox they belong to, so
 * bits of different mailboxes only mean the same after a translation by name.
 */
import { KEYWORDS } from "../base/limits.ts";
import {
  ANSWERED,
  DELETED,
  DRAFT,
  type FlagBits,
  FLAGGED,
  KEYWORD_SHIFT,
  type NamedFlags,
  SEEN,
} from "./store.ts";

/** All system flags. */
export const SYSTEM_FLAGS: FlagBits = SEEN | ANSWERED | FLAGGED | DELETED | DRAFT;

/** No flags, by name. */
export const NO_FLAGS: NamedFlags = { system: 0, keywords: [] };

/** The bit of keyword number `k` (0-25). */
export function keywordBit(k: number): FlagBits {
  return 1 << (KEYWORD_SHIFT + k);
}

/** The number of a keyword in a mailbox's list, compared without case (RFC 9051 2.3.2); -1 when it is not there. */
export function keywordNumber(list: readonly string[], keyword: string): number {
  const exact = list.indexOf(keyword);
  if (exact >= 0) return exact;
  const wanted = keyword.toLowerCase();
  return list.findIndex((k) => k.toLowerCase() === wanted);
}

/** The keywords in `bits`, by name. A number without a name is left out. */
export function keywordNames(bits: FlagBits, list: readonly string[]): string[] {
  const names: string[] = [];
  if (bits >>> KEYWORD_SHIFT === 0) return names;
  for (let k = 0; k < list.length && k < KEYWORDS; k++) {
    const name = list[k];
    if (name && bits & keywordBit(k)) names.push(name);
  }
  return names;
}

/** Bits of one mailbox as names, to carry them to another. */
export function toNamed(bits: FlagBits, list: readonly string[]): NamedFlags {
  return { system: bits & SYSTEM_FLAGS, keywords: keywordNames(bits, list) };
}

/** Bits for keywords that are in `list`, and those that are not there yet, in order and once each. */
export function knownBits(
  keywords: readonly string[],
  list: readonly string[],
): { readonly bits: FlagBits; readonly missing: readonly string[] } {
  let bits = 0;
  const missing: string[] = [];
  for (const keyword of keywords) {
    const k = keywordNumber(list, keyword);
    if (k >= 0 && k < KEYWORDS) bits |= keywordBit(k);
    else if (keywordNumber(missing, keyword) < 0) missing.push(keyword);
  }
  return { bits, missing };
}
