/** The Received field (RFC 5321 4.4), and the count of those a message has. */
import { utf8 } from "../base/bytes.ts";
import { type Address, formatPath } from "./address.ts";
import { isAscii, oneLine } from "./compose.ts";
import { formatDate } from "./date.ts";
import { FieldCursor } from "./header.ts";

/** "with" keywords (RFC 3848, RFC 6531 4.3). */
export type ReceivedProtocol =
  | `${"SMTP" | "ESMTP" | "ESMTPS" | "ESMTPA" | "ESMTPSA"}`
  | `${"LMTP" | "LMTPS" | "LMTPA" | "LMTPSA"}`
  | `UTF8SMTP${"" | "S" | "A" | "SA"}`
  | `UTF8LMTP${"" | "S" | "A" | "SA"}`
  | "local";

/** What a Received field tells. null is left out. */
export interface ReceivedFacts {
  /** The client's address and its name by DNS. Both null for a submission whose sender is not to be told of. */
  readonly address: string | null;
  readonly reverseName: string | null;
  /** What it said in HELO or EHLO; may hold anything, and is cleaned. */
  readonly helo: string | null;
  /** Our host name. */
  readonly by: string;
  readonly protocol: ReceivedProtocol;
  readonly id: string;
  /** The recipient, where there was only one: others are nobody's business. */
  readonly recipient: Address | null;
  /** MT-PRIORITY (RFC 6710 4.6), where one was asked for. */
  readonly priority?: number;
  readonly tls: { readonly protocol: string; readonly cipher: string } | null;
  /** Milliseconds since 1970, and minutes east of UTC. */
  readonly now: number;
  readonly zone: number;
}

/** The field with its line ends, folded. Nothing a client said can end the field or a comment in it. */
export function formatReceived(facts: ReceivedFacts): Uint8Array {
  const utf8Allowed = facts.protocol.startsWith("UTF8");
  const lines: string[] = [];
  if (facts.address !== null) {
    const helo = heloAtom(facts.helo ?? "", facts.address);
    const name = facts.reverseName === null ? "" : `${cleanWord(facts.reverseName)} `;
    lines.push(`from ${helo} (${name}${literal(facts.address)})`);
  }
  const tls = facts.tls ? ` (${cleanWord(facts.tls.protocol)} ${cleanWord(facts.tls.cipher)})` : "";
  lines.push(`by ${cleanWord(facts.by)} with ${facts.protocol}${tls} id ${cleanWord(facts.id)}`);
  if (facts.recipient) {
    const path = formatPath(facts.recipient);
    if (utf8Allowed || isAscii(path)) lines.push(`for ${path}`);
  }
  if (facts.priority) lines.push(`PRIORITY ${facts.priority}`);
  return utf8(`Received: ${lines.join("\r\n\t")};\r\n\t${formatDate(facts.now, facts.zone)}\r\n`);
}

/** How many Received fields a header block has: more than RECEIVED_HOPS is a loop (RFC 5321 6.3). */
export function countReceived(header: Uint8Array): number {
  let n = 0;
  const f = new FieldCursor(header);
  while (f.next()) if (f.is("received")) n++;
  return n;
}

/** The HELO name if it is a name or a literal, else the client's address. */
function heloAtom(helo: string, address: string): string {
  return /^(?:[A-Za-z0-9._-]{1,255}|\[[A-Za-z0-9:.]{1,60}\])$/.test(helo) ? helo : literal(address);
}

function literal(address: string): string {
  const clean = cleanWord(address);
  return clean.includes(":") ? `[IPv6:${clean}]` : `[${clean}]`;
}

/** What may stand in a comment or as an atom: anything else becomes "?". */
function cleanWord(text: string): string {
  return oneLine(text).replace(/[^A-Za-z0-9._:+-]/g, "?").slice(0, 255) || "?";
}
