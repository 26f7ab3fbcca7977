/** IP addresses as text and octets. Canonical text: dotted quad, or RFC 5952 for IPv6; an IPv4-mapped address is the IPv4 one. */

/** The octets of an address, 4 or 16 of them, or null when `text` is none. No zone identifiers, no short IPv4 forms. */
export function addressBytes(text: string): Uint8Array | null {
  return text.includes(":") ? ipv6Bytes(text) : ipv4Bytes(text);
}

/** The canonical text of an address, or null when `text` is none. */
export function parseAddress(text: string): string | null {
  const bytes = addressBytes(text);
  return bytes ? formatAddress(bytes) : null;
}

/** Canonical text of 4 or 16 octets. */
export function formatAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  if (isMapped(bytes)) return bytes.subarray(12).join(".");
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0));
  let best = { at: -1, length: 1 };
  for (let at = 0; at < 8; at++) {
    let length = 0;
    while (groups[at + length] === 0) length++;
    if (length > best.length) best = { at, length };
  }
  const text = (from: number, to: number) => groups.slice(from, to).map((g) => g.toString(16)).join(":");
  return best.at < 0 ? text(0, 8) : `${text(0, best.at)}::${text(best.at + best.length, 8)}`;
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
  let bytes = addressBytes(address);
  if (!bytes) return null;
  if (isMapped(bytes)) bytes = bytes.subarray(12);
  const reversed = [...bytes].reverse();
  if (bytes.length === 4) return `${reversed.join(".")}.in-addr.arpa`;
  return `${reversed.map((b) => `${(b & 15).toString(16)}.${(b >> 4).toString(16)}`).join(".")}.ip6.arpa`;
}

/** Where an address leads. `private` is what RFC 1918, 4193, 6598 and link-local leave to local networks. */
export type AddressScope = "public" | "private" | "loopback" | "unspecified" | "multicast";

/** The scope of a canonical address. */
export function addressScope(address: string): AddressScope {
  const b = addressBytes(address);
  if (!b) return "unspecified";
  const [x = 0, y = 0] = b;
  if (b.length === 4) {
    if (x === 0) return "unspecified";
    if (x === 127) return "loopback";
    if (x >= 224) return "multicast";
    const local = x === 10 || (x === 172 && (y & 0xf0) === 16) || (x === 192 && y === 168) ||
      (x === 169 && y === 254) || (x === 100 && (y & 0xc0) === 64);
    return local ? "private" : "public";
  }
  if (isMapped(b)) return addressScope(b.subarray(12).join("."));
  if (b.subarray(0, 15).every((v) => v === 0)) {
    if (b[15] === 0) return "unspecified";
    if (b[15] === 1) return "loopback";
  }
  if (x === 0xff) return "multicast";
  return (x & 0xfe) === 0xfc || (x === 0xfe && (y & 0xc0) === 0x80) ? "private" : "public";
}

function isMapped(b: Uint8Array): boolean {
  return b.length === 16 && b[10] === 0xff && b[11] === 0xff && b.subarray(0, 10).every((v) => v === 0);
}

function ipv4Bytes(text: string): Uint8Array | null {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((p) => /^(0|[1-9][0-9]{0,2})$/.test(p) && Number(p) < 256)) {
    return null;
  }
  return Uint8Array.from(parts, Number);
}

function ipv6Bytes(text: string): Uint8Array | null {
  if (text.length > 45) return null;
  let rest = text;
  let tail: Uint8Array | null = null;
  const dot = text.indexOf(".");
  if (dot >= 0) { // the last two groups may be a dotted quad
    const colon = text.lastIndexOf(":");
    tail = ipv4Bytes(text.slice(colon + 1));
    if (!tail) return null;
    rest = `${text.slice(0, colon + 1)}0:0`;
  }
  const halves = rest.split("::");
  if (halves.length > 2) return null;
  const groups = halves.map((h) => (h === "" ? [] : h.split(":")));
  if (!groups.flat().every((g) => /^[0-9a-f]{1,4}$/i.test(g))) return null;
  const [head = [], foot = []] = groups;
  const given = head.length + foot.length;
  if (halves.length === 2 ? given > 7 : given !== 8) return null;
  const all = [...head, ...Array(8 - given).fill("0"), ...foot];
  const bytes = new Uint8Array(16);
  all.forEach((g, i) => {
    const value = parseInt(g, 16);
    bytes[2 * i] = value >> 8;
    bytes[2 * i + 1] = value & 255;
  });
  if (tail) bytes.set(tail, 12);
  return bytes;
}
