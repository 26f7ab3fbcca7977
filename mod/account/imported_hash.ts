/**
 * Password hashes as Dovecot's passwd-file and doveadm pw write them, "{SCHEME}value": kept as they came by `roost user import` and replaced by our
 * own hash at the first login. Scheme suffixes .b64 and .hex are understood where Dovecot has them.
 */
import { createHash, pbkdf2, timingSafeEqual } from "node:crypto";
import { utf8 } from "../base/bytes.ts";
import { md5Crypt, shaCrypt } from "./crypt_sha.ts";

/** A "{SCHEME}value" string in its parts; scheme in capitals, without suffix. */
export interface SchemeValue {
  readonly scheme: string;
  readonly encoding: "b64" | "hex" | null;
  readonly value: string;
}

/** Schemes `verifyImported` can check, plus PLAIN (and its synonyms), which import hashes at once. */
export const IMPORT_SCHEMES: readonly string[] = [
  "PLAIN",
  "CLEARTEXT",
  "CLEAR",
  "CRYPT",
  "SHA512-CRYPT",
  "SHA256-CRYPT",
  "MD5-CRYPT",
  "BLF-CRYPT",
  "SSHA512",
  "SSHA256",
  "SSHA",
  "SMD5",
  "SHA512",
  "SHA256",
  "SHA1",
  "SHA",
  "PLAIN-MD5",
  "LDAP-MD5",
  "PBKDF2",
];

/** Iterations of PBKDF2 an imported hash may ask for. */
const PBKDF2_MAX = 2_000_000;
/** bcrypt's cost is a power of two; 14 takes seconds already. */
const BCRYPT_COST_MAX = 14;

/** Takes "{SCHEME}value" apart; a bare "$6$…" or "$2y$…" is what its prefix says. null when it is neither. */
export function parseScheme(text: string): SchemeValue | null {
  const m = /^\{([A-Za-z0-9-]+)(?:\.(b64|base64|hex))?\}([\s\S]*)$/i.exec(text);
  if (m) {
    const suffix = m[2]?.toLowerCase();
    const encoding = suffix === undefined ? null : suffix === "hex" ? "hex" : "b64";
    return { scheme: (m[1] ?? "").toUpperCase(), encoding, value: m[3] ?? "" };
  }
  return /^\$(1|2[abxy]|5|6)\$/.test(text) ? { scheme: "CRYPT", encoding: null, value: text } : null;
}

/** Whether a stored string is such an imported hash (and not one of ours). */
export function isImported(stored: string): boolean {
  return stored.startsWith("{");
}

/** Why a hash cannot be taken over, for the person who imports it; null when it can. */
export function importFault(hash: SchemeValue): string | null {
  if (!IMPORT_SCHEMES.includes(hash.scheme)) {
    return `scheme ${hash.scheme} is not known; known are ${IMPORT_SCHEMES.join(", ")}`;
  }
  if (/^\$6\$|^\$5\$|^\$1\$|^\$2[abxy]\$/.test(hash.value)) return null;
  if (hash.scheme === "CRYPT" || hash.scheme.endsWith("-CRYPT")) {
    return `the value of ${hash.scheme} does not start with $1$, $2y$, $5$ or $6$ (traditional DES is not supported)`;
  }
  if (hash.scheme === "PBKDF2") {
    return parsePbkdf2(hash.value) ? null : "the value of PBKDF2 is not $1$SALT$ROUNDS$HEX";
  }
  const digest = DIGESTS[hash.scheme];
  if (digest && decodeDigest(hash, digest) === null) {
    return `the value of ${hash.scheme} is too short or not encoded as it should be`;
  }
  return null;
}

/**
 * Whether `password` gives the imported hash; false for schemes that are not known and for hashes that would cost too much. `pause` lets others
 * have the event loop between slices of a long computation.
 */
export async function verifyImported(
  password: string,
  stored: string,
  pause: () => Promise<void>,
): Promise<boolean> {
  const hash = parseScheme(stored);
  if (!hash) return false;
  const { scheme, value } = hash;
  if (scheme === "CRYPT" || scheme.endsWith("-CRYPT")) return await verifyCrypt(password, value, pause);
  if (scheme === "PBKDF2") return await verifyPbkdf2(password, value);
  const digest = DIGESTS[scheme];
  if (digest) return verifyDigest(password, hash, digest);
  return false;
}

async function verifyCrypt(password: string, value: string, pause: () => Promise<void>): Promise<boolean> {
  if (value.startsWith("$2")) return await verifyBcrypt(password, value);
  const again = value.startsWith("$1$") ? md5Crypt(password, value) : await shaCrypt(password, value, pause);
  // "rounds=" below the minimum is written back as the minimum; compare the digests only.
  return again !== null && sameText(again.slice(again.lastIndexOf("$")), value.slice(value.lastIndexOf("$")));
}

async function verifyBcrypt(password: string, value: string): Promise<boolean> {
  const m = /^\$2[abxy]\$(\d\d)\$[./A-Za-z0-9]{53}$/.exec(value);
  if (!m || Number(m[1]) > BCRYPT_COST_MAX) return false;
  // Loaded when the first such hash is met: most servers never see one.
  const bcrypt = await import("bcryptjs");
  return await bcrypt.default.compare(password, value);
}

function parsePbkdf2(
  value: string,
): { readonly salt: string; readonly rounds: number; readonly hash: Uint8Array } | null {
  // $1$SALT$ROUNDS$HEX, SHA-1, salt as text: Dovecot's own form.
  const m = /^\$1\$([^$]+)\$(\d{1,7})\$([0-9a-f]{40})$/i.exec(value);
  const rounds = Number(m?.[2]);
  if (!m || rounds < 1 || rounds > PBKDF2_MAX) return null;
  return { salt: m[1] ?? "", rounds, hash: Uint8Array.fromHex(m[3] ?? "") };
}

function verifyPbkdf2(password: string, value: string): Promise<boolean> {
  const wanted = parsePbkdf2(value);
  if (!wanted) return Promise.resolve(false);
  return new Promise((resolve, reject) => {
    pbkdf2(password, wanted.salt, wanted.rounds, wanted.hash.length, "sha1", (error, key) => {
      if (error) reject(error);
      else resolve(timingSafeEqual(key, wanted.hash));
    });
  });
}

interface Digest {
  readonly algorithm: string;
  readonly length: number;
  /** The salt follows the digest. */
  readonly salted: boolean;
  /** How the value is written when no suffix tells. */
  readonly encoding: "b64" | "hex";
}

const DIGESTS: Readonly<Record<string, Digest>> = {
  "SSHA512": { algorithm: "sha512", length: 64, salted: true, encoding: "b64" },
  "SSHA256": { algorithm: "sha256", length: 32, salted: true, encoding: "b64" },
  "SSHA": { algorithm: "sha1", length: 20, salted: true, encoding: "b64" },
  "SMD5": { algorithm: "md5", length: 16, salted: true, encoding: "b64" },
  "SHA512": { algorithm: "sha512", length: 64, salted: false, encoding: "b64" },
  "SHA256": { algorithm: "sha256", length: 32, salted: false, encoding: "b64" },
  "SHA1": { algorithm: "sha1", length: 20, salted: false, encoding: "b64" },
  "SHA": { algorithm: "sha1", length: 20, salted: false, encoding: "b64" },
  "LDAP-MD5": { algorithm: "md5", length: 16, salted: false, encoding: "b64" },
  "PLAIN-MD5": { algorithm: "md5", length: 16, salted: false, encoding: "hex" },
};

/** Digest and salt as octets; null when the value does not hold them. */
function decodeDigest(
  hash: SchemeValue,
  digest: Digest,
): { readonly sum: Uint8Array; readonly salt: Uint8Array } | null {
  const encoding = hash.encoding ?? digest.encoding;
  const pattern = encoding === "hex" ? /^(?:[0-9a-f]{2})+$/i : /^[A-Za-z0-9+/]+={0,2}$/;
  if (!pattern.test(hash.value)) return null;
  let bytes: Uint8Array;
  try {
    bytes = encoding === "hex" ? Uint8Array.fromHex(hash.value) : Uint8Array.fromBase64(hash.value);
  } catch {
    return null; // a length base64 does not have
  }
  if (digest.salted ? bytes.length < digest.length : bytes.length !== digest.length) return null;
  return { sum: bytes.subarray(0, digest.length), salt: bytes.subarray(digest.length) };
}

function verifyDigest(password: string, hash: SchemeValue, digest: Digest): boolean {
  const wanted = decodeDigest(hash, digest);
  if (!wanted) return false;
  const sum = createHash(digest.algorithm).update(password, "utf8").update(wanted.salt).digest();
  return timingSafeEqual(sum, wanted.sum);
}

function sameText(a: string, b: string): boolean {
  const x = utf8(a);
  const y = utf8(b);
  return x.length === y.length && timingSafeEqual(x, y);
}
