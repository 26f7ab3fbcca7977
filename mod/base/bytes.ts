const ENCODER = new TextEncoder();
const UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });
const LATIN1 = new TextDecoder("latin1");
/** Octets up to which text is put together faster than the decoder is called: names and tokens, which are most. */
const SHORT = 32;

export const CR = 0x0d;
export const LF = 0x0a;
export const CRLF: Uint8Array = new Uint8Array([CR, LF]);
export const EMPTY: Uint8Array = new Uint8Array(0);

/** Text to UTF-8 octets. */
export function utf8(text: string): Uint8Array {
  return ENCODER.encode(text);
}

/** UTF-8 octets to text; broken sequences become U+FFFD. */
export function fromUtf8(bytes: Uint8Array): string {
  return UTF8.decode(bytes);
}

/** Octets to text, one character each (windows-1252 above 0x7f, as TextDecoder has it): for what must be ASCII anyway. */
export function fromAscii(bytes: Uint8Array): string {
  if (bytes.length > SHORT) return LATIN1.decode(bytes);
  for (let i = 0; i < bytes.length; i++) if ((bytes[i] as number) > 0x7f) return LATIN1.decode(bytes);
  // Any array of numbers will do, whatever the types say.
  return String.fromCharCode.apply(null, bytes as unknown as number[]);
}

/** Joins chunks into one array. */
export function concat(chunks: readonly Uint8Array[]): Uint8Array {
  if (chunks.length === 1) return chunks[0] as Uint8Array;
  let size = 0;
  for (const c of chunks) size += c.length;
  const all = new Uint8Array(size);
  let at = 0;
  for (const c of chunks) {
    all.set(c, at);
    at += c.length;
  }
  return all;
}

/** Whether two arrays hold the same octets (not in constant time). */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Four octets as one number: one of them that is zero borrows from its highest bit when one is taken from each. */
const ONES = 0x01010101;
const HIGHEST = 0x80808080 | 0;

/** Whether there is a NUL. By words of four: the engine's own search takes twice as long for a mail. */
export function holdsNul(bytes: Uint8Array): boolean {
  const { length } = bytes;
  if (length < 64) return bytes.includes(0);
  const words = new DataView(bytes.buffer, bytes.byteOffset, length);
  const last = length - 16;
  for (let at = 0;; at = Math.min(at + 16, last)) {
    const a = words.getInt32(at);
    const b = words.getInt32(at + 4);
    const c = words.getInt32(at + 8);
    const d = words.getInt32(at + 12);
    const zero = ((a - ONES) & ~a) | ((b - ONES) & ~b) | ((c - ONES) & ~c) | ((d - ONES) & ~d);
    if ((zero & HIGHEST) !== 0) return true;
    if (at === last) return false;
  }
}

/** Upper case of A-Z only: protocol keywords know no other letters (and "ı" must not become "I"). */
export function asciiUpper(text: string): string {
  return text.replace(/[a-z]+/g, (s) => s.toUpperCase());
}

/** Lower case of A-Z only. */
export function asciiLower(text: string): string {
  return text.replace(/[A-Z]+/g, (s) => s.toLowerCase());
}
