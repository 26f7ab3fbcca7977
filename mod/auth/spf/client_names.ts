/** The validated names of a client's address, for ptr and %{p} (RFC 7208 5.5, 7.3). */
import { sameBytes } from "../../base/bytes.ts";
import { formatIp, type Ip, parseIp } from "../../base/ip.ts";
import { reverseName } from "../../dns/address.ts";
import type { Lookups } from "./lookups.ts";

export interface ClientNames {
  /** In the order of the answer. */
  readonly names: readonly string[];
  /** The address has no names at all. */
  readonly none: boolean;
}

/** Asks for the names of an address, `most` at most, and keeps those that lead back to it. Names that cannot be asked for are left out. */
export async function validatedNames(ip: Ip, lookups: Lookups, most: number): Promise<ClientNames> {
  const answer = await lookups.ask(reverseName(formatIp(ip)) ?? "", "PTR");
  // RFC 7208 5.5: an error here is no match, and never the domain's fault.
  if (answer.kind !== "records") return { names: [], none: answer.kind !== "temp" };
  const names = answer.records.slice(0, most);
  const leadBack = await Promise.all(names.map((name) => hasAddress(name, ip, lookups)));
  return { names: names.filter((_, i) => leadBack[i]), none: answer.records.length === 0 };
}

async function hasAddress(name: string, ip: Ip, lookups: Lookups): Promise<boolean> {
  const answer = await lookups.ask(name, ip.length === 4 ? "A" : "AAAA");
  return answer.kind === "records" && answer.records.some((text) => {
    const address = parseIp(text);
    return address !== null && sameBytes(address, ip);
  });
}

/** Whether a name is the domain or below it. */
export function isWithin(name: string, domain: string): boolean {
  return name === domain || name.endsWith(`.${domain}`);
}

/** RFC 7208 7.3: the domain itself, else a name below it, else any, else "unknown". */
export function preferredName(names: readonly string[], domain: string): string {
  return names.find((n) => n === domain) ?? names.find((n) => isWithin(n, domain)) ?? names[0] ?? "unknown";
}
