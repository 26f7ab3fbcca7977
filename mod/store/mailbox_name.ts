/**
 * What a mailbox may be called. Names are Unicode text in NFC with a separator between levels; both "." and "/" are taken on disk (one
 * parts the levels of Maildir++, the other those of paths), so within a level neither is allowed.
 */
import { utf8 } from "../base/bytes.ts";
import { MAILBOX_NAME } from "../base/limits.ts";
import { err, ok, type Result } from "../base/result.ts";

export const INBOX = "INBOX";

/** C0, DEL, C1 and the line and paragraph separators: they break displays, logs and line-based files. */
// deno-lint-ignore no-control-regex
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/**
 * The one form of a name that the store uses (NFC, "INBOX" in capitals as first level), or `bad-name`: empty, empty levels, "." or "/"
 * within a level, control characters, half a surrogate pair, overlong.
 */
export function canonicalName(name: string, separator: string): Result<string, "bad-name"> {
  if (name.length === 0 || name.length > MAILBOX_NAME || !name.isWellFormed()) return err("bad-name");
  const text = foldInbox(name.normalize("NFC"), separator);
  if (CONTROLS.test(text) || utf8(text).length > MAILBOX_NAME) return err("bad-name");
  for (const level of text.split(separator)) {
    if (level.length === 0 || level.includes(".") || level.includes("/")) return err("bad-name");
  }
  return ok(text);
}

/** Whether a new mailbox may have this (canonical) name: wildcards of LIST could never be named exactly. */
export function mayCreate(name: string): boolean {
  return !/[*%]/.test(name);
}

/** "inbox" in any case, alone or as first level, becomes "INBOX" (RFC 3501 5.1). */
function foldInbox(name: string, separator: string): string {
  if (name.slice(0, INBOX.length).toUpperCase() !== INBOX) return name;
  const rest = name.slice(INBOX.length);
  return rest === "" || rest.startsWith(separator) ? INBOX + rest : name;
}

/** Whether `name` lies below `parent`. */
export function isBelow(name: string, parent: string, separator: string): boolean {
  return name.startsWith(parent + separator);
}

/** The levels above a name, from the top: "a.b" for "a.b.c" comes after "a". */
export function parentsOf(name: string, separator: string): string[] {
  const parents: string[] = [];
  for (let at = name.indexOf(separator); at >= 0; at = name.indexOf(separator, at + 1)) {
    parents.push(name.slice(0, at));
  }
  return parents;
}

/** INBOX first, then by name. */
export function compareNames(a: string, b: string): number {
  if (a === b) return 0;
  if (a === INBOX) return -1;
  if (b === INBOX) return 1;
  return a < b ? -1 : 1;
}
