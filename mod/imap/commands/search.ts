/** SEARCH (RFC 3501 6.4.4, ESEARCH of RFC 4731): what matches is `search.ts`'s business; here is how it is told. */
import { writeEsearch, writeSearch } from "../format.ts";
import { fillWords } from "../message_text.ts";
import { okay } from "../reply.ts";
import type { Handled } from "../rules.ts";
import { looksInto, searchMessages } from "../search.ts";
import type { ImapSession } from "../session.ts";
import type { Command, SearchCommand, SearchReturn } from "../types.ts";

const ALL: readonly SearchReturn[] = ["ALL"];

export async function search(
  session: ImapSession,
  command: SearchCommand & Pick<Command, "tag">,
): Promise<Handled> {
  const { box, out, ports } = session;
  const { view } = box;
  const list = view.list;
  const into = looksInto(command.key);
  const index = into.headers || into.texts ? await box.index() : null;
  // Who looks for text once will do so again.
  if (into.texts && index) fillWords(index, box.mailbox, ports);
  const seqs = await searchMessages({
    mailbox: box.mailbox,
    view: list,
    key: command.key,
    isRecent: (uid) => view.isRecent(uid),
    now: ports.clock.now(),
    clock: ports.clock,
    pause: () => ports.pause(),
    ...(index ? { index } : {}),
  });
  const found = command.uid ? seqs.map((seq) => list[seq - 1]?.uid ?? 0) : seqs;
  const returns = command.returns ?? (session.rev2 ? ALL : null); // RFC 9051 6.4.4: no SEARCH responses any more
  if (returns === null) writeSearch(out.buffer, found);
  else writeEsearch(out.buffer, command.tag, command.uid, found, returns);
  return okay("Search completed");
}
