/** The tables of an account's index. Whoever changes them raises VERSION: files of other versions are made anew. */
import { PLACES } from "./signature.ts";

export const VERSION = 8;

/** UIDs are below it, so folder and UID together make one number that sorts by both. */
const UIDS = 2 ** 32;

/**
 * `about`: the tag of mod-sequences, and where the last process that used the file began to count them, whether nothing was told since that is not in the tables (`clean`), and a `name` by which a file made anew is
 * known. `parsed` and `fields`: texts of messages; `fields` is by itself since
 * searches go through it as a whole. `seq`: the flags a message had when it got its mod-sequence. `vanished`: what was expunged when. `span`: between which counts
 * of mod-sequences `seq` and `vanished` hold all that was ever told. In `folder`,
 * `highest` counts mod-sequences, `floor` is up to where `vanished` was forgotten, `top` the highest UID up to which all is in `seq` or `vanished`, `swept` up to which UID rows of messages that are gone
 * were looked for, `worded` up to which UID texts are in `sign` or a `block`, `next` the mailbox's next UID when rows were last written: never one
 * below a UID that has any. `sign` holds signatures of texts (signature.ts), of one message perhaps several (`signOf`). Once there are many they
 * become a `block`: `rows` are their numbers in `sign`, and each row of `stripe` has one bit of all of them (`stripeOf`). A block that is not
 * `ready` is unfinished or to be removed. `unsure` are messages whose text is not all there. Rows of `dropped` folders go bit by bit.
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
CREATE TABLE sign (id INTEGER PRIMARY KEY, bits BLOB NOT NULL);
CREATE TABLE block (
  id INTEGER PRIMARY KEY AUTOINCREMENT, folder INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
  ready INTEGER NOT NULL DEFAULT 0, rows BLOB NOT NULL);
CREATE INDEX blocks ON block (folder, first);
CREATE TABLE stripe (id INTEGER PRIMARY KEY, bits BLOB NOT NULL);
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

/** Signatures that one message may have. */
export const PIECES = 16;

/** The row of `sign` that holds a message's signature `piece` (from 0). */
export function signOf(folder: number, uid: number, piece = 0): number {
  return rowOf(folder, uid) * PIECES + piece;
}

/** The UID in the number of a row of `sign`. */
export function uidOfSign(row: number): number {
  return Math.floor(row / PIECES) % UIDS;
}

/** The row of `stripe` that holds bit `place` of a block's signatures. */
export function stripeOf(block: number, place: number): number {
  return block * PLACES + place;
}
