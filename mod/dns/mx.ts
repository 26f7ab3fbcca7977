import { MX_HOSTS } from "../base/limits.ts";
import type { Random } from "../base/random.ts";
import { addressScope } from "./address.ts";
import { parseName } from "./name.ts";
import type { MxRecord, Resolver } from "./resolver.ts";

/** A mail host of a domain. */
export interface MxHost {
  /** Lower case, no final dot. */
  readonly name: string;
  readonly preference: number;
}

/** Where a domain's mail goes. */
export type MxResult =
  /** At least one host, the best first. `implicit`: there is no MX record, the host is the domain itself (RFC 5321 5.1). */
  | {
    readonly kind: "hosts";
    readonly hosts: readonly MxHost[];
    readonly implicit: boolean;
    readonly secure: boolean;
  }
  /** The domain takes no mail (RFC 7505). */
  | { readonly kind: "null-mx" }
  /** For good: the domain does not exist. */
  | { readonly kind: "no-host" }
  /** We are the best host ourselves, though the domain is not ours: to send would be to send to us again (RFC 5321 5.1). */
  | { readonly kind: "loop" }
  | { readonly kind: "temp"; readonly why: string };

export interface MxPorts {
  readonly resolver: Resolver;
  readonly random: Random;
  /** Whether a name in lower case is one of this server's own. */
  readonly isOwnName: (name: string) => boolean;
}

/** Looks up where a domain's mail goes: names only, addresses are for `findAddresses` as each host's turn comes. Never throws. */
export async function findMx(domain: string, ports: MxPorts): Promise<MxResult> {
  const name = parseName(domain);
  if (name === null || name === "") return { kind: "no-host" };
  const answer = await ports.resolver.lookup(name, "MX");
  switch (answer.kind) {
    case "temp":
      return { kind: "temp", why: answer.why };
    case "nxdomain":
      return { kind: "no-host" };
    case "nodata":
      return cutAtOwn([{ name, preference: 0 }], true, answer.secure, ports);
    case "records":
      return cutAtOwn(orderHosts(answer.records, ports.random), false, answer.secure, ports);
  }
}

/**
 * The hosts of MX records in the order to try them: by preference, at random among equals. A name listed twice counts at its best.
 * A root name is the null MX and gives no host.
 */
export function orderHosts(records: readonly MxRecord[], random: Random): readonly MxHost[] {
  const best = new Map<string, number>();
  for (const { exchange, preference } of records) {
    if (exchange === "") continue;
    best.set(exchange, Math.min(preference, best.get(exchange) ?? Infinity));
  }
  const hosts = [...best].map(([name, preference]) => ({ name, preference }));
  // Shuffled first, and the sort is stable: equals stay in random order.
  for (let i = hosts.length - 1; i > 0; i--) {
    const j = random.int(i + 1);
    const [a, b] = [hosts[i], hosts[j]];
    if (a && b) [hosts[i], hosts[j]] = [b, a];
  }
  return hosts.sort((a, b) => a.preference - b.preference).slice(0, MX_HOSTS);
}

function cutAtOwn(hosts: readonly MxHost[], implicit: boolean, secure: boolean, ports: MxPorts): MxResult {
  if (hosts.length === 0) return { kind: "null-mx" };
  const own = hosts.find((h) => ports.isOwnName(h.name));
  const left = own ? hosts.filter((h) => h.preference < own.preference) : hosts;
  return left.length === 0 ? { kind: "loop" } : { kind: "hosts", hosts: left, implicit, secure };
}

/** A host's addresses. */
export type HostAddresses =
  | { readonly kind: "addresses"; readonly addresses: readonly string[]; readonly secure: boolean }
  /** For good: it has none. */
  | { readonly kind: "none" }
  | { readonly kind: "temp"; readonly why: string };

/**
 * Looks up a host's addresses, IPv6 and IPv4 in turn, so that one broken family costs one try only. `secure` when all answers are. What can
 * be no host's address (unspecified, multicast) is left out. When only one family could be asked, its addresses are given, and its answer alone
 * says whether they are secure: who can suppress the other must not switch DANE off by that.
 */
export async function findAddresses(name: string, resolver: Resolver): Promise<HostAddresses> {
  const [six, four] = await Promise.all([resolver.lookup(name, "AAAA"), resolver.lookup(name, "A")]);
  const sixes = six.kind === "records" ? six.records : [];
  const fours = four.kind === "records" ? four.records : [];
  const addresses: string[] = [];
  for (let i = 0; i < Math.max(sixes.length, fours.length); i++) {
    for (const address of [sixes[i], fours[i]]) {
      if (address === undefined) continue;
      const scope = addressScope(address);
      if (scope !== "unspecified" && scope !== "multicast") addresses.push(address);
    }
  }
  if (addresses.length > 0) {
    const secure = [six, four].every((a) => a.kind === "temp" || a.secure);
    return { kind: "addresses", addresses, secure };
  }
  if (six.kind === "temp") return { kind: "temp", why: six.why };
  if (four.kind === "temp") return { kind: "temp", why: four.why };
  return { kind: "none" };
}
