/** What a NOTIFY command (RFC 5465) is once parsed. Data only. */
import type { FetchItem, MailboxFilter } from "./types.ts";

/** Events that NOTIFY tells of (RFC 5465 5). */
export type NotifyEvent =
  | "MessageNew"
  | "MessageExpunge"
  | "FlagChange"
  | "MailboxName"
  | "SubscriptionChange"
  | "MailboxMetadataChange"
  | "ServerMetadataChange";
/** What is to be told of some mailboxes, selected or not. */
export interface EventGroup {
  readonly mailboxes: Exclude<MailboxFilter, { readonly kind: "selected" }>;
  /** Empty for NONE. */
  readonly events: ReadonlySet<NotifyEvent>;
}
/** What is to be told of the selected mailbox (RFC 5465 6.1). */
export interface SelectedEvents {
  /** SELECTED-DELAYED: expunges wait for a command that allows them. */
  readonly delayed: boolean;
  readonly events: ReadonlySet<NotifyEvent>;
  /** What to tell of new messages; empty for nothing but that they are there. */
  readonly items: readonly FetchItem[];
}
export interface NotifySet {
  /** Tell how the mailboxes are now. */
  readonly status: boolean;
  /** null: nothing is told of it. */
  readonly selected: SelectedEvents | null;
  readonly groups: readonly EventGroup[];
}
/** RFC 5465 3.1. */
export interface NotifyCommand {
  readonly verb: "NOTIFY";
  /** null: NONE. "bad-event": it names events that we do not have. */
  readonly set: NotifySet | null | "bad-event";
}
