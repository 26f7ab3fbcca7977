/**
 * The text of `dovecot-uidlist`. Version 3: a header `3 V<uidvalidity> N<next uid> G<mailbox guid>`, then a line `UID [extensions] :BASE` for
 * each message, UIDs ascending. Lines may be appended without touching the header, so the next UID is above N's and the last line's.
 * Version 1 (`1 UIDVALIDITY NEXT`, lines `UID FILE`) is read, never written.
 */
import { fromUtf8, LF } from "../base/bytes.ts";
import type { Uid } from "../store/store.ts";
import { baseOf } from "./file_name.ts";

export interface UidHeader {
  readonly version: 1 | 3;
  readonly uidValidity: number;
  readonly nextUid: Uid;
  /** All other fields, each with a space before it (" G0123… Xyz"): kept as they are. */
  readonly rest: string;
}

export interface UidRecord {
  readonly uid: Uid;
  /** Extension fields as they stand ("S12 W14 "), each with its space, or "". */
  readonly extensions: string;
  readonly base: string;
}

/** The highest that is given: the next one after it has 32 bits, too. */
export const MAX_UID = 0xffff_fffe;

/** Reads the first line; null when it is not a header. */
export function parseHeader(line: string): UidHeader | null {
  const old = /^1 (\d{1,10}) (\d{1,10})$/.exec(line);
  if (old) return checked({ version: 1, uidValidity: Number(old[1]), nextUid: Number(old[2]), rest: "" });
  if (!line.startsWith("3 ")) return null;
  let uidValidity = 0;
  let nextUid = 0;
  let rest = "";
  for (const field of line.slice(2).split(" ")) {
    if (/^V\d{1,10}$/.test(field)) uidValidity = Number(field.slice(1));
    else if (/^N\d{1,10}$/.test(field)) nextUid = Number(field.slice(1));
    else if (field !== "") rest += ` ${field}`;
  }
  return checked({ version: 3, uidValidity, nextUid, rest });
}

function checked(header: UidHeader): UidHeader | null {
  const { uidValidity, nextUid } = header;
  return uidValidity > 0 && uidValidity <= 0xffff_ffff && nextUid > 0 && nextUid <= MAX_UID + 1
    ? header
    : null;
}

export function formatHeader(header: UidHeader): string {
  return `3 V${header.uidValidity} N${header.nextUid}${header.rest}\n`;
}

export function formatRecord(record: UidRecord): string {
  return `${record.uid} ${record.extensions}:${record.base}\n`;
}

/** Reads one line of the body; null when it makes no sense. */
export function parseRecord(line: string, version: 1 | 3): UidRecord | null {
  const space = line.indexOf(" ");
  if (space <= 0) return null;
  const uid = Number(line.slice(0, space));
  if (!Number.isInteger(uid) || uid < 1 || uid > MAX_UID) return null;
  if (version === 1) return named(uid, "", baseOf(line.slice(space + 1)));
  // Extension values hold no space; the first " :" (or the ":" right after the UID) begins the name.
  const colon = line[space + 1] === ":" ? space + 1 : line.indexOf(" :", space) + 1;
  if (colon <= 0) return null;
  return named(uid, line.slice(space + 1, colon), baseOf(line.slice(colon + 1)));
}

function named(uid: Uid, extensions: string, base: string): UidRecord | null {
  return base === "" || base.includes("/") ? null : { uid, extensions, base };
}

/** Takes whole lines out of `bytes` from `from` on; a last line without its end (torn by a crash, or still being written) is left. */
export function wholeLines(bytes: Uint8Array, from = 0): { readonly text: string; readonly end: number } {
  const end = bytes.lastIndexOf(LF) + 1;
  return end <= from ? { text: "", end: from } : { text: fromUtf8(bytes.subarray(from, end)), end };
}

/** Calls `each` for every good record in whole lines; counts the bad ones and those out of order. */
export function eachRecord(text: string, version: 1 | 3, each: (record: UidRecord) => void): number {
  let bad = 0;
  for (const record of recordsIn(text, version)) {
    if (record) each(record);
    else bad++;
  }
  return bad;
}

/** The records of whole lines; null for each that makes no sense or is out of order. */
export function* recordsIn(text: string, version: 1 | 3): Generator<UidRecord | null> {
  let last = 0;
  for (let at = 0; at < text.length;) {
    const end = text.indexOf("\n", at);
    const line = text.slice(at, end < 0 ? text.length : end);
    at = end < 0 ? text.length : end + 1;
    const record = parseRecord(line, version);
    if (!record || record.uid <= last) {
      yield null;
      continue;
    }
    last = record.uid;
    yield record;
  }
}
