/** Writes the little ASN.1 (DER, X.690) that a signing request and a validation certificate need. Pure. */
import { concat, utf8 } from "../base/bytes.ts";

/** Tags of what is written here. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  /** [0], constructed. */
  context0: 0xa0,
  /** [3], constructed. */
  context3: 0xa3,
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

/** A time to the second, in the form that its year has in certificates (RFC 5280 4.1.2.5). `at` in milliseconds since 1970. */
export function derTime(at: number): Uint8Array {
  const digits = new Date(at).toISOString().replace(/\..*$/, "").replace(/[-T:]/g, "");
  const short = digits >= "1950" && digits < "2050";
  return der(short ? TAG.utcTime : TAG.generalizedTime, utf8(`${short ? digits.slice(2) : digits}Z`));
}

/** How `derSigned` signs: certificates name it inside, too. */
export const ECDSA_WITH_SHA256: Uint8Array = der(TAG.sequence, derOid("1.2.840.10045.4.3.2")); // RFC 5758 3.2

/** A signature of two halves, r and s (RFC 3279 2.2.3). */
export function derSignature(raw: Uint8Array): Uint8Array {
  const half = raw.length / 2;
  return der(TAG.sequence, derInteger(raw.subarray(0, half)), derInteger(raw.subarray(half)));
}

/** What is signed, with algorithm and signature after it (RFC 2986 4.2, RFC 5280 4.1). `raw`: r and s, 32 octets each. */
export function derSigned(info: Uint8Array, raw: Uint8Array): Uint8Array {
  return der(TAG.sequence, info, ECDSA_WITH_SHA256, derBits(derSignature(raw)));
}
