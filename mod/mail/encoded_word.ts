/** Text in header fields: RFC 2047 encoded words, and the raw octets (RFC 6532 UTF-8, or some 8-bit charset) around them. */
import { concat, fromAscii, utf8 } from "../base/bytes.ts";
import { ENCODED_WORDS } from "../base/limits.ts";
import { decodeCharset, isAsciiOctets } from "./charset.ts";
import { Base64Decoder } from "./decode.ts";

// Q text with spaces and B text with broken padding are read too; RFC 2231 5 adds "*language" to the charset.
const WORD = /=\?([^?\s*]{1,60})(?:\*[^?\s]{0,60})?\?([bq])\?([^?\r\n]{0,2000}|[^\r\n]{0,2000}?)\?=/gi;
const BETWEEN = /^[ \t\r\n]+$/;

/** An unfolded field value as people read it. Words that are broken stay as they are. */
export function decodeWords(value: Uint8Array | string): string {
  if (typeof value === "string") value = utf8(value);
  if (value.length > ENCODED_WORDS) {
    return decodeWords(value.subarray(0, ENCODED_WORDS)) + decodeCharset("", value.subarray(ENCODED_WORDS));
  }
  const bytes = value;
  // One character an octet: offsets in the text are offsets in the octets.
  const text = fromAscii(bytes);
  if (!text.includes("=?")) return isAsciiOctets(bytes) ? text : decodeCharset("", bytes);
  let out = "";
  let at = 0;
  // Words of one charset in a row are decoded together: some programs cut characters in two.
  let charset = "";
  let held: Uint8Array[] = [];
  const release = () => {
    if (held.length > 0) out += decodeCharset(charset, concat(held));
    held = [];
  };
  for (const m of text.matchAll(WORD)) {
    const decoded = decodeWord(
      (m[2] as string).toLowerCase(),
      bytes.subarray(wordText(m), m.index + m[0].length - 2),
    );
    const between = text.slice(at, m.index);
    const joins = held.length > 0 && (between === "" || BETWEEN.test(between));
    const name = (m[1] as string).toLowerCase();
    if (!joins || name !== charset) release();
    if (!joins) out += decodeCharset("", bytes.subarray(at, m.index));
    charset = name;
    held.push(decoded);
    at = m.index + m[0].length;
  }
  release();
  return out + decodeCharset("", bytes.subarray(at));
}

function wordText(m: RegExpExecArray): number {
  return m.index + m[0].length - 2 - (m[3] as string).length;
}

function decodeWord(encoding: string, text: Uint8Array): Uint8Array {
  if (encoding === "b") {
    const decoder = new Base64Decoder();
    return concat([decoder.write(text), decoder.end()]);
  }
  const out = new Uint8Array(text.length);
  let n = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i] as number;
    const hex = c === 0x3d ? fromAscii(text.subarray(i + 1, i + 3)) : "";
    if (/^[0-9a-f]{2}$/i.test(hex)) {
      out[n++] = parseInt(hex, 16);
      i += 2;
    } else out[n++] = c === 0x5f ? 0x20 : c;
  }
  return out.subarray(0, n);
}

const PAYLOAD = 45; // octets in one word: 60 characters of base64 and "=?utf-8?B??=" stay under 75 (RFC 2047 2)

/** Text as an unstructured field's value in ASCII: unchanged where it can be, else in encoded words of UTF-8, a space between them. */
export function encodeWords(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text) && !text.includes("=?")) return text;
  const words: string[] = [];
  let piece = "";
  let size = 0;
  for (const char of text.toWellFormed()) {
    const length = utf8(char).length;
    if (size + length > PAYLOAD) {
      words.push(encodeWord(piece));
      piece = "";
      size = 0;
    }
    piece += char;
    size += length;
  }
  words.push(encodeWord(piece));
  return words.join(" ");
}

function encodeWord(text: string): string {
  return `=?utf-8?B?${btoa(Array.from(utf8(text), (c) => String.fromCharCode(c)).join(""))}?=`;
}
