/**
 * Kinds of values the config file has: how each is read, and the words that say what is allowed. Pure.
 */
import { type Network, parseIp, parseNetwork } from "../base/ip.ts";
import { type Address, formatAddress, parseAddress, parseDomain, parseLocalPart } from "../mail/address.ts";
import { leaf, type Schema } from "../yaml/schema.ts";
import { parseDeviceNetwork } from "./devices.ts";

/** An address to listen on or a server to ask. `host` is an IP address without brackets, or (where allowed) a name. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Where mail for some domains is sent instead of to their MX. */
export interface Route {
  /** `submissions` is TLS from the first octet, `submission` STARTTLS; both log in when there is a user. */
  readonly protocol: "smtp" | "lmtp" | "submission" | "submissions";
  /** A name (A-labels) or an IP address without brackets. */
  readonly host: string;
  readonly port: number;
  readonly user: string | null;
  readonly password: string | null;
}

const UNITS: Readonly<Record<string, number>> = { "": 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 };
const SPANS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const ROUTE_PORTS = { "smtp": 25, "lmtp": 24, "submission": 587, "submissions": 465 } as const;

/** Octets from "50MB", "512 KiB", 1000; K, M, G and T are powers of 1024, with or without "B" or "iB". undefined if it is none. */
export function parseSize(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
  const m = typeof value === "string"
    ? /^(\d+(?:\.\d+)?)\s*([KMGT]?)(?:I?B)?$/.exec(value.toUpperCase())
    : null;
  if (!m) return undefined;
  const octets = Math.round(Number(m[1]) * (UNITS[m[2] ?? ""] ?? 1));
  return Number.isSafeInteger(octets) ? octets : undefined;
}

/** Milliseconds from "90s", "15m", "5d", "1h30m". undefined if it is none. */
export function parseDuration(value: unknown): number | undefined {
  if (typeof value !== "string" || !/^(?:\d+(?:\.\d+)?\s*(?:ms|[smhdw])\s*)+$/.test(value)) return undefined;
  let sum = 0;
  for (const m of value.matchAll(/(\d+(?:\.\d+)?)\s*(ms|[smhdw])/g)) {
    sum += Number(m[1]) * (SPANS[m[2] ?? ""] ?? 0);
  }
  return Number.isSafeInteger(Math.round(sum)) ? Math.round(sum) : undefined;
}

/** "[::]:25", "127.0.0.1:25". undefined if it is none; a name instead of an address only when `names`. */
export function parseHostPort(value: unknown, names = false): HostPort | undefined {
  const m = typeof value === "string" ? /^(?:\[([^\]]+)\]|([^\[\]:]+)):(\d{1,5})$/.exec(value) : null;
  const port = Number(m?.[3]);
  if (!m || port > 65535) return undefined;
  const host = m[1] ?? m[2] ?? "";
  if (m[1] !== undefined ? !host.includes(":") || !parseIp(host) : !parseIp(host) && !names) return undefined;
  if (parseIp(host)) return { host, port };
  const name = hostName(host);
  return name === undefined ? undefined : { host: name, port };
}

/** An address and port as they are written: IPv6 in brackets. */
export function formatHostPort(at: HostPort): string {
  return at.host.includes(":") ? `[${at.host}]:${at.port}` : `${at.host}:${at.port}`;
}

/** "smtp://host:25", "lmtp://[::1]:24", "submission://user:password@relay:587"; user and password percent-encoded. undefined if it is none. */
export function parseRoute(value: unknown): Route | undefined {
  const pattern =
    /^(smtp|lmtp|submissions?):\/\/(?:([^:@/\s]+)(?::([^@/\s]*))?@)?(\[[^\]]+\]|[^\[\]:@/\s]+)(?::(\d{1,5}))?\/?$/;
  const m = typeof value === "string" ? pattern.exec(value) : null;
  if (!m) return undefined;
  const protocol = m[1] as Route["protocol"]; // the pattern has no other
  const at = parseHostPort(`${m[4]}:${m[5] ?? ROUTE_PORTS[protocol]}`, true);
  const user = m[2] === undefined ? null : decoded(m[2]);
  const password = m[3] === undefined ? null : decoded(m[3]);
  if (!at || at.port === 0 || user === undefined || password === undefined) return undefined;
  if (user !== null && !protocol.startsWith("submission")) return undefined;
  return { protocol, host: at.host, port: at.port, user, password };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined; // a "%" that encodes nothing
  }
}

/** A domain in A-labels and lower case, without a final dot. */
export function hostName(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  const domain = parseDomain(value.replace(/\.$/, ""));
  return domain.ok && !domain.value.startsWith("[") && !parseIp(domain.value) ? domain.value : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

export const sizeValue: Schema<number> = leaf("a size such as 50MB, 512KB or 1GB", parseSize);
export const durationValue: Schema<number> = leaf("a time span such as 30s, 15m, 12h or 5d", parseDuration);
/** After which mail is removed: a shorter one is likely a slip. */
export const ageValue: Schema<number> = leaf("a time span of 1d at least, such as 30d or 52w", (value) => {
  const span = parseDuration(value);
  return span !== undefined && span >= 86_400_000 ? span : undefined;
});
export const mailboxKey: Schema<string> = leaf("a folder's name, such as Trash", text);
/** Between two attempts; less would be a flood. */
export const waitValue: Schema<number> = leaf(
  "a time span of 1s at least, such as 5m, 12h or 5d",
  (value) => {
    const span = parseDuration(value);
    return span !== undefined && span >= 1000 ? span : undefined;
  },
);
export const listenValue: Schema<HostPort> = leaf(
  'an IP address with a port, such as "127.0.0.1:25", "0.0.0.0:25" or "[::]:25"',
  parseHostPort,
);
export const serverValue: Schema<HostPort> = leaf(
  'the address of a DNS server, such as 192.0.2.53, "192.0.2.53:53" or "[2001:db8::53]:53"',
  (value) =>
    typeof value === "string" && parseIp(value) ? { host: value, port: 53 } : nonZero(parseHostPort(value)),
);
/** Addresses of devices that are let in without a password. */
export const deviceNetwork: Schema<string> = leaf(
  'an address such as 192.168.1.20, or a network no larger than "192.168.0.0/16" (private), "203.0.113.8/29" (public), "fd00:1:2::/48" (private) or "2001:db8::/64" (public)',
  parseDeviceNetwork,
);
export const networkValue: Schema<Network> = leaf(
  'a network such as "192.168.0.0/16" or "fd00::/8" (no bits past the prefix), or one IP address',
  (value) => typeof value === "string" ? parseNetwork(value) ?? undefined : undefined,
);
/** Networks whose word on others is taken. */
export const frontNetwork: Schema<Network> = leaf(
  'a network such as "192.168.0.0/16" or "fd00::/8" (no bits past the prefix), not of everybody, or one IP address',
  (value) => {
    const network = typeof value === "string" ? parseNetwork(value) : null;
    return network && network.bits > 0 ? network : undefined;
  },
);
export const hostValue: Schema<string> = leaf("a name such as mail.example.org", hostName);
export const domainValue: Schema<string> = leaf("a domain such as example.org", hostName);
export const routeKey: Schema<string> = leaf(
  'a domain such as example.org, or "*" for all others',
  (value) => {
    return value === "*" ? "*" : hostName(value);
  },
);
export const routeValue: Schema<Route> = leaf(
  "a route such as smtp://host:25, lmtp://127.0.0.1:24 or submission://user:password@relay.example.org:587 (users only with submission)",
  parseRoute,
);
export const ipValue: Schema<string> = leaf(
  "an IP address",
  (value) => typeof value === "string" && parseIp(value) ? value : undefined,
);
/** A place to connect from: one address of this machine, not all of them. */
export const sourceValue: Schema<string> = leaf("an IP address of this machine", (value) => {
  const ip = typeof value === "string" ? parseIp(value) : null;
  return ip && ip.some((octet) => octet !== 0) ? value as string : undefined; // parseIp takes text alone
});
/** Whose mail goes a way of its own: a sender's address or domain, or "<>" for reports. */
export const senderKey: Schema<string> = leaf(
  'a domain such as example.org, an address such as you@example.org, or "<>" for reports',
  (value) => {
    if (value === "<>") return value;
    if (typeof value !== "string" || !value.includes("@")) return hostName(value);
    const parsed = parseAddress(value);
    return parsed.ok && parsed.value.domain !== "" ? formatAddress(parsed.value).toLowerCase() : undefined;
  },
);
export const textValue: Schema<string> = leaf("text", text);
export const fileValue: Schema<string> = leaf("the path of a file", text);
export const emailValue: Schema<Address> = leaf("an address such as you@example.org", (value) => {
  const parsed = typeof value === "string" ? parseAddress(value) : null;
  return parsed?.ok && parsed.value.domain !== "" ? parsed.value : undefined;
});
export const aliasKey: Schema<string> = leaf('the part of an address before the "@"', (value) => {
  const local = typeof value === "string" ? parseLocalPart(value) : null;
  return local?.ok && local.value !== "" ? local.value.toLowerCase() : undefined;
});
/** A recipient in a domain's rules: a whole address, or a local part of the same domain (then `domain` is ""). */
export const recipientValue: Schema<Address> = leaf(
  'an address such as friend@example.net, or a name before the "@" in this domain',
  (value) => {
    if (typeof value !== "string") return undefined;
    const address = value.includes("@") ? parseAddress(value) : null;
    if (address) return address.ok && !address.value.domain.startsWith("[") ? address.value : undefined;
    const local = parseLocalPart(value);
    return local.ok && local.value !== "" ? { local: local.value, domain: "" } : undefined;
  },
);
/** RFC 1939 7 has 70 signs at most, from ! to ~; four fields and 20 signs of others stay below. */
export const uidlFormat: Schema<string> = leaf(
  'a format with %u, %f or %g in it such as "%v.%u"',
  (value) => {
    if (typeof value !== "string") return undefined;
    const one = /^(?=.*%(?:0?\d?X?u|[fg]))(?:[!-$&-~]|%(?:0?\d?X?[uv]|[fg]))+$/;
    return one.test(value) && value.length <= 30 && value.split("%").length <= 5 ? value : undefined;
  },
);

export const separatorValue: Schema<string> = leaf('a single sign such as "+" or "-"', (value) => {
  return typeof value === "string" && /^[!#$%&'*+\-/=?^_`{|}~.]$/.test(value) ? value : undefined;
});
export const yesValue: Schema<boolean> = leaf(
  "true or false",
  (value) => typeof value === "boolean" ? value : undefined,
);

/** A whole number from `least` to `most`. */
export function countValue(least: number, most: number): Schema<number> {
  return leaf(`a whole number from ${least} to ${most}`, (value) => {
    return typeof value === "number" && Number.isInteger(value) && value >= least && value <= most
      ? value
      : undefined;
  });
}

/** One of these words. */
export function wordValue<const W extends string>(...words: readonly W[]): Schema<W> {
  return leaf(
    words.length === 1 ? `"${words[0]}"` : `one of ${words.join(", ")}`,
    (value) => words.find((w) => w === value),
  );
}

function nonZero(at: HostPort | undefined): HostPort | undefined {
  return at && at.port > 0 ? at : undefined;
}
