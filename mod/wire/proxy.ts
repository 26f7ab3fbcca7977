/**
 * The header by which a proxy tells for whom it connects: HAProxy's PROXY protocol, versions 1 (text) and 2 (binary). Pure. The header is
 * the very first thing on a connection; whether to believe it is the caller's business.
 */
import { formatIp, parseIp } from "../base/ip.ts";
import { fromAscii } from "../base/bytes.ts";
import { PROXY_V2 } from "../base/limits.ts";
import type { Endpoint } from "./conn.ts";

export type ProxyHeader =
  /** The connection is for this client, which reached the proxy at `local`. */
  | { readonly kind: "proxied"; readonly remote: Endpoint; readonly local: Endpoint }
  /** The proxy speaks for itself (a health check), or cannot tell: the connection's own ends hold. */
  | { readonly kind: "local" };

export type ProxyParse =
  | { readonly kind: "more" }
  /** `used` octets were the header; what follows is the client's. */
  | { readonly kind: "header"; readonly header: ProxyHeader; readonly used: number }
  | { readonly kind: "malformed" };

const MORE: ProxyParse = { kind: "more" };
const MALFORMED: ProxyParse = { kind: "malformed" };
const LOCAL: ProxyHeader = { kind: "local" };

const V2_SIGNATURE = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a);
const V2_FIXED = 16;
const V1_START = Uint8Array.of(0x50, 0x52, 0x4f, 0x58, 0x59, 0x20);
/** Octets of a version 1 line with its CRLF, at most: section 2.1. */
const V1_MAX = 107;

/** Reads the header from all octets that came so far. Never asks for more than a header can have. */
export function parseProxy(bytes: Uint8Array): ProxyParse {
  if (startsAlike(bytes, V2_SIGNATURE)) return parseV2(bytes);
  if (startsAlike(bytes, V1_START)) return parseV1(bytes);
  return MALFORMED;
}

/** Whether `bytes` begin as `start` does, as far as both go. */
function startsAlike(bytes: Uint8Array, start: Uint8Array): boolean {
  for (let i = 0; i < Math.min(bytes.length, start.length); i++) if (bytes[i] !== start[i]) return false;
  return true;
}

function parseV1(bytes: Uint8Array): ProxyParse {
  const cr = bytes.indexOf(0x0d);
  if (cr < 0) return bytes.length < V1_MAX - 1 ? MORE : MALFORMED;
  if (cr > V1_MAX - 2) return MALFORMED;
  if (cr + 1 >= bytes.length) return MORE;
  if (bytes[cr + 1] !== 0x0a) return MALFORMED;
  const words = fromAscii(bytes.subarray(0, cr)).split(" ");
  const used = cr + 2;
  // "UNKNOWN" may be followed by anything: section 2.1.
  if (words[1] === "UNKNOWN") return { kind: "header", header: LOCAL, used };
  const [, family, from = "", to = "", fromPort = "", toPort = ""] = words;
  if (words.length !== 6 || (family !== "TCP4" && family !== "TCP6")) return MALFORMED;
  const remote = endpointV1(family, from, fromPort);
  const local = endpointV1(family, to, toPort);
  return remote && local ? { kind: "header", header: { kind: "proxied", remote, local }, used } : MALFORMED;
}

function endpointV1(family: "TCP4" | "TCP6", address: string, port: string): Endpoint | null {
  if (address.includes(":") !== (family === "TCP6") || address.includes("%")) return null;
  const ip = parseIp(address);
  if (!ip || !/^(0|[1-9]\d{0,4})$/.test(port) || Number(port) > 65535) return null;
  return { address: formatIp(ip), port: Number(port) };
}

function parseV2(bytes: Uint8Array): ProxyParse {
  if (bytes.length < V2_FIXED) return MORE;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint16(14);
  const [version, command] = [(bytes[12] ?? 0) >> 4, (bytes[12] ?? 0) & 15];
  const family = bytes[13] ?? 0;
  if (version !== 2 || command > 1 || length > PROXY_V2) return MALFORMED;
  const width = addressWidth(command, family);
  if (width === null || length < 2 * width + (width > 0 ? 4 : 0)) return MALFORMED;
  const used = V2_FIXED + length;
  if (bytes.length < used) return MORE;
  // What follows the addresses (TLVs: section 2.2.2) tells nothing we need.
  if (width === 0) return { kind: "header", header: LOCAL, used };
  const end = (at: number, port: number): Endpoint => ({
    // Through text, so that a mapped IPv4 address is told as IPv4.
    address: formatIp(parseIp(formatIp(bytes.slice(at, at + width))) ?? bytes.slice(at, at + width)),
    port: view.getUint16(port),
  });
  const ports = V2_FIXED + 2 * width;
  const header: ProxyHeader = {
    kind: "proxied",
    remote: end(V2_FIXED, ports),
    local: end(V2_FIXED + width, ports + 2),
  };
  return { kind: "header", header, used };
}

/** Octets of an address; 0 where there is none to be had; null where it can be nobody who speaks to us. */
function addressWidth(command: number, family: number): number | null {
  // LOCAL: whatever follows is to be ignored (section 2.2).
  if (command === 0) return 0;
  switch (family) {
    case 0x00: // unspecified
    case 0x31: // a socket of the proxy's own machine
      return 0;
    case 0x11:
      return 4;
    case 0x21:
      return 16;
    default: // datagrams, and what is not defined
      return null;
  }
}
