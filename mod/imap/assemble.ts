/**
 * Puts IMAP commands together from octets in any chunking: lines, and literals within them (RFC 3501 4.3, LITERAL+ of RFC 7888,
 * literal8 of RFC 3516). A push machine without I/O: `push` octets, then take events with `next` until it gives null.
 *
 * Invariants: a line ends at CRLF and nowhere else. Whatever is refused is read to its end before anything after it is looked
 * at, or the machine stops for good ("fatal"): it never goes on in the middle of what a client meant as data.
 */
import { CR, EMPTY, LF } from "../base/bytes.ts";
import type { AssembleEvent, LiteralDecision, Piece } from "./types.ts";

/** Octets. */
export interface AssembleLimits {
  /** All lines of one command together, without its literals. */
  readonly line: number;
  /** All buffered literals of one command together. */
  readonly literal: number;
  /** What is read and thrown away of one command, at most. */
  readonly discard: number;
}

interface LiteralHeader {
  readonly size: number;
  readonly synchronising: boolean;
  readonly binary: boolean;
  /** Octets of the header itself. */
  readonly octets: number;
}

type State =
  | { readonly kind: "line" }
  /** A literal was announced and the driver has not decided. */
  | { readonly kind: "decide"; readonly header: LiteralHeader }
  | { readonly kind: "buffer"; readonly into: Uint8Array; at: number; readonly binary: boolean }
  | { readonly kind: "stream"; left: number; nul: boolean; readonly binary: boolean }
  /** Throwing away a literal of a command that is refused already. */
  | { readonly kind: "skip"; left: number }
  | { readonly kind: "fatal" };

const LINE: State = { kind: "line" };
/** Octets kept of a line that is thrown away: its end may announce a literal. */
const TAIL = 64;

export class Assembler {
  readonly #limits: AssembleLimits;
  #state: State = LINE;
  /** To be told before anything else. */
  #pending: AssembleEvent | null = null;
  #buffer: Uint8Array = EMPTY;
  #at = 0;
  #end = 0;
  /** Whether `#buffer` is ours to append to. What it already holds is never overwritten: pieces are views of it. */
  #owned = false;
  /** Offset up to which the line under way holds no CRLF. */
  #seen = 0;
  #pieces: Piece[] = [];
  #lineOctets = 0;
  #literalOctets = 0;
  #discarded = 0;
  /** The command under way is refused: the driver knows already ("told"), or hears of it at its end. */
  #refusal: "told" | "at-end" | null = null;
  /** The start of the line under way was thrown away. */
  #cut = false;

  constructor(limits: AssembleLimits) {
    this.#limits = limits;
  }

  /** Octets that were pushed and are in no event yet. Must be 0 before STARTTLS. */
  get rest(): number {
    return this.#end - this.#at;
  }

  /** Forgets everything that was pushed; the next octet begins a command. */
  discard(): void {
    this.#buffer = EMPTY;
    this.#at = this.#end = this.#seen = 0;
    this.#state = LINE;
    this.#pending = null;
    this.#reset();
  }

  /** Hands over octets; the array may not be changed afterwards. */
  push(chunk: Uint8Array): void {
    const rest = this.rest;
    if (rest === 0) {
      this.#buffer = chunk;
      this.#owned = false;
      this.#at = this.#seen = 0;
      this.#end = chunk.length;
      return;
    }
    if (!this.#owned || this.#end + chunk.length > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(2 * rest, rest + chunk.length));
      larger.set(this.#buffer.subarray(this.#at, this.#end));
      this.#seen = Math.max(0, this.#seen - this.#at);
      this.#buffer = larger;
      this.#owned = true;
      this.#at = 0;
      this.#end = rest;
    }
    this.#buffer.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** The next event, or null when more octets are needed. */
  next(): AssembleEvent | null {
    for (;;) {
      if (this.#pending) {
        const event = this.#pending;
        this.#pending = null;
        return event;
      }
      const state = this.#state;
      switch (state.kind) {
        case "fatal":
          return null;
        case "decide":
          throw new TypeError("Cannot go on: a literal waits for a decision");
        case "buffer":
          if (!this.#fill(state)) return null;
          this.#pieces.push({ kind: "literal", bytes: state.into, binary: state.binary });
          this.#state = LINE;
          break;
        case "stream":
          return this.#stream(state);
        case "skip":
          if (!this.#skip(state)) return null;
          this.#state = LINE;
          break;
        case "line": {
          const event = this.#line();
          if (event !== "again") return event;
        }
      }
    }
  }

  /** Answers a "literal" event. Buffering over the cap is refused whatever is asked for. */
  decide(decision: LiteralDecision): void {
    if (this.#state.kind !== "decide") throw new TypeError("Cannot decide: no literal was announced");
    const { header } = this.#state;
    if (decision === "stream") {
      this.#pieces.push({ kind: "streamed", size: header.size, binary: header.binary });
      this.#state = { kind: "stream", left: header.size, nul: false, binary: header.binary };
    } else if (decision === "buffer" && this.#literalOctets + header.size <= this.#limits.literal) {
      this.#literalOctets += header.size;
      this.#state = { kind: "buffer", into: new Uint8Array(header.size), at: 0, binary: header.binary };
    } else {
      this.#refusal = "at-end";
      this.#state = LINE;
      this.#afterRefused(header);
      return;
    }
    if (header.synchronising) this.#pending = { kind: "continue" };
  }

  /** Goes on after a line of a refused command: over its literal, or to its end. */
  #afterRefused(header: LiteralHeader | null): void {
    if (header && !header.synchronising) return this.#startSkip(header.size);
    // No literal, or the client waits for "+" and gets NO or BAD instead: the command ends here (RFC 3501 7.5).
    if (this.#refusal === "at-end") this.#pending = { kind: "refused", tag: this.#tag() };
    this.#reset();
  }

  #startSkip(size: number): void {
    this.#discarded += size;
    if (this.#discarded > this.#limits.discard) return this.#fatal();
    this.#state = { kind: "skip", left: size };
  }

  #fatal(): void {
    this.#pending = { kind: "fatal" };
    this.#state = { kind: "fatal" };
    this.#buffer = EMPTY;
    this.#at = this.#end = 0;
  }

  #fill(state: { readonly into: Uint8Array; at: number }): boolean {
    const n = Math.min(state.into.length - state.at, this.rest);
    state.into.set(this.#buffer.subarray(this.#at, this.#at + n), state.at);
    state.at += n;
    this.#consume(n);
    return state.at === state.into.length;
  }

  #skip(state: { left: number }): boolean {
    const n = Math.min(state.left, this.rest);
    state.left -= n;
    this.#consume(n);
    return state.left === 0;
  }

  #stream(state: { left: number; nul: boolean; readonly binary: boolean }): AssembleEvent | null {
    if (state.left === 0) {
      this.#state = LINE;
      return { kind: "data-end", nul: state.nul && !state.binary };
    }
    const n = Math.min(state.left, this.rest);
    if (n === 0) return null;
    const bytes = this.#buffer.subarray(this.#at, this.#at + n);
    state.left -= n;
    state.nul ||= bytes.includes(0);
    this.#consume(n);
    return { kind: "data", bytes };
  }

  #line(): AssembleEvent | null | "again" {
    const lf = this.#findLf();
    if (lf < 0) return this.#partial();
    if (lf === this.#at || this.#buffer[lf - 1] !== CR) {
      this.#seen = lf + 1;
      return this.#refusal ? "again" : this.#refuse({ kind: "bad-line", tag: this.#tag(), why: "bare" });
    }
    const bytes = this.#buffer.subarray(this.#at, lf - 1);
    this.#consume(lf + 1 - this.#at);
    return this.#endLine(bytes);
  }

  #findLf(): number {
    const lf = this.#buffer.indexOf(LF, Math.max(this.#at, this.#seen));
    if (lf >= this.#end) return -1;
    return lf;
  }

  /** No line end so far: waits, or throws away what is over the cap. */
  #partial(): AssembleEvent | null {
    this.#seen = this.#end;
    if (this.#refusal) {
      this.#drop();
      const event = this.#pending;
      this.#pending = null;
      return event;
    }
    if (this.#lineOctets + this.rest <= this.#limits.line + 1) return null;
    return this.#refuse({ kind: "too-big", tag: this.#tag() });
  }

  /** Throws away the start of a line of a refused command. */
  #drop(): void {
    const n = this.rest - TAIL;
    if (n <= 0) return;
    this.#cut = true;
    this.#at += n;
    this.#discarded += n;
    if (this.#discarded > this.#limits.discard) this.#fatal();
  }

  #endLine(bytes: Uint8Array): AssembleEvent | "again" {
    const header = literalHeader(bytes, this.#cut);
    this.#cut = false;
    if (this.#refusal) {
      this.#throwAway(bytes, header);
      return "again";
    }
    this.#lineOctets += bytes.length;
    const fault = this.#lineFault(bytes);
    if (fault) {
      this.#refusal = "told";
      this.#throwAway(bytes, header);
      return fault;
    }
    if (!header) {
      this.#pieces.push({ kind: "text", bytes });
      const pieces = this.#pieces;
      this.#reset();
      return { kind: "command", pieces };
    }
    this.#pieces.push({ kind: "text", bytes: bytes.subarray(0, bytes.length - header.octets) });
    this.#state = { kind: "decide", header };
    const { size, synchronising, binary } = header;
    return { kind: "literal", size, synchronising, binary, pieces: [...this.#pieces] };
  }

  #throwAway(line: Uint8Array, header: LiteralHeader | null): void {
    this.#discarded += line.length;
    if (this.#discarded > this.#limits.discard) this.#fatal();
    else this.#afterRefused(header);
  }

  #lineFault(bytes: Uint8Array): AssembleEvent | null {
    if (this.#lineOctets > this.#limits.line) return { kind: "too-big", tag: this.#tag(bytes) };
    if (bytes.includes(CR)) return { kind: "bad-line", tag: this.#tag(bytes), why: "bare" };
    if (bytes.includes(0)) return { kind: "bad-line", tag: this.#tag(bytes), why: "nul" };
    return null;
  }

  #refuse(event: AssembleEvent): AssembleEvent {
    this.#refusal = "told";
    return event;
  }

  /** The tag of the command under way, as far as it can be seen; `line` is its line if that was consumed. */
  #tag(line: Uint8Array = this.#buffer.subarray(this.#at, this.#end)): string | null {
    const first = this.#pieces[0];
    return readTag(first?.kind === "text" ? first.bytes : line);
  }

  #consume(n: number): void {
    this.#at += n;
    this.#seen = this.#at;
  }

  #reset(): void {
    this.#pieces = [];
    this.#lineOctets = this.#literalOctets = this.#discarded = 0;
    this.#refusal = null;
    this.#cut = false;
  }
}

/** The tag at the start of a command line (RFC 3501 9: any ASTRING-CHAR but "+"), or null when there is none before a space. */
export function readTag(line: Uint8Array): string | null {
  let end = 0;
  while (end < line.length && line[end] !== 0x20) end++;
  if (end === 0 || end === line.length || end > 255) return null;
  let tag = "";
  for (let i = 0; i < end; i++) {
    const c = line[i] ?? 0;
    if (!isTagOctet(c)) return null;
    tag += String.fromCharCode(c);
  }
  return tag;
}

/** ASTRING-CHAR without "+": printable, none of ( ) { % * " \ . */
function isTagOctet(c: number): boolean {
  return c > 0x20 && c < 0x7f && c !== 0x28 && c !== 0x29 && c !== 0x7b && c !== 0x25 && c !== 0x2a &&
    c !== 0x22 &&
    c !== 0x5c && c !== 0x2b;
}

/** The literal that a line announces at its end: {n}, {n+}, ~{n} or ~{n+}. `cut`: the line's start is not there. */
function literalHeader(line: Uint8Array, cut: boolean): LiteralHeader | null {
  let at = line.length - 1;
  if (line[at] !== 0x7d) return null;
  const synchronising = line[--at] !== 0x2b;
  if (!synchronising) at--;
  const last = at;
  let size = 0;
  let unit = 1;
  for (let c = line[at]; c !== undefined && c >= 0x30 && c <= 0x39; c = line[--at]) {
    // Past 2^53 the sum would be inexact: larger than anything we take, whatever it is.
    size = unit > 1e15 ? Infinity : size + (c - 0x30) * unit;
    unit *= 10;
  }
  if (at === last) return null;
  if (at < 0 && cut) return { size: Infinity, synchronising, binary: false, octets: line.length };
  if (line[at] !== 0x7b) return null;
  const binary = line[at - 1] === 0x7e;
  return { size, synchronising, binary, octets: line.length - at + (binary ? 1 : 0) };
}
