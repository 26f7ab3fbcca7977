/** SELECT, EXAMINE, CLOSE, UNSELECT (RFC 3501 6.3.1, 6.3.2, 6.4.2; RFC 3691). */
import { DELETED, SEEN } from "../../store/store.ts";
import { okay, REPLIES } from "../reply.ts";
import type { Handled } from "../rules.ts";
import { Selected } from "../selected.ts";
import type { ImapSession } from "../session.ts";
import { writeFlagLists } from "../tell.ts";

export function select(session: ImapSession, command: { readonly mailbox: string }): Promise<Handled> {
  return open(session, command.mailbox, false);
}

export function examine(session: ImapSession, command: { readonly mailbox: string }): Promise<Handled> {
  return open(session, command.mailbox, true);
}

/** Removes what is \Deleted without telling, then leaves. */
export async function close(session: ImapSession): Promise<Handled> {
  const { mailbox, readOnly } = session.box;
  if (!readOnly) {
    const uids = mailbox.messages.filter((m) => m.flags & DELETED).map((m) => m.uid);
    if (uids.length > 0) await mailbox.expunge(uids);
  }
  session.select(null);
  return okay("Close completed");
}

/** Leaves, and nothing else. */
export function unselect(session: ImapSession): Handled {
  session.select(null);
  return okay("Unselect completed");
}

async function open(session: ImapSession, name: string, readOnly: boolean): Promise<Handled> {
  const { out } = session;
  // Whatever becomes of this command, the mailbox before is no longer selected (RFC 3501 6.3.1).
  if (session.boxOrNull !== null) {
    session.select(null);
    out.line("* OK [CLOSED] Previous mailbox closed"); // RFC 7162 3.2.11
  }
  const opened = await session.mail.open(name);
  if (!opened.ok) return REPLIES.noMailbox;
  const box = new Selected(
    opened.value,
    readOnly,
    () => session.news(),
    (mailbox) => session.openIndex(mailbox),
  );
  session.select(box);
  const { mailbox, view } = box;
  writeFlagLists(out.buffer, box);
  out.line(`* ${view.count} EXISTS`);
  out.line(`* ${view.recent} RECENT`);
  const unseen = mailbox.messages.findIndex((m) => (m.flags & SEEN) === 0);
  if (unseen >= 0) out.line(`* OK [UNSEEN ${unseen + 1}] First unseen`);
  out.line(`* OK [UIDVALIDITY ${mailbox.uidValidity}] UIDs valid`);
  out.line(`* OK [UIDNEXT ${mailbox.uidNext}] Predicted next UID`);
  return readOnly ? okay("Examine completed", "READ-ONLY") : okay("Select completed", "READ-WRITE");
}
