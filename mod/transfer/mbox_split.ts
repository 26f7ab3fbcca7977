/**
 * Finds the messages of an mbox file, however large: only where they begin and end. A message begins with a line "From SENDER DATE" after an empty line;
 * where a Content-Length is right (mboxcl) it is believed, so that lines in the body need no quoting.
 */
import { LF } from "../base/bytes.ts";
import type { ReadableFile } from "../base/fs.ts";
import { MBOX_HEADER, MBOX_LINE } from "../base/limits.ts";
import { parseDate } from "../mail/date.ts";

export interface MboxPiece {
  /** Offset of its From_ line. */
  readonly at: number;
  /** The message's octets, from its header on, without the empty line that parts it from the next. */
  readonly start: number;
  readonly end: number;
  /** By its From_ line, in milliseconds since 1970; null where that tells none. */
  readonly date: number | null;
  /** Its end is known by Content-Length. */
  readonly counted: boolean;
}

export type MboxFault =
  /** So many octets stand before the first message. */
  | { readonly kind: "before"; readonly octets: number }
  /** A message begins here without an empty line before it. */
  | { readonly kind: "joined"; readonly at: number };

const CHUNK = 256 * 1024;
const DATE = /(?:^|\s)((?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s+.*)$/i;
const FIELD = /^[!-9;-~]+[ \t]*:/;
const USUAL_FIELD =
  /^(?:return-path|received|from|to|cc|subject|date|message-id|mime-version|status|delivered-to|envelope-to|dkim-signature|content-[a-z-]+|x-[a-z0-9-]+)[ \t]*:/i;

/** A line that may begin a message. */
interface Separator {
  readonly date: number | null;
  readonly next: number;
  readonly joined: boolean;
}

/** Yields the pieces in order, telling faults on the way. Throws FsError. */
export async function* splitMbox(
  file: ReadableFile,
  fault: (fault: MboxFault) => void,
): AsyncGenerator<MboxPiece> {
  const scan = new Scan(file);
  let at = await scan.next(await scan.hasMark() ? 3 : 0);
  if (at > 0 && !await scan.onlyBlank(at)) fault({ kind: "before", octets: at });
  while (at < file.size) {
    const separator = await scan.separator(at);
    const start = separator?.next ?? file.size;
    const counted = await scan.countedEnd(start);
    const next = counted === null ? await scan.next(start) : await scan.next(counted);
    if (counted === null && next < file.size && (await scan.separator(next))?.joined) {
      fault({ kind: "joined", at: next });
    }
    const end = counted ?? await scan.withoutBlank(start, next);
    yield { at, start, end, date: separator?.date ?? null, counted: counted !== null };
    at = next;
  }
}

class Scan {
  readonly #file: ReadableFile;
  #chunk = new Uint8Array(CHUNK);
  #from = 0;
  #length = 0;

  constructor(file: ReadableFile) {
    this.#file = file;
  }

  /** Offset of the first From_ line at or after `from`, which begins a line; the file's size when there is none. */
  async next(from: number): Promise<number> {
    for (let at = from; at < this.#file.size;) {
      const window = await this.#window(at, 6);
      if (startsFrom(window, 0) && await this.separator(at)) return at;
      // To the next line, over whole chunks without one.
      const lf = await this.#lineBefore(at);
      if (lf < 0) return this.#file.size;
      at = lf + 1;
    }
    return this.#file.size;
  }

  /** What the From_ line at `at` tells; null when it begins no message. */
  async separator(at: number): Promise<Separator | null> {
    const window = await this.#read(at, MBOX_LINE * 2);
    const lf = window.indexOf(LF);
    if (lf < 0 || lf > MBOX_LINE) return null;
    const text = new TextDecoder("latin1").decode(window);
    const dated = DATE.exec(text.slice(5, lf).trim());
    const date = dated?.[1] ? parseDate(dated[1])?.time ?? null : null;
    const after = text.slice(lf + 1).split("\n", 1)[0] ?? "";
    const blank = await this.#blankBefore(at);
    if (blank ? date === null && !USUAL_FIELD.test(after) : date === null || !FIELD.test(after)) return null;
    return { date, next: at + lf + 1, joined: !blank };
  }

  /** The end of the message whose header begins at `start`, if a Content-Length tells it and is right; else null. */
  async countedEnd(start: number): Promise<number | null> {
    const header = await this.#read(start, MBOX_HEADER);
    const text = new TextDecoder("latin1").decode(header);
    const end = /\r?\n\r?\n/.exec(text);
    const length = end
      ? /^content-length:[ \t]*(\d{1,15})[ \t]*\r?$/im.exec(text.slice(0, end.index + 1))
      : null;
    if (!end || !length) return null;
    const stop = start + end.index + end[0].length + Number(length[1]);
    if (stop > this.#file.size) return null;
    const rest = new TextDecoder("latin1").decode(await this.#read(stop, 9));
    return rest === "" || /^(?:\r?\n){0,2}(?:From |$)/.test(rest) ? stop : null;
  }

  /** The end of a message that goes to `next`, without the empty line before that. */
  async withoutBlank(start: number, next: number): Promise<number> {
    const from = Math.max(start, next - 4);
    const tail = new TextDecoder("latin1").decode(await this.#read(from, next - from));
    const blank = /(?<=\n)\r?\n$/.exec(tail);
    return next - (blank?.[0].length ?? 0);
  }

  /** Whether the file begins with a mark of its encoding (U+FEFF). */
  async hasMark(): Promise<boolean> {
    const [a, b, c] = await this.#read(0, 3);
    return a === 0xef && b === 0xbb && c === 0xbf;
  }

  async onlyBlank(end: number): Promise<boolean> {
    if (end > MBOX_LINE) return false;
    return /^\ufeff?\s*$/.test(
      new TextDecoder("utf-8", { ignoreBOM: true }).decode(await this.#read(0, end)),
    );
  }

  async #blankBefore(at: number): Promise<boolean> {
    if (at === 0) return true;
    const from = Math.max(0, at - 4);
    const before = new TextDecoder("latin1").decode(await this.#read(from, at - from));
    return /(?:^|\n)\r?\n$/.test(before) || (at === 3 && await this.hasMark());
  }

  /** Offset of the LF that ends a line before the next one that begins with "From ", at or after `at`; -1 for none. */
  async #lineBefore(at: number): Promise<number> {
    for (let from = at; from < this.#file.size;) {
      const window = await this.#window(from, 6);
      let lf = window.indexOf(LF);
      for (; lf >= 0 && lf + 6 <= window.length; lf = window.indexOf(LF, lf + 1)) {
        if (startsFrom(window, lf + 1)) return from + lf;
      }
      // The last few octets are looked at again with what follows them.
      if (from + window.length >= this.#file.size) return -1;
      from += lf >= 0 ? lf : window.length;
    }
    return -1;
  }

  /** A view of what follows `at`, at least `least` octets where there are so many. */
  async #window(at: number, least: number): Promise<Uint8Array> {
    const there = this.#from + this.#length - at;
    if (at < this.#from || there < Math.min(least, this.#file.size - at)) {
      this.#from = at;
      this.#length = await fill(this.#file, this.#chunk, at);
    }
    return this.#chunk.subarray(at - this.#from, this.#length);
  }

  /** Some octets from `at` on, without moving the window. */
  async #read(at: number, most: number): Promise<Uint8Array> {
    if (at >= this.#from && at + most <= this.#from + this.#length) {
      return this.#chunk.subarray(at - this.#from, at - this.#from + most);
    }
    const into = new Uint8Array(Math.max(0, Math.min(most, this.#file.size - at)));
    return into.subarray(0, await fill(this.#file, into, at));
  }
}

async function fill(file: ReadableFile, into: Uint8Array, at: number): Promise<number> {
  let got = 0;
  while (got < into.length) {
    const n = await file.readAt(got === 0 ? into : into.subarray(got), at + got);
    if (n === 0) break;
    got += n;
  }
  return got;
}

/** "From " */
function startsFrom(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0x46 && bytes[at + 1] === 0x72 && bytes[at + 2] === 0x6f && bytes[at + 3] === 0x6d &&
    bytes[at + 4] === 0x20;
}
