/**
 * IP addresses and networks as octets, so that the many spellings of one address compare equal. An IPv4-mapped IPv6 address
 * (::ffff:192.0.2.1, what a dual-stack listener reports) is the IPv4 address. Zone ids (fe80::1%eth0) are dropped.
 */

/** 4 octets for IPv4, 16 for IPv6. */
export type Ip = Uint8Array;

/** A network: all addresses whose first `bits` bits are those of `address`. */
export interface Network {
  readonly address: Ip;
  readonly bits: number;
}

/** Reads an address in textual form (RFC 4291 2.2, dotted decimal for IPv4), without brackets. null if it is none. */
export function parseIp(text: string): Ip | null {
  if (!text.includes(":")) return parseIpv4(text);
  const zone = text.indexOf("%");
  const ip = parseIpv6(zone < 0 ? text : text.slice(0, zone));
  return ip && isMapped(ip) ? ip.slice(12) : ip;
}

/** Reads "192.0.2.0/24", "2001:db8::/32" or a single address. null if it is none, or has bits set past the prefix. */
export function parseNetwork(text: string): Network | null {
  const slash = text.indexOf("/");
  const address = parseIp(slash < 0 ? text : text.slice(0, slash));
  if (!address) return null;
  const width = address.length * 8;
  if (slash < 0) return { address, bits: width };
  const digits = text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(digits)) return null;
  // A mapped network is written with 96 bits more than the IPv4 one it means.
  const bits = Number(digits) - (address.length === 4 && text.includes(":") ? 96 : 0);
  if (bits < 0 || bits > width) return null;
  const masked = maskIp(address, bits);
  return masked.every((b, i) => b === address[i]) ? { address, bits } : null;
}

/** Whether `ip` lies in `network`. */
export function inNetwork(ip: Ip, network: Network): boolean {
  if (ip.length !== network.address.length) return false;
  const whole = network.bits >> 3;
  for (let i = 0; i < whole; i++) if (ip[i] !== network.address[i]) return false;
  const rest = network.bits & 7;
  if (rest === 0) return true;
  const mask = (0xff << (8 - rest)) & 0xff;
  return ((ip[whole] ?? 0) & mask) === ((network.address[whole] ?? 0) & mask);
}

/** Whether an address in textual form lies in any of the networks. */
export function isInNetworks(address: string, networks: readonly Network[]): boolean {
  if (networks.length === 0) return false;
  const ip = parseIp(address);
  return ip !== null && networks.some((n) => inNetwork(ip, n));
}

/** The address with all bits past the first `bits` cleared. */
export function maskIp(ip: Ip, bits: number): Ip {
  return ip.map((b, i) => {
    const keep = Math.min(8, Math.max(0, bits - i * 8));
    return b & (0xff << (8 - keep)) & 0xff;
  });
}

/** Whether it is 127.0.0.0/8 or ::1. */
export function isLoopback(ip: Ip): boolean {
  if (ip.length === 4) return ip[0] === 127;
  return ip.every((b, i) => b === (i === 15 ? 1 : 0));
}

/** The usual text of an address: dotted decimal, or RFC 5952. */
export function formatIp(ip: Ip): string {
  if (ip.length === 4) return ip.join(".");
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(((ip[i] ?? 0) << 8) | (ip[i + 1] ?? 0));
  // RFC 5952 4.2: the longest run of two or more zero groups, the first of equals, becomes "::".
  let best = { at: -1, length: 1 };
  for (let i = 0; i < 8; i++) {
    let n = 0;
    while (i + n < 8 && groups[i + n] === 0) n++;
    if (n > best.length) best = { at: i, length: n };
    i += n;
  }
  const hex = groups.map((g) => g.toString(16));
  if (best.at < 0) return hex.join(":");
  return `${hex.slice(0, best.at).join(":")}::${hex.slice(best.at + best.length).join(":")}`;
}

function parseIpv4(text: string): Ip | null {
  const parts = text.split(".");
  if (parts.length !== 4) return null;
  const ip = new Uint8Array(4);
  for (const [i, part] of parts.entries()) {
    // No leading zeros: some readers take them for octal.
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return null;
    ip[i] = Number(part);
  }
  return ip;
}

function parseIpv6(text: string): Ip | null {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const head = groupsOf(halves[0] ?? "", halves.length === 1);
  const tail = halves.length === 2 ? groupsOf(halves[1] ?? "", true) : [];
  if (!head || !tail) return null;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  const ip = new Uint8Array(16);
  const all = [...head, ...new Array<number>(missing).fill(0), ...tail];
  for (const [i, g] of all.entries()) {
    ip[i * 2] = g >> 8;
    ip[i * 2 + 1] = g & 0xff;
  }
  return ip;
}

/** 16-bit groups of one side of "::"; the last may be dotted decimal when the side ends the address. */
function groupsOf(text: string, endsAddress: boolean): number[] | null {
  if (text === "") return [];
  const parts = text.split(":");
  const groups: number[] = [];
  for (const [i, part] of parts.entries()) {
    if (endsAddress && i === parts.length - 1 && part.includes(".")) {
      const v4 = parseIpv4(part);
      if (!v4) return null;
      groups.push(((v4[0] ?? 0) << 8) | (v4[1] ?? 0), ((v4[2] ?? 0) << 8) | (v4[3] ?? 0));
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      groups.push(parseInt(part, 16));
    } else {
      return null;
    }
  }
  return groups;
}

function isMapped(ip: Ip): boolean {
  for (let i = 0; i < 10; i++) if (ip[i] !== 0) return false;
  return ip[10] === 0xff && ip[11] === 0xff;
}
