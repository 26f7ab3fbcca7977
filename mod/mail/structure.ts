/**
 * The MIME structure of a message, found while its octets pass by. Invariants:
 * - Memory is bounded: one part's header at a time, and a boundary's length of the line at hand; never a body.
 * - Results do not depend on how the octets were cut into chunks.
 * - Offsets, sizes and line counts are those Dovecot 2.3 finds, in broken messages too: a boundary matches by its beginning, the longest
 *   one wins, the innermost among equals; it also ends a header; MIME-Version is not asked for.
 */
import { asciiLower, concat, CR, fromAscii, LF, utf8 } from "../base/bytes.ts";
import { HEADER_SIZE, MIME_BOUNDARY, MIME_DEPTH, MIME_PARTS, PART_HEADER } from "../base/limits.ts";
import { GrowingBytes } from "./growing_bytes.ts";
import { parseEnvelope } from "./envelope.ts";
import { parameter, readPartFields } from "./part_fields.ts";
import type { ImapEnvelope, Part, PartFields } from "./types.ts";

const DASH = 0x2d;
const LINE_HEAD = 2 + MIME_BOUNDARY + 2; // "--", boundary, "--": all that can decide about a line
const SHORT = 16; // octets tried one by one before a native search pays

/** A part that may not have ended yet. */
interface Open {
  readonly parent: Open | null;
  readonly depth: number;
  readonly headerStart: number;
  bodyStart: number;
  bodyEnd: number;
  /** Line ends before the body. */
  linesBefore: number;
  lines: number;
  fields: PartFields | null;
  type: string;
  subtype: string;
  /** Of a message within a message/rfc822. */
  envelope: ImapEnvelope | null;
  /** Of a multipart whose parts are being looked for. */
  boundary: Uint8Array | null;
  readonly children: Open[];
}

/** Finds the structure of a whole message in memory. */
export function scanStructure(message: Uint8Array): Part {
  const scanner = new StructureScanner();
  scanner.write(message);
  return scanner.end();
}

/** Push scanner: `write` all octets of a message in any cut, then take the result from `end`. */
export class StructureScanner {
  readonly #root = open(null, 0);
  /** The innermost part that has not ended. */
  #part: Open = this.#root;
  #inHeader = true;
  /** Multiparts that wait for their boundary: while there are none, no line is looked at. */
  #waiting = 0;
  #parts = 1;
  /** Offset of the chunk at hand, and line ends seen. */
  #offset = 0;
  #lines = 0;
  /** The last two octets of the chunks before. */
  #last = 0;
  #lastButOne = 0;
  /** Within a line about which all is decided. */
  #midLine = false;
  /** The line so far is a CR at the end of a chunk, in a header. */
  #lineIsCr = false;
  /** Start of a line that began in an earlier chunk and may be a boundary. */
  readonly #head = new Uint8Array(LINE_HEAD);
  #headLength = 0;
  #headStart = 0;
  #headEol = 0;
  /** The multipart whose next part begins after the boundary line at hand. */
  #nextPartOf: Open | null = null;
  /** Header octets kept from earlier chunks, and where those of this chunk begin. */
  readonly #header = new GrowingBytes();
  #headerFrom = 0;

  /** Takes the next octets. The chunk is not kept. */
  write(chunk: Uint8Array): void {
    this.#headerFrom = 0;
    for (let at = 0; at < chunk.length;) {
      if (this.#midLine) at = this.#restOfLine(chunk, at);
      else if (this.#headLength > 0) at = this.#restOfHead(chunk, at);
      else if (this.#inHeader) at = this.#headerLine(chunk, at);
      else at = this.#waiting > 0 ? this.#bodyLines(chunk, at) : this.#countLines(chunk, at);
    }
    if (this.#inHeader && this.#header.length < HEADER_SIZE) {
      const end = this.#headerFrom + HEADER_SIZE - this.#header.length;
      this.#header.push(chunk.subarray(this.#headerFrom, end));
    }
    if (chunk.length > 0) {
      this.#lastButOne = chunk.length > 1 ? chunk[chunk.length - 2] as number : this.#last;
      this.#last = chunk[chunk.length - 1] as number;
    }
    this.#offset += chunk.length;
  }

  /** The message has ended: gives its structure. Call it once. */
  end(): Part {
    const none = new Uint8Array(0);
    if (this.#headLength > 0) {
      this.#decide(this.#head.subarray(0, this.#headLength), this.#headStart, this.#headEol, none, 0);
    }
    const end = this.#offset;
    // A message/rfc822 that begins here opens one more header.
    while (this.#inHeader) this.#endHeader(end, none, 0);
    for (let p: Open | null = this.#part; p; p = p.parent) {
      p.bodyEnd = end;
      p.lines = this.#lines - p.linesBefore;
    }
    return toPart(this.#root);
  }

  #restOfLine(chunk: Uint8Array, at: number): number {
    const lf = chunk.indexOf(LF, at);
    if (lf < 0) return chunk.length;
    this.#lineEnded(lf + 1);
    return lf + 1;
  }

  #lineEnded(next: number): void {
    this.#lines++;
    this.#midLine = false;
    if (this.#nextPartOf) {
      this.#openPart(this.#nextPartOf, this.#offset + next);
      this.#headerFrom = next;
    }
  }

  /** One line of a header, from its start or from after a CR. */
  #headerLine(chunk: Uint8Array, at: number): number {
    const c = chunk[at];
    if (this.#lineIsCr) {
      this.#lineIsCr = false;
      if (c === LF) return this.#blankLine(chunk, at + 1);
      this.#midLine = true;
      return at;
    }
    if (c === LF) return this.#blankLine(chunk, at + 1);
    if (c === CR) {
      this.#lineIsCr = true;
      return at + 1;
    }
    if (c === DASH && this.#waiting > 0) return this.#candidate(chunk, at);
    this.#midLine = true;
    return at;
  }

  #blankLine(chunk: Uint8Array, next: number): number {
    this.#lines++;
    this.#endHeader(this.#offset + next, chunk, next);
    return next;
  }

  /** Lines of a body up to one that may be a boundary. */
  #bodyLines(chunk: Uint8Array, at: number): number {
    const size = chunk.length;
    let lines = 0;
    while (at < size && chunk[at] !== DASH) {
      const near = Math.min(size, at + SHORT);
      while (at < near && chunk[at] !== LF) at++;
      if (at === near) {
        at = at < size ? chunk.indexOf(LF, at) : -1;
        if (at < 0) {
          this.#midLine = true;
          at = size;
          break;
        }
      }
      lines++;
      at++;
    }
    this.#lines += lines;
    return at < size ? this.#candidate(chunk, at) : at;
  }

  /** All that is left of the chunk, where no boundary is waited for. */
  #countLines(chunk: Uint8Array, at: number): number {
    let lines = 0;
    const size = chunk.length;
    while (at < size) {
      const near = Math.min(size, at + SHORT);
      while (at < near && chunk[at] !== LF) at++;
      if (at === near) {
        at = at < size ? chunk.indexOf(LF, at) : -1;
        if (at < 0) break;
      }
      lines++;
      at++;
    }
    this.#lines += lines;
    return size;
  }

  /** A line that starts with "-". */
  #candidate(chunk: Uint8Array, at: number): number {
    const start = this.#offset + at;
    const eol = this.#before(chunk, at - 1) !== LF ? 0 : this.#before(chunk, at - 2) === CR ? 2 : 1;
    const limit = Math.min(chunk.length, at + LINE_HEAD);
    let end = at;
    while (end < limit && chunk[end] !== LF) end++;
    if (end < limit) end++;
    else if (end - at < LINE_HEAD) {
      this.#head.set(chunk.subarray(at));
      this.#headLength = chunk.length - at;
      this.#headStart = start;
      this.#headEol = eol;
      return chunk.length;
    }
    this.#decide(chunk.subarray(at, end), start, eol, chunk, at);
    return this.#headPassed(chunk, end);
  }

  /** More of a line whose start came in an earlier chunk. */
  #restOfHead(chunk: Uint8Array, at: number): number {
    while (at < chunk.length && this.#headLength < LINE_HEAD) {
      const c = chunk[at++] as number;
      this.#head[this.#headLength++] = c;
      if (c === LF) break;
    }
    const whole = this.#headLength === LINE_HEAD || this.#head[this.#headLength - 1] === LF;
    if (!whole) return at;
    const head = this.#head.subarray(0, this.#headLength);
    this.#headLength = 0;
    this.#decide(head, this.#headStart, this.#headEol, chunk, this.#headStart - this.#offset);
    if (head[head.length - 1] === LF) this.#lineEnded(at);
    else this.#midLine = true;
    return at;
  }

  #headPassed(chunk: Uint8Array, next: number): number {
    if (chunk[next - 1] === LF) this.#lineEnded(next);
    else this.#midLine = true;
    return next;
  }

  /** `head` is the start of a line at offset `start`, index `at` of `chunk` (below 0: in an earlier one); `eol` octets end the line before. */
  #decide(head: Uint8Array, start: number, eol: number, chunk: Uint8Array, at: number): void {
    if (head.length < 2 || head[1] !== DASH) return;
    const owner = this.#findBoundary(head);
    if (!owner?.boundary) return;
    if (this.#inHeader) this.#endHeaderAtBoundary(start, chunk, at);
    let childEnd = 0;
    for (let p = this.#part; p !== owner; p = p.parent as Open) {
      p.bodyEnd = Math.max(p.bodyStart, start - eol, childEnd);
      p.lines = this.#lines - p.linesBefore - (p.bodyEnd < start && eol > 0 ? 1 : 0);
      childEnd = p.bodyEnd;
      if (p.boundary) this.#waiting--;
    }
    this.#part = owner;
    const after = 2 + owner.boundary.length;
    if (head[after] === DASH && head[after + 1] === DASH) {
      owner.boundary = null;
      this.#waiting--;
    } else this.#nextPartOf = owner;
  }

  /** The multipart whose boundary the line begins with: the longest, the innermost among equals. */
  #findBoundary(head: Uint8Array): Open | null {
    let best: Open | null = null;
    let length = -1;
    for (let p: Open | null = this.#part; p; p = p.parent) {
      if (p.boundary && p.boundary.length > length && beginsWith(head, 2, p.boundary)) {
        best = p;
        length = p.boundary.length;
      }
    }
    return best;
  }

  #openPart(parent: Open, start: number): void {
    this.#nextPartOf = null;
    const part = open(parent, start);
    parent.children.push(part);
    this.#part = part;
    this.#inHeader = true;
    this.#header.clear();
    // The last part we take: what follows is its body, whatever it looks like.
    if (++this.#parts >= MIME_PARTS) this.#waiting = 0;
  }

  /** A boundary where a header should have gone on: the part has no body, and its line end is the header's. */
  #endHeaderAtBoundary(start: number, chunk: Uint8Array, at: number): void {
    // A message/rfc822 whose header ends so holds a message without header and body.
    while (this.#inHeader) this.#endHeader(start, chunk, at);
  }

  /** The header of the part at hand ends before offset `end`, which is index `at` of `chunk`. */
  #endHeader(end: number, chunk: Uint8Array, at: number): void {
    const part = this.#part;
    const cap = part.parent?.boundary ? PART_HEADER : HEADER_SIZE;
    const here = chunk.subarray(this.#headerFrom, Math.max(at, 0));
    const all = this.#header.length > 0 ? concat([this.#header.view(), here]) : here;
    const header = all.subarray(0, Math.min(cap, end - part.headerStart));
    this.#header.clear();
    this.#headerFrom = at;
    this.#inHeader = false;
    part.bodyStart = end;
    part.linesBefore = this.#lines;
    const parent = part.parent;
    part.fields = readPartFields(header, parent?.subtype === "digest" && parent.type === "multipart");
    if (parent?.type === "message") part.envelope = parseEnvelope(header);
    part.type = asciiLower(fromAscii(part.fields.type));
    part.subtype = asciiLower(fromAscii(part.fields.subtype));
    if (part.type === "multipart") this.#beginMultipart(part, part.fields);
    else if (part.type === "message" && part.subtype === "rfc822") this.#beginMessage(part, part.fields, end);
  }

  #beginMultipart(part: Open, fields: PartFields): void {
    const boundary = parameter(fields.params, "boundary");
    if (!boundary || part.depth >= MIME_DEPTH || this.#parts >= MIME_PARTS) return;
    part.boundary = boundary.subarray(0, MIME_BOUNDARY);
    this.#waiting++;
  }

  #beginMessage(part: Open, fields: PartFields, start: number): void {
    if (part.depth < MIME_DEPTH && this.#parts < MIME_PARTS) return this.#openPart(part, start);
    // Too deep: IMAP cannot show a message/rfc822 without its inside, so it becomes opaque.
    part.fields = { ...fields, type: utf8("application"), subtype: utf8("octet-stream"), params: [] };
    part.type = "application";
    part.subtype = "octet-stream";
  }

  #before(chunk: Uint8Array, i: number): number {
    return i >= 0 ? chunk[i] as number : i === -1 ? this.#last : this.#lastButOne;
  }
}

function open(parent: Open | null, headerStart: number): Open {
  return {
    parent,
    depth: parent ? parent.depth + 1 : 0,
    headerStart,
    bodyStart: headerStart,
    bodyEnd: headerStart,
    linesBefore: 0,
    lines: 0,
    fields: null,
    type: "",
    subtype: "",
    envelope: null,
    boundary: null,
    children: [],
  };
}

function beginsWith(bytes: Uint8Array, at: number, start: Uint8Array): boolean {
  if (bytes.length - at < start.length) return false;
  for (let i = 0; i < start.length; i++) if (bytes[at + i] !== start[i]) return false;
  return true;
}

function toPart(p: Open): Part {
  const fields = p.fields ?? readPartFields(new Uint8Array(0), false);
  const message = p.type === "message" ? p.children[0] : undefined;
  return {
    type: p.type,
    subtype: p.subtype,
    fields,
    headerStart: p.headerStart,
    bodyStart: p.bodyStart,
    bodyEnd: p.bodyEnd,
    lines: p.lines,
    children: p.type === "multipart" ? p.children.map(toPart) : [],
    inner: message?.envelope ? { part: toPart(message), envelope: message.envelope } : null,
  };
}
