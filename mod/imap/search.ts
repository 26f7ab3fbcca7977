/**
 * SEARCH (RFC 3501 6.4.4): which messages of a view match a key. Cheap keys decide first; a message's octets are read only where they
 * leave it open, its header before its text. Gives other connections their turn.
 */
import type { Clock } from "../base/clock.ts";
import { FETCH_WHOLE } from "../base/limits.ts";
import type { Mailbox, Message, MessageContent, Uid } from "../store/store.ts";
import { LargeSource, MemorySource, readExactly } from "./fetch_content.ts";
import {
  type Answer,
  type CompiledSearch,
  compileSearch,
  type SearchFacts,
  UNKNOWN,
  YES,
} from "./search_key.ts";
import { findInContent, findInMemory, hasNone, readFields } from "./search_text.ts";
import { Slice } from "./slice.ts";
import type { SearchKey } from "./types.ts";

/** What one message costs apart from its octets, as octets. */
const MESSAGE_WORK = 32;
const NOTHING: SearchFacts = { fields: null, sentDay: 0, found: null };

export interface SearchRequest {
  readonly mailbox: Pick<Mailbox, "content" | "contentNow" | "prepare" | "keywords">;
  /** Messages by sequence number, from 1 at index 0. Does not change while the command runs. */
  readonly view: readonly Message[];
  readonly key: SearchKey;
  isRecent(uid: Uid): boolean;
  /** Milliseconds since 1970, for OLDER and YOUNGER. */
  readonly now: number;
  readonly clock: Pick<Clock, "monotonic">;
  /** Resolves after everybody else on the event loop had a turn. */
  pause(): Promise<void>;
}

/** Sequence numbers of the messages that match, ascending. A message that vanished meanwhile does not. Throws what the store throws. */
export async function searchMessages(request: SearchRequest): Promise<readonly number[]> {
  const { view, mailbox } = request;
  const search = compileSearch(request.key, {
    view,
    keywords: mailbox.keywords,
    now: request.now,
    isRecent: (uid) => request.isRecent(uid),
  });
  await prepare(request, search);
  const slice = new Slice(request.clock, () => request.pause());
  const matches: number[] = [];
  for (let seq = 1; seq <= view.length; seq++) {
    const message = view[seq - 1];
    if (!message) continue;
    let answer = search.test(message, seq, NOTHING);
    let octets = MESSAGE_WORK;
    if (answer === UNKNOWN) {
      const bytes = mailbox.contentNow(message.uid);
      if (bytes) {
        answer = look(search, message, seq, new MemorySource(bytes));
        octets += bytes.length;
      } else {
        answer = await lookSlowly(request, search, seq, slice);
      }
    }
    if (answer === YES) matches.push(seq);
    if (slice.worked(octets)) await slice.breathe();
  }
  return matches;
}

async function prepare({ view, mailbox }: SearchRequest, { size, date }: CompiledSearch): Promise<void> {
  if (!size && !date) return;
  const unknown = view.filter((m) => (size && m.size < 0) || (date && m.internalDate < 0));
  if (unknown.length > 0) await mailbox.prepare(unknown, { size, date });
}

/** Decides about a message in memory. */
function look(search: CompiledSearch, message: Message, seq: number, source: MemorySource): Answer {
  const fields = readFields(source.bytes, search.fields);
  const answer = search.test(message, seq, { ...fields, found: null });
  if (answer !== UNKNOWN) return answer;
  const found = hasNone(source.bytes, search.needles)
    ? search.needles.map(() => false)
    : findInMemory(source.bytes, source.root, search.needles);
  return search.test(message, seq, { ...fields, found });
}

async function lookSlowly(
  request: SearchRequest,
  search: CompiledSearch,
  seq: number,
  slice: Slice,
): Promise<Answer> {
  const message = request.view[seq - 1];
  const content = message && await request.mailbox.content(message.uid);
  if (!message || !content) return 0;
  try {
    if (content.size <= FETCH_WHOLE) {
      const answer = look(
        search,
        message,
        seq,
        new MemorySource(await readExactly(content, 0, content.size)),
      );
      await slice.spend(content.size);
      return answer;
    }
    return await lookIntoLarge(search, message, seq, content, slice);
  } finally {
    content.close();
  }
}

async function lookIntoLarge(
  search: CompiledSearch,
  message: Message,
  seq: number,
  content: MessageContent,
  slice: Slice,
): Promise<Answer> {
  const head = await LargeSource.read(content, { content: true, header: true, structure: false }, slice);
  const fields = readFields(head.header, search.fields);
  const answer = search.test(message, seq, { ...fields, found: null });
  if (answer !== UNKNOWN) return answer;
  const { root } = await LargeSource.read(content, { content: true, header: false, structure: true }, slice);
  const found = await findInContent(content, root, search.needles, slice);
  return search.test(message, seq, { ...fields, found });
}
