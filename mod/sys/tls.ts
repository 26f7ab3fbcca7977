/** TLS contexts chosen by SNI, swapped as a whole when certificates change; and the reading of X.509 certificates. */
import { Buffer } from "node:buffer";
import { createHash, createPrivateKey, X509Certificate } from "node:crypto";
import tls from "node:tls";
import { formatIp, parseIp } from "../base/ip.ts";
import { TLS_CHAIN } from "../base/limits.ts";
import type { CertificateFacts, CertificateReader } from "../tls/certificate_files.ts";
import type { ServerTls, ServerTlsOptions } from "./net.ts";

/** A certificate chain and key in PEM, with where they come from for people. */
export interface CertificateEntry {
  readonly source: string;
  readonly certificate: string;
  readonly key: string;
}

/** What is served at the moment. */
export interface ServedCertificate extends CertificateFacts {
  readonly source: string;
}

interface Served {
  readonly facts: ServedCertificate;
  readonly context: tls.SecureContext;
  /** The same for TLS 1.2 alone: made when it is wanted. */
  old(): tls.SecureContext;
  readonly endPoint: Uint8Array | null;
}

/** Hashes of signature algorithms by OID. RSA-PSS names its hash in parameters we do not read, EdDSA has none that RFC 5929 knows. */
const SIGNATURE_HASHES: Readonly<Record<string, string>> = {
  "1.2.840.113549.1.1.4": "sha256", // MD5 and SHA-1 count as SHA-256: RFC 5929 4.1
  "1.2.840.113549.1.1.5": "sha256",
  "1.2.840.113549.1.1.11": "sha256",
  "1.2.840.113549.1.1.12": "sha384",
  "1.2.840.113549.1.1.13": "sha512",
  "1.2.840.113549.1.1.14": "sha224",
  "1.2.840.10045.4.1": "sha256",
  "1.2.840.10045.4.3.1": "sha224",
  "1.2.840.10045.4.3.2": "sha256",
  "1.2.840.10045.4.3.3": "sha384",
  "1.2.840.10045.4.3.4": "sha512",
};

/** The tls-server-end-point channel binding (RFC 5929 4.1) of the first certificate in PEM text; null where it is not defined. */
export function endPointOf(pem: string): Uint8Array | null {
  const certificate = new X509Certificate(pem);
  // Newer than the type's declaration.
  const { signatureAlgorithmOid } = certificate as { readonly signatureAlgorithmOid?: string };
  const hash = SIGNATURE_HASHES[signatureAlgorithmOid ?? ""];
  return hash === undefined ? null : createHash(hash).update(certificate.raw).digest();
}

/** Reads certificates with node:crypto. */
export const certificateReader: CertificateReader = {
  read(pem) {
    const c = new X509Certificate(pem);
    const names = (c.subjectAltName ?? "").split(/,\s*/);
    const of = (prefix: string) =>
      names.filter((n) => n.startsWith(prefix)).map((n) => n.slice(prefix.length).toLowerCase());
    return {
      dnsNames: of("DNS:"),
      ipNames: of("IP Address:").map((text) => {
        // node writes IPv6 addresses in full; one form makes them comparable.
        const ip = parseIp(text);
        return ip ? formatIp(ip) : text;
      }),
      issuer: c.issuer.replaceAll("\n", ", "),
      notBefore: Date.parse(c.validFrom),
      notAfter: Date.parse(c.validTo),
      fingerprint: c.fingerprint256,
    };
  },
  chain(pem) {
    const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
    const [first = "", ...others] = blocks.slice(0, TLS_CHAIN);
    const chain = [new X509Certificate(first)];
    const left = others.flatMap(certificateOf);
    for (;;) {
      const last = chain.at(-1);
      const at = left.findIndex((c) => last && isIssuedBy(last, c));
      const [next] = at < 0 ? [] : left.splice(at, 1);
      if (!next) return chain.map((c) => `${c.toString().trim()}\n`).join("");
      chain.push(next);
    }
  },
  renewalId(pem) {
    const { raw, serialNumber } = new X509Certificate(pem);
    const key = issuerKeyId(raw);
    if (key === null) return null;
    const digits = serialNumber.length % 2 === 1 ? `0${serialNumber}` : serialNumber;
    // As DER has it: positive, so the top bit is clear.
    const serial = Buffer.from(/^[89A-F]/i.test(digits) ? `00${digits}` : digits, "hex");
    return `${key.toString("base64url")}.${serial.toString("base64url")}`;
  },
  matches(pair) {
    return new X509Certificate(pair.certificate).checkPrivateKey(createPrivateKey(pair.key));
  },
};

/** Empty for what is none. */
function certificateOf(pem: string): X509Certificate[] {
  try {
    return [new X509Certificate(pem)];
  } catch {
    return []; // of no use to clients either
  }
}

/** Object identifier of authorityKeyIdentifier (RFC 5280 4.2.1.1), as DER has it. */
const ISSUER_KEY = Buffer.from("0603551d23", "hex");

/** The keyIdentifier of that extension, which the platform does not tell. */
function issuerKeyId(der: Buffer): Buffer | null {
  const at = der.indexOf(ISSUER_KEY) + ISSUER_KEY.length;
  const [octets, , sequence, , key, length = 0] = der.subarray(at, at + 6);
  if (at < ISSUER_KEY.length || octets !== 0x04 || sequence !== 0x30 || key !== 0x80 || length > 64) {
    return null;
  }
  return der.subarray(at + 6, at + 6 + length);
}

/** Whether `by` has signed `certificate`, and is another one. */
function isIssuedBy(certificate: X509Certificate, by: X509Certificate): boolean {
  try {
    return by.ca && certificate.checkIssued(by) && certificate.verify(by.publicKey) &&
      by.fingerprint256 !== certificate.fingerprint256;
  } catch {
    return false; // a key or signature of a kind that nobody knows
  }
}

/** All certificates of the server. Connections begun before a change keep theirs. */
export class Certificates {
  #served: readonly Served[] = [];
  #byName = new Map<string, Served>();

  /** Replaces all. The first is the one for clients that ask for no name or an unknown one. Throws on a broken pair and keeps the old ones. */
  use(entries: readonly CertificateEntry[]): void {
    const served = entries.map((e): Served => {
      // TLS 1.2 is the least that RFC 8996 leaves.
      const pair = { cert: e.certificate, key: e.key, minVersion: "TLSv1.2" } as const;
      let old: tls.SecureContext | null = null;
      return {
        facts: { ...certificateReader.read(e.certificate), source: e.source },
        context: tls.createSecureContext(pair),
        old: () => old ??= tls.createSecureContext({ ...pair, maxVersion: "TLSv1.2" }),
        endPoint: endPointOf(e.certificate),
      };
    });
    const byName = new Map<string, Served>();
    for (const s of served) {
      for (const name of s.facts.dnsNames) if (!byName.has(name)) byName.set(name, s);
    }
    this.#served = served;
    this.#byName = byName;
  }

  /** Facts of what is served, in order. */
  list(): readonly ServedCertificate[] {
    return this.#served.map((s) => s.facts);
  }

  /**
   * For listeners: looks the certificate up at each handshake. Where there is no choice it is not looked up: the runtime (Deno 2.9.6) never
   * forgets a peer that goes away before an SNICallback was called, some 9 KB each.
   */
  readonly serverTls: ServerTls = () => this.#options(({ context }) => context);

  /** The same for TLS 1.2 alone. */
  readonly oldServerTls: ServerTls = () => this.#options((served) => served.old());

  #options(contextOf: (served: Served) => tls.SecureContext): ServerTlsOptions {
    const fallback = this.#served[0];
    if (!fallback) throw new Error("Cannot begin TLS: no certificate is loaded");
    let chosen = fallback;
    const endPoint = () => chosen.endPoint;
    if (this.#served.length === 1) return { secureContext: contextOf(fallback), endPoint };
    return {
      secureContext: contextOf(fallback),
      SNICallback: (name, done) => {
        chosen = this.#choose(name.toLowerCase()) ?? fallback;
        done(null, contextOf(chosen));
      },
      endPoint,
    };
  }

  /** The same where the name is known already; without one, or with one that is not ours, the first certificate. Throws when none is loaded. */
  contextFor(name: string | null): tls.SecureContext {
    const served = (name === null ? undefined : this.#choose(name)) ?? this.#served[0];
    if (!served) throw new Error("Cannot begin TLS: no certificate is loaded");
    return served.context;
  }

  #choose(name: string): Served | undefined {
    const dot = name.indexOf(".");
    return this.#byName.get(name) ?? (dot > 0 ? this.#byName.get(`*${name.slice(dot)}`) : undefined);
  }
}
