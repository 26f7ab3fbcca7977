/** ESEARCH (RFC 7377): one search over several mailboxes, a response for each in which something was found. */
import type { Mailbox, Message } from "../../store/store.ts";
import { filterMailboxes } from "../mailbox_filter.ts";
import { bad, okay } from "../reply.ts";
import { tellResults } from "../results.ts";
import type { Handled } from "../rules.ts";
import { hasNumbers } from "../search.ts";
import { searchMailbox, searchSession } from "../search_session.ts";
import type { ImapSession } from "../session.ts";
import type { Command, MultiSearchCommand } from "../types.ts";

type Tagged = MultiSearchCommand & Pick<Command, "tag">;

export async function multiSearch(session: ImapSession, command: Tagged): Promise<Handled> {
  const { sources, key, save } = command;
  const selected = session.boxOrNull;
  const onlySelected = sources === null || sources.every(({ kind }) => kind === "selected");
  if (onlySelected && selected === null) return bad("Select a mailbox first");
  // RFC 7377 2.1: numbers and "$" are those of the selected mailbox.
  if (!onlySelected && (save || hasNumbers(key))) {
    return bad("Message numbers and SAVE are for the selected mailbox only");
  }
  if (onlySelected) {
    const { list, seqs } = await searchSession(session, key);
    await tell(session, command, session.box.mailbox, list, seqs);
    return okay("Search completed");
  }
  const names = filterMailboxes(sources, {
    entries: await session.mail.list(),
    separator: session.ports.store.separator,
    selected: selected?.mailbox.name ?? null,
  });
  for (const [i, name] of names.entries()) {
    session.progress?.steps(i, names.length);
    if (name === selected?.mailbox.name) {
      const { list, seqs } = await searchSession(session, key);
      await tell(session, command, selected.mailbox, list, seqs);
    } else await searchOther(session, command, name);
  }
  return okay("Search completed");
}

/** A mailbox that is gone meanwhile has nothing. */
async function searchOther(session: ImapSession, command: Tagged, name: string): Promise<void> {
  const opened = await session.mail.open(name);
  if (!opened.ok) return;
  const mailbox = opened.value;
  const opening = session.openIndex(mailbox);
  try {
    const list = mailbox.messages.slice();
    const seqs = await searchMailbox(session, { mailbox, list, index: () => opening }, command.key);
    await tell(session, command, mailbox, list, seqs);
  } finally {
    (await opening)?.close();
    mailbox.close();
  }
}

async function tell(
  session: ImapSession,
  command: Tagged,
  mailbox: Mailbox,
  list: readonly Message[],
  seqs: readonly number[],
): Promise<void> {
  if (seqs.length > 0 || command.save) await tellResults(session, command, list, seqs, mailbox);
}
