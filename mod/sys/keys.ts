/** DKIM keys: made. */
import { generateKeyPair, type KeyObject } from "node:crypto";

/** RSA keys shorter than 1024 bits are not accepted (RFC 8301 3.2); 2048 is what fits a DNS answer and is trusted. */
const RSA_BITS = 2048;

/** A fresh private key as PKCS #8 in PEM. */
export function makeDkimKey(algorithm: "rsa" | "ed25519"): Promise<string> {
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
