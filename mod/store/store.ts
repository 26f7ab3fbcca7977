/**
 * The store port: what IMAP, POP3 and delivery ask of mail storage. `maildir/` implements it over the fs port; tests have it in
 * memory. Invariants:
 * - What resolves was durable first: `deliver`, `commit`, `copy`, `move`, `setFlags`, `expunge`, `create` and the like sync files and
 *   folders before they resolve.
 * - A UID that was told to anyone is never given to another message of that mailbox and UIDVALIDITY.
 * - Mailbox names are Unicode (NFC) with `Store.separator` between levels; "INBOX" in capitals is the inbox. The store maps them;
 *   no name ever becomes a path by joining.
 * - Within one process there is one `Mailbox` object per open folder; it tells all its listeners of all changes, whoever made them
 *   (a session, a delivery, another program).
 * Faults of the disk are thrown as FsError (callers answer with a temporary failure); everything planned is a value.
 */
import type { Body } from "../base/body.ts";
import type { BulkPart } from "../base/bulk_reader.ts";
import type { Result } from "../base/result.ts";
import type { AccountId } from "../account/directory.ts";
import type { AccountWatch, WatchWishes } from "./account_watch.ts";

export type Uid = number;

/** Flags of a message as a bit set: system flags in bits 0-4, the mailbox's keyword number k (0-25) in bit 5 + k. */
export type FlagBits = number;
export const SEEN = 1;
export const ANSWERED = 2;
export const FLAGGED = 4;
export const DELETED = 8;
export const DRAFT = 16;
export const KEYWORD_SHIFT = 5;

/** A message as its mailbox knows it. The object is live: flags change in place, then listeners are told. */
export interface Message {
  readonly uid: Uid;
  readonly flags: FlagBits;
  /** RFC822.SIZE: octets with CRLF line ends; -1 until `Mailbox.prepare` looked. */
  readonly size: number;
  /** INTERNALDATE in milliseconds since 1970; -1 until `Mailbox.prepare` looked. */
  readonly internalDate: number;
}

export type MailboxChange =
  /** New messages, ascending, all above what was there. */
  | { readonly kind: "added"; readonly messages: readonly Message[] }
  /** Flags changed; `by` is what the `setFlags` caller gave as its token, else null. */
  | { readonly kind: "flags"; readonly messages: readonly Message[]; readonly by: unknown }
  | { readonly kind: "expunged"; readonly uids: readonly Uid[] }
  /** The list of keywords grew. */
  | { readonly kind: "keywords" }
  /** The folder is gone, was renamed, or has a new UIDVALIDITY: sessions on it must end. */
  | { readonly kind: "gone" };

/** Octets of one message in canonical form (CRLF), whatever is on disk. Close it. */
export interface MessageContent {
  readonly size: number;
  /** Octets from `start` (inclusive) to `end` (exclusive), cut to the size. */
  read(start: number, end: number): Promise<Uint8Array>;
  close(): void;
}

/** Flags by name, for what comes from outside a mailbox. Keywords keep their case, compare without it. */
export interface NamedFlags {
  /** System bits only. */
  readonly system: FlagBits;
  readonly keywords: readonly string[];
}

/** A folder that someone has open. */
export interface Mailbox {
  readonly name: string;
  readonly uidValidity: number;
  readonly uidNext: Uid;
  /** Of this mailbox alone, also after it was renamed (RFC 8474 4): letters and digits. */
  readonly objectId: string;
  /** The same for all copies of a message in the account (RFC 8474 5.1); null when it is gone. Letters, digits, "_" and "-". */
  emailId(uid: Uid): string | null;
  /** When a message came into this mailbox, in milliseconds since 1970; null when that is not known. */
  savedAt(uid: Uid): number | null;
  /** UIDs, ascending, of messages that came into this mailbox before `time` (milliseconds since 1970) for certain. */
  arrivedBefore(time: number): Promise<readonly Uid[]>;
  /** For POP3; null when the message is gone. */
  pop3Facts?(uid: Uid): Pop3Facts | null;
  /** All messages in the order POP3 clients know them in from another server; null where it is that of UIDs. */
  pop3Order?(): Promise<readonly Message[] | null>;
  /** Keywords by number; "" where a number is not used. */
  readonly keywords: readonly string[];
  /**
   * All messages, ascending by UID. Do not change it. New messages are appended in place (a folder of 100,000 is not copied for each);
   * after a removal it is another array. Whoever keeps it must not rely on its length.
   */
  readonly messages: readonly Message[];
  /** UIDs above this are recent: not yet shown to any session. `claimRecent` is how a session becomes the first. */
  claimRecent(): Uid;
  /** What `claimRecent` would give, claiming nothing: for EXAMINE (RFC 3501 6.3.2). */
  peekRecent?(): Uid;
  /** Looks at the folder again if it may have changed, and tells listeners. Cheap when nothing did. */
  refresh(): Promise<void>;
  /** Tells of every change, after `messages` has it. The result ends it. */
  listen(listener: (change: MailboxChange) => void): () => void;
  /** Fills in `size` and `internalDate` where they are wanted and not yet known. */
  prepare(
    messages: readonly Message[],
    want: { readonly size?: boolean; readonly date?: boolean },
  ): Promise<void>;
  /** The message's octets; null if it has vanished meanwhile. */
  content(uid: Uid): Promise<MessageContent | null>;
  /**
   * The same at once, for small messages that are likely cached: a view valid until the next call on any mailbox of this process, or null when it is large,
   * gone or slow (then ask `content`). Callers keep slices of work under 10 ms.
   */
  contentNow(uid: Uid): Uint8Array | null;
  /**
   * Resolves when `contentNow` has a message that is just being read beside the event loop, since those before it were asked for in order; null where there
   * is nothing to wait for. Who has to answer many commands gains by waiting, who has one does not.
   */
  comes?(uid: Uid): Promise<void> | null;
  /** The header block at once, as `contentNow` gives all of a message, with its blank line and nothing after it; null also when it is a long one. */
  headerNow?(uid: Uid): Uint8Array | null;
  /**
   * Somebody will ask for `count` messages, in ascending order, by what is returned: they may be read before their turn. `uids` gives those that are
   * still to come; it is drawn bit by bit. `close` it.
   */
  reading?(part: BulkPart, count: number, uids: () => Iterable<Uid>): Reading;
  /** Numbers for keywords, made if need be; those past KEYWORDS are left out of the result. */
  keywordBits(keywords: readonly string[]): Promise<FlagBits>;
  /**
   * Changes flags: `new = (old & ~clear) | set`, for all messages together, durable. Gives the messages that are still there.
   * `by` comes back in the change notice. `only` is asked once of each, with no other change between its answer and the deed; `untold` says that
   * the message has changed already and its notice is still to come.
   */
  setFlags(
    uids: readonly Uid[],
    clear: FlagBits,
    set: FlagBits,
    by: unknown,
    only?: (message: Message, untold: boolean) => boolean,
  ): Promise<readonly Message[]>;
  /** Removes messages for good, of those only that have all of `flags` at that moment; gives the UIDs that this call removed. */
  expunge(uids: readonly Uid[], flags?: FlagBits): Promise<readonly Uid[]>;
  /** Copies to another folder of the same account, keeping flags and dates: all or none. */
  copy(uids: readonly Uid[], target: string): Promise<Result<Copied, CopyError>>;
  /** As `copy`, and gone from here. Durable there before gone here. */
  move(uids: readonly Uid[], target: string): Promise<Result<Copied, CopyError>>;
  /** One user less; the last one lets the folder be forgotten. */
  close(): void;
}

/** Many messages being read, in order. */
export interface Reading {
  /** Resolves when a message that is just being read beside the event loop can be had; null where there is nothing to wait for. */
  comes(uid: Uid): Promise<void> | null;
  /** As those of `Mailbox`. */
  contentNow(uid: Uid): Uint8Array | null;
  headerNow(uid: Uid): Uint8Array | null;
  close(): void;
}

/** What POP3 clients may know a message by that was here under another server. */
export interface Pop3Facts {
  /** The unique ID it had there, and its place among the others; null where that is not known. */
  readonly id: string | null;
  readonly order: number | null;
  /** Its file's name without flags; and the name that it shares with its copies, where it is one. */
  readonly file: string;
  readonly guid: string;
}

/** UIDs in the source and the target, pairwise. */
export interface Copied {
  readonly uidValidity: number;
  readonly from: readonly Uid[];
  readonly to: readonly Uid[];
}
export type CopyError = "no-mailbox" | "over-quota";

/** SPECIAL-USE attributes (RFC 6154), without the backslash. */
export type SpecialUse = "All" | "Archive" | "Drafts" | "Flagged" | "Junk" | "Sent" | "Trash";

export interface MailboxEntry {
  readonly name: string;
  /** False for a level that exists only because it has children. */
  readonly exists: boolean;
  readonly hasChildren: boolean;
  readonly subscribed: boolean;
  readonly specialUse: SpecialUse | null;
}

export interface MailboxStatus {
  readonly messages: number;
  readonly unseen: number;
  readonly deleted: number;
  readonly recent: number;
  readonly uidNext: Uid;
  readonly uidValidity: number;
  /** As `Mailbox.objectId`. */
  readonly objectId: string;
  /** Sum of RFC822.SIZE in octets; null unless asked for. */
  readonly size: number | null;
  /** The same of what is \\Deleted. */
  readonly deletedSize: number | null;
}

/** Bounds of what an account may keep; null for none, one of them is there. */
export interface QuotaLimit {
  /** As on disk. */
  readonly octets: number | null;
  readonly messages: number | null;
}

export interface Quota {
  readonly limit: QuotaLimit;
  readonly used: { readonly octets: number; readonly messages: number };
}

export type NameError = "no-mailbox" | "exists" | "bad-name" | "has-children" | "inbox";

/** A message on its way into a folder: write it, then commit or abort. Nothing is seen before `commit`. */
export interface Draft {
  write(chunk: Uint8Array): Promise<void>;
  /** Drops it. Harmless after commit. */
  abort(): Promise<void>;
}

export interface AccountMail {
  /** All folders and levels, INBOX first, then by name. */
  list(): Promise<readonly MailboxEntry[]>;
  /** Names subscribed to, whether or not such a folder exists. */
  subscriptions(): Promise<readonly string[]>;
  subscribe(name: string, on: boolean): Promise<Result<void, NameError>>;
  create(name: string, specialUse?: SpecialUse): Promise<Result<void, NameError>>;
  remove(name: string): Promise<Result<void, NameError>>;
  /** Children go along. Renaming INBOX moves its messages to a new folder (RFC 3501 6.3.5). */
  rename(from: string, to: string): Promise<Result<void, NameError>>;
  status(name: string, want: { readonly size?: boolean }): Promise<Result<MailboxStatus, "no-mailbox">>;
  open(name: string): Promise<Result<Mailbox, "no-mailbox">>;
  /** Starts a message of `size` octets (as announced) for an APPEND. */
  draft(size: number): Promise<Draft>;
  /** Puts drafts into a folder together, in order; all or none. Gives their UIDs. */
  commit(
    name: string,
    drafts: readonly {
      readonly draft: Draft;
      readonly flags: NamedFlags;
      readonly internalDate: number | null;
    }[],
  ): Promise<Result<{ readonly uidValidity: number; readonly uids: readonly Uid[] }, CopyError>>;
  /** As `Mailbox.copy` and `move`, from a mailbox of any account of the store into a folder of this one; `keep` gives the flags that go along. */
  transfer(
    source: Mailbox,
    uids: readonly Uid[],
    target: string,
    how: { readonly move: boolean; readonly keep: (flags: NamedFlags) => NamedFlags },
  ): Promise<Result<Copied, CopyError>>;
  /** What clients noted of a mailbox (RFC 5464), or of the account (""): values by entry name in lower case. */
  annotations(mailbox: string): Promise<Result<ReadonlyMap<string, Uint8Array>, "no-mailbox">>;
  /** Sets such values, or takes them away (null): all or none. */
  annotate(
    mailbox: string,
    changes: ReadonlyMap<string, Uint8Array | null>,
  ): Promise<Result<void, "no-mailbox" | "too-many">>;
  /** Tells of what happens in many folders; null where they are too many. Absent where that is not done. */
  watch?(wishes: WatchWishes): Promise<AccountWatch | null>;
  /** What the account has and may have; null where it has no bound. */
  quota(): Promise<Quota | null>;
  /** The exclusive lock POP3 wants (RFC 1939 3); null when another session has it. The result gives it back. */
  lockForPop(): Promise<(() => void) | null>;
}

/** One place a message is to be delivered to. */
export interface DeliveryTarget {
  readonly account: AccountId;
  /** Falls back to INBOX when there is no such folder. */
  readonly mailbox: string;
  readonly flags: NamedFlags;
}

export type DeliveryOutcome =
  | { readonly kind: "delivered"; readonly mailbox: string; readonly file: string }
  /** Try again later: disk full, over quota for now, I/O fault. */
  | { readonly kind: "deferred"; readonly why: string }
  | { readonly kind: "over-quota" };

export interface Store {
  readonly separator: string;
  /** The mail of an account, its folders made at first use (INBOX and the special ones). */
  account(id: AccountId): Promise<AccountMail>;
  /** Delivers one message to all targets, each outcome by itself, in order. Never throws. */
  deliver(targets: readonly DeliveryTarget[], body: Body): Promise<readonly DeliveryOutcome[]>;
}
