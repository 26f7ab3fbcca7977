/**
 * The octets that IMAP URLs name, for CATENATE (RFC 4469). They are read piece by piece, never held. The message of the last URL stays open: the parts
 * of one message are asked for one after another.
 */
import { FETCH_CHUNK, FETCH_WHOLE, HEADER_SIZE } from "../base/limits.ts";
import { pickFields } from "../mail/section.ts";
import type { AccountMail, Mailbox, MessageContent, Uid } from "../store/store.ts";
import {
  LargeSource,
  MemorySource,
  type MessageSource,
  readExactly,
  sectionSpan,
  type Span,
} from "./fetch_content.ts";
import { withoutNul } from "./format.ts";
import type { ImapUrl } from "./imap_url.ts";
import type { Slice } from "./slice.ts";

/** What a URL names. Good until the next one is looked for. */
export interface UrlOctets {
  readonly size: number;
  chunks(): AsyncIterable<Uint8Array>;
}

interface OpenMessage {
  readonly mailbox: Mailbox;
  readonly uid: Uid;
  readonly content: MessageContent;
  /** What was read of it, and whether its structure was. */
  source: MessageSource | null;
  structured: boolean;
}

export class UrlContents {
  readonly #openToRead: AccountMail["open"];
  readonly #slice: Slice;
  #mailbox: Mailbox | null = null;
  /** What it was asked for as. */
  #name = "";
  #message: OpenMessage | null = null;
  /** Octets that were read to find others. */
  #read = 0;

  /** `open` gives mailboxes that may be read. */
  constructor(open: AccountMail["open"], slice: Slice) {
    this.#openToRead = open;
    this.#slice = slice;
  }

  /** Octets read so far to find what was asked for. */
  get read(): number {
    return this.#read;
  }

  /** What a URL names; null where there is no such mailbox, message or part. `selected` is what it may be relative to. */
  async find(url: ImapUrl, selected: string | null): Promise<UrlOctets | null> {
    const name = url.mailbox ?? selected;
    const message = name === null ? null : await this.#open(name, url);
    if (message === null) return null;
    const { content } = message;
    const { section, partial } = url;
    const source = await this.#look(message, section.part.length > 0, section.text !== "");
    const whole = section.part.length === 0 && section.text === "";
    const span = whole ? { start: 0, end: content.size } : source && sectionSpan(source, section);
    if (!span) return null;
    if (section.fields.length === 0) return octetsOf(content, cut(span, partial), this.#slice);
    const header = await readExactly(content, span.start, Math.min(span.end, span.start + HEADER_SIZE));
    const picked = pickFields(header, section.fields, section.text === "HEADER.FIELDS.NOT");
    const { start, end } = cut({ start: 0, end: picked.length }, partial);
    const chunks = async function* () {
      if (end > start) yield withoutNul(picked.subarray(start, end));
    };
    return { size: end - start, chunks };
  }

  close(): void {
    this.#message?.content.close();
    this.#message = null;
    this.#mailbox?.close();
    this.#mailbox = null;
  }

  async #open(name: string, { uid, uidValidity }: ImapUrl): Promise<OpenMessage | null> {
    const mailbox = await this.#openMailbox(name);
    if (mailbox === null || (uidValidity !== null && uidValidity !== mailbox.uidValidity)) return null;
    if (this.#message?.uid === uid) return this.#message;
    this.#message?.content.close();
    this.#message = null;
    const content = await mailbox.content(uid);
    if (content === null) return null;
    return this.#message = { mailbox, uid, content, source: null, structured: false };
  }

  async #openMailbox(name: string): Promise<Mailbox | null> {
    if (this.#mailbox !== null && this.#name === name) return this.#mailbox;
    this.close();
    const opened = await this.#openToRead(name);
    this.#name = name;
    return this.#mailbox = opened.ok ? opened.value : null;
  }

  /** Reads what has to be known of a message; null for nothing. */
  async #look(message: OpenMessage, structure: boolean, header: boolean): Promise<MessageSource | null> {
    if (!structure && !header) return null;
    const { content, source, structured } = message;
    if (source !== null && (structured || !structure)) return source;
    if (content.size <= FETCH_WHOLE) {
      message.source = new MemorySource(await readExactly(content, 0, content.size));
      message.structured = true;
      this.#read += content.size;
    } else {
      message.source = await LargeSource.read(content, { header, structure }, this.#slice);
      message.structured = structure;
      this.#read += structure ? content.size : message.source.header.length;
    }
    return message.source;
  }
}

function octetsOf(content: MessageContent, { start, end }: Span, slice: Slice): UrlOctets {
  const chunks = async function* () {
    for (let at = start; at < end; at += FETCH_CHUNK) {
      const chunk = await readExactly(content, at, Math.min(at + FETCH_CHUNK, end));
      yield withoutNul(chunk); // as FETCH gives it: no new message holds any
      await slice.spend(chunk.length);
    }
  };
  return { size: end - start, chunks };
}

/** The octets that PARTIAL names; none past the end, as in FETCH. */
function cut(span: Span, partial: ImapUrl["partial"]): Span {
  if (partial === null) return span;
  const start = Math.min(span.start + partial.offset, span.end);
  return { start, end: Math.min(start + (partial.length ?? span.end - start), span.end) };
}
