/**
 * The index port: what is remembered of messages so that they need not be read again, and mod-sequences (RFC 7162). A cache beside the
 * Maildir: where it is gone, broken or cannot be written, everything still works, more slowly. Calls answer at once and never throw.
 */
import type { AccountId } from "../account/directory.ts";
import type { Mailbox, Message, Uid } from "./store.ts";

/** Texts kept of a message: as IMAP writes them; and FIELDS, what SEARCH, SORT and THREAD ask of its header (`imap/` decides the form). */
export type ParsedKind = "ENVELOPE" | "BODY" | "BODYSTRUCTURE" | "PREVIEW" | "FIELDS";

/** Parsed parts of messages by UID. Messages never change, so nothing here gets old. */
export interface ParsedTexts {
  /** The text, the caller's to read until the next call; null when it is not known. Cheapest in ascending order. */
  get(message: Pick<Message, "uid">, kind: ParsedKind): Uint8Array | null;
  /** Keeps a text; the octets must not change afterwards. */
  put(message: Pick<Message, "uid">, kind: ParsedKind, text: Uint8Array): void;
}

/**
 * Mod-sequences of one mailbox (RFC 7162). Each value tells by its last six bits which index it comes from: what another index gave out (one
 * that was deleted since, or another machine's) is known for foreign, and then everything counts as changed.
 */
export interface ModSeqs {
  /** HIGHESTMODSEQ. */
  readonly highest: number;
  /** The mod-sequence of a message of the mailbox. */
  of(message: Pick<Message, "uid">): number;
  /** Whether a message has changed since a client was told `modSeq`; true for whatever is foreign. */
  changedSince(message: Pick<Message, "uid">, modSeq: number): boolean;
  /** UIDs expunged since, ascending; null when that is not known any more: all that are not there may have been. */
  vanishedSince(modSeq: number): readonly Uid[] | null;
}

/** The index of one mailbox that somebody has open. */
export interface MailboxIndex {
  readonly texts: ParsedTexts;
  /** A mod-sequence for who may ask later what has changed from now on; null when there are none. Cheaper than `modSeqs`. */
  highestKnown(): number | null;
  /** Mod-sequences, kept up to date from the first call on; null when they cannot be kept (NOMODSEQ). */
  modSeqs(): Promise<ModSeqs | null>;
  /** One user less. */
  close(): void;
}

export interface MailIndex {
  /** The index of a mailbox; one for all who have it open in this process. Close it before the mailbox. */
  open(account: AccountId, mailbox: Mailbox): Promise<MailboxIndex>;
  /** Drops what is known of all folders of an account but these. */
  keepOnly(account: AccountId, names: readonly string[]): Promise<void>;
}
