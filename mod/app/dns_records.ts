/** The DNS records that make a domain's mail work. Pure: the table, the zone file, `quickstart` and `check` all come from here. */
import type { DkimAlgorithm, DkimKeyState } from "../auth/dkim/key_files.ts";
import { formatStsRecord } from "../auth/mta_sts/record.ts";
import { formatTlsRptRecord } from "../auth/tlsrpt/record.ts";
import { isLoopback, parseIp } from "../base/ip.ts";
import type { Config } from "../config/config.ts";
import { isOnlyHere } from "./public_names.ts";

/** What a record is for. */
export type RecordRole =
  | "address"
  | "mx"
  | "spf"
  | "dkim"
  | "dmarc"
  | "mta-sts"
  | "mta-sts-host"
  | "tls-reports"
  | "service"
  | "settings"
  | "caa";

export interface DnsRecord {
  /** Without final dot. */
  readonly name: string;
  readonly type: "A" | "AAAA" | "MX" | "TXT" | "SRV" | "CNAME" | "CAA";
  /** As in a zone file, names with final dot; text without quotes. */
  readonly value: string;
  readonly role: RecordRole;
  /** Mail suffers without it; or it only adds something. */
  readonly need: "must" | "may";
  readonly why: string;
}

const KEY_REASONS: Readonly<Record<DkimKeyState, string>> = {
  new: "DKIM: the next key, which signs once others see it",
  active: "DKIM: what our signatures are checked with",
  retired: "DKIM: the key before, for mail that is still under way",
  removable: "DKIM: a key of the past",
};

/** What `dnsRecords` needs to know. */
export interface DnsFacts {
  readonly domain: string;
  readonly hostname: string;
  /** Where the server is, as far as that is known. */
  readonly addresses: readonly string[];
  readonly listen: Config["listen"];
  /** Addresses mail leaves from, where the config names them. */
  readonly sources: readonly string[];
  /** Host that all mail leaves by, or null where each domain's MX is asked. */
  readonly smarthost: string | null;
  readonly keys: readonly {
    readonly selector: string;
    readonly algorithm: DkimAlgorithm;
    readonly p: string;
    readonly state: DkimKeyState;
  }[];
  /** The domain's MTA-STS policy as it is served, or null. */
  readonly stsPolicy: string | null;
  /** Who issues our certificates, as CAA names it, or null where it is nobody public. */
  readonly issuer: string | null;
}

/** SRV services (RFC 6186, RFC 8314 5.1), our listeners for them, and which of a pair mail programs are to prefer. */
const SERVICES = [
  ["_submissions._tcp", "submissions", 0],
  ["_submission._tcp", "submission", 10],
  ["_imaps._tcp", "imaps", 0],
  ["_imap._tcp", "imap", 10],
  ["_pop3s._tcp", "pop3s", 0],
  ["_pop3._tcp", "pop3", 10],
] as const;

/** Records of one of our domains. */
export function dnsRecords(facts: DnsFacts): readonly DnsRecord[] {
  const { domain, hostname } = facts;
  return [
    ...facts.addresses.map((value): DnsRecord => ({
      name: hostname,
      type: value.includes(":") ? "AAAA" : "A",
      value,
      role: "address",
      need: "must",
      why: "where the server is",
    })),
    {
      name: domain,
      type: "MX",
      value: `10 ${hostname}.`,
      role: "mx",
      need: "must",
      why: "mail for the domain comes here",
    },
    ...spfRecords(facts),
    ...facts.keys.map(({ selector, algorithm, p, state }): DnsRecord => ({
      name: `${selector}._domainkey.${domain}`,
      type: "TXT",
      value: `v=DKIM1; k=${algorithm}; p=${p}`,
      role: "dkim",
      need: state === "active" ? "must" : "may",
      why: KEY_REASONS[state],
    })),
    {
      name: `_dmarc.${domain}`,
      type: "TXT",
      value: `v=DMARC1; p=quarantine; rua=mailto:postmaster@${domain}`,
      role: "dmarc",
      need: "must",
      why: "DMARC: what others do with forged mail, and report it to",
    },
    ...stsRecords(facts),
    {
      name: `_smtp._tls.${domain}`,
      type: "TXT",
      value: formatTlsRptRecord([{ kind: "mail", address: { local: "postmaster", domain }, most: null }]),
      role: "tls-reports",
      need: "may",
      why: "TLSRPT: others tell of connections that could not be encrypted",
    },
    ...serviceRecords(facts),
    ...(facts.issuer === null ? [] : [
      {
        name: hostname,
        type: "CAA",
        value: `0 issue "${facts.issuer}"`,
        role: "caa",
        need: "may",
        why: "nobody else may issue certificates for the server",
      } as const,
    ]),
  ];
}

function spfRecords({ domain, hostname, addresses, sources, smarthost }: DnsFacts): readonly DnsRecord[] {
  const common = { type: "TXT", role: "spf", need: "must" } as const;
  const records: DnsRecord[] = [];
  const others = sources.filter((s) => !addresses.includes(s)).map((s) => ` ${ipTerm(s) ?? ""}`).join("");
  if (smarthost === null) {
    const why = "SPF: only this server sends for it";
    records.push({ ...common, name: domain, value: `v=spf1 mx${others} -all`, why });
  } else {
    const from = ipTerm(smarthost) ?? `a:${smarthost}`;
    const why = `SPF: put the include: that the operator of ${smarthost} names in the place of ${from}`;
    records.push({ ...common, name: domain, value: `v=spf1 mx ${from} ~all`, why });
  }
  if (hostname !== domain) {
    const why = "SPF of the server's own name, which bounces are checked by";
    records.push({ ...common, name: hostname, value: `v=spf1 a${others} -all`, why });
  }
  return records;
}

/** The mechanism for an address; null for what is none. */
function ipTerm(text: string): string | null {
  const ip = parseIp(text);
  return ip && `ip${ip.length === 4 ? 4 : 6}:${text}`;
}

function stsRecords({ domain, hostname, stsPolicy }: DnsFacts): readonly DnsRecord[] {
  if (stsPolicy === null) return [];
  return [{
    name: `_mta-sts.${domain}`,
    type: "TXT",
    value: formatStsRecord(stsPolicy),
    role: "mta-sts",
    need: "must",
    why: "MTA-STS: others fetch the policy anew when the id changes",
  }, {
    name: `mta-sts.${domain}`,
    type: "CNAME",
    value: `${hostname}.`,
    role: "mta-sts-host",
    need: "must",
    why: "where the MTA-STS policy is served",
  }];
}

/** RFC 6186 3.4: what is not offered is said, too, so that mail programs need not try. */
function serviceRecords({ domain, hostname, listen }: DnsFacts): readonly DnsRecord[] {
  const records = SERVICES.map(([service, kind, priority]): DnsRecord => {
    const at = listen[kind].find((l) => !isOnlyHere(l.host));
    return {
      name: `${service}.${domain}`,
      type: "SRV",
      value: at ? `${priority} 1 ${at.port} ${hostname}.` : "0 0 0 .",
      role: "service",
      need: "may",
      why: at ? "mail programs find their server" : "mail programs see that this is not offered",
    };
  });
  const port = listen.https.find((at) => !isOnlyHere(at.host))?.port;
  if (port === undefined && listen.http.length === 0) return records;
  const why = port === 443
    ? "mail programs that fetch their settings by HTTPS"
    : "mail programs that fetch their settings by HTTPS, where a web server has them";
  const labels = port === 443 ? ["autoconfig", "autodiscover"] : ["autoconfig"];
  return [
    ...records,
    ...labels.map((label): DnsRecord => ({
      name: `${label}.${domain}`,
      type: "CNAME",
      value: `${hostname}.`,
      role: "settings",
      need: "may",
      why,
    })),
    {
      name: `_autodiscover._tcp.${domain}`,
      type: "SRV",
      value: `0 1 ${port ?? 443} ${hostname}.`,
      role: "settings",
      need: "may",
      why,
    },
  ];
}

/** Records of a domain that sends and takes no mail (RFC 7505, RFC 7208 10.1.2). */
export function nullRecords(domain: string): readonly DnsRecord[] {
  return [
    { name: domain, type: "MX", value: "0 .", role: "mx", need: "must", why: "it takes no mail" },
    { name: domain, type: "TXT", value: "v=spf1 -all", role: "spf", need: "must", why: "it sends no mail" },
    {
      name: `_dmarc.${domain}`,
      type: "TXT",
      value: "v=DMARC1; p=reject; sp=reject; adkim=s; aspf=s",
      role: "dmarc",
      need: "must",
      why: "whoever claims otherwise is to be refused",
    },
    {
      name: `*._domainkey.${domain}`,
      type: "TXT",
      value: "v=DKIM1; p=",
      role: "dkim",
      need: "may",
      why: "every key it may have had is revoked",
    },
  ];
}

/** Addresses the file names itself: not the wildcards, not loopback. */
export function ownAddresses(listen: Config["listen"]): readonly string[] {
  const hosts = new Set(listen.smtp.map((at) => at.host));
  return [...hosts].filter((host) => {
    const ip = parseIp(host);
    return ip !== null && !isLoopback(ip) && ip.some((b) => b !== 0);
  });
}
