/**
 * The header block of a message or a part, as octets. Invariants:
 * - A field runs from its name to the end of its last continuation line; views into the octets, nothing is copied.
 * - Lines that are no field (no colon, no name, an mbox "From " line, a continuation of nothing) are passed over, as Dovecot does.
 * - The block ends after its blank line (CRLF, or a bare LF in what other programs wrote), or where the octets end.
 */
import { asciiLower, CR, fromAscii, LF } from "../base/bytes.ts";
import { GrowingBytes } from "./growing_bytes.ts";

const SPACE = 0x20;
const TAB = 0x09;
const COLON = 0x3a;

/** A field: name in lower case, offsets into `Header.bytes`. */
export interface HeaderField {
  readonly name: string;
  /** Offset of the name. */
  readonly start: number;
  /** Offset after the colon. */
  readonly valueStart: number;
  /** Offset after the line end of its last line. */
  readonly end: number;
}

export interface Header {
  readonly bytes: Uint8Array;
  readonly fields: readonly HeaderField[];
  /** Offset after the blank line; where the octets end if there is none. */
  readonly bodyStart: number;
}

/** Walks over the fields of a header block without allocating; the quick way for those who want a few known fields. */
export class FieldCursor {
  readonly #bytes: Uint8Array;
  /** Offsets of the field `next` found: name, end of name, after the colon, after the last line end. */
  start = 0;
  nameEnd = 0;
  valueStart = 0;
  end: number;
  /** Offset after the blank line, once `next` gave false. */
  bodyStart = 0;

  constructor(bytes: Uint8Array, start = 0) {
    this.#bytes = bytes;
    this.end = start;
  }

  /** Moves to the next field; false at the end of the header. */
  next(): boolean {
    const bytes = this.#bytes;
    const limit = bytes.length;
    for (;;) {
      const start = this.end;
      if (start >= limit) return this.#finish(limit);
      const first = bytes[start];
      if (first === LF) return this.#finish(start + 1);
      if (first === CR && bytes[start + 1] === LF) return this.#finish(start + 2);
      let at = start;
      let c: number | undefined;
      while ((c = bytes[at]) !== COLON && c !== LF && at < limit) at++;
      this.end = this.#endOfField(at);
      if (c !== COLON || at === start || first === SPACE || first === TAB) continue;
      this.start = start;
      this.valueStart = at + 1;
      while (at > start && (bytes[at - 1] === SPACE || bytes[at - 1] === TAB)) at--;
      this.nameEnd = at;
      return true;
    }
  }

  /** Whether the field's name is `name` (which is lower case). */
  is(name: string): boolean {
    if (this.nameEnd - this.start !== name.length) return false;
    for (let i = 0; i < name.length; i++) {
      if (lower(this.#bytes[this.start + i] as number) !== name.charCodeAt(i)) return false;
    }
    return true;
  }

  /** The field's name in lower case. */
  name(): string {
    return fieldName(this.#bytes, this.start, this.nameEnd);
  }

  /** The value with its folding, a view. */
  raw(): Uint8Array {
    return this.#bytes.subarray(this.valueStart, this.end);
  }

  #finish(at: number): false {
    this.bodyStart = this.end = Math.min(at, this.#bytes.length);
    return false;
  }

  #endOfField(at: number): number {
    const bytes = this.#bytes;
    for (;;) {
      const lf = bytes.indexOf(LF, at);
      if (lf < 0) return bytes.length;
      at = lf + 1;
      const c = bytes[at];
      if (c !== SPACE && c !== TAB) return at;
    }
  }
}

/** Finds the fields of the header block that begins at `start`. */
export function scanHeader(bytes: Uint8Array, start = 0, end = bytes.length): Header {
  const view = end === bytes.length ? bytes : bytes.subarray(0, end);
  const cursor = new FieldCursor(view, start);
  const fields: HeaderField[] = [];
  while (cursor.next()) {
    fields.push({
      name: fieldName(view, cursor.start, cursor.nameEnd),
      start: cursor.start,
      valueStart: cursor.valueStart,
      end: cursor.end,
    });
  }
  return { bytes: view, fields, bodyStart: cursor.bodyStart };
}

/** The first field called `name` (lower case), or null. */
export function firstField(header: Header, name: string): HeaderField | null {
  for (const f of header.fields) if (f.name === name) return f;
  return null;
}

/** All fields called `name` (lower case), in order. */
export function allFields(header: Header, name: string): HeaderField[] {
  return header.fields.filter((f) => f.name === name);
}

/** A field whole: name, folding and line ends. A view. */
export function rawField(header: Header, field: HeaderField): Uint8Array {
  return header.bytes.subarray(field.start, field.end);
}

/** A field's value, unfolded and without white space around it. */
export function fieldValue(header: Header, field: HeaderField): Uint8Array {
  return unfold(header.bytes.subarray(field.valueStart, field.end));
}

/**
 * Takes the line ends out of a field's value (RFC 5322 2.2.3) and the white space from its ends. A view where there was no
 * folding. Lone CR becomes a space and NUL becomes U+FFFD: neither may stand in an IMAP string.
 */
export function unfold(value: Uint8Array): Uint8Array {
  let start = 0;
  let end = value.length;
  while (start < end && isWhite(value[start] as number)) start++;
  while (end > start && isWhite(value[end - 1] as number)) end--;
  const trimmed = value.subarray(start, end);
  return trimmed.includes(LF) || trimmed.includes(CR) || trimmed.includes(0)
    ? withoutBreaks(trimmed)
    : trimmed;
}

function withoutBreaks(value: Uint8Array): Uint8Array {
  const out = new Uint8Array(value.length * 3);
  let n = 0;
  for (let i = 0; i < value.length; i++) {
    const c = value[i] as number;
    if (c === LF) continue;
    if (c === CR) {
      if (value[i + 1] !== LF) out[n++] = SPACE;
    } else if (c === 0) {
      out.set([0xef, 0xbf, 0xbd], n);
      n += 3;
    } else out[n++] = c;
  }
  return out.slice(0, n);
}

function isWhite(c: number): boolean {
  return c === SPACE || c === TAB || c === CR || c === LF;
}

function lower(c: number): number {
  return c >= 0x41 && c <= 0x5a ? c + 0x20 : c;
}

// Names that occur in nearly every message: found by length and first letter, so that they need no decoding.
const COMMON: ReadonlyMap<number, readonly string[]> = commonNames([
  "received,return-path,delivered-to,from,to,cc,bcc,subject,date,message-id,in-reply-to,references,reply-to,sender",
  "mime-version,content-type,content-transfer-encoding,content-disposition,content-language,content-id,user-agent",
  "dkim-signature,authentication-results,arc-seal,arc-message-signature,arc-authentication-results,received-spf",
  "list-id,list-unsubscribe,list-unsubscribe-post,list-post,list-help,precedence,x-mailer,x-priority,importance",
]);

function commonNames(lines: readonly string[]): Map<number, string[]> {
  const found = new Map<number, string[]>();
  for (const name of lines.join(",").split(",")) {
    const key = name.length * 256 + name.charCodeAt(0);
    found.set(key, [...(found.get(key) ?? []), name]);
  }
  return found;
}

function fieldName(bytes: Uint8Array, start: number, end: number): string {
  const length = end - start;
  const known = COMMON.get(length * 256 + lower(bytes[start] as number));
  if (known) {
    next: for (const name of known) {
      for (let i = 1; i < length; i++) {
        if (lower(bytes[start + i] as number) !== name.charCodeAt(i)) continue next;
      }
      return name;
    }
  }
  return asciiLower(fromAscii(bytes.subarray(start, end)));
}

/** Takes the header block off a message that arrives in chunks, at most `max` octets of it. */
export class HeaderSplitter {
  readonly #max: number;
  readonly #taken = new GrowingBytes();
  // What the current line holds so far: nothing, only a CR, or more.
  #line: "empty" | "cr" | "some" = "empty";
  #state: "more" | "done" | "overflow" = "more";

  /** `max` in octets, blank line included. */
  constructor(max: number) {
    this.#max = max;
  }

  /** The blank line was found. */
  get done(): boolean {
    return this.#state === "done";
  }

  /** More than `max` octets came without a blank line; nothing further is taken. */
  get overflow(): boolean {
    return this.#state === "overflow";
  }

  /** Takes what belongs to the header (copied) and gives how many octets of `chunk` that were; what follows is the body. */
  write(chunk: Uint8Array): number {
    if (this.#state !== "more" || chunk.length === 0) return 0;
    let taken = this.#findEnd(chunk);
    if (this.#taken.length + taken > this.#max) {
      taken = this.#max - this.#taken.length;
      this.#state = "overflow";
    }
    this.#taken.push(chunk.subarray(0, taken));
    return taken;
  }

  /** All that was taken: the whole header once `done`, or at the end of a message that has no body. */
  header(): Uint8Array {
    return this.#taken.view();
  }

  #findEnd(chunk: Uint8Array): number {
    for (let at = 0; at < chunk.length;) {
      const c = chunk[at];
      if (c === LF) {
        at++;
        if (this.#line !== "some") {
          this.#state = "done";
          return at;
        }
        this.#line = "empty";
      } else if (c === CR && this.#line === "empty") {
        this.#line = "cr";
        at++;
      } else {
        this.#line = "some";
        const lf = chunk.indexOf(LF, at);
        if (lf < 0) return chunk.length;
        at = lf;
      }
    }
    return chunk.length;
  }
}
