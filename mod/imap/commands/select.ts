/** SELECT, EXAMINE, CLOSE, UNSELECT (RFC 3501 6.3.1, 6.3.2, 6.4.2; RFC 3691). */
import { DELETED, SEEN, type Uid } from "../../store/store.ts";
import { EXPUNGE, INSERT, READ, WRITE, WRITE_DELETED, WRITE_SEEN } from "../../store/rights.ts";
import { reach, SharedAccess } from "../access.ts";
import { writeList } from "../format.ts";
import { bad, okay, REPLIES } from "../reply.ts";
import type { Handled } from "../rules.ts";
import { Selected } from "../selected.ts";
import type { ImapSession } from "../session.ts";
import { writeFlagLists } from "../tell.ts";
import type { SelectCommand } from "../types.ts";
import { tellMissed } from "./resync.ts";

/** Who has none of these has the mailbox READ-ONLY (RFC 4314 5.2). */
const CHANGES = INSERT | EXPUNGE | WRITE | WRITE_DELETED | WRITE_SEEN;

export function select(session: ImapSession, command: SelectCommand<"SELECT">): Promise<Handled> {
  return open(session, command, false);
}

export function examine(session: ImapSession, command: SelectCommand<"EXAMINE">): Promise<Handled> {
  return open(session, command, true);
}

/** Removes what is \Deleted, if the user may, without telling; then leaves. */
export async function close(session: ImapSession): Promise<Handled> {
  const { mailbox, modSeqs, readOnly, rights, view } = session.box;
  let code: string | null = null;
  if (!readOnly && rights & EXPUNGE) {
    const uids = mailbox.messages.filter((m) => m.flags & DELETED).map((m) => m.uid);
    const knewAll = modSeqs !== null && !(await anyUntold(session.box, uids)) && !view.waiting;
    const gone = uids.length > 0 ? await mailbox.expunge(uids, DELETED) : [];
    const { vanished, exists, flags } = view.take(true);
    // Who is not told the rest must ask for it with what it was told before (RFC 7162 3.2.8).
    const knowsAll = knewAll && vanished.length === gone.length && exists === null && flags.length === 0;
    if (modSeqs && gone.length > 0 && knowsAll) code = `HIGHESTMODSEQ ${modSeqs.highest}`;
  }
  session.select(null);
  return okay("Close completed", code);
}

/** Whether flags of messages have changed and nobody was told yet. */
async function anyUntold(box: Selected, uids: readonly Uid[]): Promise<boolean> {
  let any = false;
  await box.mailbox.setFlags(uids, 0, 0, box.token, (_, untold) => {
    any ||= untold;
    return false;
  });
  return any;
}

/** Leaves, and nothing else. */
export function unselect(session: ImapSession): Handled {
  session.select(null);
  return okay("Unselect completed");
}

async function open(
  session: ImapSession,
  command: SelectCommand<"SELECT" | "EXAMINE">,
  examining: boolean,
): Promise<Handled> {
  const { out } = session;
  const { sharing } = session.ports;
  if (command.resync !== null && !session.enabled.has("QRESYNC")) return bad("Enable QRESYNC first");
  // Whatever becomes of this command, the mailbox before is no longer selected (RFC 3501 6.3.1).
  if (session.boxOrNull !== null) {
    session.select(null);
    out.line("* OK [CLOSED] Previous mailbox closed"); // RFC 7162 3.2.11
  }
  const place = await reach(session, command.mailbox, READ);
  if ("status" in place) return place;
  const opened = await place.mail.open(place.name);
  if (!opened.ok) return REPLIES.noMailbox;
  const readOnly = examining || (place.rights & CHANGES) === 0;
  const box = new Selected(
    opened.value,
    readOnly,
    () => session.news(),
    (mailbox) => session.openFilledIndex(mailbox, place.owner),
    sharing && !place.own ? new SharedAccess(place, session.account, sharing) : null,
  );
  box.adapt(session.enabled);
  session.select(box);
  const { mailbox, view } = box;
  if (command.condstore && session.ports.index) session.enabled.add("CONDSTORE");
  const modSeqs = session.condstore ? await box.loadModSeqs() : null;
  // Nothing was told yet: what has changed meanwhile is part of what is. From here to what is told as gone nothing may happen in between.
  view.take(true);
  writeFlagLists(out.buffer, box);
  out.line(`* ${view.count} EXISTS`);
  if (session.rev2) {
    const { separator } = session.ports.store;
    writeList(out.buffer, "LIST", { separator, name: box.name, attributes: [] }, true); // RFC 9051 6.3.2
  } else {
    out.line(`* ${view.recent} RECENT`);
    const unseen = box.uidOnly ? -1 : mailbox.messages.findIndex((m) => (m.flags & SEEN) === 0);
    if (unseen >= 0) out.line(`* OK [UNSEEN ${unseen + 1}] First unseen`);
  }
  out.line(`* OK [UIDVALIDITY ${mailbox.uidValidity}] UIDs valid`);
  out.line(`* OK [UIDNEXT ${mailbox.uidNext}] Predicted next UID`);
  out.line(`* OK [MAILBOXID (${mailbox.objectId})] Id`); // RFC 8474 4.2
  if (modSeqs) out.line(`* OK [HIGHESTMODSEQ ${modSeqs.highest}] Highest`);
  else await tellHighest(session, box);
  if (modSeqs && command.resync) await tellMissed(session, modSeqs, command.resync);
  return okay(examining ? "Examine completed" : "Select completed", readOnly ? "READ-ONLY" : "READ-WRITE");
}

/** NOMODSEQ (RFC 7162 3.1.2); who has not asked for mod-sequences is told a highest one that costs less. */
async function tellHighest(session: ImapSession, box: Selected): Promise<void> {
  const highest = session.condstore ? null : (await box.index())?.highestKnown();
  if (typeof highest === "number") session.out.line(`* OK [HIGHESTMODSEQ ${highest}] Highest`);
  else if (highest === null) session.out.line("* OK [NOMODSEQ] No mod-sequences here");
}
