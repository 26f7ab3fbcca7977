/** DKIM keys: made and turned into what DNS publishes. */
import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from "node:crypto";

export type DkimAlgorithm = "rsa" | "ed25519";

/** RSA keys shorter than 1024 bits are not accepted (RFC 8301 3.2); 2048 is what fits a DNS answer and is trusted. */
const RSA_BITS = 2048;
/** A subjectPublicKeyInfo of Ed25519 ends with the 32 octets that RFC 8463 4 publishes. */
const ED25519_OCTETS = 32;

/** A fresh private key as PKCS #8 in PEM. */
export function makeDkimKey(algorithm: DkimAlgorithm): Promise<string> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, key: KeyObject) => {
      if (error) reject(error);
      else resolve(key.export({ type: "pkcs8", format: "pem" }).toString());
    };
    if (algorithm === "rsa") {
      generateKeyPair("rsa", { modulusLength: RSA_BITS }, (error, _, key) => done(error, key));
    } else generateKeyPair("ed25519", undefined, (error, _, key) => done(error, key));
  });
}

/** The key's kind and the value of p= (RFC 6376 3.6.1, RFC 8463 4). Throws when it is no such key. */
export function dkimPublicKey(pem: string): { readonly algorithm: DkimAlgorithm; readonly p: string } {
  const key = createPrivateKey(pem);
  const spki = createPublicKey(key).export({ type: "spki", format: "der" });
  if (key.asymmetricKeyType === "rsa") return { algorithm: "rsa", p: spki.toString("base64") };
  if (key.asymmetricKeyType === "ed25519") {
    return { algorithm: "ed25519", p: spki.subarray(spki.length - ED25519_OCTETS).toString("base64") };
  }
  throw new TypeError(`Cannot use a key of type "${key.asymmetricKeyType}" for DKIM`);
}
