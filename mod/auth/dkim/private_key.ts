/** Private keys, and signing with them (RFC 6376 3.3, RFC 8463). */
import { createHash, createPrivateKey, type KeyObject, sign } from "node:crypto";

export type PrivateKey =
  | { readonly type: "rsa"; readonly key: CryptoKey }
  | { readonly type: "ed25519"; readonly key: KeyObject };

const RSA_SHA256 = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };

/** Reads a key, PKCS #8 in PEM. Throws TypeError when it is none for DKIM. */
export async function importPrivateKey(pem: string): Promise<PrivateKey> {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType === "ed25519") return { type: "ed25519", key };
  if (key.asymmetricKeyType !== "rsa") {
    throw new TypeError(`Cannot sign mail with a key of type "${key.asymmetricKeyType}"`);
  }
  const der = new Uint8Array(key.export({ type: "pkcs8", format: "der" }));
  return { type: "rsa", key: await crypto.subtle.importKey("pkcs8", der, RSA_SHA256, false, ["sign"]) };
}

/** What a= says of signatures made with the key. */
export function algorithmOf(key: Pick<PrivateKey, "type">): "rsa-sha256" | "ed25519-sha256" {
  return `${key.type}-sha256`;
}

/** Signs; b= is this in base64. RSA takes over a millisecond and is done off the main thread. */
export async function signData(key: PrivateKey, data: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  if (key.type === "rsa") return new Uint8Array(await crypto.subtle.sign(RSA_SHA256, key.key, data));
  // RFC 8463 3: what Ed25519 signs is the hash.
  return sign(null, createHash("sha256").update(data).digest(), key.key);
}
