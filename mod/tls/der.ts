/** Writes the little ASN.1 (DER, X.690) that a signing request needs. Pure. */
import { concat } from "../base/bytes.ts";

/** Tags of what is written here. */
export const TAG = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  sequence: 0x30,
  set: 0x31,
  /** [0], constructed. */
  context0: 0xa0,
  /** dNSName of a GeneralName (RFC 5280 4.2.1.6). */
  dnsName: 0x82,
} as const;

/** One value: tag, length, contents. */
export function der(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const inner = concat(contents);
  return concat([new Uint8Array([tag, ...lengthOctets(inner.length)]), inner]);
}

function lengthOctets(n: number): readonly number[] {
  if (n < 0x80) return [n];
  const octets: number[] = [];
  for (let rest = n; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return [0x80 | octets.length, ...octets];
}

/** An object identifier, such as "2.5.29.17". */
export function derOid(text: string): Uint8Array {
  const [first = 0, second = 0, ...arcs] = text.split(".").map(Number);
  const octets = [40 * first + second];
  for (const arc of arcs) {
    const seven = [arc % 128];
    for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) {
      seven.unshift(0x80 | (rest % 128));
    }
    octets.push(...seven);
  }
  return der(TAG.oid, new Uint8Array(octets));
}

/** A bit string of whole octets. */
export function derBits(octets: Uint8Array): Uint8Array {
  return der(TAG.bitString, new Uint8Array([0]), octets);
}

/** A positive integer from its octets, most significant first, in as few as it needs. */
export function derInteger(octets: Uint8Array): Uint8Array {
  let start = 0;
  while (start < octets.length - 1 && octets[start] === 0) start++;
  const digits = octets.subarray(start);
  return der(TAG.integer, new Uint8Array((digits[0] ?? 0) >= 0x80 ? 1 : 0), digits);
}
