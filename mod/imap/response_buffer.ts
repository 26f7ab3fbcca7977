import { EMPTY } from "../base/bytes.ts";

const ZERO = 0x30;
/** Octets a buffer begins with at most. */
const LARGEST = 128 * 1024;
/** Who needs more octets than the first needs many: an array of the second, which others can use after it (`BufferPool`). */
const LITTLE = 4 * 1024;
const MUCH = 64 * 1024;
/** Characters of text that are looked at here: the encoder is a call out of the engine, which most texts, of a few words, are not worth. */
const SHORT = 64;
const ENCODER = new TextEncoder();

/**
 * A growing byte buffer that responses are written into: digits and ASCII go in directly, no strings are joined.
 * `take` hands over what was written, so that a connection may keep it.
 */
export class ResponseBuffer {
  #bytes: Uint8Array = EMPTY;
  #at = 0;
  /** Octets it begins with when something is written. */
  #initial: number;

  /** `array` is what it writes into as long as that is large enough; without one it begins with `initial` octets. */
  constructor(initial = 16 * 1024, array: Uint8Array = EMPTY) {
    this.#initial = initial;
    this.#bytes = array;
  }

  /** Octets written and not taken. */
  get length(): number {
    return this.#at;
  }

  /** One octet. */
  byte(value: number): void {
    if (this.#at >= this.#bytes.length) this.#grow(1);
    this.#bytes[this.#at++] = value;
  }

  /** Text that is ASCII by construction. */
  ascii(text: string): void {
    const n = text.length;
    if (this.#at + n > this.#bytes.length) this.#grow(n);
    const bytes = this.#bytes;
    let at = this.#at;
    for (let i = 0; i < n; i++) bytes[at++] = text.charCodeAt(i);
    this.#at = at;
  }

  /** Any text, as UTF-8. */
  text(text: string): void {
    if (text.length <= SHORT && isAscii(text)) return this.ascii(text);
    this.#reserve(text.length * 3);
    this.#at += ENCODER.encodeInto(text, this.#bytes.subarray(this.#at)).written;
  }

  /** Octets as they are. */
  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** Octets `start` to `end` of `bytes` as they are: cheaper than `bytes` with a view where they are few. */
  range(bytes: Uint8Array, start: number, end: number): void {
    this.#reserve(end - start);
    const into = this.#bytes;
    let at = this.#at;
    for (let i = start; i < end; i++) into[at++] = bytes[i] as number;
    this.#at = at;
  }

  /** What was written from offset `start` to `end` once more. */
  again(start: number, end: number): void {
    this.#reserve(end - start);
    this.#bytes.copyWithin(this.#at, start, end);
    this.#at += end - start;
  }

  /** A whole number from 0 to 2^53 - 1, in decimal. */
  number(value: number): void {
    if (value < 10) return this.byte(ZERO + value);
    if (value > 0x7fffffff) return this.ascii(String(value));
    let size = 2;
    for (let n = 100; size < 10 && value >= n; n *= 10) size++;
    if (this.#at + size > this.#bytes.length) this.#grow(size);
    const bytes = this.#bytes;
    let left = value | 0;
    for (let i = this.#at + size - 1; i >= this.#at; i--) {
      const next = (left / 10) | 0;
      bytes[i] = ZERO + (left - next * 10);
      left = next;
    }
    this.#at += size;
  }

  /** What was written: a view, valid until more is. */
  get view(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  /** The array that it writes into. */
  get array(): Uint8Array {
    return this.#bytes;
  }

  /** Forgets what was written from `length` on: takes back an unfinished response. */
  truncate(length: number): void {
    if (length > this.#at) {
      throw new RangeError(`Cannot truncate to ${length}: only ${this.#at} octets are there`);
    }
    this.#at = length;
  }

  /** A copy of what was written from offset `start` on. */
  copyFrom(start: number): Uint8Array {
    return this.#bytes.slice(start, this.#at);
  }

  /** What was written from offset `start` on; valid until more is written. */
  viewFrom(start: number): Uint8Array {
    return this.#bytes.subarray(start, this.#at);
  }

  /** What was written, as an array of the caller's own; the buffer is empty afterwards. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.#at);
    // Little in a large buffer: copy it and keep the buffer.
    if (this.#at * 4 < this.#bytes.length) {
      this.#at = 0;
      return taken.slice();
    }
    // As large again, should more follow: growing costs more than all else.
    this.#initial = Math.min(this.#bytes.length, LARGEST);
    this.#bytes = EMPTY;
    this.#at = 0;
    return taken;
  }

  #reserve(n: number): void {
    if (this.#at + n > this.#bytes.length) this.#grow(n);
  }

  #grow(n: number): void {
    const needed = this.#at + n;
    const least = needed > LITTLE ? MUCH : this.#initial;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, needed, least));
    larger.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = larger;
  }
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}
