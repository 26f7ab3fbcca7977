/** TLS contexts chosen by SNI, swapped as a whole when certificates change; and the reading of X.509 certificates. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import tls from "node:tls";
import { formatIp, parseIp } from "../base/ip.ts";
import type { CertificateFacts, CertificateReader } from "../tls/certificate_files.ts";
import type { ServerTls } from "./net.ts";

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
  matches(pair) {
    return new X509Certificate(pair.certificate).checkPrivateKey(createPrivateKey(pair.key));
  },
};

/** All certificates of the server. Connections begun before a change keep theirs. */
export class Certificates {
  #served: readonly Served[] = [];
  #byName = new Map<string, tls.SecureContext>();

  /** Replaces all. The first is the one for clients that ask for no name or an unknown one. Throws on a broken pair and keeps the old ones. */
  use(entries: readonly CertificateEntry[]): void {
    const served = entries.map((e) => ({
      facts: { ...certificateReader.read(e.certificate), source: e.source },
      // TLS 1.2 is the least that RFC 8996 leaves.
      context: tls.createSecureContext({ cert: e.certificate, key: e.key, minVersion: "TLSv1.2" }),
    }));
    const byName = new Map<string, tls.SecureContext>();
    for (const s of served) {
      for (const name of s.facts.dnsNames) if (!byName.has(name)) byName.set(name, s.context);
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
  readonly serverTls: ServerTls = () => {
    const fallback = this.#served[0]?.context;
    if (!fallback) throw new Error("Cannot begin TLS: no certificate is loaded");
    if (this.#served.length === 1) return { secureContext: fallback };
    return {
      secureContext: fallback,
      SNICallback: (name, done) => done(null, this.#choose(name.toLowerCase()) ?? fallback),
    };
  };

  #choose(name: string): tls.SecureContext | undefined {
    const dot = name.indexOf(".");
    return this.#byName.get(name) ?? (dot > 0 ? this.#byName.get(`*${name.slice(dot)}`) : undefined);
  }
}
