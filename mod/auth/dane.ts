/**
 * DANE for SMTP (RFC 6698, 7672): which TLSA records count, and whether the certificates a host has shown match them. Pure.
 */
import { createHash, X509Certificate } from "node:crypto";
import type { TlsaRecord } from "../dns/resolver.ts";

const DANE_TA = 2;
const DANE_EE = 3;
/** Octets of a digest by matching type; 0 is the whole thing, of any length. */
const DIGEST_OCTETS: readonly number[] = [0, 32, 64];

/** Whether a record can be used between mail servers: usages 2 and 3 only (RFC 7672 3.1.3), known selector and matching type. */
export function isUsableTlsa(record: TlsaRecord): boolean {
  const { usage, selector, matching, data } = record;
  const octets = DIGEST_OCTETS[matching];
  if (usage !== DANE_TA && usage !== DANE_EE) return false;
  if (selector > 1 || octets === undefined) return false;
  return octets === 0 ? data.length > 0 : data.length === octets;
}

/**
 * Holds what a host has shown against its records. `chain`: certificates in DER, the host's own first. `names`: whom the certificate may name,
 * for usage 2 only (RFC 7672 3.2.2). `now` in milliseconds since 1970. null when one record matches, else why none does.
 */
export function checkDane(
  records: readonly TlsaRecord[],
  names: readonly string[],
  chain: readonly Uint8Array[],
  now: number,
): string | null {
  const leaf = chain[0];
  if (!leaf) return "the host has shown no certificate";
  const usable = records.filter(isUsableTlsa);
  // Neither names nor dates count for usage 3: the record says all (RFC 7672 3.1.1).
  if (usable.some((r) => r.usage === DANE_EE && matches(r, leaf))) return null;
  let why = "the certificate matches no TLSA record";
  for (const record of usable.filter((r) => r.usage === DANE_TA)) {
    const path = pathTo(record, chain);
    if (!path) continue;
    const fault = pathFault(path, names, now);
    if (fault === null) return null;
    why = fault;
  }
  return why;
}

/** The certificates from the host's own to the anchor a record names, which must be another one; null when it is not there. */
function pathTo(record: TlsaRecord, chain: readonly Uint8Array[]): readonly Uint8Array[] | null {
  const at = chain.findIndex((der, i) => i > 0 && matches(record, der));
  if (at > 0) return chain.slice(0, at + 1);
  // A whole certificate in the record need not be shown (RFC 7672 3.1.2).
  return record.selector === 0 && record.matching === 0 ? [...chain, record.data] : null;
}

function pathFault(path: readonly Uint8Array[], names: readonly string[], now: number): string | null {
  let certificates: readonly X509Certificate[];
  try {
    certificates = path.map((der) => new X509Certificate(der));
  } catch {
    return "a certificate on the way to the trust anchor cannot be read";
  }
  const [leaf] = certificates;
  for (const [i, certificate] of certificates.entries()) {
    if (now < Date.parse(certificate.validFrom) || now > Date.parse(certificate.validTo)) {
      return `the certificate of ${subjectOf(certificate)} is out of date`;
    }
    const issuer = certificates[i + 1];
    if (!issuer) continue;
    if (!issuer.ca || !certificate.checkIssued(issuer) || !certificate.verify(issuer.publicKey)) {
      return `the certificate of ${subjectOf(certificate)} does not lead to the trust anchor`;
    }
  }
  const named = names.some((name) => leaf?.checkHost(name, { subject: "never" }) !== undefined);
  return named ? null : `the certificate is not for ${names.join(" or ")}`;
}

function subjectOf(certificate: X509Certificate): string {
  return certificate.subject.replaceAll("\n", ", ");
}

/** RFC 6698 2.1.2 and 2.1.3. */
function matches(record: TlsaRecord, der: Uint8Array): boolean {
  const selected = record.selector === 0 ? der : publicKeyInfo(der);
  if (!selected) return false;
  const wanted = record.data;
  const found = record.matching === 0
    ? selected
    : createHash(record.matching === 1 ? "sha256" : "sha512").update(selected).digest();
  return found.length === wanted.length && found.every((b, i) => b === wanted[i]);
}

interface Element {
  readonly tag: number;
  readonly start: number;
  readonly content: number;
  readonly end: number;
}

/** One DER element at `at`, or null when it does not fit before `limit`. */
function element(der: Uint8Array, at: number, limit: number): Element | null {
  const tag = der[at];
  const first = der[at + 1];
  if (tag === undefined || first === undefined || at + 2 > limit) return null;
  let length = first;
  let content = at + 2;
  if (first >= 0x80) {
    const octets = first & 0x7f;
    // Longer than 16 MiB, or of unknown length, is no certificate.
    if (octets === 0 || octets > 3) return null;
    length = 0;
    for (let i = 0; i < octets; i++) length = length * 256 + (der[content++] ?? 0);
  }
  const end = content + length;
  return end > limit ? null : { tag, start: at, content, end };
}

/** The SubjectPublicKeyInfo of a certificate as it stands there (RFC 5280 4.1); null when there is none. */
export function publicKeyInfo(der: Uint8Array): Uint8Array | null {
  const certificate = element(der, 0, der.length);
  const signed = certificate && element(der, certificate.content, certificate.end);
  if (!signed || signed.tag !== 0x30) return null;
  let at = signed.content;
  const version = element(der, at, signed.end);
  if (version?.tag === 0xa0) at = version.end;
  // Serial number, signature, issuer, validity, subject.
  for (let i = 0; i < 5; i++) {
    const skipped = element(der, at, signed.end);
    if (!skipped) return null;
    at = skipped.end;
  }
  const info = element(der, at, signed.end);
  return info?.tag === 0x30 ? der.slice(info.start, info.end) : null;
}
