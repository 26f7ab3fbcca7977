/** Names and record data within a DNS message. Null for whatever does not fit in its bounds exactly. */
import { asciiLower, fromAscii, fromUtf8 } from "../base/bytes.ts";
import { DNS_POINTERS } from "../base/limits.ts";
import { addressText } from "./address.ts";
import type { RecordTypes } from "./resolver.ts";
import type { RecordType } from "./source.ts";

/** Type numbers: RFC 1035 3.2.2, 2782 (SRV), 3596 (AAAA), 6698 (TLSA), 8659 (CAA). */
export const TYPES: { readonly [T in RecordType]: number } = {
  A: 1,
  NS: 2,
  CNAME: 5,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  TLSA: 52,
  CAA: 257,
};

export interface ReadName {
  /** Lower case, no final dot; null when it holds octets that no name we use has (a dot in a label, say: it would read as two). */
  readonly text: string | null;
  /** Offset after the name, where it was first met. */
  readonly next: number;
}

/** Reads a name at `at`, following pointers (RFC 1035 4.1.4), which must lead backwards; null when it is broken. */
export function readName(bytes: Uint8Array, at: number): ReadName | null {
  const labels: string[] = [];
  let usable = true;
  let total = 0;
  let pointers = 0;
  let next = -1;
  let segment = at;
  for (;;) {
    const length = bytes[at];
    if (length === undefined) return null;
    if (length === 0) break;
    if (length >= 0xc0) {
      const low = bytes[at + 1];
      if (low === undefined) return null;
      if (next < 0) next = at + 2;
      const target = ((length & 0x3f) << 8) | low;
      if (target >= segment || ++pointers > DNS_POINTERS) return null;
      segment = at = target;
      continue;
    }
    total += length + 1;
    if (length > 63 || total > 254 || at + 1 + length > bytes.length) return null;
    const label = bytes.subarray(at + 1, at + 1 + length);
    if (label.some((c) => c < 0x20 || c > 0x7e || c === 0x2e)) usable = false;
    labels.push(asciiLower(fromAscii(label)));
    at += 1 + length;
  }
  return { text: usable ? labels.join(".") : null, next: next < 0 ? at + 1 : next };
}

type Decoder<T extends RecordType> = (bytes: Uint8Array, start: number, end: number) => RecordTypes[T] | null;

const DECODERS: { readonly [T in RecordType]: Decoder<T> } = {
  A: (b, start, end) => end - start === 4 ? addressText(b.subarray(start, end)) : null,
  AAAA: (b, start, end) => end - start === 16 ? addressText(b.subarray(start, end)) : null,
  NS: nameData,
  CNAME: nameData,
  PTR: nameData,
  MX: (b, start, end) => {
    const exchange = nameData(b, start + 2, end);
    return exchange === null ? null : { preference: u16(b, start), exchange };
  },
  TXT: textData,
  SRV: (b, start, end) => {
    const target = nameData(b, start + 6, end);
    if (target === null) return null;
    return { priority: u16(b, start), weight: u16(b, start + 2), port: u16(b, start + 4), target };
  },
  TLSA: (b, start, end) => {
    if (end - start < 3) return null;
    const [usage = 0, selector = 0, matching = 0] = b.subarray(start, end);
    return { usage, selector, matching, data: b.slice(start + 3, end) };
  },
  CAA: (b, start, end) => {
    const tagEnd = start + 2 + (b[start + 1] ?? 0);
    if (end - start < 2 || tagEnd > end) return null;
    return {
      critical: ((b[start] ?? 0) & 0x80) !== 0,
      tag: asciiLower(fromAscii(b.subarray(start + 2, tagEnd))),
      value: fromUtf8(b.subarray(tagEnd, end)),
    };
  },
};

/** One record's data from the octets `start` to `end`; null when they are not exactly that. */
export function decodeData<T extends RecordType>(
  type: T,
  bytes: Uint8Array,
  start: number,
  end: number,
): RecordTypes[T] | null {
  return DECODERS[type](bytes, start, end);
}

function u16(b: Uint8Array, at: number): number {
  return ((b[at] ?? 0) << 8) | (b[at + 1] ?? 0);
}

function nameData(b: Uint8Array, start: number, end: number): string | null {
  const name = readName(b, start);
  // Spaces are for names that are asked for; as data they could pass for two names in logs and header fields.
  return name && name.next === end && !name.text?.includes(" ") ? name.text : null;
}

/** All strings of a TXT record joined, as SPF and DKIM want them (RFC 7208 3.3, RFC 6376 3.6.2.2). */
function textData(b: Uint8Array, start: number, end: number): Uint8Array | null {
  const joined = new Uint8Array(end - start);
  let size = 0;
  let at = start;
  while (at < end) {
    const length = b[at] ?? 0;
    if (at + 1 + length > end) return null;
    joined.set(b.subarray(at + 1, at + 1 + length), size);
    size += length;
    at += 1 + length;
  }
  return joined.slice(0, size);
}
