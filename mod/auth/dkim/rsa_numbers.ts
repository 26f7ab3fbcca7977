/** The two numbers of an RSA public key in DER, so that its size is known before any arithmetic. */
import { concat } from "../../base/bytes.ts";

export interface RsaNumbers {
  /** Of the modulus. */
  readonly bits: number;
  /** Big-endian, without leading zeros. */
  readonly exponent: Uint8Array;
  /** The key as a SubjectPublicKeyInfo of nothing else. */
  readonly info: Uint8Array<ArrayBuffer>;
}

const SEQUENCE = 0x30;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
/** AlgorithmIdentifier of rsaEncryption (RFC 3279 2.3.1). */
const RSA_ENCRYPTION = new Uint8Array([48, 13, 6, 9, 42, 134, 72, 134, 247, 13, 1, 1, 1, 5, 0]);
const RSA_OID = RSA_ENCRYPTION.subarray(2, 13);

/**
 * Reads a SubjectPublicKeyInfo, as everybody publishes, or a bare RSAPublicKey, as RFC 6376 3.6.1 says. null when it is neither. What follows
 * the key is not looked at.
 */
export function rsaNumbers(der: Uint8Array): RsaNumbers | null {
  const outer = element(der, SEQUENCE);
  if (!outer) return null;
  const first = element(outer.content, SEQUENCE);
  if (!first) return numbersOf(outer.content);
  const oid = first.content.subarray(0, RSA_OID.length);
  if (oid.length < RSA_OID.length || !RSA_OID.every((b, i) => oid[i] === b)) return null;
  const bits = element(outer.content.subarray(first.length), BIT_STRING);
  // No unused bits in the last octet.
  if (!bits || bits.content[0] !== 0) return null;
  const inner = element(bits.content.subarray(1), SEQUENCE);
  return inner && numbersOf(inner.content);
}

function numbersOf(content: Uint8Array): RsaNumbers | null {
  const n = element(content, INTEGER);
  const e = n && element(content.subarray(n.length), INTEGER);
  const modulus = n && unsigned(n.content);
  const exponent = e && unsigned(e.content);
  if (!modulus || !exponent) return null;
  const bits = modulus.length * 8 - Math.clz32(modulus[0] ?? 0) + 24;
  const key = encoded(SEQUENCE, [integer(modulus), integer(exponent)]);
  const info = encoded(SEQUENCE, [RSA_ENCRYPTION, encoded(BIT_STRING, [new Uint8Array(1), key])]);
  return { bits, exponent, info };
}

/** A number above zero without its leading zeros, or null. A leading one bit would be negative; keys are found with it, and mean no such thing. */
function unsigned(content: Uint8Array): Uint8Array | null {
  const start = content.findIndex((b) => b !== 0);
  return start < 0 ? null : content.subarray(start);
}

interface Element {
  readonly content: Uint8Array;
  /** Octets of it all. */
  readonly length: number;
}

/** The DER element of kind `tag` at the start, or null. */
function element(der: Uint8Array, tag: number): Element | null {
  const first = der[1];
  if (der[0] !== tag || first === undefined) return null;
  let start = 2;
  let size = first;
  if (first >= 0x80) {
    const octets = first & 0x7f;
    if (octets === 0 || octets > 3) return null;
    size = 0;
    for (let i = 0; i < octets; i++) size = size * 256 + (der[start++] ?? 0);
  }
  return start + size > der.length
    ? null
    : { content: der.subarray(start, start + size), length: start + size };
}

function integer(value: Uint8Array): Uint8Array {
  const sign = (value[0] ?? 0) >= 0x80 ? [new Uint8Array(1)] : [];
  return encoded(INTEGER, [...sign, value]);
}

function encoded(tag: number, parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  const out = new Uint8Array(1 + length.length + size);
  out.set([tag, ...length]);
  out.set(concat(parts), 1 + length.length);
  return out;
}
