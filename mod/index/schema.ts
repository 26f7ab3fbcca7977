/** The tables of an account's index. Whoever changes them raises VERSION: files of other versions are made anew. */

export const VERSION = 2;

/** UIDs are below it, so folder and UID together make one number that sorts by both. */
const UIDS = 2 ** 32;

/**
 * `about`: the tag of mod-sequences, and where the last process that used the file began to count them. `parsed` and `fields`: texts of messages; `fields` is by itself since
 * searches go through it as a whole. `seq`: the flags a message had when it got its mod-sequence. `vanished`: what was expunged when. In `folder`,
 * `highest` counts mod-sequences, `floor` is up to where `vanished` was forgotten, `top` the highest UID up to which all is in `seq` or `vanished`, `swept` up to which UID rows of messages that are gone
 * were looked for. Rows of `dropped` folders go bit by bit.
 */
export const SCHEMA = `
CREATE TABLE about (tag INTEGER NOT NULL, base INTEGER NOT NULL);
CREATE TABLE folder (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, uidvalidity INTEGER NOT NULL,
  highest INTEGER NOT NULL DEFAULT 0, floor INTEGER NOT NULL DEFAULT 0,
  top INTEGER NOT NULL DEFAULT 0, swept INTEGER NOT NULL DEFAULT 0);
CREATE TABLE dropped (folder INTEGER PRIMARY KEY);
CREATE TABLE parsed (id INTEGER PRIMARY KEY, envelope BLOB, body BLOB, structure BLOB, preview BLOB);
CREATE TABLE fields (id INTEGER PRIMARY KEY, fields BLOB);
CREATE TABLE seq (id INTEGER PRIMARY KEY, flags INTEGER NOT NULL, value INTEGER NOT NULL);
CREATE TABLE vanished (
  folder INTEGER NOT NULL, value INTEGER NOT NULL, uid INTEGER NOT NULL, PRIMARY KEY (folder, value, uid)
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
