/** What submission puts right in a message (RFC 6409 8): fields that must be there and are not. */
import { EMPTY, utf8 } from "../base/bytes.ts";
import { formatDate } from "./date.ts";
import { FieldCursor } from "./header.ts";
import { foldField } from "./compose.ts";

/** What missing fields are made of. */
export interface FixupFacts {
  /** Milliseconds since 1970, and minutes east of UTC. */
  readonly now: number;
  readonly zone: number;
  /** Left part of a Message-ID: letters, digits and dots that no other message has. */
  readonly uniqueId: string;
  /** Right part of it: our host name or the sender's domain. */
  readonly domain: string;
  /** Value of a From field, should that be missing; null adds none. */
  readonly from: string | null;
}

/**
 * Fields to put before the message whose header block is `header`: Date (RFC 6409 8.2), Message-ID (8.3) and From where they are missing.
 * Often empty.
 */
export function missingFields(header: Uint8Array, facts: FixupFacts): Uint8Array {
  let date = false;
  let messageId = false;
  let from = false;
  const f = new FieldCursor(header);
  while (f.next()) {
    date ||= f.is("date");
    messageId ||= f.is("message-id");
    from ||= f.is("from");
  }
  let out = "";
  if (!date) out += foldField("Date", formatDate(facts.now, facts.zone));
  if (!from && facts.from !== null) out += foldField("From", facts.from);
  if (!messageId) out += foldField("Message-ID", `<${facts.uniqueId}@${facts.domain}>`);
  return out === "" ? EMPTY : utf8(out);
}

/**
 * The header block without the fields called one of `names` (lower case), all else octet for octet: for what says too much about the
 * sender's machine (user agent, client address) and for Bcc (RFC 5322 3.6.3). The same array when there is none.
 */
export function withoutFields(header: Uint8Array, names: readonly string[]): Uint8Array {
  return withoutFieldsThat(header, (f) => names.some((name) => f.is(name)));
}

/** The header block without the fields that `unwanted` says so of, all else octet for octet. The same array when there is none. */
export function withoutFieldsThat(header: Uint8Array, unwanted: (field: FieldCursor) => boolean): Uint8Array {
  const f = new FieldCursor(header);
  let out: Uint8Array | null = null;
  let n = 0;
  let kept = 0;
  while (f.next()) {
    if (!unwanted(f)) continue;
    out ??= new Uint8Array(header.length);
    out.set(header.subarray(kept, f.start), n);
    n += f.start - kept;
    kept = f.end;
  }
  if (!out) return header;
  out.set(header.subarray(kept), n);
  return out.subarray(0, n + header.length - kept);
}
