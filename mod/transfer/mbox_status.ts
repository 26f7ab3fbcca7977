/** Flags of messages in mbox files: Status and X-Status (Unix), X-Keywords (Dovecot, UW), X-Mozilla-Status and X-Mozilla-Keys (Thunderbird). */
import { concat, fromUtf8, utf8 } from "../base/bytes.ts";
import { FieldCursor } from "../mail/header.ts";
import { withoutFields } from "../mail/fixup.ts";
import { ANSWERED, DELETED, DRAFT, FLAGGED, type NamedFlags, SEEN } from "../store/store.ts";

/** Fields that belong to the file, not the message. */
const FIELDS = [
  "status",
  "x-status",
  "x-keywords",
  "x-uid",
  "x-imap",
  "x-imapbase",
  "x-mozilla-status",
  "x-mozilla-status2",
  "x-mozilla-keys",
];
const LETTERS: Readonly<Record<string, number>> = { A: ANSWERED, F: FLAGGED, T: DRAFT, D: DELETED };
const MOZILLA: readonly (readonly [number, number])[] = [[1, SEEN], [2, ANSWERED], [4, FLAGGED]];
const MOZILLA_EXPUNGED = 8;
const KEYWORD = /^[^\s\p{Cc}(){%*"\\\]]+$/u;

export interface MboxStatus {
  readonly flags: NamedFlags;
  /** Removed by its reader; the file still has it. */
  readonly expunged: boolean;
  /** The server's own notes about the folder, in the shape of a message. */
  readonly internal: boolean;
  /** The header without the fields that told so. */
  readonly header: Uint8Array;
}

/** Reads the header block of a message in an mbox. */
export function takeStatus(header: Uint8Array): MboxStatus {
  let system = 0;
  let expunged = false;
  let imap = false;
  let internal = false;
  const keywords = new Set<string>();
  const field = new FieldCursor(header);
  while (field.next()) {
    const name = field.name();
    const value = () => fromUtf8(field.raw()).trim();
    if (name === "status" && value().includes("R")) system |= SEEN;
    else if (name === "x-status") { for (const letter of value()) system |= LETTERS[letter] ?? 0; }
    else if (name === "x-keywords" || name === "x-mozilla-keys") {
      for (const k of value().split(/\s+/)) if (KEYWORD.test(k)) keywords.add(k);
    } else if (name === "x-mozilla-status") {
      const bits = parseInt(value(), 16) || 0;
      for (const [bit, flag] of MOZILLA) if (bits & bit) system |= flag;
      expunged ||= (bits & MOZILLA_EXPUNGED) !== 0;
    } else if (name === "x-imap") imap = true;
    else if (name === "subject") internal ||= /FOLDER INTERNAL DATA/.test(value());
  }
  const flags = { system, keywords: [...keywords] };
  return { flags, expunged, internal: internal && imap, header: withoutFields(header, FIELDS) };
}

/** The header with fields that tell these flags, in place of those it had. Lines end as in the header's first. */
export function putStatus(header: Uint8Array, flags: NamedFlags): Uint8Array {
  const { system, keywords } = flags;
  let text = `Status: ${system & SEEN ? "R" : ""}O\r\n`;
  const letters = Object.entries(LETTERS).filter(([, bit]) => system & bit).map(([letter]) => letter).join(
    "",
  );
  if (letters !== "") text += `X-Status: ${letters}\r\n`;
  if (keywords.length > 0) text += `X-Keywords: ${keywords.join(" ")}\r\n`;
  return concat([utf8(text), withoutFields(header, FIELDS)]);
}
