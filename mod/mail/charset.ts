/** Octets of any charset that mail names, to text. Nothing fails: what is unknown or a lie is read as UTF-8 or windows-1252. */
import { asciiLower, concat, EMPTY, fromAscii, fromUtf8 } from "../base/bytes.ts";

/** A push decoder: what `write` and `end` give, in order, is the text. */
export interface CharsetDecoder {
  write(chunk: Uint8Array): string;
  end(): string;
}

// Names seen in mail that the WHATWG list, and so TextDecoder, does not have.
const ALIASES: ReadonlyMap<string, string> = new Map([
  ["cp932", "shift_jis"],
  ["ms932", "shift_jis"],
  ["cp936", "gbk"],
  ["ms936", "gbk"],
  ["cp949", "euc-kr"],
  ["ms949", "euc-kr"],
  ["cp950", "big5"],
  ["big5-eten", "big5"],
  ["iso-2022-jp-1", "iso-2022-jp"],
  ["iso-2022-jp-2", "iso-2022-jp"],
  ["iso-2022-jp-ms", "iso-2022-jp"],
  ["cp50220", "iso-2022-jp"],
  ["cp50221", "iso-2022-jp"],
  ["utf8mb4", "utf-8"],
  ["cp65001", "utf-8"],
  ["utf-16-le", "utf-16le"],
  ["macroman", "macintosh"],
  ["koi8", "koi8-r"],
]);
// ASCII that is none, and names that say nothing: the octets themselves tell more.
const GUESS = new Set([
  "",
  "us-ascii",
  "ascii",
  "ansi_x3.4-1968",
  "unknown-8bit",
  "x-unknown",
  "unknown",
  "default",
  "8bit",
  "7bit",
]);

/** A decoder for a charset by its name in any case. */
export function charsetDecoder(label: string): CharsetDecoder {
  const name = asciiLower(label.slice(0, 60)).trim().replace(/^x-(?=(?:gbk|big5|euc-|utf))|^["']|["']$/g, "");
  if (name === "utf-7" || name === "unicode-1-1-utf-7") return new Utf7Decoder();
  if (GUESS.has(name)) return new GuessDecoder();
  try {
    return new PlatformDecoder(new TextDecoder(ALIASES.get(name) ?? name));
  } catch {
    // RangeError: the platform does not know it.
    return new GuessDecoder();
  }
}

/** Text of `bytes` in the charset named. */
export function decodeCharset(label: string, bytes: Uint8Array): string {
  // Nearly all there is in headers, without making a decoder for each.
  if (label === "utf-8") return fromUtf8(bytes);
  if (label === "" && isAsciiOctets(bytes)) return fromAscii(bytes);
  const decoder = charsetDecoder(label);
  return decoder.write(bytes) + decoder.end();
}

/** Whether all octets are ASCII. */
export function isAsciiOctets(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if ((bytes[i] as number) > 0x7f) return false;
  return true;
}

class PlatformDecoder implements CharsetDecoder {
  readonly #decoder: TextDecoder;
  constructor(decoder: TextDecoder) {
    this.#decoder = decoder;
  }
  write(chunk: Uint8Array): string {
    return this.#decoder.decode(chunk, { stream: true });
  }
  end(): string {
    return this.#decoder.decode();
  }
}

/** UTF-8 if the first character above ASCII is valid UTF-8, else windows-1252. */
class GuessDecoder implements CharsetDecoder {
  #decoder: TextDecoder | null = null;
  #held: Uint8Array = EMPTY;

  write(chunk: Uint8Array): string {
    if (this.#decoder) return this.#decoder.decode(chunk, { stream: true });
    const all = this.#held.length > 0 ? concat([this.#held, chunk]) : chunk;
    let at = 0;
    while (at < all.length && (all[at] as number) < 0x80) at++;
    const first = all.subarray(at, at + 4);
    if (first.length > 0 && (first.length === 4 || !isStartOfUtf8(first))) this.#decide(first);
    if (this.#decoder) {
      this.#held = EMPTY;
      return (this.#decoder as TextDecoder).decode(all, { stream: true });
    }
    this.#held = all.slice(at);
    return ASCII.decode(all.subarray(0, at));
  }

  end(): string {
    this.#decide(this.#held);
    const text = (this.#decoder as TextDecoder | null)?.decode(this.#held) ?? "";
    this.#held = EMPTY;
    return text;
  }

  #decide(first: Uint8Array): void {
    this.#decoder ??= new TextDecoder(isUtf8Character(first) ? "utf-8" : "windows-1252");
  }
}

const ASCII = new TextDecoder("windows-1252");

function lengthOfUtf8(lead: number): number {
  return lead >= 0xc2 && lead <= 0xdf
    ? 2
    : lead >= 0xe0 && lead <= 0xef
    ? 3
    : lead >= 0xf0 && lead <= 0xf4
    ? 4
    : 0;
}

function isUtf8Character(bytes: Uint8Array): boolean {
  const length = lengthOfUtf8(bytes[0] ?? 0);
  return length > 0 && bytes.length >= length && bytes.subarray(1, length).every((c) => (c & 0xc0) === 0x80);
}

/** Whether more octets are needed to tell. */
function isStartOfUtf8(bytes: Uint8Array): boolean {
  return bytes.length < lengthOfUtf8(bytes[0] ?? 0) && bytes.subarray(1).every((c) => (c & 0xc0) === 0x80);
}

const PLUS = 0x2b;
const MINUS = 0x2d;
const SIXTY_FOUR = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** RFC 2152. Octets above ASCII count as windows-1252. */
class Utf7Decoder implements CharsetDecoder {
  #shifted = false;
  #empty = true; // nothing since "+"
  #bits = 0;
  #count = 0;

  write(chunk: Uint8Array): string {
    let out = "";
    for (const c of chunk) {
      if (!this.#shifted) {
        if (c === PLUS) {
          this.#shifted = this.#empty = true;
          this.#bits = this.#count = 0;
        } else out += c < 0x80 ? String.fromCharCode(c) : ASCII.decode(Uint8Array.of(c));
        continue;
      }
      const v = c < 0x80 ? SIXTY_FOUR.indexOf(String.fromCharCode(c)) : -1;
      if (v >= 0) {
        this.#empty = false;
        this.#bits = ((this.#bits << 6) | v) & 0x3fffff;
        this.#count += 6;
        if (this.#count >= 16) {
          this.#count -= 16;
          out += String.fromCharCode((this.#bits >> this.#count) & 0xffff);
        }
        continue;
      }
      this.#shifted = false;
      if (c === MINUS) out += this.#empty ? "+" : "";
      else {out += (this.#empty ? "+" : "") +
          (c < 0x80 ? String.fromCharCode(c) : ASCII.decode(Uint8Array.of(c)));}
    }
    return out;
  }

  end(): string {
    const text = this.#shifted && this.#empty ? "+" : "";
    this.#shifted = false;
    return text;
  }
}
