/**
 * Quotas (RFC 9208). An account has one root for all its mailboxes, none where it has no bound: its own is "", another's is told by its address, with
 * a mailbox that may be read.
 */
import { utf8 } from "../../base/bytes.ts";
import { READ } from "../../store/rights.ts";
import type { Quota } from "../../store/store.ts";
import { reach } from "../access.ts";
import { writeEnd, writeMailbox, writeString } from "../format.ts";
import { no, okay } from "../reply.ts";
import type { Handled } from "../rules.ts";
import type { ImapSession } from "../session.ts";

const ROOT = "";
const NO_ROOT = no("NONEXISTENT", "Quota root does not exist");
/** STORAGE is told in these (RFC 9208 5.1). */
const UNIT = 1024;

export async function getQuota(session: ImapSession, command: { readonly root: string }): Promise<Handled> {
  const quota = command.root === ROOT ? await session.mail.quota() : null;
  if (quota === null) return NO_ROOT;
  tell(session, ROOT, quota);
  return okay("Getquota completed");
}

/** An own mailbox need not be there (RFC 9208 4.1.2). */
export async function getQuotaRoot(
  session: ImapSession,
  command: { readonly mailbox: string },
): Promise<Handled> {
  const place = await reach(session, command.mailbox, READ);
  if ("status" in place) return place;
  const root = place.own ? ROOT : place.owner;
  const quota = await place.mail.quota();
  const { buffer } = session.out;
  buffer.ascii("* QUOTAROOT ");
  writeMailbox(buffer, place.told, session.utf8);
  if (quota !== null) {
    buffer.ascii(" ");
    writeString(buffer, utf8(root));
  }
  writeEnd(buffer);
  if (quota !== null) tell(session, root, quota);
  return okay("Getquotaroot completed");
}

/** Quotas are the administrator's (`roost user quota`). */
export function setQuota(_session: ImapSession, command: { readonly root: string }): Handled {
  return command.root === ROOT ? no("NOPERM", "Only the administrator changes quotas") : NO_ROOT;
}

function tell(session: ImapSession, root: string, { limit, used }: Quota): void {
  const resources: string[] = [];
  if (limit.octets !== null) {
    resources.push(`STORAGE ${Math.ceil(used.octets / UNIT)} ${Math.floor(limit.octets / UNIT)}`);
  }
  if (limit.messages !== null) resources.push(`MESSAGE ${used.messages} ${limit.messages}`);
  const { buffer } = session.out;
  buffer.ascii("* QUOTA ");
  writeString(buffer, utf8(root));
  buffer.ascii(` (${resources.join(" ")})`);
  writeEnd(buffer);
}
