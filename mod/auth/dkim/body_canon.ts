/**
 * Canonical forms of a body (RFC 6376 3.4.3, 3.4.4) as push machines: octets in any chunking in, canonical octets out, none of them kept.
 * Both hold back line ends until something follows them, since those at the end of a body do not count; what is held is a number.
 * A bare CR or LF is an octet like any other.
 */
import { CR, LF } from "../../base/bytes.ts";

const SPACE = 0x20;
const TAB = 0x09;
const ONE_SPACE = new Uint8Array([SPACE]);
const ONE_CR = new Uint8Array([CR]);
/** Line ends put out at once when many were held back. */
const LINE_ENDS = new Uint8Array(1024).map((_, i) => i % 2 === 0 ? CR : LF);
/** A run shorter than this is copied and goes out with its neighbours: a call for each word would cost more than the copy. */
const SHORT = 96;
const GATHERED = 4096;

/** Views are valid only during the call. */
export type Sink = (view: Uint8Array) => void;

export interface BodyCanon {
  write(chunk: Uint8Array): void;
  /** The body is whole. */
  end(): void;
}

/** A machine for the canonicalisation that c= names. */
export function bodyCanon(form: "simple" | "relaxed", sink: Sink): BodyCanon {
  return form === "simple" ? new SimpleBody(sink) : new RelaxedBody(sink);
}

/** Line ends that wait for what follows, and the CR at the end of a chunk that may begin one more. */
class HeldLines {
  count = 0;
  cr = false;
  readonly #sink: Sink;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  /** Something follows: they count. */
  release(): void {
    for (let left = this.count * 2; left > 0; left -= LINE_ENDS.length) {
      this.#sink(left >= LINE_ENDS.length ? LINE_ENDS : LINE_ENDS.subarray(0, left));
    }
    this.count = 0;
  }

  /** Looks at the octet after a held CR: whether it makes a line end of it. If not, the CR itself is content. */
  join(next: number | undefined): boolean {
    this.cr = false;
    if (next === LF) {
      this.count++;
      return true;
    }
    this.release();
    this.#sink(ONE_CR);
    return false;
  }
}

/** "simple": the body as it is, but for empty lines at its end; an empty body is one line end. */
class SimpleBody implements BodyCanon {
  readonly #sink: Sink;
  readonly #held: HeldLines;

  constructor(sink: Sink) {
    this.#sink = sink;
    this.#held = new HeldLines(sink);
  }

  write(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    const held = this.#held;
    const start = held.cr && held.join(chunk[0]) ? 1 : 0;
    let end = chunk.length;
    if (end > start && chunk[end - 1] === CR) {
      held.cr = true;
      end--;
    }
    let lines = 0;
    while (end - 2 >= start && chunk[end - 1] === LF && chunk[end - 2] === CR) {
      end -= 2;
      lines++;
    }
    if (end > start) {
      held.release();
      this.#sink(chunk.subarray(start, end));
    }
    held.count += lines;
  }

  end(): void {
    if (this.#held.cr) this.#held.join(undefined);
    this.#held.count = 1;
    this.#held.release();
  }
}

/** "relaxed": white space at line ends goes, elsewhere each run of it is one space; empty lines at the end go, an empty body is nothing. */
class RelaxedBody implements BodyCanon {
  readonly #out: Gatherer;
  readonly #held: HeldLines;
  /** White space was seen since the last octet that counts. */
  #blank = false;
  #some = false;

  constructor(sink: Sink) {
    this.#out = new Gatherer(sink);
    this.#held = new HeldLines((view) => this.#out.push(view, 0, view.length));
  }

  write(chunk: Uint8Array): void {
    const limit = chunk.length;
    let at = 0;
    while (at < limit) {
      at = this.#gap(chunk, at);
      if (at >= limit) break;
      this.#begin();
      const end = plainUntil(chunk, at);
      this.#out.push(chunk, at, end);
      at = end;
    }
    // Views into the chunk end with the call.
    this.#out.flush();
  }

  end(): void {
    if (this.#held.cr) {
      // A CR that nothing follows is content, with the white space before it.
      this.#held.cr = false;
      this.#begin();
      this.#out.push(ONE_CR, 0, 1);
    }
    if (this.#some) {
      this.#held.count = 1;
      this.#held.release();
    }
    this.#out.flush();
  }

  /** Takes white space and line ends from `at` on; gives where content begins. */
  #gap(chunk: Uint8Array, from: number): number {
    const held = this.#held;
    let at = from;
    for (; at < chunk.length; at++) {
      const c = chunk[at];
      if (held.cr) {
        held.cr = false;
        if (c === LF) {
          held.count++;
          this.#blank = false;
          continue;
        }
        this.#begin();
        this.#out.push(ONE_CR, 0, 1);
      }
      if (c === SPACE || c === TAB) this.#blank = true;
      else if (c === CR) held.cr = true;
      else break;
    }
    return at;
  }

  /** Content follows: line ends that were held back count, and white space after them is one space. */
  #begin(): void {
    this.#held.release();
    if (this.#blank) this.#out.push(ONE_SPACE, 0, 1);
    this.#blank = false;
    this.#some = true;
  }
}

/**
 * Where the octets from `at` on, the first of which is content, cease to be canonical as they are: before white space or a line end that is
 * not followed by content in the same chunk.
 */
function plainUntil(chunk: Uint8Array, at: number): number {
  // The byte loop is the whole cost of "relaxed": most octets pass the first comparison.
  for (let i = at + 1; i < chunk.length; i++) {
    const c = chunk[i] as number;
    if (c > SPACE) continue;
    if (c === SPACE) {
      if ((chunk[i + 1] ?? SPACE) > SPACE) i++;
      else return i;
    } else if (c === CR) {
      if (chunk[i + 1] !== LF || (chunk[i + 2] ?? SPACE) <= SPACE) return i;
      i += 2;
    } else if (c === TAB) return i;
  }
  return chunk.length;
}

/** Puts short runs together before they are handed on. */
class Gatherer {
  readonly #sink: Sink;
  readonly #buffer = new Uint8Array(GATHERED);
  #length = 0;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  push(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (length >= SHORT || this.#length + length > GATHERED) this.flush();
    if (length >= SHORT) return this.#sink(bytes.subarray(start, end));
    const buffer = this.#buffer;
    let n = this.#length;
    for (let i = start; i < end; i++) buffer[n++] = bytes[i] as number;
    this.#length = n;
  }

  flush(): void {
    if (this.#length > 0) this.#sink(this.#buffer.subarray(0, this.#length));
    this.#length = 0;
  }
}
