/** Gathers what the records to publish are made from: config, keys, certificate, the machine's addresses. */
import { createHash, X509Certificate } from "node:crypto";
import { fromUtf8 } from "../base/bytes.ts";
import type { Fs } from "../base/fs.ts";
import type { Config } from "../config/config.ts";
import { dataPaths } from "../config/paths.ts";
import { addressScope, reverseName } from "../dns/address.ts";
import { dkimKeys } from "./dkim_keys.ts";
import { type DnsFacts, ownAddresses } from "./dns_records.ts";
import { ownStsText } from "./own_sts.ts";
import type { Tools } from "./terminal.ts";

/** What is to be done elsewhere than in the domain's zone, or only by some. */
export interface DnsAdvice {
  readonly hostname: string;
  readonly addresses: readonly string[];
  readonly smarthost: string | null;
  /** The TLSA record of the server, for who has DNSSEC; null without a certificate. */
  readonly tlsa: { readonly name: string; readonly value: string; readonly until: string } | null;
}

/** Name of the authority in CAA records, by `tls.acme.directory`. */
const ISSUERS: readonly (readonly [RegExp, string])[] = [
  [/^letsencrypt$|letsencrypt\.org/, "letsencrypt.org"],
  [/zerossl\.com/, "sectigo.com"],
  [/buypass\.com/, "buypass.com"],
  [/pki\.goog/, "pki.goog"],
];

const CERTIFICATE_MAX = 256 * 1024;

/** Facts of one of our domains. Throws FsError, and TypeError for a file that is no key. */
export async function dnsFacts(
  tools: Pick<Tools, "fs" | "outside">,
  config: Config,
  domain: string,
): Promise<DnsFacts> {
  const { hostname, listen, routes, tls } = config;
  const issuer = tls.kind === "acme" ? ISSUERS.find(([at]) => at.test(tls.directory))?.[1] : undefined;
  return {
    domain,
    hostname,
    listen,
    addresses: serverAddresses(config, tools.outside.addresses()),
    sources: config.sending.sources,
    smarthost: routes.get("*")?.to[0].host ?? null,
    keys: await dkimKeys(tools.fs, config, domain),
    stsPolicy: ownStsText(config, domain),
    issuer: issuer ?? null,
  };
}

/**
 * Where the server is: what `listen` names, else `dns.hosts`, else the addresses of this machine that others can reach. None behind NAT, or when
 * only loopback is left.
 */
export function serverAddresses(config: Config, machine: readonly string[]): readonly string[] {
  const named = ownAddresses(config.listen);
  if (named.length > 0) return named;
  const told = config.dns.hosts.get(config.hostname);
  if (told && told.length > 0) return told;
  const everywhere = config.listen.smtp.filter((at) => /^(0\.0\.0\.0|::)$/.test(at.host));
  if (everywhere.length === 0) return [];
  // A listener on "::" takes IPv4 as well.
  const six = everywhere.some((at) => at.host === "::");
  const reachable = machine.filter((address) => {
    const scope = addressScope(address);
    // A link-local address means nothing elsewhere; a private one only on a network of its own.
    return scope === "public" ||
      (config.network === "closed" && scope === "private" && !/^(fe80|169\.254\.)/i.test(address));
  });
  const [fours, sixes] = [false, true].map((six) => reachable.filter((a) => a.includes(":") === six));
  // Of several nobody knows which: IPv6 has some that change every day, bridges of containers have their own.
  return [...one(fours), ...six ? one(sixes) : []];
}

function one(all: readonly string[] = []): readonly string[] {
  return all.length === 1 ? all : [];
}

export async function dnsAdvice(fs: Fs, config: Config, machine: readonly string[]): Promise<DnsAdvice> {
  return {
    hostname: config.hostname,
    addresses: serverAddresses(config, machine),
    smarthost: config.routes.get("*")?.to[0].host ?? null,
    tlsa: await tlsaRecord(fs, config),
  };
}

/**
 * RFC 7671 5: of an own authority its key (2 1 1), which outlives all certificates; of others the certificate's key (3 1 1), which must stay the same
 * when the certificate is renewed (as that of tls.acme does), or be published before.
 */
async function tlsaRecord(fs: Fs, config: Config): Promise<DnsAdvice["tlsa"]> {
  const served = await servedFile(fs, config);
  const own = served === ownFile(config);
  const file = own ? `${dataPaths(config).tls}/ca.pem` : served;
  const certificate = await certificateIn(fs, file);
  if (!certificate) return null;
  return {
    name: `_25._tcp.${config.hostname}`,
    value: `${own ? 2 : 3} 1 1 ${keyDigest(certificate)}`,
    until: new Date(certificate.validTo).toISOString().slice(0, 10),
  };
}

/** All TLSA records by key (x 1 1) that are true of what we serve, as text. */
export async function trueTlsaRecords(fs: Fs, config: Config): Promise<readonly string[]> {
  const file = await servedFile(fs, config);
  const served = await certificateIn(fs, file);
  const authority = file === ownFile(config)
    ? await certificateIn(fs, `${dataPaths(config).tls}/ca.pem`)
    : null;
  return [
    ...served ? [`3 1 1 ${keyDigest(served)}`] : [],
    ...authority ? [`2 1 1 ${keyDigest(authority)}`] : [],
  ];
}

function ownFile(config: Config): string {
  return `${dataPaths(config).tls}/server.pem`;
}

/** Until an ACME authority has issued, our own is served. */
async function servedFile(fs: Fs, config: Config): Promise<string> {
  if (config.tls.kind === "files") return config.tls.certificates[0]?.cert ?? "";
  const issued = `${dataPaths(config).tls}/acme.pem`;
  return config.tls.kind === "acme" && await fs.stat(issued) !== null ? issued : ownFile(config);
}

/** The first certificate of a file; null where none can be read: others tell of that. */
async function certificateIn(fs: Fs, file: string): Promise<X509Certificate | null> {
  try {
    const pem = await fs.readFile(file, CERTIFICATE_MAX);
    return pem && new X509Certificate(fromUtf8(pem));
  } catch {
    return null;
  }
}

function keyDigest(certificate: X509Certificate): string {
  const key = certificate.publicKey.export({ type: "spki", format: "der" });
  return createHash("sha256").update(key).digest("hex");
}

/** The advice as lines for people, without any for what is known and fine. */
export function adviceLines({ hostname, addresses, smarthost, tlsa }: DnsAdvice): readonly string[] {
  const lines: string[] = [];
  if (addresses.length === 0) {
    lines.push(
      `A and AAAA records of ${hostname} with this server's addresses (behind NAT: the router's), and, at`,
      `whoever gave you the addresses, PTR records from them back to ${hostname}. Many servers refuse mail without.`,
    );
  } else {
    lines.push("At whoever gave you the addresses (many servers refuse mail without):");
    for (const address of addresses) lines.push(`  ${reverseName(address)}. PTR ${hostname}.`);
  }
  if (smarthost !== null) {
    lines.push(
      `Mail leaves by ${smarthost}: put into the SPF record what its operator names (include:…), then end it with -all.`,
    );
  }
  if (tlsa) {
    lines.push(
      `Only where the zone of ${hostname} is signed (DNSSEC), so that mail to you cannot be sent without TLS (DANE):`,
      `  ${tlsa.name}. TLSA ${tlsa.value}`,
      `  It holds for a key: publish the next one's before you change it (certificate of today: until ${tlsa.until}).`,
    );
  }
  return lines;
}
