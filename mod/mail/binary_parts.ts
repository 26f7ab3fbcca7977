/**
 * Takes binary parts (RFC 3030 3) out of a message: leaves marked `Content-Transfer-Encoding: binary` become base64, multiparts and messages
 * within marked so become 8bit. Decoded, every part is what it was. IMAP without BINARY, POP3 and most next hosts cannot carry binary: lines
 * of theirs end in CRLF, and NUL is not for them. For hosts without 8BITMIME (RFC 6152 3) the same is done to what is marked 8bit.
 *
 * A push machine, no I/O: what comes out is text, or `fault` tells that the message has binary octets where it does not say so.
 */
import { concat, CR, CRLF, EMPTY, LF, utf8 } from "../base/bytes.ts";
import { HEADER_SIZE, MIME_DEPTH } from "../base/limits.ts";
import type { DataFault } from "../wire/dots.ts";
import { LineWatch } from "../wire/line_watch.ts";
import { Base64Lines } from "./base64_lines.ts";
import { withoutFields } from "./fixup.ts";
import { isWord, parameter, readPartFields } from "./part_fields.ts";

const DASH = 0x2d;
const SPACE = 0x20;
const TAB = 0x09;
/** A delimiter and its line end are looked for in so many octets: RFC 2046 5.1.1 has 70 for the boundary. */
const DELIMITER = 200;

type Sink = (view: Uint8Array) => void;

/** `binary-header`: a header block too long to be one. */
export type BinaryFault = DataFault | "binary-header";

/** Which parts become base64: those marked binary, or those marked 8bit, too. */
export type ConvertedParts = "binary" | "8bit";

export class BinaryParts {
  readonly #watch = new LineWatch();
  readonly #sink: Sink;
  readonly #which: ConvertedParts;
  /** "--boundary" of each multipart we are in, outermost first. */
  readonly #delimiters: Uint8Array[] = [];
  /** Octets that cannot be judged before more come. */
  #held: Uint8Array = EMPTY;
  #header: Uint8Array[] | null = [];
  #headerSize = 0;
  #lineStart = true;
  /** A CRLF that belongs to the body, or to the delimiter that may follow. */
  #crlf = false;
  #encoder: Base64Lines | null = null;
  #tooLong = false;

  /** `sink` gets views that are valid until it returns. */
  constructor(sink: Sink, which: ConvertedParts = "binary") {
    this.#which = which;
    this.#sink = (view) => {
      this.#watch.write(view);
      sink(view);
    };
  }

  /** Why the result is no text, or null. */
  get fault(): BinaryFault | null {
    return this.#tooLong ? "binary-header" : this.#watch.fault;
  }

  write(chunk: Uint8Array): void {
    const bytes = this.#held.length === 0 ? chunk : concat([this.#held, chunk]);
    const used = this.#advance(bytes, false);
    // A copy: the chunk is the caller's.
    this.#held = bytes.slice(used);
  }

  /** No more octets come. */
  end(): void {
    this.#advance(this.#held, true);
    this.#held = EMPTY;
    if (this.#header) this.#endHeader();
    if (this.#crlf) this.#body(CRLF);
    this.#endPart();
    this.#watch.end();
  }

  /** Gives how many octets were dealt with. */
  #advance(bytes: Uint8Array, last: boolean): number {
    let at = 0;
    while (at < bytes.length) {
      const next = this.#lineStart ? this.#line(bytes, at, last) : this.#rest(bytes, at, last);
      if (next < 0) return at;
      at = next;
    }
    return at;
  }

  /** At the start of a line. Gives where to go on, -1 when more is needed. */
  #line(bytes: Uint8Array, at: number, last: boolean): number {
    const mayDelimit = bytes[at] === DASH && (at + 1 === bytes.length || bytes[at + 1] === DASH);
    if (this.#delimiters.length > 0 && mayDelimit) {
      const end = lineEnd(bytes, at);
      if (end < 0 && !last && bytes.length - at < DELIMITER) return -1;
      const line = bytes.subarray(at, end < 0 ? bytes.length : end);
      const place = this.#delimiters.findLastIndex((d) => delimits(line, d) !== null);
      if (place >= 0) return this.#delimiter(line, place, end < 0 ? bytes.length : end + 2);
    }
    if (this.#header) return this.#headerLine(bytes, at, last);
    if (this.#crlf) this.#body(CRLF);
    this.#crlf = false;
    this.#lineStart = false;
    return at;
  }

  /** Within a line of a body: up to its CRLF, or as far as there is anything. */
  #rest(bytes: Uint8Array, at: number, last: boolean): number {
    const end = lineEnd(bytes, at);
    if (end >= 0) {
      this.#body(bytes.subarray(at, end));
      this.#crlf = true;
      this.#lineStart = true;
      return end + 2;
    }
    // The last octet may be the CR of the CRLF.
    const stop = !last && bytes[bytes.length - 1] === CR ? bytes.length - 1 : bytes.length;
    if (stop === at) return -1;
    this.#body(bytes.subarray(at, stop));
    return stop;
  }

  #headerLine(bytes: Uint8Array, at: number, last: boolean): number {
    const end = lineEnd(bytes, at);
    if (end < 0 && !last) {
      if (bytes.length - at <= HEADER_SIZE) return -1;
      this.#tooLong = true;
      return bytes.length;
    }
    const next = end < 0 ? bytes.length : end + 2;
    const header = this.#header ?? [];
    this.#headerSize += next - at;
    if (this.#headerSize > HEADER_SIZE) this.#tooLong = true;
    else header.push(bytes.slice(at, next));
    if (end === at) this.#endHeader();
    return next;
  }

  /** A whole header is here: passes it on, marked as what the part becomes. */
  #endHeader(): void {
    const header = concat(this.#header ?? []);
    const fields = readPartFields(header, false);
    const { encoding } = fields;
    const binary = encoding !== null &&
      (isWord(encoding, "binary") || this.#which === "8bit" && isWord(encoding, "8bit"));
    const named = isWord(fields.type, "multipart") ? parameter(fields.params, "boundary") : null;
    const boundary = named?.length === 0 ? null : named;
    const nested = isWord(fields.type, "message") &&
      (isWord(fields.subtype, "rfc822") || isWord(fields.subtype, "global"));
    const leaf = boundary === null && !nested;
    this.#sink(binary ? marked(header, leaf ? "base64" : this.#which === "8bit" ? "7bit" : "8bit") : header);
    this.#header = nested ? [] : null;
    this.#headerSize = 0;
    if (boundary !== null && this.#delimiters.length < MIME_DEPTH) {
      this.#delimiters.push(concat([utf8("--"), boundary]));
    }
    if (binary && leaf) this.#encoder = new Base64Lines(this.#sink);
  }

  #delimiter(line: Uint8Array, place: number, next: number): number {
    // A part of which there is no more than a header, or a part of one.
    if (this.#header) this.#endHeader();
    // The CRLF before a delimiter is the delimiter's; base64 has ended its own line.
    if (this.#crlf && !this.#encoder) this.#sink(CRLF);
    this.#endPart();
    this.#crlf = false;
    const closes = delimits(line, this.#delimiters[place] ?? EMPTY) === "close";
    this.#sink(line);
    this.#sink(CRLF);
    this.#delimiters.length = closes ? place : place + 1;
    this.#header = closes ? null : [];
    this.#headerSize = 0;
    this.#lineStart = true;
    return next;
  }

  #endPart(): void {
    this.#encoder?.end();
    this.#encoder = null;
  }

  #body(view: Uint8Array): void {
    if (this.#encoder) this.#encoder.write(view);
    else this.#sink(view);
  }
}

/** Offset of the next CRLF, or -1. */
function lineEnd(bytes: Uint8Array, from: number): number {
  for (let i = bytes.indexOf(LF, from); i >= 0; i = bytes.indexOf(LF, i + 1)) {
    if (i > from && bytes[i - 1] === CR) return i - 1;
  }
  return -1;
}

/** Whether a line is a delimiter (RFC 2046 5.1.1): the boundary, "--" if it is the last, blanks. */
function delimits(line: Uint8Array, delimiter: Uint8Array): "part" | "close" | null {
  if (line.length < delimiter.length || delimiter.some((c, i) => line[i] !== c)) return null;
  let at = delimiter.length;
  const closes = line[at] === DASH && line[at + 1] === DASH;
  if (closes) at += 2;
  while (line[at] === SPACE || line[at] === TAB) at++;
  return at < line.length ? null : closes ? "close" : "part";
}

function marked(header: Uint8Array, encoding: "base64" | "8bit" | "7bit"): Uint8Array {
  const rest = withoutFields(header, ["content-transfer-encoding"]);
  return concat([utf8(`Content-Transfer-Encoding: ${encoding}\r\n`), rest]);
}
