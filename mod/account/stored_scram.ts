/**
 * SCRAM keys as accounts.yaml has them, beside the hash of the same password:
 * $scram$i=ITERATIONS$SALT$HASH-ID$STORED256$SERVER256$STORED1$SERVER1, base64 without padding. HASH-ID says which password hash they belong to:
 * when that is changed by whatever means, the keys of the old password are worth nothing.
 *
 * All passwords of an account share one salt, for the server must name it before it knows which of them the client has. It comes from the name
 * and a secret of the server, for names that nobody has as well: a salt tells nobody which accounts there are.
 */
import { createHash, createHmac } from "node:crypto";
import { SCRAM_ITERATIONS, SCRAM_ITERATIONS_MAX } from "../base/limits.ts";
import { deriveScramKeys, type ScramHash, type ScramKeys, scramLength } from "../sasl/scram_keys.ts";
import type { Account } from "./account.ts";
import type { AccountId } from "./directory.ts";

const SALT_LENGTH = 16;
const ID_LENGTH = 9;

export interface StoredScram {
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly keys: Readonly<Record<ScramHash, ScramKeys>>;
}

/** The salt of a name, whether there is such an account or not. */
export function scramSalt(secret: Uint8Array, id: AccountId): Uint8Array {
  return createHmac("sha256", secret).update(id, "utf8").digest().subarray(0, SALT_LENGTH);
}

/** Keys of a password in their stored form. `hash` is the password's stored hash. */
export async function makeScram(password: string, hash: string, salt: Uint8Array): Promise<string> {
  const [strong, weak] = await Promise.all([
    deriveScramKeys(password, salt, SCRAM_ITERATIONS, "SHA-256"),
    deriveScramKeys(password, salt, SCRAM_ITERATIONS, "SHA-1"),
  ]);
  const parts = [salt, hashId(hash), strong.storedKey, strong.serverKey, weak.storedKey, weak.serverKey];
  const texts = parts.map((bytes) => bytes.toBase64({ omitPadding: true }));
  return `$scram$i=${SCRAM_ITERATIONS}$${texts.join("$")}`;
}

/** Keys from their stored form; null when they are not of this kind, or not of the password with this hash. */
export function parseScram(text: string, hash: string): StoredScram | null {
  const m = /^\$scram\$i=(\d{4,7})((?:\$[A-Za-z0-9+/]+){6})$/.exec(text);
  const iterations = Number(m?.[1]);
  if (!m || iterations < 4096 || iterations > SCRAM_ITERATIONS_MAX) return null;
  const [salt, id, stored256, server256, stored1, server1] = (m[2] ?? "").slice(1).split("$").map(unbase64);
  if (!salt || !id || !stored256 || !server256 || !stored1 || !server1) return null;
  const ours = hashId(hash);
  if (id.length !== ours.length || ours.some((b, i) => b !== id[i])) return null;
  const keys = {
    "SHA-256": { storedKey: stored256, serverKey: server256 },
    "SHA-1": { storedKey: stored1, serverKey: server1 },
  };
  const fits = (h: ScramHash) =>
    keys[h].storedKey.length === scramLength(h) && keys[h].serverKey.length === scramLength(h);
  return fits("SHA-256") && fits("SHA-1") ? { salt, iterations, keys } : null;
}

function hashId(hash: string): Uint8Array {
  return createHash("sha256").update(hash, "utf8").digest().subarray(0, ID_LENGTH);
}

function unbase64(text: string): Uint8Array | null {
  try {
    return Uint8Array.fromBase64(text);
  } catch {
    return null; // a length or a last sign that base64 does not have
  }
}

/** The account with these keys beside the password or app password that has this hash; null when none has. */
export function withScram(account: Account, hash: string, scram: string): Account | null {
  if (account.password === hash) return { ...account, scram };
  if (!account.appPasswords.some((p) => p.hash === hash)) return null;
  return {
    ...account,
    appPasswords: account.appPasswords.map((p) => p.hash === hash ? { ...p, scram } : p),
  };
}
