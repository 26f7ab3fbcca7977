/** What reception puts before a message, and what it takes out of a submission's header. */
import type { AccountId, Directory } from "../account/directory.ts";
import type { Body } from "../base/body.ts";
import { concat, EMPTY, fromUtf8, utf8 } from "../base/bytes.ts";
import { HEADER_SIZE } from "../base/limits.ts";
import { err, ok, type Result } from "../base/result.ts";
import { type Address, formatAddress, formatPath, parseDomain, parseLocalPart } from "../mail/address.ts";
import { parseAddressList } from "../mail/address_list.ts";
import { missingFields, withoutFields } from "../mail/fixup.ts";
import { allFields, FieldCursor, fieldValue, HeaderSplitter, scanHeader, unfold } from "../mail/header.ts";
import { formatReceived, type ReceivedProtocol } from "../mail/received.ts";
import type { EnvelopeAddress } from "../mail/types.ts";
import type { Transaction } from "../smtp/ports.ts";

/** Recipients that others are not to know (RFC 5322 3.6.3). */
const SECRET_FIELDS = ["bcc"];

/** Those, and what tells of the sender's machine. */
const PRIVATE_FIELDS = [
  ...SECRET_FIELDS,
  "user-agent",
  "x-mailer",
  "x-originating-ip",
  "x-originating-client",
  "x-client-ip",
];

/** The `Received:` field of a transaction (RFC 5321 4.4). A submission's does not tell where its sender sits. `now` in ms since 1970. */
export function receivedField(t: Transaction, hostname: string, now: number): Uint8Array {
  const { client } = t;
  const submitted = client.account !== null;
  return formatReceived({
    address: submitted ? null : client.remote.address,
    reverseName: submitted ? null : client.origin?.name ?? null,
    helo: submitted ? null : client.helo,
    by: hostname,
    protocol: protocolOf(t),
    id: t.id,
    recipient: t.recipients.length === 1 ? t.recipients[0] ?? null : null,
    ...(t.priority ? { priority: t.priority } : {}),
    tls: client.tls,
    now,
    zone: 0,
  });
}

/** RFC 3848, RFC 6531 4.3. */
function protocolOf(t: Transaction): ReceivedProtocol {
  const { client } = t;
  const base = client.listener === "lmtp" ? "LMTP" : "SMTP";
  const suffix = client.tls ? (client.account === null ? "S" : "SA") : client.account === null ? "" : "A";
  if (t.mail.smtpUtf8) return `UTF8${base}${suffix}`;
  if (base === "LMTP") return `LMTP${suffix}`;
  return client.extended ? `ESMTP${suffix}` : "SMTP";
}

/** The field that final delivery puts first (RFC 5321 4.4). */
export function returnPathField(sender: Address | null): Uint8Array {
  return utf8(`Return-Path: ${formatPath(sender)}\r\n`);
}

/** The header block of a message, blank line included; of one without body all of it, of one without end its first HEADER_SIZE octets. */
export async function headerOf(body: Body): Promise<Uint8Array> {
  const splitter = new HeaderSplitter(HEADER_SIZE);
  if (body.memory) {
    for (const chunk of body.memory) splitter.write(chunk);
    return splitter.header();
  }
  for await (const chunk of body.stream()) {
    splitter.write(chunk);
    if (splitter.done || splitter.overflow) break;
  }
  return splitter.header();
}

/** Longest Message-ID that is kept for the log and the trace. */
const MESSAGE_ID = 250;

/** The Message-ID of a header block, without its brackets; undefined where there is none. */
export function messageIdIn(header: Uint8Array): string | undefined {
  const cursor = new FieldCursor(header);
  while (cursor.next()) {
    if (!cursor.is("message-id")) continue;
    const text = fromUtf8(unfold(cursor.raw()));
    return (/<([^<>]*)>/.exec(text)?.[1] ?? text).slice(0, MESSAGE_ID);
  }
  return undefined;
}

/** Whether the sender would rather have it arrive than be protected: "TLS-Required: No" (RFC 8689 4). */
export async function wantsNoTls(body: Body): Promise<boolean> {
  const header = scanHeader(await headerOf(body));
  const fields = allFields(header, "tls-required");
  return fields.length === 1 && fields.every((f) => /^\s*no\s*$/i.test(fromUtf8(fieldValue(header, f))));
}

/** What a submission's header becomes: `head` takes the place of the first `skip` octets of the message. */
export interface FixedHeader {
  readonly head: Uint8Array;
  readonly skip: number;
}

/**
 * Checks and mends the header of a submission (RFC 6409 6, 8): each address in each From field must be one the account may use (a
 * From without any address is refused too); missing Date, From and Message-ID are added; private fields go (Bcc always, what tells of the
 * sender's machine when `strip`). `now` in ms since 1970.
 */
export function fixSubmission(
  header: Uint8Array,
  account: AccountId,
  t: Transaction,
  directory: Directory,
  hostname: string,
  now: number,
  strip = true,
): Result<FixedHeader, "from-not-yours"> {
  const scanned = scanHeader(header);
  for (const field of allFields(scanned, "from")) {
    const addresses = parseAddressList(fieldValue(scanned, field)).map(addressOf);
    if (addresses.length === 0 || !addresses.every((a) => a !== null && directory.maySendAs(account, a))) {
      return err("from-not-yours");
    }
  }
  const missing = missingFields(header, {
    now,
    zone: 0,
    uniqueId: t.id,
    domain: t.sender?.domain || hostname,
    from: t.sender === null ? account : formatAddress(t.sender),
  });
  const kept = withoutFields(header, strip ? PRIVATE_FIELDS : SECRET_FIELDS);
  if (missing === EMPTY && kept === header) return ok({ head: EMPTY, skip: 0 });
  // A message that begins with its body, as broken senders have it, must not turn its first line into a field of ours.
  const gap = scanned.fields.length === 0 && header[0] !== 0x0d ? utf8("\r\n") : EMPTY;
  return ok({ head: concat([missing, gap, kept]), skip: header.length });
}

function addressOf(entry: EnvelopeAddress): Address | null {
  if (entry.mailbox === null || entry.host === null) return null;
  const domain = parseDomain(fromUtf8(entry.host));
  const text = fromUtf8(entry.mailbox);
  // The list parser has taken the quotes away: quoted again, any text is a local part.
  const local = parseLocalPart(`"${text.replace(/["\\]/g, "\\$&")}"`);
  return domain.ok && local.ok ? { local: local.value, domain: domain.value } : null;
}

/** `body` with `head`, whole lines, in the place of its first `skip` octets. Disposing it disposes `body`. */
export function withHead(head: Uint8Array, skip: number, body: Body): Body {
  if (head.length === 0 && skip === 0) return body;
  return {
    size: head.length + body.size - skip,
    memory: body.memory ? [head, ...dropped(body.memory, skip)] : null,
    ...(body.crlf ? { crlf: true } : {}),
    async *stream() {
      yield head;
      let left = skip;
      for await (const chunk of body.stream()) {
        if (left < chunk.length) yield left === 0 ? chunk : chunk.subarray(left);
        left = Math.max(0, left - chunk.length);
      }
    },
    dispose: () => body.dispose(),
  };
}

function dropped(chunks: readonly Uint8Array[], skip: number): Uint8Array[] {
  const rest: Uint8Array[] = [];
  let left = skip;
  for (const c of chunks) {
    if (left < c.length) rest.push(left === 0 ? c : c.subarray(left));
    left = Math.max(0, left - c.length);
  }
  return rest;
}

/** Whether a message has octets beyond ASCII: the next host must be told BODY=8BITMIME, whatever the client said. */
export async function hasEightBit(body: Body): Promise<boolean> {
  if (body.memory) return body.memory.some(beyondAscii);
  for await (const chunk of body.stream()) if (beyondAscii(chunk)) return true;
  return false;
}

/** Whether the header block has octets beyond ASCII: only then the next host must know SMTPUTF8 for the message's sake (RFC 6532). */
export async function hasUtf8Header(body: Body): Promise<boolean> {
  return beyondAscii(await headerOf(body));
}

function beyondAscii(chunk: Uint8Array): boolean {
  let all = 0;
  for (let i = 0; i < chunk.length; i++) all |= chunk[i] ?? 0;
  return all > 0x7f;
}

/** Whether the first octet is white space: after a field of ours it would be read as that field's continuation. */
export async function beginsFolded(body: Body): Promise<boolean> {
  if (body.memory) {
    for (const chunk of body.memory) if (chunk.length > 0) return isBlank(chunk[0]);
    return false;
  }
  for await (const chunk of body.stream()) if (chunk.length > 0) return isBlank(chunk[0]);
  return false;
}

function isBlank(octet: number | undefined): boolean {
  return octet === 0x20 || octet === 0x09;
}
