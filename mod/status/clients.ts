/** How mail programs are set up for this server, in the forms they ask for: Thunderbird's, Outlook's, Apple's. Pure. */

/** A way to read or send, as mail programs have it. */
export interface MailService {
  readonly kind: "imap" | "pop3" | "smtp";
  readonly port: number;
  /** TLS from the first octet, or by STARTTLS: nothing else is offered. */
  readonly security: "tls" | "starttls";
}

/** What mail programs are to know. */
export interface ClientFacts {
  readonly hostname: string;
  /** Our domains, in the order of the config. */
  readonly domains: readonly string[];
  /** The best way of each kind first. */
  readonly services: readonly MailService[];
}

/** An address in one of our domains, in lower case; null for any other. Whether somebody has it is not told. */
export function ourAddress(text: string, { domains }: ClientFacts): string | null {
  const [, local, domain = ""] =
    /^([A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64})@([A-Za-z0-9.-]{1,253})$/.exec(text) ?? [];
  return local !== undefined && domains.includes(domain.toLowerCase()) ? text.toLowerCase() : null;
}

/** Thunderbird's and others' (https://www.bucksch.org/1/projects/thunderbird/autoconfiguration). */
export function autoconfig(facts: ClientFacts, domain: string): string {
  const servers = facts.services.map(({ kind, port, security }) => {
    const tag = kind === "smtp" ? "outgoingServer" : "incomingServer";
    return `    <${tag} type="${kind}">
      <hostname>${xml(facts.hostname)}</hostname>
      <port>${port}</port>
      <socketType>${security === "tls" ? "SSL" : "STARTTLS"}</socketType>
      <username>%EMAILADDRESS%</username>
      <authentication>password-cleartext</authentication>
    </${tag}>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>
<clientConfig version="1.1">
  <emailProvider id="${xml(domain)}">
    <domain>${xml(domain)}</domain>
    <displayName>${xml(domain)}</displayName>
    <displayShortName>${xml(domain)}</displayShortName>
${servers.join("\n")}
  </emailProvider>
</clientConfig>
`;
}

const OUTLOOK = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a";

/** Outlook's "plain old XML" ([MS-OXDSCLI] 2.2.4) for an address of ours. */
export function autodiscover(facts: ClientFacts, address: string): string {
  const protocols = firstOfEach(facts).map(({ kind, port, security }) =>
    `      <Protocol>
        <Type>${kind.toUpperCase()}</Type>
        <Server>${xml(facts.hostname)}</Server>
        <Port>${port}</Port>
        <DomainRequired>off</DomainRequired>
        <LoginName>${xml(address)}</LoginName>
        <SPA>off</SPA>
        <SSL>on</SSL>
        <Encryption>${security === "tls" ? "SSL" : "TLS"}</Encryption>
        <AuthRequired>on</AuthRequired>${kind === "smtp" ? "\n        <UsePOPAuth>on</UsePOPAuth>" : ""}
      </Protocol>`
  );
  return `<?xml version="1.0" encoding="utf-8"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006">
  <Response xmlns="${OUTLOOK}">
    <Account>
      <AccountType>email</AccountType>
      <Action>settings</Action>
${protocols.join("\n")}
    </Account>
  </Response>
</Autodiscover>
`;
}

/** What Outlook is told about addresses that are not ours. */
export const AUTODISCOVER_FAULT = `<?xml version="1.0" encoding="utf-8"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006">
  <Response><Error Time="00:00:00" Id="0"><ErrorCode>600</ErrorCode><Message>Invalid Request</Message><DebugData/></Error></Response>
</Autodiscover>
`;

/** The address that Outlook asks for; null where there is none. */
export function autodiscoverAddress(body: string): string | null {
  return /<(?:\w+:)?EMailAddress\s*>\s*([^<>\s]{3,320})\s*</i.exec(body)?.[1] ?? null;
}

/** A profile for iPhones, iPads and Macs, not signed; null where there is nothing to read or send by. `authority`: DER of our own one. */
export async function appleProfile(
  facts: ClientFacts,
  address: string,
  authority: Uint8Array | null,
): Promise<string | null> {
  const all = firstOfEach(facts);
  const reading = all.find((s) => s.kind === "imap") ?? all.find((s) => s.kind === "pop3");
  const sending = all.find((s) => s.kind === "smtp");
  if (!reading || !sending) return null;
  const { hostname } = facts;
  const id = `${hostname.split(".").reverse().join(".")}.roost`;
  const common = async (type: string, name: string) => ({
    PayloadType: type,
    PayloadVersion: 1,
    PayloadIdentifier: `${id}.${name}`,
    PayloadUUID: await uuidOf(`${hostname} ${address} ${name}`),
  });
  const mail = {
    ...await common("com.apple.mail.managed", "mail"),
    PayloadDisplayName: `Mail of ${address}`,
    EmailAccountDescription: address,
    EmailAccountType: reading.kind === "imap" ? "EmailTypeIMAP" : "EmailTypePOP",
    EmailAddress: address,
    IncomingMailServerAuthentication: "EmailAuthPassword",
    IncomingMailServerHostName: hostname,
    IncomingMailServerPortNumber: reading.port,
    IncomingMailServerUseSSL: true,
    IncomingMailServerUsername: address,
    OutgoingMailServerAuthentication: "EmailAuthPassword",
    OutgoingMailServerHostName: hostname,
    OutgoingMailServerPortNumber: sending.port,
    OutgoingMailServerUseSSL: true,
    OutgoingMailServerUsername: address,
    OutgoingPasswordSameAsIncomingPassword: true,
  };
  const root = authority && {
    ...await common("com.apple.security.root", "authority"),
    PayloadDisplayName: `Authority of ${hostname}`,
    PayloadContent: authority,
  };
  return plist({
    ...await common("Configuration", "profile"),
    PayloadDisplayName: `Mail at ${hostname}`,
    PayloadDescription: `Sets up ${address}.`,
    PayloadContent: root ? [root, mail] : [mail],
  });
}

/** Of each kind the way that programs should take. */
export function firstOfEach({ services }: ClientFacts): readonly MailService[] {
  return services.filter((s, i) => services.findIndex((t) => t.kind === s.kind) === i);
}

type PlistValue =
  | string
  | number
  | boolean
  | Uint8Array
  | readonly PlistValue[]
  | { readonly [key: string]: PlistValue };

function plist(value: PlistValue): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
${plistValue(value)}
</plist>
`;
}

function plistValue(value: PlistValue): string {
  if (typeof value === "string") return `<string>${xml(value)}</string>`;
  if (typeof value === "number") return `<integer>${value}</integer>`;
  if (typeof value === "boolean") return value ? "<true/>" : "<false/>";
  if (value instanceof Uint8Array) return `<data>${value.toBase64()}</data>`;
  if (isList(value)) return `<array>${value.map(plistValue).join("\n")}</array>`;
  const entries = Object.entries(value).map(([key, v]) => `<key>${xml(key)}</key>${plistValue(v)}`);
  return `<dict>\n${entries.join("\n")}\n</dict>`;
}

function isList(value: PlistValue): value is readonly PlistValue[] {
  return Array.isArray(value);
}

/** The same for the same text, so that a profile installed anew takes the place of the old one (RFC 9562 5.8). */
async function uuidOf(text: string): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  const hex = hash.subarray(0, 16).toHex();
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${
    hex.slice(20, 32)
  }`
    .toUpperCase();
}

/** Text within XML. */
export function xml(text: string): string {
  const named: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&apos;",
  };
  return text.replace(/[&<>"']/g, (c) => named[c] ?? c);
}
