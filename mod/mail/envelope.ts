/** IMAP's ENVELOPE (RFC 3501 7.4.2) from a header block, with Dovecot's answers where fields are doubled, empty or broken. */
import { parseAddressList, tidy } from "./address_list.ts";
import { ENVELOPE_ADDRESSES } from "../base/limits.ts";
import { FieldCursor, unfold } from "./header.ts";
import type { EnvelopeAddress, ImapEnvelope } from "./types.ts";

type Addresses = EnvelopeAddress[];
const NONE: Addresses = [];

/**
 * Reads the header block at the start of `header`. Of doubled fields with text the last counts; doubled address fields are joined, so that
 * no reader sees another sender than the one we checked.
 */
export function parseEnvelope(header: Uint8Array): ImapEnvelope {
  let date: Uint8Array | null = null;
  let subject: Uint8Array | null = null;
  let inReplyTo: Uint8Array | null = null;
  let messageId: Uint8Array | null = null;
  let from = NONE, sender = NONE, replyTo = NONE, to = NONE, cc = NONE, bcc = NONE;
  const f = new FieldCursor(header);
  while (f.next()) {
    switch (f.nameEnd - f.start) {
      case 2:
        if (f.is("to")) to = joined(to, f);
        else if (f.is("cc")) cc = joined(cc, f);
        break;
      case 3:
        if (f.is("bcc")) bcc = joined(bcc, f);
        break;
      case 4:
        if (f.is("date")) date = unfold(f.raw()).slice();
        else if (f.is("from")) from = joined(from, f);
        break;
      case 6:
        if (f.is("sender")) sender = joined(sender, f);
        break;
      case 7:
        if (f.is("subject")) subject = tidy(unfold(f.raw()).slice());
        break;
      case 8:
        if (f.is("reply-to")) replyTo = joined(replyTo, f);
        break;
      case 10:
        if (f.is("message-id")) messageId = unfold(f.raw()).slice();
        break;
      case 11:
        if (f.is("in-reply-to")) inReplyTo = unfold(f.raw()).slice();
        break;
    }
  }
  return {
    date,
    subject,
    from,
    sender: sender.length > 0 ? sender : from,
    replyTo: replyTo.length > 0 ? replyTo : from,
    to,
    cc,
    bcc,
    inReplyTo,
    messageId,
  };
}

function joined(before: Addresses, f: FieldCursor): Addresses {
  if (before.length >= ENVELOPE_ADDRESSES) return before;
  const raw = f.raw();
  const found = parseAddressList(raw.includes(0) ? unfold(raw) : raw);
  if (before.length === 0) return found;
  // Into the same array: many short fields must not cost a copy each.
  for (const a of found) before.push(a);
  return before;
}
