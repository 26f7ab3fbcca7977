/** The canonical form of a message's octets (RFC 5322 2.1): lines end in CRLF. Files of other programs may have bare LF. */
import { CR, LF } from "./bytes.ts";

/** How many LF in `bytes` have no CR before them. `previous` is the octet before the first. */
export function bareLines(bytes: Uint8Array, previous = 0): number {
  let bare = 0;
  for (let i = bytes.indexOf(LF); i >= 0; i = bytes.indexOf(LF, i + 1)) {
    if ((i > 0 ? bytes[i - 1] : previous) !== CR) bare++;
  }
  return bare;
}

// Four octets as one number: an octet of it that is zero borrows from its highest bit when one is taken from each.
const LFS = 0x0a0a0a0a;
const ONES = 0x01010101;
const HIGHEST = 0x80808080;

/**
 * Copies `bytes` to `into` with a CR before each bare LF; gives the number of octets written. `into` must be large enough. Eight octets at a time where
 * none of them is LF: four times as fast as one by one, and faster than line by line.
 */
export function canonicalInto(bytes: Uint8Array, into: Uint8Array, previous = 0): number {
  const from = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const to = new DataView(into.buffer, into.byteOffset, into.length);
  const length = bytes.length;
  let written = 0;
  for (let i = 0; i < length;) {
    for (; i + 8 <= length; i += 8, written += 8) {
      const a = from.getInt32(i);
      const b = from.getInt32(i + 4);
      const x = a ^ LFS;
      const y = b ^ LFS;
      if ((((x - ONES) & ~x) | ((y - ONES) & ~y)) & HIGHEST) break;
      to.setInt32(written, a);
      to.setInt32(written + 4, b);
    }
    for (const end = Math.min(i + 8, length); i < end; i++) {
      const c = bytes[i] ?? 0;
      if (c === LF && (i > 0 ? bytes[i - 1] : previous) !== CR) into[written++] = CR;
      into[written++] = c;
    }
  }
  return written;
}

/** Offset after the blank line that ends a header block; 0 when there is none. */
export function endOfHeader(bytes: Uint8Array): number {
  for (let at = 0;; at++) {
    if (bytes[at] === LF) return at + 1;
    if (bytes[at] === CR && bytes[at + 1] === LF) return at + 2;
    at = bytes.indexOf(LF, at);
    if (at < 0) return 0;
  }
}
