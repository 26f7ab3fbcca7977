/** Making, removing, renaming and subscribing mailboxes (RFC 3501 6.3.3 to 6.3.7). */
import { isFsError } from "../../base/fs.ts";
import { INBOX, isBelow } from "../../store/mailbox_name.ts";
import { DELETE, LOOKUP } from "../../store/rights.ts";
import { SHARED_TOP } from "../../store/shared_name.ts";
import type { Sharing } from "../../store/sharing.ts";
import type { NameError } from "../../store/store.ts";
import { isOthers, reach, reachToCreate } from "../access.ts";
import { writeList } from "../format.ts";
import { no, okay, REPLIES, type Reply } from "../reply.ts";
import type { Handled } from "../rules.ts";
import type { ImapSession } from "../session.ts";
import type { CreateCommand, RenameCommand } from "../types.ts";

/** CREATE (RFC 3501 6.3.3, RFC 6154 3). A separator at the end only says that there will be children. */
export async function create(session: ImapSession, command: CreateCommand): Promise<Handled> {
  const name = withoutTrailing(command.mailbox, session.ports.store.separator);
  const [use, ...more] = command.specialUse;
  if (more.length > 0) return no("USEATTR", "Mailbox can have one use only");
  const place = await reachToCreate(session, name);
  if ("status" in place) return place;
  if (use !== undefined && !place.own) return no("USEATTR", "Mailboxes of others have no use here");
  const made = await (use === undefined ? place.mail.create(place.name) : place.mail.create(place.name, use));
  if (!made.ok) return nameReply(made.error);
  await settle(session, (sharing) => sharing.inherit(place.owner, place.name));
  await session.notices?.ownNames([place.told]);
  if (command.asked !== null) tellName(session, name, command.asked);
  const status = await place.mail.status(place.name, {});
  return okay("Create completed", status.ok ? `MAILBOXID (${status.value.objectId})` : null); // RFC 8474 4.1
}

/** DELETE (RFC 3501 6.3.4). */
export async function remove(session: ImapSession, command: { readonly mailbox: string }): Promise<Handled> {
  const place = await reach(session, command.mailbox, DELETE);
  if ("status" in place) return place;
  const removed = await place.mail.remove(place.name);
  if (removed.ok && place.own) session.folderRemoved();
  if (removed.ok) await session.notices?.ownNames([place.told]);
  tellClosed(session);
  return removed.ok ? okay("Delete completed") : nameReply(removed.error);
}

/** RENAME (RFC 3501 6.3.5). */
export async function rename(session: ImapSession, command: RenameCommand): Promise<Handled> {
  const to = withoutTrailing(command.to, session.ports.store.separator);
  const from = await reach(session, command.from, DELETE);
  if ("status" in from) return from;
  const target = await reachToCreate(session, to);
  if ("status" in target) return target;
  if (from.owner !== target.owner) return no("CANNOT", "Mailboxes stay with their account");
  if (!from.own && from.name === INBOX) return no("CANNOT", "INBOX is the owner's to rename");
  if (from.own && await wouldHide(session, from.name, target.name)) return REPLIES.badName;
  const renamed = await from.mail.rename(from.name, target.name);
  tellClosed(session);
  if (!renamed.ok) return nameReply(renamed.error);
  await settle(session, (sharing) => sharing.renamed(from.owner));
  if (from.own) session.folderRemoved();
  await session.notices?.ownNames(from.own ? [target.told] : [from.told, target.told]);
  if (session.rev2) tellName(session, to, command.from);
  return okay("Rename completed");
}

/** Whether mailboxes below one that gets another name would then be called as if they were others'. */
async function wouldHide(session: ImapSession, from: string, to: string): Promise<boolean> {
  const { separator } = session.ports.store;
  if (to !== SHARED_TOP) return false;
  const entries = await session.mail.list();
  return entries.some(({ name }) =>
    isBelow(name, from, separator) && isOthers(session, to + name.slice(from.length))
  );
}

/** SUBSCRIBE (RFC 3501 6.3.6). */
export async function subscribe(
  session: ImapSession,
  command: { readonly mailbox: string },
): Promise<Handled> {
  const place = await reach(session, command.mailbox, LOOKUP);
  if ("status" in place) return place;
  const done = await session.mail.subscribe(place.told, true);
  await session.notices?.ownNames([place.told]);
  return done.ok ? okay("Subscribe completed") : nameReply(done.error);
}

/** UNSUBSCRIBE (RFC 3501 6.3.7). */
export async function unsubscribe(
  session: ImapSession,
  command: { readonly mailbox: string },
): Promise<Handled> {
  const done = await session.mail.subscribe(command.mailbox, false);
  await session.notices?.ownNames([command.mailbox]);
  return done.ok ? okay("Unsubscribe completed") : nameReply(done.error);
}

/** What is to be done about rights afterwards. The mailbox is there with another name by now, whatever becomes of that. */
async function settle(session: ImapSession, work: (sharing: Sharing) => Promise<void>): Promise<void> {
  const { sharing } = session.ports;
  if (!sharing) return;
  try {
    await work(sharing);
  } catch (cause) {
    if (!isFsError(cause)) throw cause;
    session.log.warn("rights not taken along", { cause: cause.message });
  }
}

/** LIST with what the mailbox was called before, or was asked to be (RFC 9051 6.3.9.7). */
function tellName(session: ImapSession, name: string, oldName: string): void {
  const { separator } = session.ports.store;
  writeList(session.out.buffer, "LIST", { separator, name, attributes: [], oldName }, session.utf8);
}

function withoutTrailing(name: string, separator: string): string {
  return name.length > 1 && name.endsWith(separator) ? name.slice(0, -separator.length) : name;
}

/** The session's own DELETE or RENAME took away what it had selected: it is told so, and stays. */
function tellClosed(session: ImapSession): void {
  if (session.boxOrNull?.gone !== true) return;
  session.select(null);
  session.out.line("* OK [CLOSED] Selected mailbox is gone");
}

function nameReply(error: NameError): Reply {
  switch (error) {
    case "no-mailbox":
      return REPLIES.noMailbox;
    case "exists":
      return REPLIES.exists;
    case "bad-name":
      return REPLIES.badName;
    case "has-children":
      return no("HASCHILDREN", "Mailbox has children");
    case "inbox":
      return no("CANNOT", "INBOX cannot be removed");
  }
}
