/** Makes a message that a program on this machine wrote fit for the queue: line ends, missing fields, envelope. Pure. */
import { CR, fromUtf8, LF } from "../base/bytes.ts";
import type { Config } from "../config/config.ts";
import { parseAddressList } from "../mail/address_list.ts";
import { type Address, formatAddress, needsUtf8, parseAddress } from "../mail/address.ts";
import { missingFields, withoutFields } from "../mail/fixup.ts";
import { allFields, fieldValue, firstField, type Header, scanHeader } from "../mail/header.ts";
import { formatNamed } from "../mail/compose.ts";
import { formatReceived } from "../mail/received.ts";
import type { Envelope } from "../queue/types.ts";
import { CommandFault } from "./terminal.ts";

/** What `parseAddressList` gives for missing parts: what IMAP clients are shown. */
const NO_MAILBOX = "MISSING_MAILBOX";
const NO_DOMAIN = "MISSING_DOMAIN";

/** What the call of sendmail tells. */
export interface LocalMessageFacts {
  readonly config: Config;
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Who runs it. */
  readonly user: string;
  /** -f, or null. */
  readonly sender: string | null;
  readonly fullName: string | null;
  readonly recipients: readonly string[];
  /** -t */
  readonly fromHeader: boolean;
  /** No -i: a line of "." ends the message. */
  readonly dotEnds: boolean;
}

/** The octets to keep and whom they go to. Throws CommandFault when there is nobody to send to, or an address is wrong. */
export function prepareMessage(
  input: Uint8Array,
  facts: LocalMessageFacts,
): { readonly message: readonly Uint8Array[]; readonly envelope: Envelope } {
  const text = withHeaderEnd(withoutMboxLine(canonicalLines(input, facts.dotEnds)));
  const header = scanHeader(text);
  const domain = [...facts.config.domains.keys()][0] ?? facts.config.hostname;
  const given = facts.recipients.flatMap((r) => r.split(",")).map((r) => r.trim()).filter((r) => r !== "");
  const named = facts.fromHeader ? headerRecipients(header, domain) : [];
  const recipients = unique([...given.map((r) => qualified(r, domain)), ...named]);
  if (recipients.length === 0) {
    throw new CommandFault(
      facts.fromHeader
        ? "no recipient: To, Cc and Bcc name nobody"
        : "no recipient: name one, or use -t to take those of the header",
      2,
    );
  }
  if (recipients.length > facts.config.limits.recipients) {
    throw new CommandFault(`more than ${facts.config.limits.recipients} recipients`);
  }
  const own = { local: facts.user, domain };
  const sender = facts.sender === null
    ? headerSender(header) ?? own
    : facts.sender.replace(/^<>$/, "") === ""
    ? null
    : qualified(facts.sender, domain);
  const head = text.subarray(0, header.bodyStart);
  const fresh = missingFields(head, {
    now: facts.now,
    zone: 0,
    uniqueId: facts.id,
    domain: facts.config.hostname,
    from: formatNamed(facts.fullName ?? "", sender ?? own),
  });
  const received = formatReceived({
    address: null,
    reverseName: null,
    helo: null,
    by: facts.config.hostname,
    protocol: "local",
    id: facts.id,
    recipient: null,
    tls: null,
    now: facts.now,
    zone: 0,
  });
  const message = [received, fresh, withoutFields(head, ["bcc"]), text.subarray(header.bodyStart)].filter((
    c,
  ) => c.length > 0);
  const envelope: Envelope = {
    sender,
    recipients: recipients.map((address) => ({ address })),
    eightBit: text.some((b) => b > 0x7f),
    smtpUtf8: [...recipients, ...(sender ? [sender] : [])].some(needsUtf8),
    account: null,
    traceId: facts.id,
  };
  return { message, envelope };
}

/** Any line end becomes CRLF, the last line gets one. Throws CommandFault on NUL, which no mail may hold (RFC 5321 4.5.2, RFC 5322 2.3). */
export function canonicalLines(input: Uint8Array, dotEnds: boolean): Uint8Array {
  const out = new Uint8Array(2 * input.length + 2);
  let n = 0;
  let start = 0;
  for (let i = 0; i < input.length; i++) {
    const b = input[i] ?? 0;
    if (b === 0) throw new CommandFault(`the message holds a NUL octet at offset ${i}; mail cannot carry it`);
    if (b !== CR && b !== LF) {
      out[n++] = b;
      continue;
    }
    if (b === CR && input[i + 1] === LF) i++;
    if (dotEnds && n - start === 1 && out[start] === 0x2e) return out.subarray(0, start);
    out[n++] = CR;
    out[n++] = LF;
    start = n;
  }
  if (n > start && !(dotEnds && n - start === 1 && out[start] === 0x2e)) {
    out[n++] = CR;
    out[n++] = LF;
    start = n;
  }
  return out.subarray(0, start);
}

/** Programs that speak mbox put a "From sender date" line first; it is no field. */
function withoutMboxLine(text: Uint8Array): Uint8Array {
  if (fromUtf8(text.subarray(0, 5)) !== "From ") return text;
  return text.subarray(text.indexOf(LF) + 1);
}

/** A header that runs to the end of the text has no empty line after it, and fields put before it would swallow nothing: add one. */
function withHeaderEnd(text: Uint8Array): Uint8Array {
  const firstLine = fromUtf8(text.subarray(0, 1000)).split("\r\n")[0] ?? "";
  // A text without any header: all of it is body.
  const noHeader = !/^[!-9;-~]+[ \t]*:/.test(firstLine) && firstLine !== "";
  const hasEnd = text[0] === CR || includesEmptyLine(text);
  if (!noHeader && hasEnd) return text;
  const out = new Uint8Array(text.length + 2);
  out.set(text, noHeader ? 2 : 0);
  out.set([CR, LF], noHeader ? 0 : text.length);
  return out;
}

function includesEmptyLine(text: Uint8Array): boolean {
  for (let i = text.indexOf(CR); i >= 0; i = text.indexOf(CR, i + 2)) if (text[i + 2] === CR) return true;
  return false;
}

function headerRecipients(header: Header, domain: string): Address[] {
  return ["to", "cc", "bcc"].flatMap((name) => allFields(header, name)).flatMap((field) =>
    listed(fieldValue(header, field), domain)
  );
}

function headerSender(header: Header): Address | null {
  const from = firstField(header, "from");
  return from ? listed(fieldValue(header, from), "")[0] ?? null : null;
}

function listed(value: Uint8Array, domain: string): Address[] {
  const found: Address[] = [];
  for (const { mailbox, host } of parseAddressList(value)) {
    const local = mailbox ? fromUtf8(mailbox) : "";
    // Starts and ends of groups ("undisclosed-recipients:;") have no host at all; what is no address cannot be sent to.
    const written = host ? fromUtf8(host) : "";
    const at = written === NO_DOMAIN ? domain : written;
    const parsed = local === "" || local === NO_MAILBOX || at === ""
      ? null
      : parseAddress(formatAddress({ local, domain: at }));
    if (parsed?.ok) found.push(parsed.value);
  }
  return found;
}

function qualified(text: string, domain: string): Address {
  const bare = text.replace(/^<(.*)>$/, "$1");
  const parsed = parseAddress(bare.includes("@") ? bare : `${bare}@${domain}`);
  if (!parsed.ok || parsed.value.domain === "") throw new CommandFault(`"${text}" is no address`, 2);
  return parsed.value;
}

function unique(addresses: readonly Address[]): Address[] {
  return [...new Map(addresses.map((a) => [`${a.local}@${a.domain}`, a])).values()];
}
