/** Content-Transfer-Encodings (RFC 2045 6), forgiving: what cannot be decoded is passed over or kept, never an error. */
import { asciiLower, concat, CR, EMPTY, fromAscii, LF } from "../base/bytes.ts";

const EQUALS = 0x3d;
const SPACE = 0x20;
const TAB = 0x09;
const UNDECIDED = 1000; // octets of white space held back at most while it is open whether the line ends after them

/** A push decoder: what `write` and `end` give, in order, is the decoded octets. */
export interface Decoder {
  /** The result may be a view of `chunk`. */
  write(chunk: Uint8Array): Uint8Array;
  end(): Uint8Array;
}

/** The decoder for a Content-Transfer-Encoding in any case; what is unknown or missing passes through. */
export function transferDecoder(encoding: Uint8Array | string | null): Decoder {
  const name = asciiLower(
    encoding === null ? "" : typeof encoding === "string" ? encoding : fromAscii(encoding),
  ).trim();
  if (name === "base64") return new Base64Decoder();
  if (name === "quoted-printable") return new QuotedPrintableDecoder();
  return { write: (chunk) => chunk, end: () => EMPTY };
}

// 64: not in the alphabet, passed over. 65: padding.
const BASE64 = new Uint8Array(256).fill(64);
for (let i = 0; i < 64; i++) {
  BASE64["ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".charCodeAt(i)] = i;
}
BASE64[EQUALS] = 65;

/** Base64 in lines of any length. Padding may stand within: pieces that were encoded one by one are decoded one by one. */
export class Base64Decoder implements Decoder {
  #bits = 0;
  #count = 0; // characters of the quantum at hand

  write(chunk: Uint8Array): Uint8Array {
    const out = new Uint8Array(Math.floor((chunk.length + 3) / 4) * 3 + 3);
    let n = 0;
    let bits = this.#bits;
    let count = this.#count;
    for (let i = 0; i < chunk.length; i++) {
      const v = BASE64[chunk[i] as number] as number;
      if (v < 64) {
        bits = (bits << 6) | v;
        if (++count === 4) {
          out[n++] = bits >> 16;
          out[n++] = bits >> 8;
          out[n++] = bits;
          bits = count = 0;
        }
      } else if (v === 65 && count > 0) {
        n = flush(out, n, bits, count);
        bits = count = 0;
      }
    }
    this.#bits = bits;
    this.#count = count;
    return out.subarray(0, n);
  }

  end(): Uint8Array {
    const out = new Uint8Array(3);
    const n = flush(out, 0, this.#bits, this.#count);
    this.#bits = this.#count = 0;
    return out.subarray(0, n);
  }
}

/** Octets of a quantum that has only two or three characters. */
function flush(out: Uint8Array, n: number, bits: number, count: number): number {
  if (count === 2) out[n++] = bits >> 4;
  else if (count === 3) {
    out[n++] = bits >> 10;
    out[n++] = bits >> 2;
  }
  return n;
}

/** Quoted-printable. White space at the end of a line goes, as RFC 2045 6.7 rule 3 asks; "=" that encodes nothing stays. */
export class QuotedPrintableDecoder implements Decoder {
  #rest: Uint8Array = EMPTY;

  write(chunk: Uint8Array): Uint8Array {
    const all = this.#rest.length > 0 ? concat([this.#rest, chunk]) : chunk;
    const out = new Uint8Array(all.length);
    const [read, written] = decodeQuoted(all, out, false);
    this.#rest = all.slice(read);
    return out.subarray(0, written);
  }

  end(): Uint8Array {
    const out = new Uint8Array(this.#rest.length);
    const [, written] = decodeQuoted(this.#rest, out, true);
    this.#rest = EMPTY;
    return out.subarray(0, written);
  }
}

/** Decodes up to where more octets are needed to go on; gives how many were read and written. */
function decodeQuoted(bytes: Uint8Array, out: Uint8Array, last: boolean): [number, number] {
  let n = 0;
  let i = 0;
  while (i < bytes.length) {
    const c = bytes[i] as number;
    // A single space between words stays, too: most are.
    if (c > EQUALS || (c !== EQUALS && c !== TAB && (c !== SPACE || (bytes[i + 1] ?? 0) > SPACE))) {
      out[n++] = c;
      i++;
      continue;
    }
    const high = c === EQUALS ? hexValue(bytes[i + 1] ?? 0) : -1;
    if (high >= 0) {
      if (i + 2 >= bytes.length && !last) return [i, n];
      const low = hexValue(bytes[i + 2] ?? 0);
      if (low >= 0) {
        out[n++] = high * 16 + low;
        i += 3;
      } else out[n++] = bytes[i++] as number;
      continue;
    }
    // A run of white space, perhaps after a "=", goes if the line ends after it; a "=" takes the line end along.
    let end = c === EQUALS ? i + 1 : i;
    const limit = Math.min(bytes.length, i + UNDECIDED);
    while (end < limit && (bytes[end] === SPACE || bytes[end] === TAB)) end++;
    if (end === bytes.length || (bytes[end] === CR && end + 1 === bytes.length)) {
      if (!last) return [i, n];
      if (last && end === bytes.length) return [end, n];
    }
    const eol = bytes[end] === LF ? 1 : bytes[end] === CR && bytes[end + 1] === LF ? 2 : 0;
    if (eol > 0) i = c === EQUALS ? end + eol : end;
    else while (i < end) out[n++] = bytes[i++] as number;
  }
  return [i, n];
}

function hexValue(c: number): number {
  if (c >= 0x30 && c <= 0x39) return c - 0x30;
  const upper = c & 0xdf;
  return upper >= 0x41 && upper <= 0x46 ? upper - 0x37 : -1;
}
