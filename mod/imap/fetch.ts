/**
 * FETCH (RFC 3501 6.4.5): one response for each message, in order. Reads no more than the items ask for, writes into the sink's
 * buffer and flushes it as it fills, and gives other connections their turn. A message that has vanished meanwhile gets no response
 * (RFC 2180 4.1.2); the session tells at the end.
 */
import { utf8 } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import { FETCH_CHUNK, FETCH_WHOLE, HEADER_SIZE, IMAP_OUTPUT } from "../base/limits.ts";
import { unreachable } from "../base/result.ts";
import { pickFields } from "../mail/section.ts";
import type { ModSeqs, ParsedTexts } from "../store/mail_index.ts";
import { type Mailbox, type Message, SEEN, type Uid } from "../store/store.ts";
import { writeDateTime } from "./date.ts";
import { decodeNow, decodeSlowly, findEncoded, UnknownEncoding, writeBinaryHeader } from "./fetch_binary.ts";
import {
  LargeSource,
  MemorySource,
  type MessageSource,
  readExactly,
  sectionSpan,
  type Span,
} from "./fetch_content.ts";
import {
  type FetchPlan,
  planFetch,
  type PlannedBinary,
  type PlannedItem,
  type PlannedSection,
} from "./fetch_plan.ts";
import { FetchReading } from "./fetch_reading.ts";
import { withoutNul, writeFlags, writeLiteral, writeLiteralHeader, writeString } from "./format.ts";
import { writeStructure } from "./format_structure.ts";
import { previewNow, readPreview } from "./preview.ts";
import { EnvelopeWriter } from "./envelope_writer.ts";
import type { ResponseBuffer } from "./response_buffer.ts";
import { Slice } from "./slice.ts";
import type { FetchItem, Partial } from "./types.ts";

const SPACE = 0x20;
/** What one message costs apart from its octets, as octets. */
const MESSAGE_WORK = 256;

/** Where responses go. `buffer` may be another one after `flush`. */
export interface ResponseSink {
  readonly buffer: ResponseBuffer;
  /** Hands over what is in the buffer; resolves when the peer takes it at a pace that keeps memory bounded. */
  flush(): Promise<void>;
}

export interface FetchRequest {
  readonly mailbox:
    & Pick<Mailbox, "content" | "contentNow" | "prepare" | "keywords">
    & { [M in "emailId" | "savedAt" | "headerNow" | "reading"]?: Mailbox[M] };
  /** Messages by sequence number, from 1 at index 0. Does not change while the command runs. */
  readonly view: readonly Message[];
  /** Sequence numbers to answer for. */
  readonly seqs: readonly number[];
  readonly items: readonly FetchItem[];
  /** UID FETCH. */
  readonly uid: boolean;
  /** Answers are UIDFETCH (RFC 9586). */
  readonly uidOnly?: boolean;
  isRecent(uid: Uid): boolean;
  readonly sink: ResponseSink;
  readonly clock: Pick<Clock, "monotonic">;
  /** Resolves after everybody else on the event loop had a turn. */
  pause(): Promise<void>;
  readonly texts?: ParsedTexts;
  /** For THREADID. */
  readonly threadIds?: ReadonlyMap<Uid, string>;
  /** For MODSEQ, and for flags told by the way. */
  readonly modSeqs?: Pick<ModSeqs, "of"> | null;
  /** Messages whose response shows FLAGS though not asked for: those that this command made \Seen. */
  readonly tellFlags?: ReadonlySet<Uid>;
  /** Called before the first response is written. */
  begins?(): void;
}

export interface FetchOutcome {
  /** Messages that were given and are to be \Seen now, but were not. */
  readonly seen: readonly Uid[];
  /** Messages that had vanished. */
  readonly gone: readonly Uid[];
  /** BINARY could not be answered for some: their encoding is not known. They got no response. */
  readonly undecoded: boolean;
}

/** A response was cut short after part of it was sent: the connection is of no use any more. */
export class BrokenResponse extends Error {
  override readonly name = "BrokenResponse";
  constructor(cause: unknown) {
    super("Cannot complete a response: its message could not be read to the end", { cause });
  }
}

/**
 * Answers a FETCH. Throws what the store throws on faults, with no part of a response left behind; `BrokenResponse` when a fault comes, or a
 * message gets shorter, while it is being sent.
 */
export async function fetchMessages(request: FetchRequest): Promise<FetchOutcome> {
  const fetcher = new Fetcher(request);
  const { reading, slice } = fetcher;
  const { view, seqs, sink } = request;
  try {
    await fetcher.prepare();
    request.begins?.();
    for (let place = 0; place < seqs.length; place++) {
      const seq = seqs[place] ?? 0;
      const message = view[seq - 1];
      if (!message) continue;
      const coming = reading.comes(place, message);
      if (coming) await coming;
      const start = sink.buffer.length;
      try {
        if (!fetcher.fetchNow(seq, message)) await fetcher.fetchSlowly(seq, message);
      } catch (cause) {
        // Part of it is on its way: nothing can follow that the client would not take for the message's octets.
        if (fetcher.underWay) throw new BrokenResponse(cause);
        sink.buffer.truncate(start);
        if (!(cause instanceof UnknownEncoding)) throw cause;
        fetcher.undecoded = true;
      }
      if (sink.buffer.length >= IMAP_OUTPUT) await sink.flush();
      if (slice.worked(MESSAGE_WORK + fetcher.octets)) await slice.breathe();
    }
  } finally {
    reading.close();
  }
  return { seen: fetcher.seen, gone: fetcher.gone, undecoded: fetcher.undecoded };
}

/** An untagged FETCH that tells of changed flags: `* 3 FETCH (UID 7 FLAGS (\Seen))`, the UID only if wanted. */
export function writeFlagsFetch(
  out: ResponseBuffer,
  seq: number,
  message: Message,
  show: {
    readonly uid: boolean;
    /** As UIDFETCH. */
    readonly uidOnly?: boolean;
    readonly recent: boolean;
    readonly keywords: readonly string[];
    /** null: without. */
    readonly modSeq?: number | null;
  },
): void {
  writeStart(out, seq, show.uidOnly ? message.uid : null);
  if (show.uid && !show.uidOnly) {
    out.ascii("UID ");
    out.number(message.uid);
    out.byte(SPACE);
  }
  out.ascii("FLAGS ");
  writeFlags(out, message.flags, show.keywords, show.recent);
  if (typeof show.modSeq === "number") {
    out.byte(SPACE);
    writeModSeq(out, show.modSeq);
  }
  out.ascii(")\r\n");
}

class Fetcher {
  readonly seen: Uid[] = [];
  readonly gone: Uid[] = [];
  readonly slice: Slice;
  undecoded = false;
  /** Octets looked at for the last message. */
  octets = 0;
  /** Part of the last message's response was handed over already. */
  underWay = false;
  readonly #request: FetchRequest;
  readonly #plan: FetchPlan;
  readonly reading: FetchReading;
  #envelopes: EnvelopeWriter | null = null;
  /** Of the large message at hand. */
  #preview = "";
  /** Flag lists as they were written, by flag bits; negative for recent ones. */
  readonly #flagTexts = new Map<number, Uint8Array>();

  constructor(request: FetchRequest) {
    this.#request = request;
    this.#plan = planFetch(request.items, request.uid && !request.uidOnly);
    this.slice = new Slice(request.clock, () => request.pause());
    this.reading = new FetchReading(request, this.#plan);
  }

  /** Gets sizes and dates that are not known yet. */
  async prepare(): Promise<void> {
    const { size, date } = this.#plan;
    if (!size && !date) return;
    const { view, seqs, mailbox } = this.#request;
    const unknown: Message[] = [];
    for (const seq of seqs) {
      const m = view[seq - 1];
      if (!m || (!(size && m.size < 0) && !(date && m.internalDate < 0))) continue;
      // Who reads its header gets the date by the way.
      if ((size && m.size < 0) || !this.reading.needsHeader(m)) unknown.push(m);
      if (this.slice.worked(MESSAGE_WORK)) await this.slice.breathe();
    }
    if (unknown.length > 0) await mailbox.prepare(unknown, { size, date });
  }

  /** Answers for one message without waiting; false if its octets have to be waited for. */
  fetchNow(seq: number, message: Message): boolean {
    this.octets = 0;
    this.underWay = false;
    let source: MemorySource | null = null;
    if (this.reading.needed) {
      source = this.reading.now(message);
      if (!source) return false;
      this.octets = source.bytes.length;
    }
    if (this.#plan.date && message.internalDate < 0) return false; // its header is known by others' reading it
    this.#writeFrom(seq, message, source);
    return true;
  }

  async fetchSlowly(seq: number, message: Message): Promise<void> {
    const content = await this.#request.mailbox.content(message.uid);
    if (!content) {
      this.gone.push(message.uid);
      return;
    }
    try {
      if (this.#plan.date && message.internalDate < 0) {
        await this.#request.mailbox.prepare([message], { date: true });
      }
      if (content.size <= FETCH_WHOLE) {
        this.#writeFrom(seq, message, new MemorySource(await readExactly(content, 0, content.size)));
      } else {
        const source = await LargeSource.read(content, this.#plan.needs, this.slice);
        await this.#stream(seq, message, source);
      }
    } finally {
      content.close();
    }
  }

  #writeFrom(seq: number, message: Message, source: MemorySource | null): void {
    if (this.#unknown(message)) return;
    const out = this.#request.sink.buffer;
    writeStart(out, seq, this.#request.uidOnly ? message.uid : null);
    let first = true;
    for (const item of this.#plan.items) {
      if (!first) out.byte(SPACE);
      first = false;
      if (!("label" in item)) this.#writeItem(out, item, message, source);
      else if (source && item.kind === "section") writeSection(out, item, source);
      else if (source && item.kind !== "section") writeBinary(out, item, source);
    }
    this.#finish(out, message);
  }

  async #stream(seq: number, message: Message, source: LargeSource): Promise<void> {
    if (this.#unknown(message)) return;
    const { sink } = this.#request;
    // Before anything is sent: afterwards it could not be taken back.
    for (const item of this.#plan.items) {
      if ("part" in item) findEncoded(source, item.part);
      if (item.kind === "PREVIEW" && !item.lazy) this.#preview = await readPreview(source);
    }
    writeStart(sink.buffer, seq, this.#request.uidOnly ? message.uid : null);
    let first = true;
    for (const item of this.#plan.items) {
      if (!first) sink.buffer.byte(SPACE);
      first = false;
      if (!("label" in item)) this.#writeItem(sink.buffer, item, message, source);
      else if (item.kind === "section") await this.#streamSection(item, source);
      else await this.#streamBinary(item, source);
    }
    this.#finish(sink.buffer, message);
  }

  async #streamSection(item: PlannedSection, source: LargeSource): Promise<void> {
    const { sink } = this.#request;
    sink.buffer.bytes(item.label);
    const span = sectionSpan(source, item.section);
    if (!span) return sink.buffer.ascii("NIL");
    if (item.section.fields.length > 0) {
      const header = item.section.part.length === 0
        ? source.header
        : await readExactly(source.content, span.start, Math.min(span.end, span.start + HEADER_SIZE));
      return writePicked(sink.buffer, header, item);
    }
    const { start, end } = cut(span, item.partial);
    if (start === end) return sink.buffer.ascii('""');
    writeLiteralHeader(sink.buffer, end - start);
    for (let at = start; at < end; at += FETCH_CHUNK) {
      sink.buffer.bytes(withoutNul(await readExactly(source.content, at, Math.min(at + FETCH_CHUNK, end))));
      if (sink.buffer.length >= IMAP_OUTPUT) {
        this.underWay = true;
        await sink.flush();
      }
      await this.slice.spend(FETCH_CHUNK);
    }
  }

  /** Twice: the size comes first. */
  async #streamBinary(item: PlannedBinary, source: LargeSource): Promise<void> {
    const { sink } = this.#request;
    const found = findEncoded(source, item.part);
    sink.buffer.bytes(item.label);
    let size = 0;
    let nul = false;
    if (found) {
      for await (const octets of decodeSlowly(source, found, item.partial, this.slice)) {
        size += octets.length;
        nul ||= octets.includes(0);
      }
    }
    if (item.kind === "binary-size") return sink.buffer.number(size);
    if (!found) return sink.buffer.ascii("NIL");
    if (size === 0) return sink.buffer.ascii('""');
    writeBinaryHeader(sink.buffer, size, nul);
    for await (const octets of decodeSlowly(source, found, item.partial, this.slice)) {
      sink.buffer.bytes(octets);
      if (sink.buffer.length < IMAP_OUTPUT) continue;
      this.underWay = true;
      await sink.flush();
    }
  }

  /** Whether the message's size or date could not be found out: it has vanished. */
  #unknown(message: Message): boolean {
    const lost = (this.#plan.size && message.size < 0) || (this.#plan.date && message.internalDate < 0);
    if (lost) this.gone.push(message.uid);
    return lost;
  }

  #finish(out: ResponseBuffer, message: Message): void {
    if (!this.#plan.flags && this.#request.tellFlags?.has(message.uid)) {
      out.byte(SPACE);
      this.#writeFlags(out, message);
      this.#writeOwnModSeq(out, message);
    }
    out.ascii(")\r\n");
    if (this.#plan.setsSeen && (message.flags & SEEN) === 0) this.seen.push(message.uid);
  }

  #writeItem(
    out: ResponseBuffer,
    item: Exclude<PlannedItem, PlannedSection | PlannedBinary>,
    message: Message,
    source: MessageSource | null,
  ): void {
    switch (item.kind) {
      case "FLAGS":
        return this.#writeFlags(out, message);
      case "UID":
        out.ascii("UID ");
        return out.number(message.uid);
      case "INTERNALDATE":
        out.ascii("INTERNALDATE ");
        return writeDateTime(out, message.internalDate);
      case "RFC822.SIZE":
        out.ascii("RFC822.SIZE ");
        return out.number(message.size);
      case "EMAILID":
        return out.ascii(`EMAILID (${this.#request.mailbox.emailId?.(message.uid) ?? `M${message.uid}`})`);
      case "THREADID":
        return writeThreadId(out, this.#request.threadIds?.get(message.uid));
      case "SAVEDATE":
        return writeSaveDate(out, this.#request.mailbox.savedAt?.(message.uid) ?? null);
      case "MODSEQ":
        return writeModSeq(out, this.#request.modSeqs?.of(message) ?? 0);
      case "PREVIEW":
        out.ascii("PREVIEW ");
        if (item.lazy && !this.#request.texts?.get(message, "PREVIEW")) return out.ascii("NIL");
        return this.#writeParsed(out, item.kind, message, source);
      case "ENVELOPE":
      case "BODY":
      case "BODYSTRUCTURE":
        out.ascii(item.kind);
        out.byte(SPACE);
        return this.#writeParsed(out, item.kind, message, source);
      default:
        return unreachable(item);
    }
  }

  #writeParsed(
    out: ResponseBuffer,
    kind: "ENVELOPE" | "BODY" | "BODYSTRUCTURE" | "PREVIEW",
    message: Message,
    source: MessageSource | null,
  ): void {
    const { texts } = this.#request;
    const known = texts?.get(message, kind);
    if (known) return out.bytes(known);
    if (!source) throw new TypeError(`Cannot write ${kind}: no octets were read`);
    const start = out.length;
    if (kind === "ENVELOPE") {
      this.#envelopes ??= new EnvelopeWriter();
      this.#envelopes.write(out, source.header, message, texts);
    } else if (kind === "PREVIEW") {
      writeString(out, utf8(source instanceof MemorySource ? previewNow(source) : this.#preview));
    } else writeStructure(out, source.root, kind === "BODYSTRUCTURE");
    texts?.put(message, kind, out.viewFrom(start));
  }

  #writeOwnModSeq(out: ResponseBuffer, message: Message): void {
    const { modSeqs } = this.#request;
    if (!modSeqs || this.#plan.modSeq) return;
    out.byte(SPACE);
    writeModSeq(out, modSeqs.of(message));
  }

  #writeFlags(out: ResponseBuffer, message: Message): void {
    const { flags, uid } = message;
    const recent = this.#request.isRecent(uid);
    const key = recent ? -1 - flags : flags;
    let text = this.#flagTexts.get(key);
    if (!text) {
      const start = out.length;
      out.ascii("FLAGS ");
      writeFlags(out, flags, this.#request.mailbox.keywords, recent);
      text = out.copyFrom(start);
      out.truncate(start);
      this.#flagTexts.set(key, text);
    }
    out.bytes(text);
  }
}

/** `* 3 FETCH (`; with a UID, `* 7 UIDFETCH (` (RFC 9586 3.2). */
export function writeStart(out: ResponseBuffer, seq: number, uid: Uid | null): void {
  out.ascii("* ");
  out.number(uid ?? seq);
  out.ascii(uid === null ? " FETCH (" : " UIDFETCH (");
}

function writeThreadId(out: ResponseBuffer, id: string | undefined): void {
  out.ascii(id === undefined ? "THREADID NIL" : `THREADID (${id})`);
}

/** RFC 8514 4.2. */
function writeSaveDate(out: ResponseBuffer, time: number | null): void {
  out.ascii("SAVEDATE ");
  if (time === null) out.ascii("NIL");
  else writeDateTime(out, time);
}

function writeModSeq(out: ResponseBuffer, modSeq: number): void {
  out.ascii(`MODSEQ (${modSeq})`);
}

function writeSection(out: ResponseBuffer, item: PlannedSection, source: MemorySource): void {
  out.bytes(item.label);
  const span = sectionSpan(source, item.section);
  if (!span) return out.ascii("NIL");
  if (item.section.fields.length > 0) {
    return writePicked(out, source.bytes.subarray(span.start, span.end), item);
  }
  const { start, end } = cut(span, item.partial);
  writeOctets(out, source.bytes.subarray(start, end));
}

function writeBinary(out: ResponseBuffer, item: PlannedBinary, source: MemorySource): void {
  const found = findEncoded(source, item.part);
  out.bytes(item.label);
  const octets = found ? decodeNow(source.bytes, found) : null;
  if (item.kind === "binary-size") return out.number(octets?.length ?? 0);
  if (octets === null) return out.ascii("NIL");
  const { start, end } = cut({ start: 0, end: octets.length }, item.partial);
  if (start === end) return out.ascii('""');
  const wanted = octets.subarray(start, end);
  writeBinaryHeader(out, wanted.length, wanted.includes(0));
  out.bytes(wanted);
}

/** HEADER.FIELDS and HEADER.FIELDS.NOT. */
function writePicked(out: ResponseBuffer, header: Uint8Array, item: PlannedSection): void {
  const picked = pickFields(header, item.section.fields, item.section.text === "HEADER.FIELDS.NOT");
  const { start, end } = cut({ start: 0, end: picked.length }, item.partial);
  writeOctets(out, picked.subarray(start, end));
}

/** Octets of a message. */
function writeOctets(out: ResponseBuffer, bytes: Uint8Array): void {
  if (bytes.length === 0) return out.ascii('""');
  writeLiteral(out, bytes);
}

/** The part of a span that `<offset.length>` names; empty past its end (RFC 3501 6.4.5). */
function cut(span: Span, partial: Partial | null): Span {
  if (!partial) return span;
  const start = Math.min(span.start + partial.offset, span.end);
  return { start, end: Math.min(start + partial.length, span.end) };
}
