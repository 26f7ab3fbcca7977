/** What STATUS tells of a folder's messages. */
import { DELETED, type MailboxStatus, type Message, SEEN, type Uid } from "../store/store.ts";

/** Counts them. UIDs above `claimed` are recent. Sizes are to be known where they are wanted. */
export function countMessages(
  messages: readonly Message[],
  claimed: Uid,
  wantSize: boolean,
): Omit<MailboxStatus, "uidNext" | "uidValidity" | "objectId"> {
  let unseen = 0;
  let deleted = 0;
  let recent = 0;
  let size = 0;
  let deletedSize = 0;
  for (const m of messages) {
    if (!(m.flags & SEEN)) unseen++;
    if (m.flags & DELETED) {
      deleted++;
      deletedSize += m.size;
    }
    if (m.uid > claimed) recent++;
    size += m.size;
  }
  return {
    ...{ messages: messages.length, unseen, deleted, recent },
    size: wantSize ? size : null,
    deletedSize: wantSize ? deletedSize : null,
  };
}
