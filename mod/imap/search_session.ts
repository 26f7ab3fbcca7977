/** A search of the selected mailbox, for SEARCH, SORT and THREAD. */
import type { Message } from "../store/store.ts";
import { fillWords } from "./message_text.ts";
import { looksInto, searchMessages } from "./search.ts";
import type { ImapSession } from "./session.ts";
import type { SearchKey } from "./types.ts";

/** Sequence numbers of the messages that match, ascending, and the messages by sequence number. */
export async function searchSession(
  session: ImapSession,
  key: SearchKey,
): Promise<{ readonly list: readonly Message[]; readonly seqs: readonly number[] }> {
  const { box, ports } = session;
  const { view } = box;
  const into = looksInto(key);
  const index = into.headers || into.texts ? await box.index() : null;
  // Who looks for text once will do so again.
  if (into.texts && index) fillWords(index, box.mailbox, ports);
  const list = view.list;
  const seqs = await searchMessages({
    mailbox: box.mailbox,
    view: list,
    key,
    saved: box.saved,
    isRecent: (uid) => view.isRecent(uid),
    now: ports.clock.now(),
    clock: ports.clock,
    pause: () => ports.pause(),
    ...(index ? { index } : {}),
  });
  return { list, seqs };
}
