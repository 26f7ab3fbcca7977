/** Delivery status notifications (RFC 3464, for SMTPUTF8 addresses RFC 6533): what tells a sender how it went. */
import { concat, utf8 } from "../base/bytes.ts";
import { DSN_RETURNED } from "../base/limits.ts";
import { type Address, formatAddress, needsUtf8 } from "./address.ts";
import { type Field, formatFields, formatLines, formatNamed, isAscii, oneLine } from "./compose.ts";
import { formatDate } from "./date.ts";
import { decodeWords, encodeWords } from "./encoded_word.ts";
import { FieldCursor, unfold } from "./header.ts";

/** RFC 3464 2.3.3 */
export type DsnAction = "failed" | "delayed" | "delivered" | "relayed" | "expanded";

/** How it went for one recipient. */
export interface DsnRecipient {
  readonly address: Address;
  /** ORCPT as given (`rfc822;user@host`, xtext decoded), or null. */
  readonly original: string | null;
  readonly action: DsnAction;
  /** Enhanced status code, "5.1.1". */
  readonly status: string;
  /** What the other server answered ("550 5.1.1 No such user"), or null when it did not come to that. */
  readonly reply: string | null;
  /** Name of the server that answered, or null. */
  readonly remote: string | null;
  /** In words for people, without a full stop: "The mailbox does not exist". null leaves it at the reply. */
  readonly reason: string | null;
  /** When the last attempt was, milliseconds since 1970; null leaves it out. */
  readonly lastAttempt: number | null;
  /** Until when it will be tried, for "delayed". */
  readonly retryUntil: number | null;
}

export interface DsnFacts {
  /** Our host name. */
  readonly reportingHost: string;
  /** Where the report goes: the sender of the message. */
  readonly to: Address;
  /** ENVID, or null. */
  readonly envelopeId: string | null;
  /** When the message came in; milliseconds since 1970. */
  readonly arrived: number;
  readonly recipients: readonly DsnRecipient[];
  readonly now: number;
  readonly zone: number;
  /** Letters, digits and dots that no other message has: for Message-ID and boundary. */
  readonly uniqueId: string;
  /** Header block of the message. */
  readonly header: Uint8Array;
  /** The whole message when it is to be returned (RET=FULL), else null; over DSN_RETURNED only its header is. */
  readonly message: Uint8Array | null;
}

/** A report ready to be sent, with the null sender. */
export interface Report {
  readonly octets: Uint8Array;
  /** It has octets above 127. */
  readonly eightBit: boolean;
  readonly smtpUtf8: boolean;
}

/** Builds the report: text for people, fields for programs, and the message or its header. */
export function buildReport(facts: DsnFacts): Report {
  // An unknown name may be in UTF-8 only where both the report's reader and the fields can carry it (RFC 6533 3).
  const international = needsUtf8(facts.to) || facts.recipients.some((r) => needsUtf8(r.address));
  const boundary = `=_${facts.uniqueId.replace(/[^A-Za-z0-9]/g, "_").slice(0, 50)}_dsn`;
  const returned = returnedPart(facts);
  const text = formatLines(explain(facts));
  const status = statusFields(facts, international);
  const head: Field[] = [
    ["From", formatNamed("Mail Delivery System", { local: "MAILER-DAEMON", domain: facts.reportingHost })],
    ["To", `<${formatAddress(facts.to)}>`],
    ["Subject", encodeWords(subject(facts))],
    ["Date", formatDate(facts.now, facts.zone)],
    ["Message-ID", `<${oneLine(facts.uniqueId)}@${facts.reportingHost}>`],
    ["Auto-Submitted", "auto-replied"],
    ["MIME-Version", "1.0"],
    ["Content-Type", `multipart/report; report-type=delivery-status; boundary="${boundary}"`],
  ];
  const statusType = international ? "message/global-delivery-status" : "message/delivery-status";
  const octets = concat([
    utf8(
      `${formatFields(head)}\r\n--${boundary}\r\n${
        partHead("text/plain; charset=utf-8", !isAscii(text))
      }${text}` +
        `\r\n--${boundary}\r\n${partHead(statusType, !isAscii(status))}${status}` +
        `\r\n--${boundary}\r\n${partHead(returned.type, returned.eightBit)}`,
    ),
    returned.octets,
    utf8(`\r\n--${boundary}--\r\n`),
  ]);
  return {
    octets,
    eightBit: octets.some((c) => c > 127),
    smtpUtf8: needsUtf8(facts.to),
  };
}

function partHead(type: string, eightBit: boolean): string {
  return `Content-Type: ${type}\r\n${eightBit ? "Content-Transfer-Encoding: 8bit\r\n" : ""}\r\n`;
}

function subject(facts: DsnFacts): string {
  const actions = new Set(facts.recipients.map((r) => r.action));
  const what = actions.has("failed")
    ? "Your message was not delivered"
    : actions.has("delayed")
    ? "Your message is delayed"
    : "Your message was delivered";
  const about = originalSubject(facts.header);
  return about === "" ? what : `${what}: ${about}`;
}

function originalSubject(header: Uint8Array): string {
  const f = new FieldCursor(header);
  while (f.next()) {
    if (f.is("subject")) return oneLine(decodeWords(unfold(f.raw()).subarray(0, 1000))).slice(0, 150);
  }
  return "";
}

function explain(facts: DsnFacts): string {
  const groups: readonly [readonly DsnAction[], string][] = [
    [["failed"], "Your message could not be delivered to:"],
    [
      ["delayed"],
      "Your message has not been delivered yet. We keep trying; there is nothing you need to do. It waits for:",
    ],
    [["delivered"], "Your message was delivered to:"],
    [["relayed", "expanded"], "Your message was passed on, to a server or a list that may not report back:"],
  ];
  const out = [`This is the mail server ${facts.reportingHost}.`, ""];
  for (const [actions, heading] of groups) {
    const about = facts.recipients.filter((r) => actions.includes(r.action));
    if (about.length === 0) continue;
    out.push(heading, "");
    for (const r of about) out.push(...explainOne(r, facts.zone), "");
  }
  if (facts.recipients.some((r) => r.action === "failed")) {
    out.push(
      "Check the address, or ask the recipient in another way. Your message, or its head, is attached.",
    );
  }
  return out.join("\n");
}

function explainOne(r: DsnRecipient, zone: number): string[] {
  const out = [`  ${formatAddress(r.address)}`];
  if (r.reason !== null) out.push(`    ${oneLine(r.reason)}.`);
  if (r.reply !== null) {
    out.push(
      `    ${r.remote === null ? "The answer was" : `${oneLine(r.remote)} answered`}: ${oneLine(r.reply)}`,
    );
  }
  if (r.action === "delayed" && r.retryUntil !== null) {
    out.push(`    We try until ${formatDate(r.retryUntil, zone)}.`);
  }
  return out;
}

// RFC 3464 2.2 and 2.3: a group for the message, then one for each recipient, blank lines between.
function statusFields(facts: DsnFacts, international: boolean): string {
  const message: Field[] = [["Reporting-MTA", `dns; ${facts.reportingHost}`]];
  if (facts.envelopeId !== null) message.push(["Original-Envelope-Id", facts.envelopeId]);
  message.push(["Arrival-Date", formatDate(facts.arrived, facts.zone)]);
  const groups = [formatFields(message)];
  for (const r of facts.recipients) {
    const fields: Field[] = [];
    if (r.original !== null) {
      fields.push(["Original-Recipient", original(international ? r.original : escaped(r.original))]);
    }
    fields.push([
      "Final-Recipient",
      `${needsUtf8(r.address) ? "utf-8" : "rfc822"}; ${formatAddress(r.address)}`,
    ]);
    fields.push(["Action", r.action], ["Status", r.status]);
    if (r.remote !== null) fields.push(["Remote-MTA", `dns; ${r.remote}`]);
    if (r.reply !== null) {
      fields.push(["Diagnostic-Code", `smtp; ${international ? r.reply : questioned(r.reply)}`]);
    }
    if (r.lastAttempt !== null) fields.push(["Last-Attempt-Date", formatDate(r.lastAttempt, facts.zone)]);
    if (r.retryUntil !== null) fields.push(["Will-Retry-Until", formatDate(r.retryUntil, facts.zone)]);
    groups.push(formatFields(fields));
  }
  return groups.join("\r\n");
}

function original(text: string): string {
  const at = text.indexOf(";");
  return at < 0 ? `rfc822; ${text}` : `${text.slice(0, at)}; ${text.slice(at + 1)}`;
}

/** RFC 6533 3: an address of type "utf-8" where only ASCII may stand. */
function escaped(text: string): string {
  return text.replace(/[^\0-\x7f]/gu, (c) => `\\x{${(c.codePointAt(0) ?? 0).toString(16).toUpperCase()}}`);
}

function questioned(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?");
}

interface Returned {
  readonly type: string;
  readonly octets: Uint8Array;
  readonly eightBit: boolean;
}

function returnedPart(facts: DsnFacts): Returned {
  const utf8Header = facts.header.some((c) => c > 127);
  const whole = facts.message !== null && facts.message.length <= DSN_RETURNED;
  const octets = whole && facts.message ? facts.message : facts.header.subarray(0, DSN_RETURNED);
  const eightBit = utf8Header || octets.some((c) => c > 127);
  // RFC 6533 6: the "global" types are for headers in UTF-8.
  const type = whole
    ? (utf8Header ? "message/global" : "message/rfc822")
    : (utf8Header ? "message/global-headers" : "text/rfc822-headers");
  return { type, octets, eightBit };
}
