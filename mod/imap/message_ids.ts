/** Message IDs as THREAD compares them (RFC 5256 3, REFERENCES 1). */
import { fromAscii } from "../base/bytes.ts";
import { THREAD_REFERENCES } from "../base/limits.ts";
import { unfold } from "../mail/header.ts";

/** What a message says of itself and those before it, IDs without angle brackets, unquoted. */
export interface MessageIds {
  readonly own: string | null;
  /** The valid IDs of References, oldest first; of very many the first and the newest. */
  readonly references: readonly string[];
  /** The first valid ID of In-Reply-To. */
  readonly inReplyTo: string | null;
}

/** Values of the fields as they are in the message. */
export function messageIds(
  messageId: Uint8Array | undefined,
  references: Uint8Array | undefined,
  inReplyTo: Uint8Array | undefined,
): MessageIds {
  return {
    own: readIds(messageId, 1)[0] ?? null,
    references: readIds(references, THREAD_REFERENCES),
    inReplyTo: readIds(inReplyTo, 1)[0] ?? null,
  };
}

/** The valid IDs in a field: of more than `most` the first, which tells the conversation, and the last. */
function readIds(value: Uint8Array | undefined, most: number): string[] {
  if (!value) return [];
  const text = fromAscii(unfold(value));
  const ids: string[] = [];
  for (let at = text.indexOf("<"); at >= 0;) {
    const read = readId(text, at + 1);
    if (read.id !== null) ids.push(read.id);
    if (most === 1 && ids.length === 1) break;
    at = text.indexOf("<", read.end);
  }
  return ids.length > most ? [...ids.slice(0, 1), ...ids.slice(1 - most)] : ids;
}

/** One ID from after its "<": left@right, either side quoted or not, white space between tokens; the domain may be a literal. */
function readId(text: string, start: number): { readonly id: string | null; readonly end: number } {
  let id = "";
  for (let at = start; at < text.length; at++) {
    const c = text.charAt(at);
    if (c === ">") {
      return { id: id.includes("@") ? id : null, end: at + 1 };
    }
    if (c === "<") return { id: null, end: at };
    if (c === '"') {
      const quoted = readQuoted(text, at + 1);
      id += quoted.text;
      at = quoted.end - 1;
    } else if (c > " ") id += c;
  }
  return { id: null, end: text.length };
}

/** RFC 5256: <"01KF8JCEOCBS0045PS"@xxx.yyy.com> and <01KF8JCEOCBS0045PS@xxx.yyy.com> are the same. */
function readQuoted(text: string, start: number): { readonly text: string; readonly end: number } {
  let found = "";
  let at = start;
  for (; at < text.length && text[at] !== '"'; at++) {
    if (text[at] === "\\") at++;
    found += text[at] ?? "";
  }
  return { text: found, end: at + 1 };
}
