/** STATUS (RFC 3501 6.3.10; SIZE of RFC 8438, DELETED of RFC 9051, DELETED-STORAGE of RFC 9208, APPENDLIMIT of RFC 7889, MAILBOXID of RFC 8474). */
import { READ } from "../../store/rights.ts";
import type { MailboxStatus } from "../../store/store.ts";
import { type Place, reach } from "../access.ts";
import { writeMailboxStatus } from "../format.ts";
import { okay, REPLIES } from "../reply.ts";
import type { Handled } from "../rules.ts";
import type { ImapSession } from "../session.ts";
import type { StatusCommand, StatusItem } from "../types.ts";

export async function status(session: ImapSession, command: StatusCommand): Promise<Handled> {
  const place = await reach(session, command.mailbox, READ);
  if ("status" in place) return place;
  const told = await writeStatusOf(session, place, command.items);
  return told ? okay("Status completed") : REPLIES.noMailbox;
}

/** What a STATUS response tells. */
export type StatusValues = readonly (readonly [StatusItem, number | string])[];

/** Writes a STATUS response; false when there is no such mailbox. */
export async function writeStatusOf(
  session: ImapSession,
  place: Place,
  items: readonly StatusItem[],
): Promise<boolean> {
  const values = await statusOf(session, place, items);
  if (values) writeMailboxStatus(session.out.buffer, place.told, values, session.utf8);
  return values !== null;
}

/** What is to be told of a mailbox; null when there is none. */
export async function statusOf(
  session: ImapSession,
  place: Place,
  items: readonly StatusItem[],
): Promise<StatusValues | null> {
  const status = await place.mail.status(place.name, {
    size: items.includes("SIZE") || items.includes("DELETED-STORAGE"),
  });
  if (!status.ok) return null;
  const highest = items.includes("HIGHESTMODSEQ") ? await highestOf(session, place) : 0;
  return items.map((item) =>
    [item, valueOf(status.value, item, highest, session.ports.config.messageSize)] as const
  );
}

/** RFC 7162 3.1.7: who asks knows mod-sequences from now on. */
async function highestOf(session: ImapSession, place: Place): Promise<number> {
  await session.enableCondstore();
  return await highestIn(session, place);
}

/** HIGHESTMODSEQ of a mailbox; 0 where there are no mod-sequences, or no such mailbox. */
export async function highestIn(
  session: ImapSession,
  { mail, name, owner }: Pick<Place, "mail" | "name" | "owner">,
): Promise<number> {
  const mailbox = await mail.open(name);
  if (!mailbox.ok) return 0;
  const index = await session.openIndex(mailbox.value, owner);
  const modSeqs = await index?.modSeqs();
  const highest = modSeqs?.highest ?? 0;
  index?.close();
  mailbox.value.close();
  return highest;
}

function valueOf(
  status: MailboxStatus,
  item: StatusItem,
  highest: number,
  messageSize: number,
): number | string {
  switch (item) {
    case "MESSAGES":
      return status.messages;
    case "RECENT":
      return status.recent;
    case "UIDNEXT":
      return status.uidNext;
    case "UIDVALIDITY":
      return status.uidValidity;
    case "UNSEEN":
      return status.unseen;
    case "DELETED":
      return status.deleted;
    case "SIZE":
      return status.size ?? 0;
    case "HIGHESTMODSEQ":
      return highest;
    case "DELETED-STORAGE":
      return status.deletedSize ?? 0;
    case "MAILBOXID":
      return `(${status.objectId})`;
    case "APPENDLIMIT":
      return messageSize;
  }
}
