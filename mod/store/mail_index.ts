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
  /**
   * Keeps a copy of a text. With `finish`, what that makes of it is kept instead, where there is time for it some
   * time later; null for the text as it is.
   */
  put(message: Pick<Message, "uid">, kind: ParsedKind, text: Uint8Array, finish?: FinishText): void;
  /**
   * FIELDS of the messages from UID `from` to `to` of which they are known; null in place of those that hold none of up to `INDEX_NEEDLES` `needles`
   * (none of them empty). Those whose first octet is 0 are always given. null where nothing can be told. Call it for stretches of some thousand.
   */
  fieldsHolding?(
    needles: readonly Uint8Array[],
    from: Uid,
    to: Uid,
  ): ReadonlyMap<Uid, Uint8Array | null> | null;
}

/** Makes of a text what is to be kept of it: work that the command which found it does not wait for. */
export type FinishText = (text: Uint8Array) => Uint8Array | null;

/** What is searched of a message, folded, or the beginning of it. */
export interface WordText {
  /** Of its header, and those of its parts. */
  readonly headers: readonly string[];
  /** Of its text parts. */
  readonly body: readonly string[];
  /** False where there is more. */
  readonly whole: boolean;
}

/** A text that is searched for, folded like what it is searched in. */
export interface WordNeedle {
  readonly text: string;
  /** Also in headers (TEXT), or only in the text of the body (BODY). */
  readonly headers: boolean;
}

/** Which messages of a mailbox may hold a text: told from its trigrams, so whoever asks looks for himself. */
export interface WordIndex {
  /** All messages up to this UID were put in. */
  readonly upTo: Uid;
  /** UIDs from `from` to `to` of messages that may hold a text, in any order; null where all may. Call it for stretches of some thousand. */
  mayHold(needle: WordNeedle, from: Uid, to: Uid): readonly Uid[] | null;
  /**
   * Puts in all messages that are not there and those to come, oldest first, while the mailbox is open and nobody wants anything of it. `read`
   * gives a message's text, null when it has vanished. Only the first call counts.
   */
  fill(read: (message: Message) => WordText | null | Promise<WordText | null>): void;
  /** Whether this message is the next to be put in: who has its text at hand anyway gives it to `put`, and it is not read once more. */
  wants(message: Pick<Message, "uid">): boolean;
  /** Puts in the message that is wanted. Within some milliseconds. */
  put(message: Pick<Message, "uid">, text: WordText): void;
  /** Somebody works with the mailbox: filling waits until what is returned is called, and a moment longer. */
  hold(): () => void;
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
  /** Absent where nothing is kept. */
  readonly words?: WordIndex;
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
