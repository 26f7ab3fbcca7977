/**
 * A certificate authority of our own, for closed networks and until a public certificate is there. ECDSA P-256 with SHA-256.
 * Loaded only when something is to be issued: the ASN.1 library is large.
 */
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const DAY = 86_400_000;
/** Clients take an authority a person installed for as long as they like; ten years is what a box at home lives. */
const CA_DAYS = 3653;
/** Apple's limit for server certificates below an authority that a person installed is 825 days; browsers like 398. */
const SERVER_DAYS = 397;
/** Clocks of small machines are late at boot. */
const BACKDATE = DAY;

/** A certificate and its key, PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

/** Makes the authority. `name` is what people see in their lists of authorities. `key`, if given, is its key (PEM) already. */
export async function issueAuthority(
  name: string,
  clock: Clock,
  random: Random,
  key: string | null = null,
): Promise<KeyPair> {
  const keys = key === null
    ? await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"])
    : await keysOf(key);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(random),
    name: [{ CN: [name] }, { O: ["Roost"] }],
    notBefore: new Date(clock.now() - BACKDATE),
    notAfter: new Date(clock.now() + CA_DAYS * DAY),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: pem(certificate), key: await keyPem(keys.privateKey) };
}

/** What a server certificate is for: DNS names and IP addresses, at least one of either. */
export interface ServerNames {
  readonly dns: readonly string[];
  readonly ip: readonly string[];
}

/** A server certificate below `authority`; the PEM holds the authority's certificate after it, as clients want it in the handshake. */
export async function issueServer(
  authority: KeyPair,
  names: ServerNames,
  clock: Clock,
  random: Random,
): Promise<KeyPair> {
  const issuer = new x509.X509Certificate(authority.certificate);
  const signingKey = await importKey(authority.key);
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const first = names.dns[0] ?? names.ip[0];
  if (first === undefined) throw new TypeError("Cannot issue a certificate without a name");
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial(random),
    subject: [{ CN: [first.slice(0, 64)] }],
    issuer: issuer.subjectName,
    notBefore: new Date(clock.now() - BACKDATE),
    notAfter: new Date(Math.min(clock.now() + SERVER_DAYS * DAY, issuer.notAfter.getTime())),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([
        ...names.dns.map((value) => ({ type: "dns" as const, value })),
        ...names.ip.map((value) => ({ type: "ip" as const, value })),
      ]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return { certificate: pem(certificate) + authority.certificate, key: await keyPem(keys.privateKey) };
}

function serial(random: Random): string {
  const bytes = random.bytes(16);
  // RFC 5280 4.1.2.2: positive, so the top bit is clear; and not zero.
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}

function pem(certificate: x509.X509Certificate): string {
  return `${certificate.toString("pem").trim()}\n`;
}

async function keyPem(key: CryptoKey): Promise<string> {
  return `${x509.PemConverter.encode(await crypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY").trim()}\n`;
}

/** A private key with its public half. */
async function keysOf(text: string): Promise<CryptoKeyPair> {
  const der = x509.PemConverter.decode(text)[0];
  if (!der) throw new TypeError("Cannot read the authority's key: no PEM block");
  const privateKey = await crypto.subtle.importKey("pkcs8", der, ALGORITHM, true, ["sign"]);
  const { d: _, ...open } = await crypto.subtle.exportKey("jwk", privateKey);
  const jwk = { ...open, key_ops: ["verify"] };
  return { privateKey, publicKey: await crypto.subtle.importKey("jwk", jwk, ALGORITHM, true, ["verify"]) };
}

function importKey(text: string): Promise<CryptoKey> {
  const der = x509.PemConverter.decode(text)[0];
  if (!der) throw new TypeError("Cannot read the authority's key: no PEM block");
  return crypto.subtle.importKey("pkcs8", der, ALGORITHM, false, ["sign"]);
}
