/**
 * App passwords: made by us, one a device, 100 bits of randomness each. Nobody can guess such a password even from a fast hash, so a salted
 * SHA-256 is enough, and checking all of an account's costs microseconds. Written $app$SALT$HASH in base64.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Random } from "../base/random.ts";

/** Without letters and digits that look alike in some fonts (0 o, 1 l i): 31 signs, so 20 of them hold 99 bits. */
const SIGNS = "abcdefghjkmnpqrstuvwxyz23456789";
const GROUPS = 5;
const GROUP_LENGTH = 4;
const SALT_LENGTH = 12;

/** A password people can read out and type: five groups of four, 99 bits. */
export function generatePassword(random: Random): string {
  const groups: string[] = [];
  for (let g = 0; g < GROUPS; g++) {
    let group = "";
    for (let i = 0; i < GROUP_LENGTH; i++) group += SIGNS[random.int(SIGNS.length)];
    groups.push(group);
  }
  return groups.join("-");
}

/** The stored form of a password that `generatePassword` made. Never use it for one that a person chose. */
export function hashAppPassword(password: string, random: Random): string {
  const salt = random.bytes(SALT_LENGTH);
  return `$app$${salt.toBase64()}$${digest(password, salt).toBase64()}`;
}

/** Whether `password` gives the stored hash. Hyphens, spaces and case do not matter: people type these from paper. */
export function verifyAppPassword(password: string, stored: string): boolean {
  const m = /^\$app\$([A-Za-z0-9+/]{16})\$([A-Za-z0-9+/]{43}=)$/.exec(stored);
  if (!m) return false;
  let expected: Uint8Array;
  try {
    expected = Uint8Array.fromBase64(m[2] ?? "");
  } catch {
    return false; // a last sign that base64 does not have: a hand-edited hash
  }
  return timingSafeEqual(digest(password, Uint8Array.fromBase64(m[1] ?? "")), expected);
}

/** The way `generatePassword` writes it, however it was typed: what a client's SCRAM proof is made from. */
export function canonicalAppPassword(password: string): string {
  return bare(password).replace(/(.{4})(?=.)/g, "$1-");
}

function bare(password: string): string {
  return password.toLowerCase().replace(/[\s-]/g, "");
}

function digest(password: string, salt: Uint8Array): Uint8Array {
  return createHash("sha256").update(salt).update(bare(password), "utf8").digest();
}
