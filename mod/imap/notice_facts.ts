/** What notices are made of (RFC 5465 5). */
import type { AccountEvent, FolderCounts } from "../store/account_watch.ts";
import type { MailboxEntry } from "../store/store.ts";

export type CountItem = "MESSAGES" | "UIDNEXT" | "UIDVALIDITY" | "UNSEEN";

/** Mailboxes that an event is about. */
export function namesIn(event: AccountEvent): readonly string[] {
  switch (event.kind) {
    case "overflow":
      return [];
    case "renamed":
      return [event.from, event.to];
    case "annotated":
      return [event.mailbox];
    default:
      return [event.name];
  }
}

/** The value of a STATUS item. */
export function valueOf(counts: FolderCounts, item: CountItem): number {
  switch (item) {
    case "MESSAGES":
      return counts.messages;
    case "UIDNEXT":
      return counts.uidNext;
    case "UIDVALIDITY":
      return counts.uidValidity;
    case "UNSEEN":
      return counts.unseen;
  }
}

/** Attributes of a mailbox, which may not be there (RFC 5465 5.4, 5.5). */
export function attributesOf(entry: MailboxEntry | undefined, subscribed: boolean): string[] {
  const list = entry?.exists ? [] : ["NonExistent"];
  list.push(entry?.hasChildren ? "HasChildren" : "HasNoChildren");
  if (entry?.subscribed ?? subscribed) list.push("Subscribed");
  if (entry?.specialUse) list.push(entry.specialUse);
  return list;
}
