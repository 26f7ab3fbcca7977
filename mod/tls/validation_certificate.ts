import { utf8 } from "../base/bytes.ts";
import { der, derInteger, derOid, derSigned, derTime, ECDSA_WITH_SHA256, TAG } from "./der.ts";
import { EcKey } from "./ec_key.ts";
import type { TlsProof } from "./acme_types.ts";

const COMMON_NAME = "2.5.4.3";
const SUBJECT_ALT_NAME = "2.5.29.17"; // RFC 5280 4.2.1.6
const ACME_IDENTIFIER = "1.3.6.1.5.5.7.1.31"; // RFC 8737 3
const DAY = 86_400_000;
/** Clocks of small machines are late. */
const SPAN = 7 * DAY;

/**
 * The certificate that proves a name by tls-alpn-01 (RFC 8737 3): self-signed, for this name alone, with the hash of what a challenge is answered with.
 * Its key is made for it. `now` in milliseconds since 1970.
 */
export async function validationCertificate(name: string, answer: string, now: number): Promise<TlsProof> {
  const key = await EcKey.generate();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(utf8(answer))));
  const who = der(
    TAG.sequence,
    der(TAG.set, der(TAG.sequence, derOid(COMMON_NAME), der(TAG.utf8String, utf8("ACME challenge")))),
  );
  const altNames = der(TAG.sequence, der(TAG.dnsName, utf8(name)));
  const critical = der(TAG.boolean, new Uint8Array([0xff]));
  const proof = der(TAG.octetString, der(TAG.octetString, digest));
  const extensions = der(
    TAG.sequence,
    der(TAG.sequence, derOid(SUBJECT_ALT_NAME), der(TAG.octetString, altNames)),
    der(TAG.sequence, derOid(ACME_IDENTIFIER), critical, proof),
  );
  const info = der(
    TAG.sequence,
    der(TAG.context0, derInteger(new Uint8Array([2]))), // version 3
    derInteger(digest.subarray(0, 16)),
    ECDSA_WITH_SHA256,
    who,
    der(TAG.sequence, derTime(now - SPAN), derTime(now + SPAN)),
    who,
    key.spki,
    der(TAG.context3, extensions),
  );
  return { certificate: derSigned(info, await key.sign(info)), key };
}
