/** The arithmetic of SCRAM (RFC 5802 3): keys from a password, and proofs against keys. */
import { createHash, createHmac, pbkdf2, timingSafeEqual } from "node:crypto";
import { saslPrep } from "./saslprep.ts";

/** Hashes that mechanisms are named after: RFC 7677, RFC 5802. */
export type ScramHash = "SHA-256" | "SHA-1";

export interface ScramKeys {
  readonly storedKey: Uint8Array;
  readonly serverKey: Uint8Array;
}

/** What a login by SCRAM is checked against. */
export interface ScramSecrets {
  readonly salt: Uint8Array;
  readonly iterations: number;
  /** Any of them opens the account: its password and its app passwords, all made with this salt. Empty: nobody can log in. */
  readonly keys: readonly ScramKeys[];
}

const NODE_NAMES: Readonly<Record<ScramHash, string>> = { "SHA-256": "sha256", "SHA-1": "sha1" };
const LENGTHS: Readonly<Record<ScramHash, number>> = { "SHA-256": 32, "SHA-1": 20 };

/** Octets of the hash, and so of proofs and keys. */
export function scramLength(hash: ScramHash): number {
  return LENGTHS[hash];
}

/** The keys that a server stores in place of a password. Takes tens of milliseconds at tens of thousands of iterations, on another thread. */
export async function deriveScramKeys(
  password: string,
  salt: Uint8Array,
  iterations: number,
  hash: ScramHash,
): Promise<ScramKeys> {
  // What SASLprep refuses is taken as it is: a client either does the same or could not log in at all.
  const prepared = saslPrep(password) ?? password;
  const salted = await new Promise<Uint8Array>((resolve, reject) => {
    pbkdf2(
      prepared,
      salt,
      iterations,
      LENGTHS[hash],
      NODE_NAMES[hash],
      (error, key) => error ? reject(error) : resolve(key),
    );
  });
  return {
    storedKey: digest(hash, hmac(hash, salted, "Client Key")),
    serverKey: hmac(hash, salted, "Server Key"),
  };
}

/** The server's signature when the client's proof is right for any of the keys, else null. `message` is the AuthMessage. */
export function checkScramProof(
  hash: ScramHash,
  keys: readonly ScramKeys[],
  message: string,
  proof: Uint8Array,
): Uint8Array | null {
  // Without keys the same work is done once: time does not tell whether there is an account.
  const tried = keys.length > 0 ? keys : [NO_KEYS[hash]];
  for (const { storedKey, serverKey } of tried) {
    const clientKey = hmac(hash, storedKey, message);
    for (let i = 0; i < clientKey.length; i++) clientKey[i] = (clientKey[i] ?? 0) ^ (proof[i] ?? 0);
    const right = timingSafeEqual(digest(hash, clientKey), storedKey);
    const signature = hmac(hash, serverKey, message);
    if (right && keys.length > 0 && proof.length === LENGTHS[hash]) return signature;
  }
  return null;
}

/** Of zeros: nobody knows what hashes to it, and it is refused anyway. */
const NO_KEYS: Readonly<Record<ScramHash, ScramKeys>> = {
  "SHA-256": { storedKey: new Uint8Array(32), serverKey: new Uint8Array(32) },
  "SHA-1": { storedKey: new Uint8Array(20), serverKey: new Uint8Array(20) },
};

function hmac(hash: ScramHash, key: Uint8Array, data: string): Uint8Array {
  return createHmac(NODE_NAMES[hash], key).update(data, "utf8").digest();
}

function digest(hash: ScramHash, data: Uint8Array): Uint8Array {
  return createHash(NODE_NAMES[hash]).update(data).digest();
}
