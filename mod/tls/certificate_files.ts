/**
 * Certificates on disk: our own authority and server certificate below DATA/tls, made when missing and renewed in time, or files that
 * others keep. Invariant: a key is never written over with another unless its certificate is written too (key first, then certificate,
 * each atomically; a pair that does not match after a crash is made anew).
 */
import type { Clock } from "../base/clock.ts";
import { replaceFile } from "../base/durable.ts";
import { fromUtf8, utf8 } from "../base/bytes.ts";
import type { Fs } from "../base/fs.ts";
import type { Random } from "../base/random.ts";
import type { KeyPair, ServerNames } from "./own_ca.ts";

/** Longest certificate or key file, octets: a chain of some certificates is a few KiB. */
const FILE_MAX = 256 * 1024;
const DAY = 86_400_000;
/** Days before its end at which our own certificate is made anew. */
const RENEW_DAYS = 30;

/** What is read from a certificate; a port, because reading X.509 is the platform's. Throws on what is not a certificate. */
export interface CertificateReader {
  read(certificatePem: string): CertificateFacts;
  /**
   * Of a PEM text the first certificate and after it those that certify it, each the one before; whatever else there is is left out. Throws where the
   * first is none.
   */
  chain(pem: string): string;
  /** By what an authority knows the (first) certificate (RFC 9773 4.1); null where it does not name its issuer's key. */
  renewalId(pem: string): string | null;
  /** Whether the key belongs to the (first) certificate. */
  matches(pair: KeyPair): boolean;
}

/** The first certificate of a PEM file. */
export interface CertificateFacts {
  readonly dnsNames: readonly string[];
  readonly ipNames: readonly string[];
  readonly issuer: string;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** SHA-256 of the DER form, hexadecimal pairs with colons. */
  readonly fingerprint: string;
}

/** How certificates are made; the real one is `own_ca.ts`, loaded when needed. */
export interface Issuer {
  /** `key` is the one to keep, PEM; a new one where it is null. */
  authority(name: string, key: string | null): Promise<KeyPair>;
  server(authority: KeyPair, names: ServerNames): Promise<KeyPair>;
}

/** The issuer over own_ca.ts, which is loaded at first use: its library costs megabytes that an idle server should not hold. */
export function lazyIssuer(clock: Clock, random: Random): Issuer {
  return {
    authority: async (name, key) => (await import("./own_ca.ts")).issueAuthority(name, clock, random, key),
    server: async (authority, names) =>
      (await import("./own_ca.ts")).issueServer(authority, names, clock, random),
  };
}

export interface CertificatePorts {
  readonly fs: Fs;
  readonly clock: Clock;
  readonly issuer: Issuer;
  readonly reader: CertificateReader;
}

/**
 * The server's own certificate below `dir` (DATA/tls), for `names`; made, with the authority, where it is missing, broken, for other names or
 * near its end. Files: ca.pem, ca.key, server.pem (with the authority's certificate after it), server.key.
 */
export async function ensureOwnCertificate(
  ports: CertificatePorts,
  dir: string,
  authorityName: string,
  names: ServerNames,
): Promise<{ readonly pair: KeyPair; readonly issued: boolean }> {
  await ports.fs.makeDir(dir);
  const authority = await ensureAuthority(ports, dir, authorityName);
  const present = await readPair(ports, `${dir}/server.pem`, `${dir}/server.key`);
  if (
    present && isGood(ports, present, names) && present.certificate.includes(authority.certificate.trim())
  ) {
    return { pair: present, issued: false };
  }
  const pair = await ports.issuer.server(authority, names);
  await writePair(ports.fs, pair, `${dir}/server.pem`, `${dir}/server.key`);
  return { pair, issued: true };
}

async function ensureAuthority(ports: CertificatePorts, dir: string, name: string): Promise<KeyPair> {
  const present = await readPair(ports, `${dir}/ca.pem`, `${dir}/ca.key`);
  const now = ports.clock.now();
  if (present) {
    const { notBefore, notAfter } = ports.reader.read(present.certificate);
    if (notBefore <= now && notAfter > now + RENEW_DAYS * DAY) return present;
  }
  // With the same key the certificate that clients have installed stays good: also where a wrong clock said that it had ended.
  const pair = await ports.issuer.authority(name, present?.key ?? null);
  await writePair(ports.fs, pair, `${dir}/ca.pem`, `${dir}/ca.key`);
  return pair;
}

/** A certificate and key from files; null when one is missing or they do not belong together. */
export async function readPair(
  ports: Pick<CertificatePorts, "fs" | "reader">,
  certificateFile: string,
  keyFile: string,
): Promise<KeyPair | null> {
  const [certificate, key] = await Promise.all([
    ports.fs.readFile(certificateFile, FILE_MAX),
    ports.fs.readFile(keyFile, FILE_MAX),
  ]);
  if (!certificate || !key) return null;
  const pair = { certificate: fromUtf8(certificate), key: fromUtf8(key) };
  try {
    return ports.reader.matches(pair) ? pair : null;
  } catch {
    // Not a certificate or not a key: as good as missing.
    return null;
  }
}

async function writePair(fs: Fs, pair: KeyPair, certificateFile: string, keyFile: string): Promise<void> {
  await replaceFile(fs, keyFile, utf8(pair.key));
  await replaceFile(fs, certificateFile, utf8(pair.certificate), `${certificateFile}.new`, 0o644);
}

function isGood(ports: CertificatePorts, pair: KeyPair, names: ServerNames): boolean {
  const facts = ports.reader.read(pair.certificate);
  const covers = names.dns.every((n) => facts.dnsNames.includes(n)) &&
    names.ip.every((n) => facts.ipNames.includes(n));
  const now = ports.clock.now();
  return covers && facts.notBefore <= now && facts.notAfter > now + RENEW_DAYS * DAY;
}
