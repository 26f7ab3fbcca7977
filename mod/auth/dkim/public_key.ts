/** Public keys as DNS has them, and checking what they signed (RFC 6376 3.3, RFC 8301, RFC 8463). */
import { createHash, createPublicKey, type KeyObject, verify } from "node:crypto";
import { RSA_BITS_LEAST, RSA_BITS_MOST } from "../../base/limits.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { rsaNumbers } from "./rsa_numbers.ts";

export type PublicKey =
  | { readonly type: "rsa"; readonly bits: number; readonly key: CryptoKey }
  | { readonly type: "ed25519"; readonly key: KeyObject };

export interface KeyFault {
  /** `weak`: a real key that is not to be believed or too costly; `broken`: no key. */
  readonly kind: "weak" | "broken";
  readonly why: string;
  /** Of an RSA key. */
  readonly bits: number | null;
}

const RSA_SHA256 = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
const ED25519_OCTETS = 32;
/** Octets from which on a header is hashed off the main thread: twenty signatures over the longest header take a while. */
const LONG = 64 * 1024;
/** SubjectPublicKeyInfo of Ed25519 up to the key (RFC 8410 4). */
const ED25519_HEAD = new Uint8Array([0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00]);
/** Public exponents are 65537 or 3; an exponent as long as the modulus would make each check a hundred times dearer. */
const EXPONENT_OCTETS = 4;

/** Makes a key of the octets of p=. */
export async function importPublicKey(
  type: PublicKey["type"],
  octets: Uint8Array,
): Promise<Result<PublicKey, KeyFault>> {
  return type === "rsa" ? await importRsa(octets) : importEd25519(octets);
}

async function importRsa(octets: Uint8Array): Promise<Result<PublicKey, KeyFault>> {
  const numbers = rsaNumbers(octets);
  if (!numbers) return err({ kind: "broken", why: "p= is no RSA key", bits: null });
  const { bits, exponent, info } = numbers;
  if (bits < RSA_BITS_LEAST) {
    return err({ kind: "weak", why: `the RSA key has ${bits} bits, fewer than ${RSA_BITS_LEAST}`, bits });
  }
  if (bits > RSA_BITS_MOST) {
    return err({ kind: "weak", why: `the RSA key has ${bits} bits, more than ${RSA_BITS_MOST}`, bits });
  }
  if (exponent.length > EXPONENT_OCTETS) {
    return err({ kind: "weak", why: "the RSA key has a very long exponent", bits });
  }
  try {
    return ok({
      type: "rsa",
      bits,
      key: await crypto.subtle.importKey("spki", info, RSA_SHA256, false, ["verify"]),
    });
  } catch {
    // The platform's own reasons for not taking it: an even modulus, an exponent of 1.
    return err({ kind: "broken", why: "p= is no RSA key", bits });
  }
}

function importEd25519(octets: Uint8Array): Result<PublicKey, KeyFault> {
  const broken = { kind: "broken", why: "p= is no Ed25519 key", bits: null } as const;
  // The bare key (RFC 8463 4.2), or with a head around it as some publish it.
  const isWhole = octets.length === ED25519_HEAD.length + ED25519_OCTETS &&
    ED25519_HEAD.every((b, i) => octets[i] === b);
  if (octets.length !== ED25519_OCTETS && !isWhole) return err(broken);
  const x = btoa(String.fromCharCode(...octets.subarray(-ED25519_OCTETS)))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  try {
    return ok({
      type: "ed25519",
      key: createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" }),
    });
  } catch {
    // No point of the curve.
    return err(broken);
  }
}

/** Whether `signature` (b=, decoded) is the key's over `data`. RSA is checked off the main thread. */
export async function verifyData(
  key: PublicKey,
  data: Uint8Array<ArrayBuffer>,
  signature: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  try {
    if (key.type === "rsa") return await crypto.subtle.verify(RSA_SHA256, key.key, signature, data);
    // RFC 8463 3: what Ed25519 signs is the hash.
    const hash = data.length > LONG
      ? new Uint8Array(await crypto.subtle.digest("SHA-256", data))
      : createHash("sha256").update(data).digest();
    return verify(null, hash, key.key, signature);
  } catch {
    // A signature of a length that the algorithm does not have.
    return false;
  }
}
