/**
 * ENVELOPE of the usual header, written from its octets without taking them apart: a fifth of the work of `parseEnvelope` and `writeEnvelope`, whose answer
 * it gives octet for octet. What is not usual (comments, groups, escapes, text that is not ASCII) is left to them, field by field.
 */
import { LF } from "../base/bytes.ts";
import { ENVELOPE_ADDRESSES } from "../base/limits.ts";
import { parseAddressList, tidy } from "../mail/address_list.ts";
import { parseEnvelope } from "../mail/envelope.ts";
import { unfold } from "../mail/header.ts";
import type { ParsedTexts } from "../store/mail_index.ts";
import type { Message } from "../store/store.ts";
import { writeString } from "./format.ts";
import { writeAddresses, writeEnvelope } from "./format_structure.ts";
import { keepFields } from "./header_facts.ts";
import { HeaderSpans } from "./header_spans.ts";
import type { ResponseBuffer } from "./response_buffer.ts";

const TAB = 0x09;
const CR = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const OPEN = 0x28;
const CLOSE = 0x29;
const COMMA = 0x2c;
const DOT = 0x2e;
const LANGLE = 0x3c;
const RANGLE = 0x3e;
const AT = 0x40;
const BACKSLASH = 0x5c;

const FAILED = -1;

/** Octets of atoms that are ASCII, the dot not among them (RFC 5322 3.2.3). */
const ATOM = new Uint8Array(256);
for (let c = 0x21; c < 0x7f; c++) ATOM[c] = '()<>[]:;@\\,."'.includes(String.fromCharCode(c)) ? 0 : 1;

/** Writes ENVELOPE of one message after the other. */
export class EnvelopeWriter {
  readonly #spans = new HeaderSpans();

  /** Of the header at the start of `header`; octets of the body may follow. Has `texts` keep its fields. */
  write(
    out: ResponseBuffer,
    header: Uint8Array,
    message: Pick<Message, "uid">,
    texts: ParsedTexts | undefined,
  ): void {
    const spans = this.#spans.read(header);
    // Where a field is doubled it matters how.
    if (spans.doubled) writeEnvelope(out, parseEnvelope(header));
    else writeFields(out, header, spans);
    if (texts) keepFields(texts, message, header, spans);
  }
}

function writeFields(out: ResponseBuffer, header: Uint8Array, spans: HeaderSpans): void {
  out.byte(OPEN);
  writeText(out, header, spans, "date");
  out.byte(SPACE);
  writeText(out, header, spans, "subject");
  out.byte(SPACE);
  const from = out.length;
  writeList(out, header, spans, "from");
  const end = out.length;
  for (const name of ["sender", "reply-to"] as const) {
    out.byte(SPACE);
    // Who is not named is who it is from (RFC 3501 7.4.2).
    if (!writeList(out, header, spans, name)) {
      out.truncate(out.length - 3);
      out.again(from, end);
    }
  }
  for (const name of ["to", "cc", "bcc"] as const) {
    out.byte(SPACE);
    writeList(out, header, spans, name);
  }
  out.byte(SPACE);
  writeText(out, header, spans, "in-reply-to");
  out.byte(SPACE);
  writeText(out, header, spans, "message-id");
  out.byte(CLOSE);
}

/** A field's value as a string, or NIL. */
function writeText(
  out: ResponseBuffer,
  header: Uint8Array,
  spans: HeaderSpans,
  name: "date" | "subject" | "in-reply-to" | "message-id",
): void {
  const i = spans.find(name);
  if (i < 0) return out.ascii("NIL");
  let start = spans.valueStart(i);
  let end = spans.end(i);
  while (start < end && isWhite(header[start])) start++;
  while (end > start && isWhite(header[end - 1])) end--;
  let before = 0;
  for (let at = start; at < end; at++) {
    const c = header[at] as number;
    if (c < SPACE || c >= 0x7f || c === QUOTE || c === BACKSLASH || (c === SPACE && before === SPACE)) {
      const text = unfold(header.subarray(start, end));
      return writeString(out, name === "subject" ? tidy(text.slice()) : text);
    }
    before = c;
  }
  out.byte(QUOTE);
  out.range(header, start, end);
  out.byte(QUOTE);
}

/** A list of addresses; false for NIL. */
function writeList(
  out: ResponseBuffer,
  header: Uint8Array,
  spans: HeaderSpans,
  name: "from" | "sender" | "reply-to" | "to" | "cc" | "bcc",
): boolean {
  const i = spans.find(name);
  const before = out.length;
  if (i < 0) {
    out.ascii("NIL");
    return false;
  }
  const start = spans.valueStart(i);
  if (writeUsual(out, header, start, spans.end(i))) return true;
  out.truncate(before);
  const raw = header.subarray(start, spans.end(i));
  const found = parseAddressList(raw.includes(0) ? unfold(raw) : raw);
  writeAddresses(out, found);
  return found.length > 0;
}

/** Addresses of the usual forms; false where there is anything else. */
function writeUsual(out: ResponseBuffer, bytes: Uint8Array, start: number, end: number): boolean {
  while (end > start && isWhite(bytes[end - 1])) end--;
  out.byte(OPEN);
  let at = start;
  for (let count = 1; count < ENVELOPE_ADDRESSES; count++) {
    at = writeAddress(out, bytes, pastWhite(bytes, at, end), end);
    if (at === FAILED) return false;
    at = pastWhite(bytes, at, end);
    if (at === end) {
      out.byte(CLOSE);
      return true;
    }
    if (bytes[at++] !== COMMA) return false;
  }
  return false;
}

/** `a@b`, `<a@b>`, `A B <a@b>` or `"A B" <a@b>`; gives the offset after it. */
function writeAddress(out: ResponseBuffer, bytes: Uint8Array, start: number, end: number): number {
  const local = pastAtoms(bytes, start, end);
  if (local !== FAILED && bytes[local] === AT) {
    const host = pastAtoms(bytes, local + 1, end);
    if (host === FAILED) return FAILED;
    out.ascii("(NIL NIL");
    writeMailbox(out, bytes, start, local, host);
    return host;
  }
  out.byte(OPEN);
  const angle = writeName(out, bytes, start, end);
  if (angle === FAILED || angle >= end || bytes[angle] !== LANGLE) return FAILED;
  const at = pastAtoms(bytes, angle + 1, end);
  if (at === FAILED || bytes[at] !== AT) return FAILED;
  const host = pastAtoms(bytes, at + 1, end);
  if (host === FAILED || host >= end || bytes[host] !== RANGLE) return FAILED;
  out.ascii(" NIL");
  writeMailbox(out, bytes, angle + 1, at, host);
  return host + 1;
}

function writeMailbox(out: ResponseBuffer, bytes: Uint8Array, start: number, at: number, end: number): void {
  out.ascii(' "');
  out.range(bytes, start, at);
  out.ascii('" "');
  out.range(bytes, at + 1, end);
  out.ascii('")');
}

/** What stands before "<"; gives the offset after it. */
function writeName(out: ResponseBuffer, bytes: Uint8Array, start: number, end: number): number {
  if (bytes[start] === QUOTE) return writeQuoted(out, bytes, start, end);
  if (bytes[start] !== LANGLE) return writePhrase(out, bytes, start, end);
  out.ascii("NIL");
  return start;
}

/** A quoted string without escapes, and the white space after it. */
function writeQuoted(out: ResponseBuffer, bytes: Uint8Array, start: number, end: number): number {
  let at = start + 1;
  // As if a space stood before and after it: of several one is shown, of those at the ends none.
  let before = SPACE;
  for (; at < end && bytes[at] !== QUOTE; at++) {
    const c = bytes[at] as number;
    if (c < SPACE || c >= 0x7f || c === BACKSLASH || (c === SPACE && before === SPACE)) return FAILED;
    before = c;
  }
  if (at >= end || before === SPACE) return FAILED;
  out.range(bytes, start, at + 1);
  return pastWhite(bytes, at + 1, end);
}

/** Words, one space between them. */
function writePhrase(out: ResponseBuffer, bytes: Uint8Array, start: number, end: number): number {
  out.byte(QUOTE);
  let at = start;
  while (at < end && (ATOM[bytes[at] as number] === 1)) {
    if (at > start) out.byte(SPACE);
    const word = at;
    while (at < end && (ATOM[bytes[at] as number] === 1 || bytes[at] === DOT)) at++;
    out.range(bytes, word, at);
    at = pastWhite(bytes, at, end);
  }
  out.byte(QUOTE);
  return at === start ? FAILED : at;
}

/** Past atoms with single dots between them. */
function pastAtoms(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  for (;;) {
    const atom = at;
    while (at < end && ATOM[bytes[at] as number] === 1) at++;
    if (at === atom) return FAILED;
    if (at === end || bytes[at] !== DOT) return at;
    at++;
  }
}

function pastWhite(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && isWhite(bytes[at])) at++;
  return at;
}

function isWhite(c: number | undefined): boolean {
  return c === SPACE || c === TAB || c === CR || c === LF;
}
