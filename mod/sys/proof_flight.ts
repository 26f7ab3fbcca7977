/**
 * All that is said to an authority that looks for a proof by tls-alpn-01 (RFC 8737): ServerHello to Finished of TLS 1.3 (RFC 8446), with the validation
 * certificate. The runtime (Deno 2.9.6) serves no certificate with a critical extension it does not know, which this one must have. Nothing here is
 * secret, and nothing that the client says afterwards is of interest: so this is no TLS server, only the one answer.
 */
import { concat, utf8 } from "../base/bytes.ts";
import { derSignature } from "../tls/der.ts";
import type { TlsProof } from "../tls/acme_types.ts";
import { Cursor, type TlsOffer } from "../wire/client_hello.ts";

const HANDSHAKE = 22;
const CHANGE_CIPHER = 20;
const APPLICATION = 23;
const TLS_12 = 0x0303;
const TLS_13 = 0x0304;
const AES_128_GCM_SHA256 = 0x1301;
const ECDSA_P256_SHA256 = 0x0403;
const X25519 = 29;
const SIGNATURE_ALGORITHMS = 13;
const ALPN = 16;
const SUPPORTED_VERSIONS = 43;
const KEY_SHARE = 51;

const NOTHING = new Uint8Array();
const ZEROS = new Uint8Array(32);

/** The records to send, or null for a client that does not offer what we need (X25519, AES-128-GCM, ECDSA with P-256: all do). */
export async function proofFlight(
  offer: TlsOffer,
  proof: TlsProof,
  protocol: string,
): Promise<Uint8Array | null> {
  const share = shareIn(offer);
  if (!share || !takesOurs(offer)) return null;
  const { publicKey, shared } = await agreedOn(share);
  if (!shared) return null;
  const random = crypto.getRandomValues(new Uint8Array(32));
  const hello = message(
    2,
    number(2, TLS_12),
    random,
    vector(1, offer.session),
    number(2, AES_128_GCM_SHA256),
    number(1, 0),
    vector(
      2,
      extension(SUPPORTED_VERSIONS, number(2, TLS_13)),
      extension(KEY_SHARE, number(2, X25519), vector(2, publicKey)),
    ),
  );
  const said = [offer.message, hello];
  // RFC 8446 7.1
  const early = await hmac(ZEROS, ZEROS);
  const secret = await hmac(await derived(early, "derived", await hash(NOTHING)), shared);
  const traffic = await derived(secret, "s hs traffic", await hash(...said));
  said.push(message(8, vector(2, extension(ALPN, vector(2, vector(1, utf8(protocol)))))));
  said.push(message(11, vector(1), vector(3, vector(3, proof.certificate), vector(2))));
  said.push(message(15, number(2, ECDSA_P256_SHA256), vector(2, await vouched(proof, await hash(...said)))));
  said.push(message(20, await hmac(await derived(traffic, "finished", NOTHING), await hash(...said))));
  return concat([
    record(HANDSHAKE, hello),
    record(CHANGE_CIPHER, number(1, 1)), // RFC 8446 D.4
    await sealed(traffic, concat(said.slice(2))),
  ]);
}

/** The client's X25519 key; null where it shows none. */
function shareIn({ extensions }: TlsOffer): Uint8Array | null {
  const list = new Cursor(extensions.get(KEY_SHARE) ?? NOTHING).vector(2);
  while (list.left > 0 && !list.broken) {
    const group = list.number(2);
    const key = list.vector(2).rest();
    if (group === X25519 && key.length === 32) return key;
  }
  return null;
}

function takesOurs({ ciphers, extensions }: TlsOffer): boolean {
  const versions = new Cursor(extensions.get(SUPPORTED_VERSIONS) ?? NOTHING).vector(1).rest();
  const signatures = new Cursor(extensions.get(SIGNATURE_ALGORITHMS) ?? NOTHING).vector(2).rest();
  return has(versions, TLS_13) && has(ciphers, AES_128_GCM_SHA256) && has(signatures, ECDSA_P256_SHA256);
}

function has(numbers: Uint8Array, wanted: number): boolean {
  const list = new Cursor(numbers);
  while (list.left >= 2) if (list.number(2) === wanted) return true;
  return false;
}

/** Our key and the secret that comes of both; none where the client's is no point to agree with. */
async function agreedOn(share: Uint8Array) {
  const pair = await crypto.subtle.generateKey({ name: "X25519" }, false, ["deriveBits"]);
  if (!("publicKey" in pair)) throw new TypeError("Cannot make a key pair");
  const publicKey = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  try {
    const theirs = await crypto.subtle.importKey("raw", new Uint8Array(share), { name: "X25519" }, false, []);
    const bits = await crypto.subtle.deriveBits({ name: "X25519", public: theirs }, pair.privateKey, 256);
    return { publicKey, shared: new Uint8Array(bits) };
  } catch {
    return { publicKey, shared: null }; // RFC 7748 6.1: one that gives zeros
  }
}

/** RFC 8446 4.4.3 */
async function vouched({ key }: TlsProof, transcript: Uint8Array): Promise<Uint8Array> {
  const text = concat([
    new Uint8Array(64).fill(0x20),
    utf8("TLS 1.3, server CertificateVerify\0"),
    transcript,
  ]);
  return derSignature(await key.sign(text));
}

/** RFC 8446 5.2, the first record under a secret. */
async function sealed(traffic: Uint8Array, contents: Uint8Array): Promise<Uint8Array> {
  const iv = new Uint8Array(await derived(traffic, "iv", NOTHING, 12));
  const octets = new Uint8Array(await derived(traffic, "key", NOTHING, 16));
  const key = await crypto.subtle.importKey("raw", octets, "AES-GCM", false, ["encrypt"]);
  const inner = new Uint8Array(concat([contents, number(1, HANDSHAKE)]));
  const head = concat([number(1, APPLICATION), number(2, TLS_12), number(2, inner.length + 16)]);
  const body = await crypto.subtle.encrypt(
    { name: "AES-GCM", iv, additionalData: new Uint8Array(head) },
    key,
    inner,
  );
  return concat([head, new Uint8Array(body)]);
}

/** HKDF-Expand-Label and Derive-Secret (RFC 8446 7.1), of up to 32 octets. */
async function derived(
  secret: Uint8Array,
  label: string,
  context: Uint8Array,
  length = 32,
): Promise<Uint8Array> {
  const info = concat([number(2, length), vector(1, utf8(`tls13 ${label}`)), vector(1, context)]);
  return (await hmac(secret, concat([info, number(1, 1)]))).subarray(0, length);
}

async function hmac(secret: Uint8Array, text: Uint8Array): Promise<Uint8Array> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", new Uint8Array(secret), algorithm, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, new Uint8Array(text)));
}

async function hash(...parts: readonly Uint8Array[]): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(concat(parts))));
}

function number(octets: number, value: number): Uint8Array {
  return Uint8Array.from({ length: octets }, (_, i) => Math.floor(value / 256 ** (octets - 1 - i)) % 256);
}

/** What stands behind its length of so many octets. */
function vector(octets: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const inner = concat(parts);
  return concat([number(octets, inner.length), inner]);
}

function extension(type: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return concat([number(2, type), vector(2, ...parts)]);
}

function message(type: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return concat([number(1, type), vector(3, ...parts)]);
}

function record(type: number, contents: Uint8Array): Uint8Array {
  return concat([number(1, type), number(2, TLS_12), vector(2, contents)]);
}
