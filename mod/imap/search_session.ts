/** Searches of a session's mailboxes, for SEARCH, SORT, THREAD and ESEARCH. */
import type { MailboxIndex, ModSeqs } from "../store/mail_index.ts";
import type { Mailbox, Message, Uid } from "../store/store.ts";
import { fillWords } from "./message_text.ts";
import { looksInto, searchMessages } from "./search.ts";
import type { ImapSession } from "./session.ts";
import type { SearchKey } from "./types.ts";

/** A mailbox to search. */
export interface SearchedMailbox {
  readonly mailbox: Mailbox;
  /** Its messages by sequence number, from 1 at index 0. */
  readonly list: readonly Message[];
  /** What "$" stands for. */
  readonly saved?: readonly Uid[];
  readonly modSeqs?: ModSeqs | null;
  isRecent?(uid: Uid): boolean;
  /** Its index, opened when it is asked for. */
  index(): Promise<MailboxIndex | null> | null;
}

/** Searches the selected mailbox: sequence numbers of what matches, ascending, and the messages by sequence number. */
export async function searchSession(
  session: ImapSession,
  key: SearchKey,
): Promise<{ readonly list: readonly Message[]; readonly seqs: readonly number[] }> {
  const { box } = session;
  const { mailbox, modSeqs, saved, view } = box;
  const { list } = view;
  const isRecent = (uid: Uid) => box.isRecent(uid);
  return {
    list,
    seqs: await searchMailbox(session, {
      mailbox,
      list,
      saved,
      modSeqs,
      isRecent,
      index: () => box.index(),
    }, key),
  };
}

/** Sequence numbers of the messages that match, ascending. */
export async function searchMailbox(
  { ports, progress }: Pick<ImapSession, "ports"> & Partial<Pick<ImapSession, "progress">>,
  { mailbox, list, saved = [], modSeqs = null, isRecent = () => false, ...searched }: SearchedMailbox,
  key: SearchKey,
): Promise<readonly number[]> {
  const into = looksInto(key);
  const index = into.headers || into.texts ? await searched.index() : null;
  // Who looks for text once will do so again.
  if (into.texts && index && ports.config.searchIndex !== "never") fillWords(index, mailbox, ports);
  return await searchMessages({
    mailbox,
    view: list,
    key,
    saved,
    modSeqs,
    isRecent,
    now: ports.clock.now(),
    clock: ports.clock,
    pause: (done) => {
      progress?.count(done, list.length);
      return ports.pause();
    },
    ...(index ? { index } : {}),
  });
}
