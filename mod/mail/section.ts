/** Where the sections of IMAP's BODY[...] lie in a message (RFC 3501 6.4.5), and HEADER.FIELDS picked from a header. */
import { asciiLower, concat, CR, CRLF, LF } from "../base/bytes.ts";
import { FieldCursor } from "./header.ts";
import type { Part } from "./types.ts";

/** What of a part is wanted; `body` is the section without a word: BODY[1.2], or the whole message for BODY[]. */
export type SectionText = "body" | "header" | "text" | "mime";

/** Octets of a message from `start` (inclusive) to `end` (exclusive). */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** The part that section numbers lead to, or null. No numbers: the message. A message that is no multipart has itself as part 1. */
export function findPart(root: Part, path: readonly number[]): Part | null {
  let part = root;
  // Where the numbers that follow count from a message's body rather than from a part's.
  let atMessage = true;
  for (const n of path) {
    if (!atMessage && part.inner) {
      part = part.inner.part;
      atMessage = true;
    }
    if (part.type === "multipart") {
      const child = part.children[n - 1];
      if (!child) return null;
      part = child;
    } else if (n !== 1 || !atMessage) return null;
    atMessage = false;
  }
  return part;
}

/**
 * Where a section lies; null when there is no such part, or when `header` or `text` is asked of a part that holds no message. IMAP then
 * answers with an empty string or NIL.
 */
export function findSection(root: Part, path: readonly number[], what: SectionText): Range | null {
  const part = findPart(root, path);
  if (!part) return null;
  if (path.length === 0) return what === "mime" ? null : rangeOf(part, what);
  if (what === "body") return { start: part.bodyStart, end: part.bodyEnd };
  if (what === "mime") return { start: part.headerStart, end: part.bodyStart };
  return part.inner ? rangeOf(part.inner.part, what) : null;
}

function rangeOf(message: Part, what: "body" | "header" | "text"): Range {
  return {
    start: what === "text" ? message.bodyStart : message.headerStart,
    end: what === "header" ? message.bodyStart : message.bodyEnd,
  };
}

/**
 * The fields called one of `names` (any case), or with `not` all others, whole and in order, and the blank line that ends them:
 * it is there even if no field is, but not when the message has none, and so no body (RFC 3501 6.4.5). `header` is the header block as in
 * the message.
 */
export function pickFields(header: Uint8Array, names: readonly string[], not: boolean): Uint8Array {
  const wanted = new Set(names.map(asciiLower));
  const chunks: Uint8Array[] = [];
  const f = new FieldCursor(header);
  while (f.next()) {
    if (wanted.has(f.name()) === not) continue;
    chunks.push(header.subarray(f.start, f.end));
    if (header[f.end - 1] !== LF) chunks.push(CRLF);
  }
  if (endsBlank(header)) chunks.push(CRLF);
  return concat(chunks);
}

/** Whether the last line is an empty one. */
function endsBlank(header: Uint8Array): boolean {
  if (header[header.length - 1] !== LF) return false;
  const before = header.length - (header[header.length - 2] === CR ? 3 : 2);
  return before < 0 || header[before] === LF;
}
