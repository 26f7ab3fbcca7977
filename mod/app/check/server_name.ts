/** The server's own name: its addresses, their names, and lists it may stand on. */
import { findListed } from "../../inbound/checks/dns_list.ts";
import { lookUpName } from "../../inbound/checks/reverse_name.ts";
import { CHECKED_ADDRESSES } from "../../base/limits.ts";
import type { Config } from "../../config/config.ts";
import { addressScope, reverseName } from "../../dns/address.ts";
import { findAddresses, type HostAddresses } from "../../dns/mx.ts";
import type { Resolver } from "../../dns/resolver.ts";
import { bad, type Finding, fine, odd } from "./finding.ts";

/** The addresses under which others find the server, by DNS. Never throws. */
export async function publishedAddresses(hostname: string, resolver: Resolver): Promise<HostAddresses> {
  const found = await findAddresses(hostname, resolver);
  return found.kind === "addresses"
    ? { ...found, addresses: found.addresses.slice(0, CHECKED_ADDRESSES) }
    : found;
}

/** Whether others find the server under its name, and its name under its addresses. */
export async function checkServerName(
  config: Pick<Config, "hostname" | "network">,
  found: HostAddresses,
  resolver: Resolver,
): Promise<readonly Finding[]> {
  const { hostname, network } = config;
  const about = `${hostname} address`;
  if (found.kind === "temp") return [odd(about, `could not be asked for: ${found.why}`, "try again")];
  if (found.kind === "none") {
    return [
      bad(
        about,
        "has neither A nor AAAA record",
        `publish: ${hostname}. IN A and the address others reach this server by`,
      ),
    ];
  }
  const findings: Finding[] = [];
  for (const address of found.addresses) {
    const open = network === "open";
    if (open && addressScope(address) !== "public") {
      findings.push(
        odd(
          about,
          `${address} is no address others can reach`,
          "publish the public one (behind NAT: the router's)",
        ),
      );
    } else {
      const pointer = await checkPointer(hostname, address, open, resolver);
      findings.push(fine(about, address), ...pointer ? [pointer] : []);
    }
  }
  return findings;
}

/** On a closed network nobody minds; there only what leads elsewhere is told. */
async function checkPointer(
  hostname: string,
  address: string,
  open: boolean,
  resolver: Resolver,
): Promise<Finding | null> {
  const about = `${address} PTR`;
  const fix = `have whoever gave you the address publish: ${reverseName(address)}. IN PTR ${hostname}.`;
  const name = await lookUpName(address, resolver);
  switch (name.kind) {
    case "verified":
      if (name.name === hostname) return fine(about, hostname);
      return odd(about, `is ${name.name}, not ${hostname}: some servers trust mail less for it`, fix);
    case "unknown":
      return open ? odd(about, "could not be asked for", "try again") : null;
    case "unverified":
      return bad(
        about,
        `leads to a name that does not lead back to ${address}: many servers refuse mail`,
        fix,
      );
    case "none":
      return open
        ? bad(about, "is not there: many servers refuse mail from addresses without a name", fix)
        : null;
  }
}

/**
 * Whether TLSA records, where there are any, are true of the key we serve: others refuse to deliver where none is (RFC 7672 2.2). Only records
 * by key are judged. `ours` as "3 1 1 HEX".
 */
export async function checkTlsa(
  hostname: string,
  ours: readonly string[],
  resolver: Resolver,
): Promise<readonly Finding[]> {
  const name = `_25._tcp.${hostname}`;
  const answer = await resolver.lookup(name, "TLSA");
  if (answer.kind !== "records") return [];
  const byKey = answer.records.filter((r) => r.selector === 1 && r.matching === 1 && r.usage >= 2);
  if (byKey.length === 0) return [];
  const there = byKey.map((r) => `${r.usage} 1 1 ${r.data.toHex()}`);
  const about = `${name} TLSA`;
  if (there.some((t) => ours.includes(t))) return [fine(about, "names the key that is served")];
  const line = `publish: ${name}. IN TLSA ${ours.at(-1) ?? ""}`;
  return [bad(about, "names another key: who asks for DANE does not deliver here", line)];
}

/** Whether one of the lists the config trusts has our own address. */
export async function checkLists(
  lists: Config["reception"]["blocklists"],
  addresses: readonly string[],
  resolver: Resolver,
): Promise<readonly Finding[]> {
  if (lists.length === 0) return [];
  const findings: Finding[] = [];
  for (const address of addresses.filter((a) => addressScope(a) === "public")) {
    const list = await findListed(address, lists, resolver);
    if (list) {
      findings.push(
        bad(
          `${address} lists`,
          `is listed by ${list.zone}`,
          `see the web page of ${list.zone} for why, and ask there to be taken off`,
        ),
      );
    } else findings.push(fine(`${address} lists`, `on none of ${lists.length}`));
  }
  return findings;
}
