import { CR, LF } from "../base/bytes.ts";

const COLON = 0x3a;
const SPACE = 0x20;
const TAB = 0x09;
const RECEIVED = "received";

/** Caps on a header block. */
export interface HeaderLimits {
  /** Octets of the whole block. */
  readonly size: number;
  readonly lines: number;
  /** `Received:` fields. */
  readonly hops: number;
}

/** `header-too-big`: more octets or lines than permitted. `loop`: more hops (RFC 5321 6.3). */
export type HeaderFault = "header-too-big" | "loop";

/**
 * Watches the header block of a message go by (RFC 5322 2.1): it ends at an empty line or at the first line that cannot be a
 * field. Octets come in any pieces, in order, without dot-stuffing.
 */
export class HeaderWatch {
  readonly #limits: HeaderLimits;
  #fault: HeaderFault | null = null;
  #ended = false;
  #size = 0;
  #lines = 0;
  #hops = 0;
  /** Octets seen of the current line's field name; -1 past the colon or in a folded line. */
  #column = 0;
  /** Whether the name so far is that of the field we count. */
  #matches = true;

  constructor(limits: HeaderLimits) {
    this.#limits = limits;
  }

  /** Whether the block is over, so that more octets need not be shown. */
  get ended(): boolean {
    return this.#ended;
  }

  get fault(): HeaderFault | null {
    return this.#fault;
  }

  /** Takes the next octets of the message; gives how many of them are the header's. */
  write(bytes: Uint8Array): number {
    let at = 0;
    while (at < bytes.length && !this.#ended) {
      if (this.#column >= 0) at = this.#name(bytes, at);
      else at = this.#value(bytes, at);
    }
    this.#size += at;
    if (this.#size > this.#limits.size) this.#end("header-too-big");
    return at;
  }

  /** Octets of a field name, up to its colon or the end of the chunk. */
  #name(bytes: Uint8Array, from: number): number {
    for (let at = from; at < bytes.length; at++) {
      const c = bytes[at] ?? 0;
      if (this.#column === 0 && (c === SPACE || c === TAB)) {
        this.#matches = false;
        this.#column = -1;
        return at;
      }
      if (c === COLON && this.#column > 0) {
        if (this.#matches && this.#column === RECEIVED.length) this.#hop();
        this.#column = -1;
        return at;
      }
      // An empty line, or a line that is no field: the body begins. A name has no blanks but before the colon (RFC 5322 4.5.8).
      if (c === CR || c === LF || c < SPACE || c === COLON || c > 0x7e) {
        this.#ended = true;
        return at;
      }
      const blank = c === SPACE || c === TAB;
      if (blank) continue;
      if (this.#matches && (c | 0x20) !== RECEIVED.charCodeAt(this.#column)) this.#matches = false;
      this.#column++;
    }
    return bytes.length;
  }

  #value(bytes: Uint8Array, from: number): number {
    const lf = bytes.indexOf(LF, from);
    if (lf < 0) return bytes.length;
    this.#column = 0;
    this.#matches = true;
    if (++this.#lines > this.#limits.lines) this.#end("header-too-big");
    return lf + 1;
  }

  #hop(): void {
    if (++this.#hops > this.#limits.hops) this.#end("loop");
  }

  #end(fault: HeaderFault): void {
    this.#fault ??= fault;
    this.#ended = true;
  }
}
