import { formatIp, isLoopback, parseIp } from "../base/ip.ts";

/** The canonical text of an address (that of an IPv4-mapped one is IPv4), or null when `text` is none. No zone identifiers. */
export function parseAddress(text: string): string | null {
  const ip = text.includes("%") ? null : parseIp(text);
  return ip && formatIp(ip);
}

/** The canonical text of 4 or 16 octets. */
export function addressText(octets: Uint8Array): string {
  // Through the parser, which knows IPv4-mapped addresses.
  return parseAddress(formatIp(octets)) ?? formatIp(octets);
}

/** The address within an address literal (RFC 5321 4.1.3), brackets included: "[192.0.2.1]", "[IPv6:2001:db8::1]"; else null. */
export function parseLiteral(domain: string): string | null {
  if (!domain.startsWith("[") || !domain.endsWith("]")) return null;
  const inner = domain.slice(1, -1);
  if (!/^ipv6:/i.test(inner)) return inner.includes(":") ? null : parseAddress(inner);
  const text = inner.slice(5);
  return text.includes(":") ? parseAddress(text) : null;
}

/** The name to ask for PTR records of an address (RFC 1035 3.5, RFC 3596 2.5), or null when `address` is none. */
export function reverseName(address: string): string | null {
  const ip = parseIp(address);
  if (!ip) return null;
  const reversed = [...ip].reverse();
  if (ip.length === 4) return `${reversed.join(".")}.in-addr.arpa`;
  return `${reversed.map((b) => `${(b & 15).toString(16)}.${(b >> 4).toString(16)}`).join(".")}.ip6.arpa`;
}

/** Where an address leads. `private` is what RFC 1918, 4193, 6598 and link-local leave to local networks. */
export type AddressScope = "public" | "private" | "loopback" | "unspecified" | "multicast";

/** The scope of an address; of what is none, "unspecified". */
export function addressScope(address: string): AddressScope {
  const ip = parseIp(address);
  if (!ip) return "unspecified";
  if (isLoopback(ip)) return "loopback";
  const [x = 0, y = 0] = ip;
  if (ip.length === 4) {
    if (x === 0) return "unspecified";
    if (x >= 224) return "multicast";
    const local = x === 10 || (x === 172 && (y & 0xf0) === 16) || (x === 192 && y === 168) ||
      (x === 169 && y === 254) || (x === 100 && (y & 0xc0) === 64);
    return local ? "private" : "public";
  }
  if (ip.every((b) => b === 0)) return "unspecified";
  if (x === 0xff) return "multicast";
  return (x & 0xfe) === 0xfc || (x === 0xfe && (y & 0xc0) === 0x80) ? "private" : "public";
}
