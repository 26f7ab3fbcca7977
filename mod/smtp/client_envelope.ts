/** MAIL and RCPT commands as a client writes them, with the parameters the peer can read. */
import { asciiLower, asciiUpper, utf8 } from "../base/bytes.ts";
import type { Address } from "../mail/address.ts";
import type { Extensions } from "./client_hello.ts";
import { formatMailbox } from "./path.ts";

export interface ClientEnvelope {
  readonly sender: Address | null;
  readonly recipients: readonly ClientRecipient[];
  readonly eightBit: boolean;
  readonly smtpUtf8: boolean;
  readonly ret?: "full" | "headers";
  readonly envelopeId?: string;
  /** RFC 8689: to peers that offer it, over TLS with a certificate that was found valid, or not at all. */
  readonly requireTls?: true;
  /** RFC 6710: -9 to 9. */
  readonly priority?: number;
  /** RFC 2852: seconds that are left, where mail is to be returned or told of; at least 1 in mode "return". */
  readonly by?: { readonly seconds: number; readonly mode: "return" | "notify"; readonly trace?: true };
}

export interface ClientRecipient {
  readonly address: Address;
  readonly options?: {
    readonly notify?: readonly ("never" | "success" | "failure" | "delay")[];
    /** "rfc822;user@example.org", xtext decoded. */
    readonly originalRecipient?: string;
  };
}

/** Whether an address has characters beyond ASCII, and so needs SMTPUTF8 (RFC 6531). */
export function isInternational(address: Address): boolean {
  // deno-lint-ignore no-control-regex -- ASCII is exactly this range
  return /[^\x00-\x7f]/.test(address.local);
}

/** Whether an address can stand in a command: no control characters, a domain or an address literal. Else it could end the line. */
export function isSendable(address: Address): boolean {
  // deno-lint-ignore no-control-regex -- exactly what must not get into a command
  return address.local !== "" && !/[\x00-\x1f\x7f-\x9f]/.test(address.local) &&
    /^([A-Za-z0-9._-]+|\[[A-Za-z0-9.:]+\])$/.test(address.domain);
}

/** `size` in octets (RFC 1870). `utf8`: with SMTPUTF8. BODY=8BITMIME only where it is offered; see `sendMessage`. */
export function formatMail(
  envelope: ClientEnvelope,
  size: number,
  utf8: boolean,
  offered: Extensions,
): string {
  let line = `MAIL FROM:<${envelope.sender ? formatMailbox(envelope.sender) : ""}>`;
  if (offered.size) line += ` SIZE=${size}`;
  if (offered.eightBit && (envelope.eightBit || utf8)) line += " BODY=8BITMIME";
  if (utf8) line += " SMTPUTF8";
  if (envelope.requireTls) line += " REQUIRETLS";
  if (envelope.priority && offered.priority) line += ` MT-PRIORITY=${envelope.priority}`;
  if (envelope.by && offered.deliverBy !== null) {
    const { seconds, mode, trace } = envelope.by;
    line += ` BY=${seconds};${mode === "return" ? "R" : "N"}${trace ? "T" : ""}`;
  }
  if (offered.dsn) {
    if (envelope.ret) line += envelope.ret === "full" ? " RET=FULL" : " RET=HDRS";
    if (envelope.envelopeId) line += ` ENVID=${xtext(envelope.envelopeId)}`;
  }
  return `${line}\r\n`;
}

/** RCPT, with DSN parameters (RFC 3461 4.1, 4.2) where they are offered. */
export function formatRcpt(recipient: ClientRecipient, offered: Extensions): string {
  let line = `RCPT TO:<${formatMailbox(recipient.address)}>`;
  const { notify, originalRecipient } = recipient.options ?? {};
  if (offered.dsn) {
    if (notify && notify.length > 0) line += ` NOTIFY=${asciiUpper(notify.join(","))}`;
    const [, type, text] = /^([A-Za-z0-9-]+);([^\p{Cc}]+)$/u.exec(originalRecipient ?? "") ?? [];
    if (type !== undefined && text !== undefined) line += formatOriginal(type, text);
  }
  return `${line}\r\n`;
}

/** RFC 3461 4.2; RFC 6533 3 for the type "utf-8", the only one that may go beyond ASCII. */
function formatOriginal(type: string, text: string): string {
  if (asciiLower(type) !== "utf-8") return /^[ -~]+$/.test(text) ? ` ORCPT=${type};${xtext(text)}` : "";
  const escaped = text.replace(
    /[^!-*,-<>-\[\]-~]/gu,
    (c) => `\\x{${(c.codePointAt(0) ?? 0).toString(16).toUpperCase()}}`,
  );
  return ` ORCPT=${type};${escaped}`;
}

/** RFC 3461 4: everything but printable ASCII, and "+" and "=", as "+" and two hexadecimal digits. */
export function xtext(text: string): string {
  let out = "";
  for (const octet of utf8(text)) {
    const plain = octet > 0x20 && octet < 0x7f && octet !== 0x2b && octet !== 0x3d;
    out += plain ? String.fromCharCode(octet) : `+${octet.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return out;
}
