/** The DNS records that make a domain's mail work. Pure. */
import { formatStsRecord } from "../auth/mta_sts/record.ts";
import { isLoopback, parseIp } from "../base/ip.ts";
import type { Config } from "../config/config.ts";
import type { DkimAlgorithm } from "../sys/keys.ts";

export interface DnsRecord {
  /** Without final dot. */
  readonly name: string;
  readonly type: "A" | "AAAA" | "MX" | "TXT" | "SRV" | "CNAME";
  /** As in a zone file, names with final dot; text without quotes. */
  readonly value: string;
  readonly why: string;
}

/** What `dnsRecords` needs to know. */
export interface DnsFacts {
  readonly domain: string;
  readonly hostname: string;
  readonly listen: Config["listen"];
  readonly keys: readonly {
    readonly selector: string;
    readonly algorithm: DkimAlgorithm;
    readonly p: string;
  }[];
  /** The domain's MTA-STS policy as it is served, or null. */
  readonly stsPolicy: string | null;
}

/** SRV services (RFC 6186, RFC 8314 5.1) and our listeners for them. */
const SERVICES = [
  ["_submissions._tcp", "submissions"],
  ["_submission._tcp", "submission"],
  ["_imaps._tcp", "imaps"],
  ["_imap._tcp", "imap"],
  ["_pop3s._tcp", "pop3s"],
  ["_pop3._tcp", "pop3"],
] as const;

/** Records of one of our domains. */
export function dnsRecords(facts: DnsFacts): readonly DnsRecord[] {
  const { domain, hostname } = facts;
  const records: DnsRecord[] = [];
  for (const address of ownAddresses(facts.listen)) {
    records.push({
      name: hostname,
      type: address.includes(":") ? "AAAA" : "A",
      value: address,
      why: "where the server is",
    });
  }
  records.push(
    { name: domain, type: "MX", value: `10 ${hostname}.`, why: "mail for the domain comes here" },
    { name: domain, type: "TXT", value: "v=spf1 mx -all", why: "SPF: only this server sends for it" },
  );
  if (hostname !== domain) {
    records.push({
      name: hostname,
      type: "TXT",
      value: "v=spf1 a -all",
      why: "SPF of the server's own name, which bounces are checked by",
    });
  }
  for (const { selector, algorithm, p } of facts.keys) {
    const value = `v=DKIM1; k=${algorithm}; p=${p}`;
    records.push({
      name: `${selector}._domainkey.${domain}`,
      type: "TXT",
      value,
      why: "DKIM: what our signatures are checked with",
    });
  }
  records.push({
    name: `_dmarc.${domain}`,
    type: "TXT",
    value: `v=DMARC1; p=quarantine; rua=mailto:postmaster@${domain}`,
    why: "DMARC: what others do with forged mail, and report it to",
  });
  if (facts.stsPolicy !== null) {
    const value = formatStsRecord(facts.stsPolicy);
    records.push(
      {
        name: `_mta-sts.${domain}`,
        type: "TXT",
        value,
        why: "MTA-STS: others fetch the policy anew when the id changes",
      },
      {
        name: `mta-sts.${domain}`,
        type: "CNAME",
        value: `${hostname}.`,
        why: "where the MTA-STS policy is served",
      },
    );
  }
  for (const [service, kind] of SERVICES) {
    const port = facts.listen[kind][0]?.port;
    if (port === undefined) continue;
    records.push({
      name: `${service}.${domain}`,
      type: "SRV",
      value: `0 1 ${port} ${hostname}.`,
      why: "mail programs find their server",
    });
  }
  return records;
}

/** Records of a domain that sends and takes no mail (RFC 7505, RFC 7208 10.1.2). */
export function nullRecords(domain: string): readonly DnsRecord[] {
  return [
    { name: domain, type: "MX", value: "0 .", why: "it takes no mail" },
    { name: domain, type: "TXT", value: "v=spf1 -all", why: "it sends no mail" },
    {
      name: `_dmarc.${domain}`,
      type: "TXT",
      value: "v=DMARC1; p=reject",
      why: "whoever claims otherwise is to be refused",
    },
  ];
}

/** Records as lines of a zone file (RFC 1035 5.1), an hour to live. */
export function formatZone(records: readonly DnsRecord[]): string {
  return records.map((r) => `${r.name}. 3600 IN ${r.type} ${r.type === "TXT" ? quoted(r.value) : r.value}`)
    .join("\n");
}

/** The name under which an address is looked up backwards, without final dot; null for what is no address. */
export function reverseName(address: string): string | null {
  const ip = parseIp(address);
  if (!ip) return null;
  if (ip.length === 4) return `${[...ip].reverse().join(".")}.in-addr.arpa`;
  const nibbles = [...ip].flatMap((b) => [b >> 4, b & 15]).map((n) => n.toString(16));
  return `${nibbles.reverse().join(".")}.ip6.arpa`;
}

/** Addresses the file names itself: not the wildcards, not loopback. */
export function ownAddresses(listen: Config["listen"]): readonly string[] {
  const hosts = new Set(listen.smtp.map((at) => at.host));
  return [...hosts].filter((host) => {
    const ip = parseIp(host);
    return ip !== null && !isLoopback(ip) && ip.some((b) => b !== 0);
  });
}

/** Text in strings of 255 octets at most (RFC 1035 3.3.14). */
function quoted(text: string): string {
  const strings = text.match(/[\s\S]{1,255}/g) ?? [""];
  return strings.map((s) => `"${s.replace(/["\\]/g, "\\$&")}"`).join(" ");
}
