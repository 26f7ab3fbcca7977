/** ESEARCH (RFC 7377): one search over several mailboxes, a response for each in which something was found. */
import { READ } from "../../store/rights.ts";
import type { Mailbox, Message } from "../../store/store.ts";
import { reach } from "../access.ts";
import { listAll } from "../listing.ts";
import { filterMailboxes } from "../mailbox_filter.ts";
import { bad, okay } from "../reply.ts";
import { tellResults } from "../results.ts";
import type { Handled } from "../rules.ts";
import { hasNumbers } from "../search.ts";
import { searchMailbox, searchSession } from "../search_session.ts";
import type { ImapSession } from "../session.ts";
import type { Command, MailboxFilter, MultiSearchCommand } from "../types.ts";

/** A mailbox as the client knows it. */
type ToldMailbox = Pick<Mailbox, "name" | "uidValidity">;

function told({ uidValidity }: Mailbox, name: string): ToldMailbox {
  return { name, uidValidity };
}

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
    await tell(session, command, told(session.box.mailbox, session.box.name), list, seqs);
    return okay("Search completed");
  }
  const names = await namesOf(session, sources);
  for (const [i, name] of names.entries()) {
    session.progress?.steps(i, names.length);
    if (name === selected?.name) {
      const { list, seqs } = await searchSession(session, key);
      await tell(session, command, told(selected.mailbox, name), list, seqs);
    } else await searchOther(session, command, name);
  }
  return okay("Search completed");
}

/** Mailboxes that are meant and may be read: the own ones, then those of others, which are never "personal". */
async function namesOf(session: ImapSession, sources: readonly MailboxFilter[]): Promise<string[]> {
  const entries = await listAll(session);
  const context = { separator: session.ports.store.separator, selected: session.boxOrNull?.name ?? null };
  const others = sources.filter(({ kind }) => kind !== "personal" && kind !== "inboxes");
  return [
    ...filterMailboxes(sources, { ...context, entries: entries.filter((e) => e.rights === undefined) }),
    ...filterMailboxes(others, { ...context, entries: entries.filter((e) => (e.rights ?? 0) & READ) }),
  ];
}

/** A mailbox that is gone meanwhile, or may not be read any more, has nothing. */
async function searchOther(session: ImapSession, command: Tagged, name: string): Promise<void> {
  const place = await reach(session, name, READ);
  if ("status" in place) return;
  const opened = await place.mail.open(place.name);
  if (!opened.ok) return;
  const mailbox = opened.value;
  const opening = session.openIndex(mailbox, place.owner);
  try {
    const list = mailbox.messages.slice();
    const seqs = await searchMailbox(session, { mailbox, list, index: () => opening }, command.key);
    await tell(session, command, told(mailbox, place.told), list, seqs);
  } finally {
    (await opening)?.close();
    mailbox.close();
  }
}

async function tell(
  session: ImapSession,
  command: Tagged,
  mailbox: ToldMailbox,
  list: readonly Message[],
  seqs: readonly number[],
): Promise<void> {
  if (seqs.length > 0 || command.save) await tellResults(session, command, list, seqs, mailbox);
}
