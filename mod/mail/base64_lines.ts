/** Base64 as MIME has it (RFC 2045 6.8): lines of 76 characters. A push machine, no I/O. */
const DIGITS = new TextEncoder().encode("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
/** Octets of a line: 76 characters. */
const LINE = 57;
/** Lines gathered for one call of the sink. */
const LINES = 512;
const EQUALS = 0x3d;

export class Base64Lines {
  readonly #sink: (view: Uint8Array) => void;
  readonly #held = new Uint8Array(LINE * LINES);
  #length = 0;

  /** `sink` gets whole lines with their CRLF. */
  constructor(sink: (view: Uint8Array) => void) {
    this.#sink = sink;
  }

  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const n = Math.min(bytes.length - at, this.#held.length - this.#length);
      this.#held.set(bytes.subarray(at, at + n), this.#length);
      this.#length += n;
      at += n;
      if (this.#length === this.#held.length) this.end();
    }
  }

  /** Writes what is held. */
  end(): void {
    if (this.#length === 0) return;
    this.#sink(encodeLines(this.#held.subarray(0, this.#length)));
    this.#length = 0;
  }
}

/** Whole lines; the last one may be short, and ends in CRLF as well. */
function encodeLines(bytes: Uint8Array): Uint8Array {
  const characters = 4 * Math.ceil(bytes.length / 3);
  const out = new Uint8Array(characters + 2 * Math.ceil(characters / 76));
  let to = 0;
  for (let at = 0; at < bytes.length; at += 3) {
    const left = bytes.length - at;
    const n = (bytes[at] ?? 0) << 16 | (bytes[at + 1] ?? 0) << 8 | (bytes[at + 2] ?? 0);
    out[to++] = DIGITS[n >> 18] ?? 0;
    out[to++] = DIGITS[n >> 12 & 63] ?? 0;
    out[to++] = left > 1 ? DIGITS[n >> 6 & 63] ?? 0 : EQUALS;
    out[to++] = left > 2 ? DIGITS[n & 63] ?? 0 : EQUALS;
    if ((at + 3) % LINE === 0 || left <= 3) {
      out[to++] = 0x0d;
      out[to++] = 0x0a;
    }
  }
  return out;
}
