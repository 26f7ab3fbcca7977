/** Rights to a mailbox (RFC 4314 2.1). */

/** A bit set of the rights below. */
export type Rights = number;

/** It is shown in listings and may be subscribed to. */
export const LOOKUP: Rights = 1;
/** It may be selected and its messages read. */
export const READ: Rights = 2;
/** Flags may be changed: all but \Seen and \Deleted, and keywords. */
export const WRITE: Rights = 4;
export const WRITE_SEEN: Rights = 8;
export const WRITE_DELETED: Rights = 16;
/** Messages may be put in (APPEND, COPY). */
export const INSERT: Rights = 32;
/** Mail may be sent to it. Nothing here asks for it. */
export const POST: Rights = 64;
/** What is \Deleted may be removed. */
export const EXPUNGE: Rights = 128;
/** Mailboxes may be made below it. */
export const CREATE: Rights = 256;
/** It may be removed or renamed. */
export const DELETE: Rights = 512;
/** Its access control list may be read and changed. */
export const ADMINISTER: Rights = 1024;

export const NO_RIGHTS: Rights = 0;
export const ALL_RIGHTS: Rights = 2047;

/** Letters in the order Dovecot writes them; the n-th stands for bit n. */
const LETTERS = "lrwstipekxa";
/** RFC 4314 2.1.1: what the letters of RFC 2086 mean, the way most servers have it. */
const CREATE_OLD = CREATE | DELETE;
const DELETE_OLD = EXPUNGE | WRITE_DELETED;

/** Rights by letter, with the two that RFC 4314 2.1.1 calls obsolete; null where a letter is none. */
export function parseRights(letters: string): Rights | null {
  let rights = NO_RIGHTS;
  for (const letter of letters) {
    const right = rightOf(letter);
    if (right === NO_RIGHTS) return null;
    rights |= right;
  }
  return rights;
}

/** Letters of rights, without the obsolete ones. */
export function formatRights(rights: Rights): string {
  return [...LETTERS].filter((_, bit) => rights & (1 << bit)).join("");
}

/** The same for clients: "c" and "d" are told where any right they stood for is there (RFC 4314 2.1.1). */
export function tellRights(rights: Rights): string {
  return formatRights(rights) + (rights & CREATE_OLD ? "c" : "") + (rights & DELETE_OLD ? "d" : "");
}

/** Every right that can be given, obsolete ones last. */
export const EVERY_LETTER: string = tellRights(ALL_RIGHTS);

function rightOf(letter: string): Rights {
  if (letter === "c") return CREATE_OLD;
  if (letter === "d") return DELETE_OLD;
  const bit = LETTERS.indexOf(letter);
  return bit < 0 ? NO_RIGHTS : 1 << bit;
}
