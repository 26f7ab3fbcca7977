/**
 * What the index keeps of a message's header (FIELDS) so that SEARCH, SORT and THREAD need not read it: values as SEARCH compares them, sort
 * keys, message IDs. Kept as JSON, an array. Whoever changes the form raises VERSION in index/schema.ts.
 */
import { concat, fromAscii, fromUtf8, utf8 } from "../base/bytes.ts";
import { FIELDS_KEPT } from "../base/limits.ts";
import { parseAddressList } from "../mail/address_list.ts";
import { isAscii } from "../mail/compose.ts";
import { parseDate } from "../mail/date.ts";
import { decodeWords } from "../mail/encoded_word.ts";
import { FieldCursor, unfold } from "../mail/header.ts";
import type { EnvelopeAddress } from "../mail/types.ts";
import type { ParsedTexts } from "../store/mail_index.ts";
import type { Message } from "../store/store.ts";
import { HeaderSpans } from "./header_spans.ts";
import { type MessageIds, messageIds } from "./message_ids.ts";
import type { FieldFacts, FieldNeedle } from "./search_key.ts";
import { dayWritten, fieldText, fold, readFields } from "./search_text.ts";

/** Fields whose values are kept, in this order. */
const KEPT = ["subject", "from", "to", "cc", "bcc", "message-id", "in-reply-to"] as const;
/** Octets at the beginning of a long References field that are looked at. */
const FIRST_IDS = 1024;
const WANTED: ReadonlySet<string> = new Set([...KEPT, "date", "references"]);
const LENGTHS: ReadonlySet<number> = new Set([...WANTED].map((name) => name.length));
const DATE: ReadonlySet<string> = new Set(["date"]);
const PLACES: ReadonlyMap<string, number> = new Map(KEPT.map((name, i) => [name, i]));

/** Whether values of a field (by its name in lower case) are kept. */
export function isKept(field: string): boolean {
  return PLACES.has(field);
}

/** What SORT compares (RFC 5256 3, RFC 5957 3), folded. */
export interface SortFacts {
  /** The Date field as milliseconds since 1970; null where it is missing or cannot be read. */
  readonly sent: number | null;
  readonly subject: string;
  /** Mailboxes of the first addresses. */
  readonly from: string;
  readonly to: string;
  readonly cc: string;
  /** Display names of the first addresses, or the addresses. */
  readonly displayFrom: string;
  readonly displayTo: string;
}

/** All that is kept of a header. */
export interface HeaderFacts extends SortFacts {
  readonly sentDay: number;
  /** Values of the fields of `KEPT`, each as often as it is there; null where they are too long to be kept. */
  readonly values: readonly (readonly string[])[] | null;
  readonly ids: MessageIds;
}

/** Reads the header at the start of `header`; octets of the body may follow. */
export function readHeaderFacts(header: Uint8Array): HeaderFacts {
  const { raw, octets } = wantedFields(header);
  // Of doubled fields the first counts, as in Dovecot. Of long ones the beginning is enough.
  const first = (name: string) => raw.get(name)?.[0]?.subarray(0, FIELDS_KEPT);
  const dates = (raw.get("date") ?? []).map((date) => parseDate(unfold(date.subarray(0, FIELDS_KEPT))));
  // SENT... keys go by the first that can be read.
  const day = dates.find((date) => date !== null);
  const [from, to, cc] = ["from", "to", "cc"].map((name) => firstAddress(first(name)));
  const values = octets > FIELDS_KEPT ? null : KEPT.map((name) => raw.get(name)?.map(fieldText) ?? []);
  const subject = first("subject");
  return {
    sent: dates[0]?.time ?? null,
    sentDay: day ? dayWritten(day) : 0,
    subject: values?.[0]?.[0] ?? (subject ? fieldText(subject) : ""),
    from: mailboxOf(from),
    to: mailboxOf(to),
    cc: mailboxOf(cc),
    displayFrom: displayOf(from),
    displayTo: displayOf(to),
    values,
    ids: messageIds(
      first("message-id"),
      ends(raw.get("references")?.[0]),
      first("in-reply-to"),
    ),
  };
}

/** Of a long field of IDs the first, and the newest. */
function ends(value: Uint8Array | undefined): Uint8Array | undefined {
  if (value === undefined || value.length <= FIELDS_KEPT) return value;
  // What was cut through is no ID, on either side.
  return concat([value.subarray(0, FIRST_IDS), utf8("<>"), value.subarray(FIRST_IDS - FIELDS_KEPT)]);
}

/** Values of the fields that are looked at, by name, as views; and how many octets they have. */
function wantedFields(
  header: Uint8Array,
): { readonly raw: ReadonlyMap<string, readonly Uint8Array[]>; readonly octets: number } {
  const found = new Map<string, Uint8Array[]>();
  let octets = 0;
  const cursor = new FieldCursor(header);
  while (cursor.next()) {
    // Most fields are told apart by their length.
    if (!LENGTHS.has(cursor.nameEnd - cursor.start)) continue;
    const name = cursor.name();
    if (!WANTED.has(name)) continue;
    const raw = cursor.raw();
    octets += raw.length;
    const values = found.get(name);
    if (values) values.push(raw);
    else found.set(name, [raw]);
  }
  return { raw: found, octets };
}

function firstAddress(raw: Uint8Array | undefined): EnvelopeAddress | undefined {
  return raw && parseAddressList(raw.includes(0) ? unfold(raw) : raw)[0];
}

function mailboxOf(address: EnvelopeAddress | undefined): string {
  return address?.mailbox ? fold(fromUtf8(address.mailbox)) : "";
}

/** RFC 5957 3: the decoded display name; where there is none, the address. */
function displayOf(address: EnvelopeAddress | undefined): string {
  if (!address) return "";
  const name = address.name ? decodeWords(address.name) : "";
  if (name !== "") return fold(name);
  const host = address.host ? `@${fromUtf8(address.host)}` : "";
  return mailboxOf(address) + fold(host);
}

/** What is kept of facts; null where that is too much. */
export function writeHeaderFacts(facts: HeaderFacts): Uint8Array | null {
  const { sentDay, sent, values, from, to, cc, displayFrom, displayTo, ids } = facts;
  if (values === null) return null;
  const text = JSON.stringify([
    sentDay,
    sent,
    values,
    [from, to, cc, displayFrom, displayTo],
    [ids.own, ids.references, ids.inReplyTo],
  ]);
  return text.length <= FIELDS_KEPT ? utf8(text) : null;
}

/** Has the index remember what is in a header, unless it does. */
export function keepHeader(texts: ParsedTexts, message: Pick<Message, "uid">, header: Uint8Array): void {
  if (texts.get(message, "FIELDS")) return;
  const kept = writeHeaderFacts(readHeaderFacts(header));
  if (kept) texts.put(message, "FIELDS", kept);
}

/** First octet of fields that are kept as they stand in the message: no JSON begins so. */
const AS_THEY_ARE = 0;

/** Fields that are of ENVELOPE alone. */
const NOT_LOOKED_AT = ["sender", "reply-to"] as const;

/**
 * Has the index remember the fields of a header as they stand there, unless it knows them: a tenth of the work of `keepHeader`, for who lists headers:
 * who shows a list searches and sorts it.
 */
export function keepFields(
  texts: ParsedTexts,
  message: Pick<Message, "uid">,
  header: Uint8Array,
  spans: HeaderSpans = new HeaderSpans().read(header),
): void {
  if (texts.get(message, "FIELDS")) return;
  const kept = spans.gathered(header, AS_THEY_ARE, NOT_LOOKED_AT, FIELDS_KEPT);
  if (kept) texts.put(message, "FIELDS", kept, finishFields);
}

/** What `keepHeader` would have kept of the message that fields as they stand are of; null where there is no need, or that is too much. */
export function finishFields(kept: Uint8Array): Uint8Array | null {
  return kept[0] === AS_THEY_ARE ? writeHeaderFacts(readHeaderFacts(kept.subarray(1))) : null;
}

type Row = readonly [
  number,
  number | null,
  readonly (readonly string[])[],
  readonly [string, string, string, string, string],
  readonly [string | null, readonly string[], string | null],
];

/** Facts as they were kept; what is in them is only looked for when it is asked for. */
export class KeptHeader implements FieldFacts {
  readonly #text: string;
  /** The fields as they are in the message. */
  readonly #fields: Uint8Array | null;
  #read: HeaderFacts | null = null;
  #row: Row | null | undefined;

  constructor(kept: Uint8Array) {
    this.#fields = kept[0] === AS_THEY_ARE ? kept.subarray(1) : null;
    this.#text = this.#fields ? "" : fromUtf8(kept);
  }

  /** Not worked upon yet: who needs `facts` keeps them, so that they are found out once. */
  get raw(): boolean {
    return this.#fields !== null;
  }

  /** All of it; null where the file it comes from is broken. */
  get facts(): HeaderFacts | null {
    if (this.#fields) return this.#read ??= readHeaderFacts(this.#fields);
    const row = this.#parsed;
    if (!row) return null;
    const [sentDay, sent, values, [from, to, cc, displayFrom, displayTo], [own, references, inReplyTo]] = row;
    const subject = values[0]?.[0] ?? "";
    const ids = { own, references, inReplyTo };
    return { sentDay, sent, values, subject, from, to, cc, displayFrom, displayTo, ids };
  }

  get sentDay(): number {
    if (this.#fields) return readFields(this.#fields, DATE).sentDay;
    return Number(this.#text.slice(1, this.#text.indexOf(",")));
  }

  has(needle: FieldNeedle): boolean | null {
    const { field, text, inJson } = needle;
    const place = PLACES.get(field);
    if (place === undefined) return null;
    if (this.#fields) {
      return !lacks(this.#fields, text) && readFields(this.#fields, new Set([field])).has(needle);
    }
    // Most messages of a search end here.
    if (inJson && !this.#text.includes(text)) return false;
    const row = this.#parsed;
    return row && (row[2][place]?.some((value) => value.includes(text)) ?? false);
  }

  get #parsed(): Row | null {
    this.#row ??= parseRow(this.#text);
    return this.#row;
  }
}

/**
 * Whether fields that need no decoding surely have no `text` (folded): most messages of a search end here, at a fifth of the cost of reading
 * them. A fold changes white space alone, so what the text has before its first space must be there as it is.
 */
function lacks(fields: Uint8Array, text: string): boolean {
  const all = fromAscii(fields).toLowerCase();
  const space = text.indexOf(" ");
  return !all.includes(space < 0 ? text : text.slice(0, space)) && !all.includes("=?") && isAscii(all);
}

function parseRow(text: string): Row | null {
  try {
    // Only `writeHeaderFacts` writes them, and a file of another version is made anew.
    return JSON.parse(text) as Row;
  } catch {
    // The medium changed it: it is as if it were not known.
    return null;
  }
}
