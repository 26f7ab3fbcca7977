/** The tables of an account's index. Whoever changes them raises VERSION: files of other versions are made anew. */

export const VERSION = 6;

/** UIDs are below it, so folder and UID together make one number that sorts by both. */
const UIDS = 2 ** 32;

/**
 * `about`: the tag of mod-sequences, and where the last process that used the file began to count them, whether nothing was told since that is not in the tables (`clean`), and a `name` by which a file made anew is
 * known. `parsed` and `fields`: texts of messages; `fields` is by itself since
 * searches go through it as a whole. `seq`: the flags a message had when it got its mod-sequence. `vanished`: what was expunged when. `span`: between which counts
 * of mod-sequences `seq` and `vanished` hold all that was ever told. In `folder`,
 * `highest` counts mod-sequences, `floor` is up to where `vanished` was forgotten, `top` the highest UID up to which all is in `seq` or `vanished`, `swept` up to which UID rows of messages that are gone
 * were looked for, `worded` up to which UID texts are in `words`, `next` the mailbox's next UID when rows were last written: never one
 * below a UID that has any. `words` knows which rows' texts hold which three characters in a row, and nothing else of them; the text of one message may be in several rows (`wordRowOf`).
 * `unsure` are messages whose text is not all there. `words` is merged by its users, in slices. Rows of `dropped` folders go bit by bit.
 */
export const SCHEMA = `
CREATE TABLE about (tag INTEGER NOT NULL, base INTEGER NOT NULL, name INTEGER NOT NULL, clean INTEGER NOT NULL);
CREATE TABLE folder (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, uidvalidity INTEGER NOT NULL,
  highest INTEGER NOT NULL DEFAULT 0, floor INTEGER NOT NULL DEFAULT 0,
  top INTEGER NOT NULL DEFAULT 0, swept INTEGER NOT NULL DEFAULT 0, worded INTEGER NOT NULL DEFAULT 0,
  next INTEGER NOT NULL DEFAULT 0);
CREATE TABLE dropped (folder INTEGER PRIMARY KEY);
CREATE TABLE parsed (id INTEGER PRIMARY KEY, envelope BLOB, body BLOB, structure BLOB, preview BLOB);
CREATE TABLE fields (id INTEGER PRIMARY KEY, fields BLOB);
CREATE VIRTUAL TABLE words USING fts5(
  text, content='', contentless_delete=1, tokenize='trigram case_sensitive 1', detail=none);
INSERT INTO words (words, rank) VALUES ('automerge', 0);
INSERT INTO words (words, rank) VALUES ('crisismerge', 1000);
INSERT INTO words (words, rank) VALUES ('usermerge', 8);
CREATE TABLE unsure (id INTEGER PRIMARY KEY);
CREATE TABLE seq (id INTEGER PRIMARY KEY, flags INTEGER NOT NULL, value INTEGER NOT NULL);
CREATE TABLE vanished (
  folder INTEGER NOT NULL, value INTEGER NOT NULL, uid INTEGER NOT NULL, PRIMARY KEY (folder, value, uid)
) WITHOUT ROWID;
CREATE TABLE span (
  folder INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (folder, first)
) WITHOUT ROWID;
`;

/** The row of a message in `parsed` and `seq`. */
export function rowOf(folder: number, uid: number): number {
  return folder * UIDS + uid;
}

/** The UID in a row's number. */
export function uidOf(row: number): number {
  return row % UIDS;
}

/** Rows of `words` that one message may have. */
const PIECES = 16;

/** The row of `words` that holds the text of a message from its piece `piece` (from 0) on. */
export function wordRowOf(folder: number, uid: number, piece = 0): number {
  return rowOf(folder, uid) * PIECES + piece;
}

/** The UID in the number of a row of `words`. */
export function uidOfWords(row: number): number {
  return Math.floor(row / PIECES) % UIDS;
}
