/** IMAP URLs (RFC 5092) that name octets of a message of this account: relative ones, with a path or to the selected mailbox. */
import { utf8 } from "../base/bytes.ts";
import { IMAP_URL } from "../base/limits.ts";
import { parseSection } from "./parse_fetch.ts";
import { CommandReader, ParseFault } from "./parse_reader.ts";
import { MAX_NUMBER } from "./set.ts";
import type { Section } from "./types.ts";

export interface ImapUrl {
  /** Null: the selected one. */
  readonly mailbox: string | null;
  /** What the mailbox must have; null where the URL does not say. */
  readonly uidValidity: number | null;
  readonly uid: number;
  readonly section: Section;
  /** PARTIAL; a `length` of null is up to the end. */
  readonly partial: { readonly offset: number; readonly length: number | null } | null;
}

const NUMBER = "[1-9][0-9]{0,9}";
/** imessagepart of RFC 5092 11: a path from the root, or none for one relative to the selected mailbox. */
const SHAPE = new RegExp(
  `^(?:/([^;?#]+)(?:;UIDVALIDITY=(${NUMBER}))?/)?;UID=(${NUMBER})` +
    `(?:/;SECTION=([^;?#]+?))?(?:/;PARTIAL=([0-9]{1,10})(?:\\.(${NUMBER}))?)?/?$`,
  "i",
);

/** Null for what is no such URL: another server's, another user's, a search, one with URLAUTH, or nonsense. */
export function parseImapUrl(text: string): ImapUrl | null {
  // "//" begins another server's name.
  const found = text.length > IMAP_URL || text.startsWith("//") ? null : SHAPE.exec(text);
  if (found === null) return null;
  const [, path, uidValidity, uid, spec, offset, length] = found;
  const mailbox = path === undefined ? null : decoded(path);
  const section = spec === undefined ? { part: [], text: "" as const, fields: [] } : sectionOf(spec);
  const numbers = [uidValidity, uid, length].map((n) => n === undefined ? null : Number(n));
  if (mailbox === undefined || section === null || numbers.some((n) => (n ?? 0) > MAX_NUMBER)) return null;
  return {
    mailbox,
    uidValidity: numbers[0] ?? null,
    uid: Number(uid),
    section,
    partial: offset === undefined ? null : { offset: Number(offset), length: numbers[2] ?? null },
  };
}

/** A URL as BADURL tells it (RFC 4469 4.1), within quotes. */
export function quotedUrl(url: string): string {
  const text = url.slice(0, IMAP_URL).toWellFormed();
  return `"${text.replace(/[^\x20-\x7e]|["\\\]]/gu, encodeURIComponent)}"`;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined; // no UTF-8
  }
}

/** What stands between the brackets of BODY[...]. */
function sectionOf(spec: string): Section | null {
  const text = decoded(spec);
  if (text === undefined) return null;
  const reader = new CommandReader([{ kind: "text", bytes: utf8(`${text}]`) }], { utf8: true });
  try {
    const section = parseSection(reader);
    return reader.ended ? section : null;
  } catch (fault) {
    if (fault instanceof ParseFault) return null;
    throw fault;
  }
}
