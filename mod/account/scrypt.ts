/**
 * Our own password hash: scrypt (RFC 7914) with N = 2^15, r = 8, p = 3, one of the settings OWASP recommends as equals: 175 ms on a
 * 2-core x86 machine, 0.8 s or so on a Pi 4. It is the one of them that costs least memory in the end: 32 MiB is the size from which on glibc
 * always gives a block back to the system. Of smaller ones (N = 2^14 and 16 MiB) each thread that ever hashed keeps its own for good: 160 MB
 * after twenty logins. Clients that log in all the time are served by the cache in `authenticator.ts`. Written as a modular string:
 * $scrypt$ln=15,r=8,p=3$SALT$HASH, base64 without padding.
 */
import { scrypt, timingSafeEqual } from "node:crypto";

const LOG_N = 15;
const R = 8;
const P = 3;
const HASH_LENGTH = 32;
/** Octets of salt. */
export const SALT_LENGTH = 16;
/** A stored hash may come from a hand-edited file: what would take more memory than this (octets) is not computed. */
const MEMORY_MAX = 64 * 1024 * 1024;

/** Hashes a password with `salt` (SALT_LENGTH octets). */
export async function hashScrypt(password: string, salt: Uint8Array): Promise<string> {
  const hash = await derive(password, salt, HASH_LENGTH, { ln: LOG_N, r: R, p: P });
  return `$scrypt$ln=${LOG_N},r=${R},p=${P}$${base64(salt)}$${base64(hash)}`;
}

/** Whether `password` gives the stored hash; false when the string is no hash of this kind. */
export async function verifyScrypt(password: string, stored: string): Promise<boolean> {
  const m = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]{22,86})$/.exec(
    stored,
  );
  if (!m) return false;
  const cost = { ln: Number(m[1]), r: Number(m[2]), p: Number(m[3]) };
  if (cost.ln < 1 || cost.r < 1 || cost.p < 1 || 128 * cost.r * 2 ** cost.ln > MEMORY_MAX) return false;
  const salt = unbase64(m[4] ?? "");
  const expected = unbase64(m[5] ?? "");
  if (!salt || !expected) return false;
  const actual = await derive(password, salt, expected.length, cost);
  return timingSafeEqual(actual, expected);
}

/** Whether the stored hash is of our kind and not weaker than what `hashScrypt` makes today. */
export function isCurrentScrypt(stored: string): boolean {
  return stored.startsWith(`$scrypt$ln=${LOG_N},r=${R},p=${P}$`);
}

interface Cost {
  readonly ln: number;
  readonly r: number;
  readonly p: number;
}

function derive(password: string, salt: Uint8Array, length: number, cost: Cost): Promise<Uint8Array> {
  const options = { N: 2 ** cost.ln, r: cost.r, p: cost.p, maxmem: 2 * MEMORY_MAX };
  return new Promise((resolve, reject) => {
    scrypt(
      password.normalize("NFC"),
      salt,
      length,
      options,
      (error, key) => error ? reject(error) : resolve(key),
    );
  });
}

function base64(bytes: Uint8Array): string {
  return bytes.toBase64({ omitPadding: true });
}

/** Octets of base64 text without padding; null when the last sign cannot be. */
function unbase64(text: string): Uint8Array | null {
  try {
    return Uint8Array.fromBase64(text);
  } catch {
    return null; // a length or a last sign that base64 does not have
  }
}
