import { CR, EMPTY, LF } from "../base/bytes.ts";
import type { Conn } from "./conn.ts";

/**
 * A line read from the peer.
 * - `line`: octets without the CRLF that ended them. They are a view, valid until the next call on the reader.
 * - `bare`: as `line`, but with a bare CR or LF within or a line end that is not CRLF; `bytes` runs to the CRLF. Never act on it:
 *   a bare CR or LF does not end anything (SMTP smuggling).
 * - `long`: over the cap; it was read to its CRLF and thrown away.
 * - `end`: the peer has closed; a partial line is lost.
 */
export type Line =
  | { readonly kind: "line" | "bare"; readonly bytes: Uint8Array }
  | { readonly kind: "long" }
  | { readonly kind: "end" };

/** Smaller chunks are not worth the trouble. */
const SPENT = 32 * 1024;
const END: Line = { kind: "end" };
const LONG: Line = { kind: "long" };

/** Reads lines, counted octets and chunks from a connection, in any mix. */
export class ByteReader {
  readonly #conn: Pick<Conn, "read" | "readNow">;
  #buffer: Uint8Array = EMPTY;
  #at = 0;
  #ended = false;

  constructor(conn: Pick<Conn, "read" | "readNow">) {
    this.#conn = conn;
  }

  /** Octets that arrived and were not read. Must be 0 before STARTTLS. */
  get buffered(): number {
    this.#poll();
    return this.#buffer.length - this.#at;
  }

  /** Forgets what arrived and was not read; gives how many octets that were. */
  discard(): number {
    const n = this.buffered;
    this.#buffer = EMPTY;
    this.#at = 0;
    return n;
  }

  /**
   * A line that is already here in full, or null: so that pipelined commands need no turn of the event loop. More is taken from the
   * connection only when no line is left: what is taken but not read would escape the connection's bound on reading ahead.
   */
  lineNow(max: number): Line | null {
    let lf = this.#findCrlf(this.#at);
    if (lf < 0) {
      const have = this.#buffer.length - this.#at;
      const more = have > max + 1 ? null : this.#conn.readNow();
      if (!more) return null;
      this.#push(more);
      // The last octet before may be the CR of a CRLF.
      lf = this.#findCrlf(this.#at + Math.max(0, have - 1));
    }
    return lf < 0 ? null : this.#take(lf, max);
  }

  /** The next line; `max` is its cap in octets without CRLF. */
  async readLine(max: number): Promise<Line> {
    let from = this.#at;
    for (;;) {
      const lf = this.#findCrlf(from);
      if (lf >= 0) return this.#take(lf, max);
      const have = this.#buffer.length - this.#at;
      if (have > max + 1) return await this.#drainLong();
      // The last octet may be the CR of a CRLF that is still coming.
      const seen = Math.max(0, have - 1);
      if (!(await this.#more())) return END;
      from = this.#at + seen;
    }
  }

  /** Some octets, at most `max`; null at the end. A view, valid until the next call. */
  async readChunk(max: number): Promise<Uint8Array | null> {
    if (this.#at >= this.#buffer.length && !(await this.#more())) return null;
    const end = Math.min(this.#buffer.length, this.#at + max);
    const chunk = this.#buffer.subarray(this.#at, end);
    this.#at = end;
    return chunk;
  }

  /** Gives back the tail of what the last `readChunk` gave: the next read starts with its last `n` octets. */
  unread(n: number): void {
    if (n > this.#at) throw new RangeError(`Cannot unread ${n} octets: only ${this.#at} are held`);
    this.#at -= n;
  }

  /**
   * Gives the memory of what the last `readChunk` gave back at once, if all of it was read: the engine would let tens of megabytes of it lie about.
   * Nobody may look at it any more.
   */
  spend(): void {
    const { buffer, length } = this.#buffer;
    if (this.#at < length || length < SPENT || buffer.byteLength !== length) return;
    this.#buffer = EMPTY;
    this.#at = 0;
    if (buffer instanceof ArrayBuffer) buffer.transfer(0);
  }

  #poll(): void {
    const more = this.#conn.readNow();
    if (more) this.#push(more);
  }

  async #more(): Promise<boolean> {
    if (this.#ended) return false;
    const more = await this.#conn.read();
    if (!more) {
      this.#ended = true;
      return false;
    }
    this.#push(more);
    return true;
  }

  #push(more: Uint8Array): void {
    if (this.#at >= this.#buffer.length) {
      this.#buffer = more;
    } else {
      const rest = this.#buffer.length - this.#at;
      const joined = new Uint8Array(rest + more.length);
      joined.set(this.#buffer.subarray(this.#at));
      joined.set(more, rest);
      this.#buffer = joined;
    }
    this.#at = 0;
  }

  /** Offset of the LF of the first CRLF at or after `from`, or -1. */
  #findCrlf(from: number): number {
    const b = this.#buffer;
    for (let i = b.indexOf(LF, from); i >= 0; i = b.indexOf(LF, i + 1)) {
      if (i > this.#at && b[i - 1] === CR) return i;
    }
    return -1;
  }

  #take(lf: number, max: number): Line {
    const bytes = this.#buffer.subarray(this.#at, lf - 1);
    this.#at = lf + 1;
    if (bytes.length > max) return LONG;
    return { kind: bytes.includes(LF) || bytes.includes(CR) ? "bare" : "line", bytes };
  }

  async #drainLong(): Promise<Line> {
    for (;;) {
      // Keep the last octet: it may be the CR of the CRLF.
      this.#at = Math.max(this.#at, this.#buffer.length - 1);
      if (!(await this.#more())) return END;
      const lf = this.#findCrlf(this.#at);
      if (lf >= 0) {
        this.#at = lf + 1;
        return LONG;
      }
    }
  }
}
