import { asciiUpper, EMPTY, fromUtf8 } from "../base/bytes.ts";
import { IMAP_NESTING } from "../base/limits.ts";
import { decodeMailboxName, decodeUtf8Name } from "./mailbox_name.ts";
import { MAX_NUMBER, readSet } from "./set.ts";
import type { ParseError, Piece, SequenceSet } from "./types.ts";

export const SPACE = 0x20;
export const OPEN = 0x28;
export const CLOSE = 0x29;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const DOLLAR = 0x24;

/** Character classes of RFC 3501 9, one bit each. */
const ATOM = 1;
const ASTRING = 2;
const LIST = 4;
const CLASSES = classes();

export interface ParseOptions {
  /** UTF8=ACCEPT was enabled: mailbox names are UTF-8, not modified UTF-7. */
  readonly utf8: boolean;
  /** Whether SEARCH may name a charset; not where all is UTF-8 (RFC 6855 3). Absent: it may. */
  readonly charsets?: boolean;
}

/** Ends the parsing of a command; caught in `parseCommand` and `parseAppendHead` only. */
export class ParseFault extends Error {
  override readonly name = "ParseFault";
  readonly kind: ParseError["kind"];
  constructor(text: string, kind: ParseError["kind"] = "bad") {
    super(text);
    this.kind = kind;
  }
}

/**
 * Walks over the pieces of one command. Methods are named after the grammar's elements; they throw `ParseFault` when what they
 * want is not there, and those that start with `try` give null or false instead and stay where they are.
 */
export class CommandReader {
  readonly options: ParseOptions;
  readonly #pieces: readonly Piece[];
  #piece = 0;
  #text: Uint8Array = EMPTY;
  #at = 0;
  #depth = 0;
  #asked: string | null = null;

  constructor(pieces: readonly Piece[], options: ParseOptions) {
    this.#pieces = pieces;
    this.options = options;
    const first = pieces[0];
    if (first?.kind === "text") this.#text = first.bytes;
  }

  /** Whether nothing is left of what was pushed. */
  get ended(): boolean {
    return this.#at >= this.#text.length && this.#piece + 1 >= this.#pieces.length;
  }

  /** The next octet of text; undefined at its end and before a literal. */
  get peek(): number | undefined {
    return this.#text[this.#at];
  }

  /** The last mailbox name as the client wrote it, where we have another form of it (RFC 9051 5.1); else null. */
  get asked(): string | null {
    return this.#asked;
  }

  end(): void {
    if (!this.ended) throw new ParseFault("Unexpected argument");
  }

  space(): void {
    this.octet(SPACE, this.ended ? "Missing argument" : "Expected a space");
  }

  octet(value: number, fault: string): void {
    if (this.#text[this.#at] !== value) throw new ParseFault(fault);
    this.#at++;
  }

  tryOctet(value: number): boolean {
    if (this.#text[this.#at] !== value) return false;
    this.#at++;
    return true;
  }

  /** One more level of parentheses or operators; `leave` ends it. */
  enter(): void {
    if (++this.#depth > IMAP_NESTING) throw new ParseFault("Too deeply nested");
  }

  leave(): void {
    this.#depth--;
  }

  /** "(" item *(SP item) ")"; `empty` allows "()". */
  list(item: () => void, empty = false): void {
    this.octet(OPEN, "Expected a list");
    if (empty && this.tryOctet(CLOSE)) return;
    do item(); while (this.tryOctet(SPACE));
    this.octet(CLOSE, "Expected a space or the end of the list");
  }

  atom(what: string): string {
    const text = this.#run(ATOM);
    if (text === "") throw new ParseFault(`Expected ${what}`);
    return text;
  }

  /** A keyword of the protocol, in capitals. */
  word(what: string): string {
    return asciiUpper(this.atom(what));
  }

  /** Whether `name` (in capitals) comes next, and a space after it; the reader is before the space then. */
  tryWord(name: string): boolean {
    const end = this.#at + name.length;
    if (this.#text[end] !== SPACE || asciiUpper(this.#ascii(this.#at, end)) !== name) return false;
    this.#at = end;
    return true;
  }

  /** Takes `text` (in capitals) if it comes next. */
  tryText(text: string): boolean {
    const end = this.#at + text.length;
    if (end > this.#text.length || asciiUpper(this.#ascii(this.#at, end)) !== text) return false;
    this.#at = end;
    return true;
  }

  /** Letters, digits, "." and "-" only, in capitals: item names, that "[" or "<" may follow. */
  itemName(): string {
    const from = this.#at;
    for (;;) {
      const c = this.#text[this.#at] ?? 0;
      const letter = (c >= 0x41 && c <= 0x5a) || (c >= 0x61 && c <= 0x7a);
      if (!letter && !(c >= 0x30 && c <= 0x39) && c !== 0x2e && c !== 0x2d) break;
      this.#at++;
    }
    return asciiUpper(this.#ascii(from, this.#at));
  }

  /** Whether a list comes whose first item begins with this octet, quoted or not. */
  listOf(octet: number): boolean {
    if (this.peek !== OPEN) return false;
    const first = this.#text[this.#at + 1];
    return first === octet || (first === QUOTE && this.#text[this.#at + 2] === octet);
  }

  /** A flag-extension or system flag's name after its backslash, or a keyword. */
  flag(): string {
    const system = this.tryOctet(BACKSLASH);
    return (system ? "\\" : "") + this.atom("a flag");
  }

  number(what = "a number", max = MAX_NUMBER): number {
    const from = this.#at;
    let n = 0;
    for (let c = this.peek; c !== undefined && c >= 0x30 && c <= 0x39; c = this.#text[++this.#at]) {
      n = n * 10 + c - 0x30;
      if (n > max) throw new ParseFault("Number too large");
    }
    if (this.#at === from) throw new ParseFault(`Expected ${what}`);
    return n;
  }

  nzNumber(what = "a number"): number {
    const n = this.number(what);
    if (n === 0) throw new ParseFault(`Expected ${what} above 0`);
    return n;
  }

  sequenceSet(): SequenceSet {
    if (this.tryOctet(DOLLAR)) return { ranges: [], saved: true };
    const found = readSet(this.#text, this.#at);
    if (!found) throw new ParseFault("Invalid message set");
    this.#at = found.end;
    return found.set;
  }

  /** string or atom, as octets. */
  astring(what: string): Uint8Array {
    return this.tryString() ?? this.#astringAtom(what, ASTRING);
  }

  /** astring as text; octets above 0x7f are taken as UTF-8, as Dovecot does. */
  astringText(what: string): string {
    return fromUtf8(this.astring(what));
  }

  string(what: string): Uint8Array {
    const found = this.tryString();
    if (!found) throw new ParseFault(`Expected ${what} as a string`);
    return found;
  }

  /** nstring: null for NIL. */
  nstring(what: string): Uint8Array | null {
    const found = this.tryString();
    if (found) return found;
    if (this.word(what) !== "NIL") throw new ParseFault(`Expected ${what} as a string or NIL`);
    return null;
  }

  tryString(): Uint8Array | null {
    if (this.peek === QUOTE) return this.#quoted();
    if (this.peek !== undefined) return null;
    const literal = this.#pieces[this.#piece + 1];
    if (literal?.kind !== "literal") return null;
    if (literal.binary) throw new ParseFault("Binary literal not allowed here");
    if (literal.bytes.includes(0)) throw new ParseFault("NUL in a literal");
    this.#skipLiteral();
    return literal.bytes;
  }

  /** A literal that is a message: its size, and whether it came as literal8. */
  messageLiteral(): { readonly size: number; readonly binary: boolean } {
    const literal = this.#pieces[this.#piece + 1];
    if (this.peek !== undefined || literal === undefined || literal.kind === "text") {
      throw new ParseFault("Expected a message literal");
    }
    this.#skipLiteral();
    return {
      size: literal.kind === "streamed" ? literal.size : literal.bytes.length,
      binary: literal.binary,
    };
  }

  mailbox(): string {
    const wire = fromUtf8(this.astring("a mailbox name"));
    const name = this.options.utf8 ? decodeUtf8Name(wire) : decodeMailboxName(wire);
    if (name === null) {
      throw new ParseFault(
        this.options.utf8 ? "Mailbox name is not valid UTF-8" : "Mailbox name is not valid mUTF-7",
        "name",
      );
    }
    this.#asked = this.options.utf8 && name !== wire ? wire : null;
    return name;
  }

  /** list-mailbox: a name with wildcards. One that is no valid name is kept as it is: it may still match. */
  listMailbox(): string {
    const wire = fromUtf8(this.tryString() ?? this.#astringAtom("a mailbox pattern", LIST));
    return (this.options.utf8 ? decodeUtf8Name(wire) : decodeMailboxName(wire)) ?? wire;
  }

  #astringAtom(what: string, kind: number): Uint8Array {
    const from = this.#at;
    this.#skip(kind);
    if (this.#at === from) {
      throw new ParseFault((this.peek ?? 0) >= 0x80 ? "8-bit octets in an atom" : `Expected ${what}`);
    }
    return this.#text.subarray(from, this.#at);
  }

  #skipLiteral(): void {
    this.#piece += 2;
    const text = this.#pieces[this.#piece];
    this.#text = text?.kind === "text" ? text.bytes : EMPTY;
    this.#at = 0;
  }

  #quoted(): Uint8Array {
    const text = this.#text;
    const from = ++this.#at;
    let escapes = 0;
    for (; this.#at < text.length; this.#at++) {
      const c = text[this.#at];
      if (c === QUOTE) {
        const raw = text.subarray(from, this.#at++);
        return escapes === 0 ? raw : unescape(raw, escapes);
      }
      if (c !== BACKSLASH) continue;
      const next = text[++this.#at];
      if (next !== QUOTE && next !== BACKSLASH) throw new ParseFault("Invalid escape in a quoted string");
      escapes++;
    }
    throw new ParseFault("Missing '\"'");
  }

  #run(kind: number): string {
    const from = this.#at;
    this.#skip(kind);
    return this.#ascii(from, this.#at);
  }

  #skip(kind: number): void {
    const text = this.#text;
    let at = this.#at;
    while (at < text.length && ((CLASSES[text[at] ?? 0] ?? 0) & kind) !== 0) at++;
    this.#at = at;
  }

  #ascii(from: number, to: number): string {
    let text = "";
    for (let i = from; i < to; i++) text += String.fromCharCode(this.#text[i] ?? 0);
    return text;
  }
}

function unescape(raw: Uint8Array, escapes: number): Uint8Array {
  const plain = new Uint8Array(raw.length - escapes);
  let at = 0;
  for (let i = 0; i < raw.length; i++) {
    if (raw[i] === BACKSLASH) i++;
    plain[at++] = raw[i] ?? 0;
  }
  return plain;
}

/** atom-specials are ( ) { SP CTL % * " \ ]; ASTRING-CHAR adds "]", list-char adds "]", "%" and "*". 8-bit is in none. */
function classes(): Uint8Array {
  const table = new Uint8Array(256);
  for (let c = 0x21; c < 0x7f; c++) {
    const char = String.fromCharCode(c);
    if (!'(){%*"\\]'.includes(char)) table[c] = ATOM | ASTRING | LIST;
    else if (char === "]") table[c] = ASTRING | LIST;
    else if (char === "%" || char === "*") table[c] = LIST;
  }
  return table;
}
