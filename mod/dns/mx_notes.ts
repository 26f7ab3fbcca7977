import { addressScope, parseAddress } from "./address.ts";
import { findAddresses } from "./mx.ts";
import type { Resolver } from "./resolver.ts";

/** What is odd about a domain's mail hosts, for whoever checks a domain. Sending copes with all of it as well as it can. */
export type MxNote =
  /** An MX must not name an alias (RFC 2181 10.3); we follow it, others need not. */
  | { readonly kind: "alias"; readonly host: string; readonly target: string }
  | { readonly kind: "address-as-name"; readonly host: string }
  | { readonly kind: "no-address"; readonly host: string }
  /** The address is not to be reached from elsewhere. */
  | { readonly kind: "not-public"; readonly host: string; readonly address: string }
  /** A null MX beside others means nothing (RFC 7505 3). */
  | { readonly kind: "null-mx-among-others" }
  | { readonly kind: "not-checked"; readonly host: string; readonly why: string };

/** Looks at all mail hosts of a domain. Empty when there is nothing odd, or no MX record. Never throws. */
export async function inspectMx(domain: string, resolver: Resolver): Promise<readonly MxNote[]> {
  const answer = await resolver.lookup(domain, "MX");
  if (answer.kind === "temp") return [{ kind: "not-checked", host: domain, why: answer.why }];
  if (answer.kind !== "records") return [];
  const hosts = new Set(answer.records.map((r) => r.exchange));
  const notes: MxNote[] = [];
  if (hosts.delete("") && hosts.size > 0) notes.push({ kind: "null-mx-among-others" });
  for (const host of hosts) notes.push(...await inspectHost(host, resolver));
  return notes;
}

async function inspectHost(host: string, resolver: Resolver): Promise<readonly MxNote[]> {
  if (parseAddress(host)) return [{ kind: "address-as-name", host }];
  const notes: MxNote[] = [];
  const alias = await resolver.lookup(host, "CNAME");
  const target = alias.kind === "records" ? alias.records[0] : undefined;
  if (target !== undefined) notes.push({ kind: "alias", host, target });
  const found = await findAddresses(host, resolver);
  if (found.kind === "temp") return [...notes, { kind: "not-checked", host, why: found.why }];
  if (found.kind === "none") return [...notes, { kind: "no-address", host }];
  for (const address of found.addresses) {
    if (addressScope(address) !== "public") notes.push({ kind: "not-public", host, address });
  }
  return notes;
}
