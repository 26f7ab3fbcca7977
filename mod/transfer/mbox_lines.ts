/** Lines of messages in an mbox file: LF at their ends, and ">" before those that would look like the beginning of a message (mboxrd). */
import { concat, CR, EMPTY, LF } from "../base/bytes.ts";

const FROM = new TextEncoder().encode("From ");
const MARK = 0x3e; // ">"
const LONGEST_MARKS = 1000; // ">" before "From " that are looked at: nobody quotes that often

/** What to do to the lines. */
export type MboxWay = "quote" | "unquote" | "keep";

/**
 * Push machine. `quote` makes CRLF to LF and puts a ">" before lines that are ">*From "; `unquote` takes one away and makes LF to CRLF; `keep` only
 * makes LF to CRLF.
 */
export class MboxLines {
  readonly #way: MboxWay;
  /** The beginning of a line that may become ">*From ", or a CR that may be part of a line end. */
  #held: Uint8Array = EMPTY;
  #atStart = true;
  #lastWasCr = false;

  constructor(way: MboxWay) {
    this.#way = way;
  }

  /** Octets that are ready; not valid after `chunk` is not. */
  write(chunk: Uint8Array): Uint8Array {
    const bytes = this.#held.length > 0 ? concat([this.#held, chunk]) : chunk;
    this.#held = EMPTY;
    return this.#take(bytes, false);
  }

  /** What was held back. */
  end(): Uint8Array {
    const held = this.#held;
    this.#held = EMPTY;
    return this.#take(held, true);
  }

  #take(bytes: Uint8Array, last: boolean): Uint8Array {
    const out: Uint8Array[] = [];
    for (let at = 0; at < bytes.length;) {
      if (this.#atStart) {
        const kind = this.#lineKind(bytes, at, last);
        if (kind === "unknown") {
          this.#held = bytes.slice(at);
          break;
        }
        if (kind !== "other" && this.#way === "quote") out.push(ONE_MARK);
        if (kind === "marked" && this.#way === "unquote") at++;
        this.#atStart = false;
      }
      const lf = bytes.indexOf(LF, at);
      const stop = lf < 0 ? bytes.length : lf;
      this.#line(bytes, at, stop, lf >= 0, last, out);
      at = lf < 0 ? bytes.length : lf + 1;
      this.#atStart = lf >= 0;
    }
    return out.length === 1 && out[0] ? out[0] : concat(out);
  }

  /** Puts out a line, or a part of one, from `at` to `stop`; `ended` says that an LF is at `stop`. */
  #line(bytes: Uint8Array, at: number, stop: number, ended: boolean, last: boolean, out: Uint8Array[]): void {
    if (this.#way === "quote") {
      let end = stop;
      if (stop > at && bytes[stop - 1] === CR && (ended || !last)) {
        end--;
        if (!ended) this.#held = bytes.slice(end);
      }
      if (end > at) out.push(bytes.subarray(at, end));
      if (ended) out.push(ONE_LF);
      return;
    }
    if (stop > at) out.push(bytes.subarray(at, stop));
    if (stop > at) this.#lastWasCr = bytes[stop - 1] === CR;
    if (ended) {
      out.push(this.#lastWasCr ? ONE_LF : CRLF);
      this.#lastWasCr = false;
    }
  }

  #lineKind(bytes: Uint8Array, start: number, last: boolean): "from" | "marked" | "other" | "unknown" {
    if (this.#way === "keep") return "other";
    let at = start;
    while (bytes[at] === MARK && at - start < LONGEST_MARKS) at++;
    const marks = at - start;
    for (let i = 0; i < FROM.length; i++) {
      if (at + i >= bytes.length) return last ? "other" : "unknown";
      if (bytes[at + i] !== FROM[i]) return "other";
    }
    return marks > 0 ? "marked" : "from";
  }
}

const ONE_MARK = new Uint8Array([MARK]);
const ONE_LF = new Uint8Array([LF]);
const CRLF = new Uint8Array([CR, LF]);
