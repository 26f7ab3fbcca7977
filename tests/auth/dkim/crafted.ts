/** Signatures with any tags, right or wrong, for tests; and keys and zones to go with them. */
import { createHash, generateKeyPairSync, type KeyObject } from "node:crypto";
import { utf8 } from "../../../mod/base/bytes.ts";
import { scanHeader } from "../../../mod/mail/header.ts";
import { type Canonicalization } from "../../../mod/auth/dkim/body_hasher.ts";
import { importPrivateKey, type PrivateKey, signData } from "../../../mod/auth/dkim/private_key.ts";
import { SignedFields } from "../../../mod/auth/dkim/signed_fields.ts";
import { DkimVerifier } from "../../../mod/auth/dkim/verify.ts";
import type { DkimOutcome } from "../../../mod/auth/types.ts";
import type { Resolver } from "../../../mod/dns/resolver.ts";

export const HEADER = "From: A <a@example.org>\r\nTo: b@example.net\r\nSubject: Hello\r\n";
export const BODY = "Hi there\r\n";

/** A key pair: the private key, and p= of the public one. */
export interface Pair {
  readonly key: PrivateKey;
  readonly pem: string;
  readonly p: string;
}

export async function makePair(type: "rsa" | "ed25519", bits = 1024): Promise<Pair> {
  const pair: { privateKey: KeyObject; publicKey: KeyObject } = type === "rsa"
    ? generateKeyPairSync("rsa", { modulusLength: bits })
    : generateKeyPairSync("ed25519");
  const spki = pair.publicKey.export({ type: "spki", format: "der" });
  const pem = String(pair.privateKey.export({ type: "pkcs8", format: "pem" }));
  const p = (type === "rsa" ? spki : spki.subarray(-32)).toString("base64");
  return { key: await importPrivateKey(pem), pem, p };
}

export function bodyHash(canonicalBody: string): string {
  return createHash("sha256").update(canonicalBody, "latin1").digest("base64");
}

/** The DKIM-Signature field with these tags and a b= that is right for them at the end of the tags, whatever else they say. */
export async function craft(
  tags: string,
  key: PrivateKey,
  header = HEADER,
  canon: Canonicalization = "relaxed",
): Promise<string> {
  const open = `DKIM-Signature: ${tags}; b=`;
  const names = (/\bh=([^;]*)/.exec(tags)?.[1] ?? "").toLowerCase().replace(/\s/g, "").split(":");
  const fields = new SignedFields(scanHeader(utf8(`${header}\r\n`)));
  const signature = await signData(key, fields.data(names, canon, utf8(open), null));
  return `${open}${btoa(String.fromCharCode(...signature))}\r\n`;
}

/** What the verifier says of a whole message. `now` in milliseconds since 1970. */
export async function verify(
  message: string | readonly Uint8Array[],
  resolver: Resolver,
  now = 0,
): Promise<readonly DkimOutcome[]> {
  const verifier = new DkimVerifier({ resolver, now });
  for (const chunk of typeof message === "string" ? [utf8(message)] : message) {
    const own = chunk.slice();
    verifier.write(own);
    own.fill(0x21);
  }
  return await verifier.finish();
}

/** Result and reason in one line. */
export function told(outcome: DkimOutcome | undefined): string {
  return outcome ? `${outcome.result}${outcome.reason === "" ? "" : `: ${outcome.reason}`}` : "no outcome";
}
