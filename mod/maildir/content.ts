/**
 * Octets of a message file in canonical form. Files with CRLF throughout are read as they are; where other programs wrote bare LF, each gets its
 * CR on the way, and offsets count it. A lone CR stays.
 */
import { bareLines, canonicalInto, endOfHeader } from "../base/canonical.ts";
import type { Fs, HeadStat, ReadableFile } from "../base/fs.ts";
import type { MessageContent } from "../store/store.ts";

const CHUNK = 64 * 1024;
/** Octets of a message that are read for its header: nearly all have less. */
const HEAD = 16 * 1024;

/** Where a chunk of the file begins in the canonical form. */
interface Mark {
  readonly raw: number;
  readonly canonical: number;
  readonly previous: number;
}

/** Opens the canonical view. `hint` is its size as far as known: when it is the file's own, no octet needs a look. Closes `file` on failure. */
export async function openContent(file: ReadableFile, hint: number): Promise<MessageContent> {
  if (hint === file.size) return plainContent(file);
  try {
    const marks: Mark[] = [];
    const chunk = new Uint8Array(CHUNK);
    let canonical = 0;
    let previous = 0;
    let raw = 0;
    for (;;) {
      const got = await file.readAt(chunk, raw);
      if (got === 0) break;
      marks.push({ raw, canonical, previous });
      const bytes = chunk.subarray(0, got);
      canonical += got + bareLines(bytes, previous);
      previous = chunk[got - 1] ?? 0;
      raw += got;
    }
    return canonical === raw ? plainContent(file) : convertedContent(file, marks, canonical);
  } catch (e) {
    file.close();
    throw e;
  }
}

function plainContent(file: ReadableFile): MessageContent {
  return {
    size: file.size,
    async read(start, end) {
      const into = new Uint8Array(Math.max(0, Math.min(end, file.size) - start));
      let got = 0;
      while (got < into.length) {
        const n = await file.readAt(got === 0 ? into : into.subarray(got), start + got);
        if (n === 0) break;
        got += n;
      }
      return into.subarray(0, got);
    },
    close: () => file.close(),
  };
}

function convertedContent(file: ReadableFile, marks: readonly Mark[], size: number): MessageContent {
  return {
    size,
    async read(start, end) {
      const stop = Math.min(end, size);
      const result = new Uint8Array(Math.max(0, stop - start));
      const raw = new Uint8Array(CHUNK);
      const converted = new Uint8Array(CHUNK * 2);
      for (let i = markBefore(marks, start); i < marks.length; i++) {
        const mark = marks[i];
        if (!mark || mark.canonical >= stop) break;
        const wanted = (marks[i + 1]?.raw ?? file.size) - mark.raw;
        const got = await file.readAt(raw.subarray(0, wanted), mark.raw);
        const n = canonicalInto(raw.subarray(0, got), converted, mark.previous);
        const from = Math.max(start, mark.canonical);
        const to = Math.min(stop, mark.canonical + n);
        if (to > from) {
          result.set(converted.subarray(from - mark.canonical, to - mark.canonical), from - start);
        }
      }
      return result;
    },
    close: () => file.close(),
  };
}

/** Index of the last mark at or before a canonical offset. */
function markBefore(marks: readonly Mark[], offset: number): number {
  let low = 0;
  let high = marks.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((marks[middle]?.canonical ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Reads small messages into one reused buffer. What it gives is valid until the next call. */
export class QuickReader {
  readonly #fs: Pick<Fs, "readInto" | "readHead">;
  readonly #max: number;
  readonly #stat: HeadStat = { mtime: 0 };
  #raw = new Uint8Array(CHUNK);
  #canonical = new Uint8Array(0);

  constructor(fs: Pick<Fs, "readInto" | "readHead">, max: number) {
    this.#fs = fs;
    this.#max = max;
  }

  /** The canonical octets; "gone" when there is no such file, "large" when it is past the limit. `hint` as for `openContent`. */
  bytes(path: string, hint: number): Uint8Array | "gone" | "large" {
    let size = this.#fs.readInto(path, this.#raw);
    if (size === null) return "gone";
    if (size > this.#max) return "large";
    if (size > this.#raw.length) {
      this.#raw = new Uint8Array(this.#max);
      size = this.#fs.readInto(path, this.#raw);
      if (size === null || size > this.#raw.length) return size === null ? "gone" : "large";
    }
    const raw = this.#raw.subarray(0, size);
    return size === hint ? raw : this.#convert(raw);
  }

  /** When the file that `header` last looked at was last changed, milliseconds since 1970. */
  get headTime(): number {
    return this.#stat.mtime;
  }

  /** The canonical header block with its blank line; null when there is no such file, or not all of it is in the first octets. */
  header(path: string): Uint8Array | null {
    const start = this.#raw.subarray(0, HEAD);
    const size = this.#fs.readHead(path, start, this.#stat);
    if (size === null) return null;
    const end = endOfHeader(start.subarray(0, size));
    if (end === 0 && size === HEAD) return null;
    return this.#convert(start.subarray(0, end || size));
  }

  #convert(raw: Uint8Array): Uint8Array {
    if (this.#canonical.length < raw.length * 2) this.#canonical = new Uint8Array(this.#raw.length * 2);
    return this.#canonical.subarray(0, canonicalInto(raw, this.#canonical));
  }
}
