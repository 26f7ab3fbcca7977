/**
 * News of the selected mailbox, where there is very much of it; and for who asked to hear of it in his own way: by NOTIFY, or by a search that
 * fetches what is new (RFC 5465 5, 7).
 */
import type { Uid } from "../store/store.ts";
import { answerFetch, PARSED, threadsOf } from "./commands/fetch.ts";
import { writeCount } from "./format.ts";
import type { Selected } from "./selected.ts";
import type { ImapSession } from "./session.ts";
import { Slice } from "./slice.ts";
import { tellFlags, writeCounts, writeNews, writeRemoved, writeTaken, writeVanished } from "./tell.ts";
import type { FetchItem } from "./types.ts";

export interface Telling {
  /** Removals may be told now. */
  readonly expunge: boolean;
  /** FETCH responses carry the UID. */
  readonly uid: boolean;
  /** Changes of flags are told, too. */
  readonly flags: boolean;
  /** Of new messages. */
  readonly items: readonly FetchItem[];
}

/** Messages of whose news is told at once. */
const AT_ONCE = 1000;
/** What a line costs, in `Slice`'s octets. */
const LINE_WORK = 128;

/** All that the client may be told now, as `writeNews`; of very many messages while others get their turn. */
export function tellNews(
  session: ImapSession,
  box: Selected,
  expunge: boolean,
  uid: boolean,
): void | Promise<void> {
  if (box.view.backlog > AT_ONCE) return tellMuch(session, box, expunge, uid);
  writeNews(session.out.buffer, box, expunge, uid);
}

/** Nothing else may be told meanwhile: all numbers are those of after the removals (see view.ts). */
async function tellMuch(session: ImapSession, box: Selected, expunge: boolean, uid: boolean): Promise<void> {
  const { out, ports } = session;
  const { view, updates } = box;
  const slice = new Slice(ports.clock, () => ports.pause());
  let left = view.backlog;
  const news = view.take(expunge, AT_ONCE);
  updates.writeExpunged(out.buffer, news);
  if (box.tellsVanished) writeVanished(out.buffer, news.vanished);
  else {
    for (const seq of news.expunged) {
      writeCount(out.buffer, seq, "EXPUNGE");
      if (out.full) await out.flush();
      await slice.spend(LINE_WORK);
    }
  }
  writeCounts(out.buffer, box, news);
  for (let { flags } = news; flags.length > 0; flags = left > 0 ? view.takeFlags(AT_ONCE) : []) {
    for (const { seq, message } of flags) tellFlags(out.buffer, box, seq, message, uid || box.tellsVanished);
    left -= flags.length; // those that change meanwhile come with the next news
    if (out.full) await out.flush();
    await slice.spend(flags.length * LINE_WORK);
  }
  updates.writeChanged(out.buffer, box);
}

/** Tells of removals, then how many there are, then flags, then of new messages, then of searches. */
export async function tellSelected(session: ImapSession, box: Selected, telling: Telling): Promise<void> {
  const { view, updates } = box;
  if (!view.waiting && !updates.waiting) return;
  const { out } = session;
  const known = view.lastUid;
  const news = view.take(telling.expunge);
  writeTaken(out.buffer, box, news);
  for (const { seq, message } of telling.flags ? news.flags : []) {
    tellFlags(out.buffer, box, seq, message, telling.uid || box.tellsVanished);
  }
  if (news.exists !== null) await tellNew(session, box, known, telling.items);
  updates.writeChanged(out.buffer, box);
}

/** Removals alone, of messages that the client itself has removed and that others did meanwhile. */
export function tellRemoved({ out }: ImapSession, box: Selected): void {
  writeRemoved(out.buffer, box, box.view.takeRemoved());
}

/** FETCH responses for messages above a UID, but for those that this client has put there. */
async function tellNew(
  session: ImapSession,
  box: Selected,
  known: Uid,
  items: readonly FetchItem[],
): Promise<void> {
  const { view, updates } = box;
  const { fetches } = updates;
  const added = view.seqsOf(known + 1, Infinity);
  const own = new Set(box.added);
  box.added.length = 0;
  if (added === null || (items.length === 0 && !fetches)) return;
  const bunches = new Map<string, { readonly items: readonly FetchItem[]; readonly seqs: number[] }>();
  for (let seq = added.first; seq <= added.last; seq++) {
    const message = view.at(seq);
    if (!message || own.has(message.uid)) continue;
    const wanted = fetches ? joined(items, updates.itemsFor(box, seq, message)) : items;
    if (wanted.length === 0) continue;
    const key = fetches ? JSON.stringify(wanted) : "";
    const bunch = bunches.get(key) ?? { items: wanted, seqs: [] };
    bunch.seqs.push(seq);
    bunches.set(key, bunch);
  }
  for (const bunch of bunches.values()) await fetchNew(session, box, bunch.items, bunch.seqs);
}

/** \Seen stays as it is: nobody has read what is told of by itself. */
async function fetchNew(
  session: ImapSession,
  box: Selected,
  items: readonly FetchItem[],
  seqs: readonly number[],
): Promise<void> {
  const { out, ports } = session;
  const modSeqs = items.some((i) => i.kind === "MODSEQ") ? await session.enableCondstore() : box.modSeqs;
  const index = items.some((i) => PARSED.has(i.kind)) ? await box.index() : null;
  const threads = items.some((i) => i.kind === "THREADID");
  await answerFetch(session, {
    mailbox: box.mailbox,
    view: box.view.list,
    seqs,
    items,
    modSeqs,
    uid: false,
    uidOnly: box.uidOnly,
    isRecent: (uid) => box.isRecent(uid),
    begins: () => session.progress?.hold(),
    sink: out,
    clock: ports.clock,
    pause: () => ports.pause(),
    ...(index ? { texts: index.texts } : {}),
    ...(threads ? { threadIds: await threadsOf(session, box, seqs) } : {}),
  });
}

/** Each item once. */
function joined(...lists: readonly (readonly FetchItem[])[]): readonly FetchItem[] {
  return [...new Map(lists.flat().map((item) => [JSON.stringify(item), item])).values()];
}
