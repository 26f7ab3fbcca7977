/** What SEARCH looks at of a message's text: folded header fields, and the decoded text of its parts. */
import { concat, CR, fromAscii, fromUtf8, LF } from "../base/bytes.ts";
import { FETCH_CHUNK, SEARCH_HELD } from "../base/limits.ts";
import { type MailDate, parseDate } from "../mail/date.ts";
import { decodeWords } from "../mail/encoded_word.ts";
import { FieldCursor, rawField, scanHeader, unfold } from "../mail/header.ts";
import { transferDecoder } from "../mail/decode.ts";
import { charsetOf } from "../mail/parameters.ts";
import { decodeText, TextDecoding } from "../mail/text.ts";
import type { Part } from "../mail/types.ts";
import type { MessageContent } from "../store/store.ts";
import { readExactly } from "./fetch_content.ts";
import type { FieldFacts, FieldNeedle, Needle } from "./search_key.ts";
import type { Slice } from "./slice.ts";

const SPACE = 0x20;
const TAB = 0x09;
/** Charsets that UTF-8 text is given under. */
const UTF8_LABELS = new Set(["utf-8", "us-ascii", ""]);
/** Charsets of which ASCII is a part, whatever stands beside it. */
const ASCII_LABELS = /^(?:utf-8|us-ascii|iso-8859-\d+|windows-125\d|koi8-[ru]|)$/;
const DAY_MS = 86_400_000;
// deno-lint-ignore no-control-regex -- exactly the ASCII octets
const ASCII = /^[\u0000-\u007f]*$/;

/**
 * Text as it is compared: without regard to case, and with characters taken apart as i;unicode-casemap (RFC 5051) does, so that "mu"
 * is found in "m\u00fcnchen" as Dovecot finds it.
 */
export function fold(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  return text.normalize("NFKD").toLowerCase().replaceAll("\u03c2", "\u03c3");
}

/** The same of text that was made of so many octets of UTF-8, where that was sound: of ASCII it is known for such without a look at it. */
function foldOctets(text: string, octets: number): string {
  return text.length === octets && !text.includes("\ufffd") ? text.toLowerCase() : fold(text);
}

/** Header fields that were looked at: values decoded (RFC 2047) and folded. */
export class ReadFields implements FieldFacts {
  readonly values: ReadonlyMap<string, readonly string[]>;
  readonly sentDay: number;

  constructor(values: ReadonlyMap<string, readonly string[]>, sentDay: number) {
    this.values = values;
    this.sentDay = sentDay;
  }

  has({ field, text }: FieldNeedle): boolean {
    return this.values.get(field)?.some((value) => value.includes(text)) ?? false;
  }
}

/**
 * Reads the fields called one of `names` (lower case), and the Date field's day: day 0 where there is none, or none that can be read, as in
 * Dovecot.
 */
export function readFields(header: Uint8Array, names: ReadonlySet<string>): ReadFields {
  const fields = new Map<string, string[]>();
  let sentDay: number | null = null;
  if (names.size === 0) return new ReadFields(fields, 0);
  const cursor = new FieldCursor(header);
  while (cursor.next()) {
    for (const name of names) {
      if (!cursor.is(name)) continue;
      const raw = cursor.raw();
      if (name === "date" && sentDay === null) sentDay = writtenDay(raw);
      const values = fields.get(name) ?? [];
      values.push(fieldText(raw));
      fields.set(name, values);
    }
  }
  return new ReadFields(fields, sentDay ?? 0);
}

/** A field's value as it is searched. */
export function fieldText(raw: Uint8Array): string {
  return fold(decodeWords(oneLine(raw)));
}

function writtenDay(raw: Uint8Array): number | null {
  const date = parseDate(unfold(raw));
  return date && dayWritten(date);
}

/** RFC 3501 6.4.4: the day as written, whatever the zone. */
export function dayWritten({ time, zone }: MailDate): number {
  return Math.floor((time + zone * 60_000) / DAY_MS);
}

/** A field's value in one line: each folding with its white space becomes one space, as Dovecot searches it. */
function oneLine(raw: Uint8Array): Uint8Array {
  const out = new Uint8Array(raw.length);
  let n = 0;
  let at = 0;
  while (isBlank(raw[at])) at++;
  for (; at < raw.length; at++) {
    const c = raw[at] ?? 0;
    if (c === CR && raw[at + 1] === LF) continue;
    if (c !== LF) {
      out[n++] = c;
      continue;
    }
    while (isBlank(raw[at + 1])) at++;
    if (at + 1 < raw.length) out[n++] = SPACE;
  }
  return out.subarray(0, n);
}

function isBlank(c: number | undefined): boolean {
  return c === SPACE || c === TAB;
}

/** A place of text within a message. */
interface Place {
  readonly kind: "header" | "text";
  readonly part: Part;
  readonly start: number;
  readonly end: number;
}

/** All headers (of the message, its parts and the messages within) and texts of a message, in order. */
function* placesOf(part: Part): Generator<Place> {
  yield { kind: "header", part, start: part.headerStart, end: part.bodyStart };
  for (const child of part.children) yield* placesOf(child);
  if (part.inner) yield* placesOf(part.inner.part);
  else if (part.type === "text" || part.type === "message") {
    yield { kind: "text", part, start: part.bodyStart, end: part.bodyEnd };
  }
}

/** Who looks at the texts of a message, place by place. */
export interface TextLooker {
  /** Nothing more is wanted. */
  readonly done: boolean;
  wants(kind: Place["kind"]): boolean;
  /** Text of a place, folded; a place's text may come in several. */
  look(text: string, kind: Place["kind"]): void;
  endPlace(): void;
}

/** Looks for needles in text that comes in chunks; a needle may lie across two. */
export class Finder implements TextLooker {
  readonly found: boolean[];
  readonly #needles: readonly Needle[];
  readonly #longest: number;
  #tail = "";

  constructor(needles: readonly Needle[]) {
    this.#needles = needles;
    this.found = needles.map(() => false);
    this.#longest = Math.max(...needles.map((n) => n.text.length));
  }

  get done(): boolean {
    return this.found.every((f) => f);
  }

  /** Whether any needle that is still sought may lie in a place of this kind. */
  wants(kind: Place["kind"]): boolean {
    return this.#needles.some((n, i) => !this.found[i] && (n.headers || kind === "text"));
  }

  look(text: string, kind: Place["kind"]): void {
    const all = this.#tail === "" ? text : this.#tail + text;
    for (let i = 0; i < this.#needles.length; i++) {
      const needle = this.#needles[i];
      if (!needle || this.found[i] || (kind === "header" && !needle.headers)) continue;
      this.found[i] = all.includes(needle.text);
    }
    this.#tail = this.#longest > 1 ? all.slice(1 - this.#longest) : "";
  }

  /** Nothing matches from one place into the next. */
  endPlace(): void {
    this.#tail = "";
  }
}

/** What makes a message's text differ from its octets, in lower case: transfer encodings, UTF-7, ISO-2022's ESC, UTF-16's NUL. */
const ENCODED = ["base64", "quoted-printable", "uue", "utf-7", "\u001b", "\u0000"];

/** A message in memory, in lower case; null where it is not all ASCII. Its text parts are pieces of it where they are not encoded. */
export function lowerOf(bytes: Uint8Array): string | null {
  const text = fromUtf8(bytes);
  // Only ASCII decodes to as many characters as octets without replacements.
  return text.length === bytes.length && !text.includes("\ufffd") ? text.toLowerCase() : null;
}

/**
 * A quick look at a message as `lowerOf` gives it: true when it is certain that none of the needles is in it. All of it is native string work:
 * no structure is looked for, nothing is decoded.
 */
export function hasNone(lower: string | null, needles: readonly Needle[]): boolean {
  if (lower === null) return false;
  // Near the beginning of most messages that are encoded.
  for (const mark of ENCODED) if (lower.includes(mark)) return false;
  const text = needles.some((n) => n.headers && /\s/.test(n.text)) ? unfolded(lower) : lower;
  for (const needle of needles) {
    if (needle.text.includes("\n") || text.includes(needle.text)) return false;
    if (needle.headers && text.includes("=?")) return false;
  }
  return true;
}

function unfolded(text: string): string {
  return text.replace(/\r?\n[ \t]+/g, " ");
}

/** Whether each needle is in a message that is in memory. `lower`: as `lowerOf` gives it. */
export function findInMemory(
  bytes: Uint8Array,
  lower: string | null,
  root: Part,
  needles: readonly Needle[],
): readonly boolean[] {
  const finder = new Finder(needles);
  lookInMemory(bytes, lower, root, finder);
  return finder.found;
}

/** Shows the texts of a message in memory. */
export function lookInMemory(
  bytes: Uint8Array,
  lower: string | null,
  root: Part,
  looker: TextLooker,
): void {
  for (const { kind, part, start, end } of placesOf(root)) {
    if (looker.done) break;
    if (!looker.wants(kind)) continue;
    const bare = lower === null ? null : bareText(lower, kind, part, start, end);
    if (bare !== null) looker.look(bare, kind);
    else {
      const octets = bytes.subarray(start, end);
      looker.look(kind === "header" ? fold(headerText(octets)) : partText(part, octets), kind);
    }
    looker.endPlace();
  }
}

/** The folded text of a place of an ASCII message, a piece of it; null where it is encoded. */
function bareText(lower: string, kind: Place["kind"], part: Part, start: number, end: number): string | null {
  if (kind === "header") {
    const text = lower.slice(start, end);
    return text.includes("=?") ? null : unfolded(text);
  }
  if (isEncoded(part) || end - start > SEARCH_HELD || !ASCII_LABELS.test(charsetOf(part))) return null;
  return lower.slice(start, end);
}

function isEncoded({ fields }: Part): boolean {
  const encoding = fields.encoding === null ? "" : fromAscii(fields.encoding).toLowerCase().trim();
  return encoding === "base64" || encoding === "quoted-printable";
}

/**
 * A part's text at once, folded. The usual case of sound UTF-8 goes without a decoder of its own, which costs more than a small part's
 * decoding.
 */
function partText(part: Part, body: Uint8Array): string {
  if (body.length <= SEARCH_HELD && UTF8_LABELS.has(charsetOf(part))) {
    const transfer = transferDecoder(part.fields.encoding);
    const octets = concat([transfer.write(body), transfer.end()].filter((piece) => piece.length > 0));
    const text = fromUtf8(octets);
    if (!text.includes("\ufffd")) return foldOctets(text, octets.length);
  }
  return fold(decodeText(part, body));
}

/** Shows the texts of a message that is read meanwhile. */
export async function lookInContent(
  content: MessageContent,
  root: Part,
  looker: TextLooker,
  slice: Slice,
): Promise<void> {
  for (const place of placesOf(root)) {
    if (looker.done) break;
    if (!looker.wants(place.kind)) continue;
    const decoding = place.kind === "text" ? new TextDecoding(place.part) : null;
    for (let at = place.start; at < place.end && !looker.done && !decoding?.full; at += FETCH_CHUNK) {
      const chunk = await readExactly(content, at, Math.min(at + FETCH_CHUNK, place.end));
      looker.look(fold(decoding ? decoding.write(chunk) : headerText(chunk)), place.kind);
      await slice.spend(chunk.length);
    }
    if (decoding) looker.look(fold(decoding.end()), "text");
    looker.endPlace();
  }
}

/** Whether octets are ASCII without encoded words: then the text they make is theirs. */
function isBare(text: string, octets: number): boolean {
  return text.length === octets && !text.includes("=?") && !text.includes("\ufffd");
}

/** A header block as text: each field with its name, unfolded and decoded, as Dovecot looks at it. */
function headerText(bytes: Uint8Array): string {
  const raw = fromUtf8(bytes);
  if (isBare(raw, bytes.length)) return unfolded(raw);
  const header = scanHeader(bytes);
  let text = "";
  let at = 0;
  for (const field of header.fields) {
    // A line that is no field.
    if (field.start > at) text += `${fromUtf8(bytes.subarray(at, field.start))}\r\n`;
    at = field.end;
    const whole = rawField(header, field);
    const plain = fromUtf8(whole);
    if (isBare(plain, whole.length)) {
      text += unfolded(plain);
      continue;
    }
    const name = whole.subarray(0, field.valueStart - field.start);
    const value = oneLine(bytes.subarray(field.valueStart, field.end));
    text += `${fromAscii(name)} ${decodeWords(value)}\r\n`;
  }
  return at < bytes.length ? text + fromUtf8(bytes.subarray(at)) : text;
}
