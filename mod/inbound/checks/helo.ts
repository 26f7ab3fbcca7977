/** What a stranger's greeting tells of it (RFC 5321 4.1.4 wants nobody refused for a name alone, so that is for the config to ask). */
import { formatIp, parseIp } from "../../base/ip.ts";
import { parseLiteral } from "../../dns/address.ts";
import { REPLY } from "../../smtp/reply.ts";
import type { Finding } from "../verdict.ts";

export interface HeloFacts {
  /** The argument of EHLO or HELO. */
  readonly helo: string;
  /** The client's address. */
  readonly address: string;
  /** Whether a domain (lower case) is our host or one of our domains. */
  isOurs(domain: string): boolean;
}

/** What speaks against a stranger's greeting; `refuse`: lies are refused, not only noted. */
export function checkHelo({ helo, address, isOurs }: HeloFacts, refuse: boolean): readonly Finding[] {
  const found = (reason: string, score: number, lie: boolean): readonly Finding[] => [
    { check: "helo", reason, score, refuse: lie && refuse ? REPLY.heloRefused : null },
  ];
  const domain = helo.toLowerCase().replace(/\.$/, "");
  if (isOurs(domain)) return found("it greets with our own name", 4, true);
  if (domain.startsWith("[")) {
    const literal = parseLiteral(helo);
    if (literal === null) return found("it greets with a broken address literal", 2, false);
    return literal === canonical(address)
      ? []
      : found("it greets with another address than its own", 3, true);
  }
  const bare = parseIp(domain);
  if (bare) {
    return formatIp(bare) === canonical(address)
      ? found("it greets with an address without brackets", 2, false)
      : found("it greets with another address than its own", 3, true);
  }
  return domain.includes(".") ? [] : found("it greets with a name that has no domain", 1, false);
}

function canonical(address: string): string | null {
  const ip = parseIp(address);
  return ip && formatIp(ip);
}
