/**
 * The port to what happens in all folders of an account, for who follows many at once (RFC 5465). Events tell what is so, not whose doing it was; an
 * event may come late, and one may stand for several, but after the last one what it told is true.
 */
import type { MailboxEntry, MailboxStatus } from "./store.ts";

/** Of a folder's status, what events compare. */
export type FolderCounts = Pick<MailboxStatus, "messages" | "unseen" | "uidNext" | "uidValidity">;

export type AccountEvent =
  /** Messages or flags of a folder have changed, or seem to have. `before`: as the event before told it; null where none did. */
  | {
    readonly kind: "counts";
    readonly name: string;
    readonly before: FolderCounts | null;
    readonly now: FolderCounts;
  }
  | { readonly kind: "created" | "removed"; readonly name: string }
  /** Children went along. */
  | { readonly kind: "renamed"; readonly from: string; readonly to: string }
  | { readonly kind: "subscribed"; readonly name: string; readonly on: boolean }
  /** Annotations of a mailbox, or of the account (""), were set or taken away by this process. */
  | { readonly kind: "annotated"; readonly mailbox: string; readonly entries: readonly string[] }
  /** There are more folders now than can be followed: nothing more is told. */
  | { readonly kind: "overflow" };

export interface AccountWatch {
  /** How a folder is now: it is looked at, and others hear of it if it has changed. null when it is not there. */
  counts(name: string): Promise<FolderCounts | null>;
  /** Has the folder looked at; a "counts" event follows in any case, if it is followed and there. */
  look(name: string): void;
  /** `follows` gives other answers now. */
  changed(): void;
  /** All folders and levels by name, the same for all who ask until a name or subscription changes. Only where folders are followed. */
  entries(): Promise<ReadonlyMap<string, MailboxEntry>>;
  close(): void;
}

/** What somebody wants to hear of. */
export interface WatchWishes {
  /** Which folders' messages and flags; asked again for each name that comes. null: of none, and not of what other programs do to names. */
  readonly follows: ((name: string) => boolean) | null;
  readonly listener: (event: AccountEvent) => void;
}
