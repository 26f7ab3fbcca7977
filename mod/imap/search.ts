/**
 * SEARCH (RFC 3501 6.4.4): which messages of a view match a key. Cheap keys decide first; a message's octets are read only where they
 * leave it open, its header before its text. Gives other connections their turn.
 */
import type { Clock } from "../base/clock.ts";
import { FETCH_WHOLE } from "../base/limits.ts";
import type { MailboxIndex, ModSeqs } from "../store/mail_index.ts";
import type { Mailbox, Message, MessageContent, Uid } from "../store/store.ts";
import { FieldHints } from "./field_hints.ts";
import { keepHeader, KeptHeader } from "./header_facts.ts";
import { LargeSource, MemorySource, readExactly } from "./fetch_content.ts";
import { Both, Gathering } from "./message_text.ts";
import {
  type Answer,
  asks,
  type CompiledSearch,
  compileSearch,
  type FieldFacts,
  NO,
  type SearchFacts,
  UNKNOWN,
  YES,
} from "./search_key.ts";
import { SearchHints } from "./search_hints.ts";
import {
  Finder,
  findInMemory,
  hasNone,
  lookInContent,
  lookInMemory,
  lowerOf,
  readFields,
} from "./search_text.ts";
import { lackingOf } from "./lacking.ts";
import { Slice } from "./slice.ts";
import { threadIds } from "./thread_id.ts";
import type { SearchKey } from "./types.ts";

/** What one message costs apart from its octets, as octets. */
const MESSAGE_WORK = 32;
/** The same where its header is looked at, as the index has it: some 5 microseconds. */
const HEADER_WORK = 256;
/** A question to the index. */
const QUESTION_WORK = 64 * 1024;
const NOTHING: SearchFacts = { fields: null, found: null };

export interface SearchRequest {
  readonly mailbox:
    & Pick<Mailbox, "content" | "contentNow" | "prepare" | "keywords">
    & { [M in "emailId" | "savedAt" | "headerNow"]?: Mailbox[M] };
  /** Messages by sequence number, from 1 at index 0. Does not change while the command runs. */
  readonly view: readonly Message[];
  readonly key: SearchKey;
  /** What "$" stands for (RFC 5182). */
  readonly saved?: readonly Uid[];
  isRecent(uid: Uid): boolean;
  /** Milliseconds since 1970, for OLDER and YOUNGER. */
  readonly now: number;
  readonly clock: Pick<Clock, "monotonic">;
  /** Resolves after everybody else on the event loop had a turn; is told how many messages were looked at. */
  pause(done: number): Promise<void>;
  /** What is remembered of messages. */
  readonly index?: Pick<MailboxIndex, "texts" | "words">;
  /** For MODSEQ. */
  readonly modSeqs?: ModSeqs | null;
}

/** Sequence numbers of the messages that match, ascending. A message that vanished meanwhile does not. Throws what the store throws. */
export async function searchMessages(request: SearchRequest): Promise<readonly number[]> {
  const threads = asks(request.key, "thread-id")
    ? await threadIds({ ...request, pause: () => request.pause(0) }, request.view)
    : null;
  return await new Searcher(request, threads).run();
}

/** Whether a search looks into headers or texts; the index can be of use then. */
export function looksInto(key: SearchKey): { readonly headers: boolean; readonly texts: boolean } {
  switch (key.kind) {
    case "and":
      return both(key.keys.map(looksInto));
    case "or":
      return both([looksInto(key.left), looksInto(key.right)]);
    case "not":
      return looksInto(key.key);
    case "header":
    case "thread-id":
      return { headers: true, texts: false };
    case "body":
    case "text":
      return { headers: false, texts: true };
    case "before":
    case "on":
    case "since":
      return { headers: key.sent, texts: false };
    default:
      return { headers: false, texts: false };
  }
}

function both(
  all: readonly { readonly headers: boolean; readonly texts: boolean }[],
): { readonly headers: boolean; readonly texts: boolean } {
  return { headers: all.some((a) => a.headers), texts: all.some((a) => a.texts) };
}

/** Whether a search names messages by sequence number, or by "$". */
export function hasNumbers(key: SearchKey): boolean {
  switch (key.kind) {
    case "and":
      return key.keys.some(hasNumbers);
    case "or":
      return hasNumbers(key.left) || hasNumbers(key.right);
    case "not":
      return hasNumbers(key.key);
    case "sequence":
      return true;
    case "uid":
      return key.set.saved === true;
    default:
      return false;
  }
}

class Searcher {
  readonly #request: SearchRequest;
  readonly #search: CompiledSearch;
  readonly #slice: Slice;
  /** What the full-text index can tell, where there is one and it is asked. */
  readonly #hints: SearchHints | null;
  /** The same of header fields. */
  readonly #fieldHints: FieldHints | null;
  /** Messages that were looked at. */
  #done = 0;

  constructor(request: SearchRequest, threads: ReadonlyMap<Uid, string> | null) {
    const { view, mailbox, now, saved = [] } = request;
    this.#request = request;
    this.#search = compileSearch(request.key, {
      view,
      keywords: mailbox.keywords,
      saved,
      now,
      isRecent: (uid) => request.isRecent(uid),
      emailId: (uid) => mailbox.emailId?.(uid) ?? null,
      savedAt: (uid) => mailbox.savedAt?.(uid) ?? null,
      modSeqs: request.modSeqs ?? null,
      ...(threads ? { threadIds: threads } : {}),
    });
    this.#slice = new Slice(request.clock, () => request.pause(this.#done));
    const words = request.index?.words;
    this.#fieldHints = FieldHints.of(request.index?.texts, this.#search, view);
    const { needles } = this.#search;
    this.#hints = words && needles.length > 0
      ? new SearchHints(words, needles, view, () => request.clock.monotonic())
      : null;
  }

  async run(): Promise<readonly number[]> {
    const { view, mailbox } = this.#request;
    const { size, date } = this.#search;
    const unknown = await lackingOf(view, { size, date }, this.#slice);
    if (unknown.length > 0) await mailbox.prepare(unknown, { size, date });
    const matches: number[] = [];
    for (let seq = 1; seq <= view.length; seq++) {
      const message = view[seq - 1];
      if (!message) continue;
      let octets = this.#search.fields.size > 0 && !this.#fieldHints ? HEADER_WORK : MESSAGE_WORK;
      if (this.#fieldHints && !this.#fieldHints.knows(message.uid)) {
        this.#fieldHints.ask(seq);
        octets += QUESTION_WORK;
      }
      let answer = this.#remembered(message, seq);
      if (answer === UNKNOWN && this.#hints) answer = await this.#hinted(this.#hints, message, seq);
      if (answer === UNKNOWN) {
        const header = this.#search.needles.length === 0 ? mailbox.headerNow?.(message.uid) : null;
        const bytes = header ?? mailbox.contentNow(message.uid);
        if (bytes) {
          answer = this.#look(message, seq, new MemorySource(bytes));
          octets += bytes.length;
        } else {
          answer = await this.#lookSlowly(message, seq);
        }
      }
      if (answer === YES) matches.push(seq);
      this.#done = seq;
      if (this.#slice.worked(octets)) await this.#slice.breathe();
    }
    return matches;
  }

  /** Decides by what is known of a message without its octets. */
  #remembered(message: Message, seq: number): Answer {
    const answer = this.#search.test(message, seq, NOTHING);
    if (answer !== UNKNOWN) return answer;
    const fields = this.#header(message);
    return fields ? this.#search.test(message, seq, { fields, found: null }) : UNKNOWN;
  }

  #header(message: Message): FieldFacts | null {
    if (this.#fieldHints) return this.#fieldHints.of(message);
    const { index } = this.#request;
    if (!index || this.#search.fields.size === 0) return null;
    const kept = index.texts.get(message, "FIELDS");
    return kept && new KeptHeader(kept);
  }

  /** The same with what the full-text index says. */
  async #hinted(hints: SearchHints, message: Message, seq: number): Promise<Answer> {
    if (!hints.knows(message.uid)) await hints.ask(seq, this.#slice);
    const found = hints.of(message.uid);
    return found ? this.#search.test(message, seq, { fields: this.#header(message), found }) : UNKNOWN;
  }

  /** Decides about a message in memory. */
  #look(message: Message, seq: number, source: MemorySource): Answer {
    const { needles } = this.#search;
    this.#keep(message, source.bytes);
    const fields = readFields(source.bytes, this.#search.fields);
    const answer = this.#search.test(message, seq, { fields, found: null });
    if (answer !== UNKNOWN) return answer;
    const lower = lowerOf(source.bytes);
    const found = this.#feeds(message)
      ? this.#feed(message, source, lower)
      : hasNone(lower, needles)
      ? needles.map(() => false)
      : findInMemory(source.bytes, lower, source.root, needles);
    return this.#search.test(message, seq, { fields, found });
  }

  /** Whether the full-text index is to have the message next: then it need not be read once more. */
  #feeds(message: Message): boolean {
    return this.#request.index?.words?.wants(message) ?? false;
  }

  /** Looks into a message and puts its text into the index. */
  #feed(message: Message, { bytes, root }: MemorySource, lower: string | null): readonly boolean[] {
    const finder = new Finder(this.#search.needles);
    const gathering = new Gathering();
    lookInMemory(bytes, lower, root, new Both(finder, gathering));
    this.#request.index?.words?.put(message, gathering.taken());
    return finder.found;
  }

  async #lookSlowly(message: Message, seq: number): Promise<Answer> {
    const content = await this.#request.mailbox.content(message.uid);
    if (!content) {
      if (this.#feeds(message)) {
        this.#request.index?.words?.put(message, { headers: [], body: [], whole: false });
      }
      return NO;
    }
    try {
      if (content.size <= FETCH_WHOLE) {
        const bytes = await readExactly(content, 0, content.size);
        const answer = this.#look(message, seq, new MemorySource(bytes));
        await this.#slice.spend(content.size);
        return answer;
      }
      return await this.#lookIntoLarge(message, seq, content);
    } finally {
      content.close();
    }
  }

  async #lookIntoLarge(message: Message, seq: number, content: MessageContent): Promise<Answer> {
    const slice = this.#slice;
    const head = await LargeSource.read(content, { header: true, structure: false }, slice);
    this.#keep(message, head.header);
    const fields = readFields(head.header, this.#search.fields);
    const answer = this.#search.test(message, seq, { fields, found: null });
    if (answer !== UNKNOWN) return answer;
    const { root } = await LargeSource.read(
      content,
      { header: false, structure: true },
      slice,
    );
    const finder = new Finder(this.#search.needles);
    if (this.#feeds(message)) {
      const gathering = new Gathering();
      await lookInContent(content, root, new Both(finder, gathering), slice);
      if (this.#feeds(message)) this.#request.index?.words?.put(message, gathering.taken());
    } else await lookInContent(content, root, finder, slice);
    const { found } = finder;
    return this.#search.test(message, seq, { fields, found });
  }

  /** What a message's header says is remembered for the next search. */
  #keep(message: Message, header: Uint8Array): void {
    const { index } = this.#request;
    if (index && this.#search.fields.size > 0) keepHeader(index.texts, message, header);
  }
}
