/**
 * SHA256-CRYPT and SHA512-CRYPT ("$5$", "$6$") after Ulrich Drepper's public "Unix crypt using SHA-256 and SHA-512", and MD5-CRYPT ("$1$")
 * after FreeBSD's. Only for checking hashes that came by import; our own are scrypt.
 */
import { createHash } from "node:crypto";
import { utf8 } from "../base/bytes.ts";

const ALPHABET = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const ROUNDS_DEFAULT = 5000;
const ROUNDS_MIN = 1000;
/** The scheme allows 999,999,999; a hash that would take minutes is not computed. */
const ROUNDS_MAX = 1_000_000;
/** Rounds between two turns of the event loop: about a millisecond. */
const SLICE = 500;
/** The work grows with the password's length in every round; nobody types more. */
const PASSWORD_MAX = 512;

/**
 * Recomputes a "$5$" or "$6$" string with the password; null when it is not one or asks for too much work. `pause` lets others have the event
 * loop now and then.
 */
export async function shaCrypt(
  password: string,
  stored: string,
  pause: () => Promise<void>,
): Promise<string | null> {
  const m = /^\$([56])\$(?:rounds=(\d{1,9})\$)?([^$]{0,16})\$[./0-9A-Za-z]+$/.exec(stored);
  if (!m) return null;
  const algorithm = m[1] === "5" ? "sha256" : "sha512";
  const asked = m[2] === undefined ? ROUNDS_DEFAULT : Number(m[2]);
  const rounds = Math.max(ROUNDS_MIN, asked);
  const key = utf8(password);
  if (rounds > ROUNDS_MAX || key.length > PASSWORD_MAX) return null;
  const salt = utf8(m[3] ?? "");
  const digest = await shaRounds(algorithm, key, salt, rounds, pause);
  const head = `$${m[1]}$${m[2] === undefined ? "" : `rounds=${rounds}$`}${m[3] ?? ""}$`;
  return head + (algorithm === "sha256" ? encode256(digest) : encode512(digest));
}

async function shaRounds(
  algorithm: string,
  key: Uint8Array,
  salt: Uint8Array,
  rounds: number,
  pause: () => Promise<void>,
): Promise<Uint8Array> {
  const sum = (...parts: Uint8Array[]): Uint8Array => {
    const h = createHash(algorithm);
    for (const part of parts) h.update(part);
    return h.digest();
  };
  const b = sum(key, salt, key);
  const first = [key, salt, repeat(b, key.length)];
  for (let n = key.length; n > 0; n >>= 1) first.push(n & 1 ? b : key);
  let c = sum(...first);
  const p = repeat(sum(...new Array<Uint8Array>(key.length).fill(key)), key.length);
  const s = repeat(sum(...new Array<Uint8Array>(16 + (c[0] ?? 0)).fill(salt)), salt.length);
  for (let i = 0; i < rounds; i++) {
    const parts = [i & 1 ? p : c];
    if (i % 3) parts.push(s);
    if (i % 7) parts.push(p);
    parts.push(i & 1 ? c : p);
    c = sum(...parts);
    if (i % SLICE === SLICE - 1) await pause();
  }
  return c;
}

/** `block` over and over, cut to `length` octets. */
function repeat(block: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  for (let at = 0; at < length; at += block.length) out.set(block.subarray(0, length - at), at);
  return out;
}

/** The low `n` groups of 6 bits of three octets, lowest first. */
function group(a: number, b: number, c: number, n: number): string {
  let v = (a << 16) | (b << 8) | c;
  let out = "";
  for (; n > 0; n--, v >>= 6) out += ALPHABET[v & 63];
  return out;
}

// The order of octets is the scheme's: each group takes three octets a third of the digest apart, turned by one each time.
function encode256(d: Uint8Array): string {
  let out = "";
  let [a, b, c] = [0, 10, 20];
  for (let i = 0; i < 10; i++) {
    out += group(d[a] ?? 0, d[b] ?? 0, d[c] ?? 0, 4);
    [a, b, c] = [c + 1, a + 1, b + 1];
  }
  return out + group(0, d[31] ?? 0, d[30] ?? 0, 3);
}

function encode512(d: Uint8Array): string {
  let out = "";
  let [a, b, c] = [0, 21, 42];
  for (let i = 0; i < 21; i++) {
    out += group(d[a] ?? 0, d[b] ?? 0, d[c] ?? 0, 4);
    [a, b, c] = [b + 1, c + 1, a + 1];
  }
  return out + group(0, 0, d[63] ?? 0, 2);
}

/** Recomputes a "$1$" string with the password; null when it is not one. */
export function md5Crypt(password: string, stored: string): string | null {
  const m = /^\$1\$([^$]{0,8})\$[./0-9A-Za-z]{22}$/.exec(stored);
  const key = utf8(password);
  if (!m || key.length > PASSWORD_MAX) return null;
  const salt = utf8(m[1] ?? "");
  const sum = (...parts: Uint8Array[]): Uint8Array => {
    const h = createHash("md5");
    for (const part of parts) h.update(part);
    return h.digest();
  };
  const alternate = sum(key, salt, key);
  const first: Uint8Array[] = [key, utf8("$1$"), salt, repeat(alternate, key.length)];
  for (let n = key.length; n > 0; n >>= 1) first.push(n & 1 ? new Uint8Array(1) : key.subarray(0, 1));
  let d = sum(...first);
  for (let i = 0; i < 1000; i++) {
    const parts = [i & 1 ? key : d];
    if (i % 3) parts.push(salt);
    if (i % 7) parts.push(key);
    parts.push(i & 1 ? d : key);
    d = sum(...parts);
  }
  let out = "";
  for (const [a, b, c] of [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5]] as const) {
    out += group(d[a] ?? 0, d[b] ?? 0, d[c] ?? 0, 4);
  }
  return `$1$${m[1] ?? ""}$${out}${group(0, 0, d[11] ?? 0, 2)}`;
}
