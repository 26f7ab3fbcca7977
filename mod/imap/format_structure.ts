/** ENVELOPE, BODY and BODYSTRUCTURE (RFC 3501 7.4.2) from what mail/ found in the message. */
import { utf8 } from "../base/bytes.ts";
import type { Disposition, EnvelopeAddress, ImapEnvelope, Param, Part } from "../mail/types.ts";
import { writeNstring, writeString } from "./format.ts";
import type { ResponseBuffer } from "./response_buffer.ts";

const SPACE = 0x20;
const OPEN = 0x28;
const CLOSE = 0x29;
const SEVEN_BIT = utf8("7bit");
/** RFC 3501 wants at least one part in a multipart: what stands there when the message has none, as in Dovecot. */
const EMPTY_PART = '("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0';

/** Writes an ENVELOPE. */
export function writeEnvelope(out: ResponseBuffer, envelope: ImapEnvelope): void {
  out.byte(OPEN);
  writeNstring(out, envelope.date);
  out.byte(SPACE);
  writeNstring(out, envelope.subject);
  for (
    const list of [
      envelope.from,
      envelope.sender,
      envelope.replyTo,
      envelope.to,
      envelope.cc,
      envelope.bcc,
    ]
  ) {
    out.byte(SPACE);
    writeAddresses(out, list);
  }
  out.byte(SPACE);
  writeNstring(out, envelope.inReplyTo);
  out.byte(SPACE);
  writeNstring(out, envelope.messageId);
  out.byte(CLOSE);
}

/** Writes BODY, or BODYSTRUCTURE when `extended`. */
export function writeStructure(out: ResponseBuffer, part: Part, extended: boolean): void {
  out.byte(OPEN);
  if (part.type === "multipart") writeMultipart(out, part, extended);
  else writeSinglePart(out, part, extended);
  out.byte(CLOSE);
}

function writeMultipart(out: ResponseBuffer, part: Part, extended: boolean): void {
  for (const child of part.children) writeStructure(out, child, extended);
  if (part.children.length === 0) out.ascii(EMPTY_PART + (extended ? " NIL NIL NIL NIL)" : ")"));
  out.byte(SPACE);
  writeString(out, part.fields.subtype);
  if (!extended) return;
  out.byte(SPACE);
  writeParams(out, part.fields.params);
  writeExtension(out, part);
}

function writeSinglePart(out: ResponseBuffer, part: Part, extended: boolean): void {
  const { fields, inner } = part;
  const isMessage = part.type === "message" && (part.subtype === "rfc822" || part.subtype === "global");
  if (isMessage && !inner) {
    // Clients expect an envelope after message/rfc822: without one it has to be called something else.
    out.ascii('"application" "octet-stream"');
  } else {
    writeString(out, fields.type);
    out.byte(SPACE);
    writeString(out, fields.subtype);
  }
  out.byte(SPACE);
  writeParams(out, fields.params);
  out.byte(SPACE);
  writeNstring(out, fields.id);
  out.byte(SPACE);
  writeNstring(out, fields.description);
  out.byte(SPACE);
  writeString(out, fields.encoding ?? SEVEN_BIT);
  out.byte(SPACE);
  out.number(part.bodyEnd - part.bodyStart);
  if (isMessage && inner) {
    out.byte(SPACE);
    writeEnvelope(out, inner.envelope);
    out.byte(SPACE);
    writeStructure(out, inner.part, extended);
  }
  if (part.type === "text" || (isMessage && inner)) {
    out.byte(SPACE);
    out.number(part.lines);
  }
  if (!extended) return;
  out.byte(SPACE);
  writeNstring(out, fields.md5);
  writeExtension(out, part);
}

/** Disposition, language and location: the end of BODYSTRUCTURE's extension data of any part. */
function writeExtension(out: ResponseBuffer, part: Part): void {
  out.byte(SPACE);
  writeDisposition(out, part.fields.disposition);
  out.byte(SPACE);
  if (part.fields.languages.length === 0) {
    out.ascii("NIL");
  } else {
    out.byte(OPEN);
    for (let i = 0; i < part.fields.languages.length; i++) {
      if (i > 0) out.byte(SPACE);
      const language = part.fields.languages[i];
      if (language) writeString(out, language);
    }
    out.byte(CLOSE);
  }
  out.byte(SPACE);
  writeNstring(out, part.fields.location);
}

function writeDisposition(out: ResponseBuffer, disposition: Disposition | null): void {
  if (!disposition) return out.ascii("NIL");
  out.byte(OPEN);
  writeString(out, disposition.kind);
  out.byte(SPACE);
  writeParams(out, disposition.params);
  out.byte(CLOSE);
}

function writeParams(out: ResponseBuffer, params: readonly Param[]): void {
  if (params.length === 0) return out.ascii("NIL");
  out.byte(OPEN);
  for (let i = 0; i < params.length; i++) {
    const param = params[i];
    if (!param) continue;
    if (i > 0) out.byte(SPACE);
    writeString(out, param.name);
    out.byte(SPACE);
    writeString(out, param.value);
  }
  out.byte(CLOSE);
}

/** A list of addresses as ENVELOPE has it. */
export function writeAddresses(out: ResponseBuffer, addresses: readonly EnvelopeAddress[]): void {
  if (addresses.length === 0) return out.ascii("NIL");
  out.byte(OPEN);
  for (const address of addresses) {
    out.byte(OPEN);
    writeNstring(out, address.name);
    out.byte(SPACE);
    writeNstring(out, address.route);
    out.byte(SPACE);
    writeNstring(out, address.mailbox);
    out.byte(SPACE);
    writeNstring(out, address.host);
    out.byte(CLOSE);
  }
  out.byte(CLOSE);
}
