/** Lists of hosts by DNS (RFC 5782): whether an address is on one, and whether what the list says counts. */
import { inNetwork, type Network, parseIp } from "../../base/ip.ts";
import { reverseName } from "../../dns/address.ts";
import type { Resolver } from "../../dns/resolver.ts";
import { listedBy } from "../../smtp/reply.ts";
import type { Finding } from "../verdict.ts";

export interface DnsList {
  /** "zen.example.org" */
  readonly zone: string;
  /** Answers that count; empty: any of 127.0.0.0/8 but 127.255.0.0/16, in which lists say that they do not answer such as us. */
  readonly results: readonly Network[];
}

const ANY: Network = { address: Uint8Array.of(127, 0, 0, 0), bits: 8 };
const NOT_ANSWERED: Network = { address: Uint8Array.of(127, 255, 0, 0), bits: 16 };

/** The first of `lists` that has `address`, or null: none has it, or those that may could not be asked. All at once; never throws. */
export async function findListed(
  address: string,
  lists: readonly DnsList[],
  resolver: Resolver,
): Promise<DnsList | null> {
  const reversed = reverseName(address)?.replace(/\.(?:in-addr|ip6)\.arpa$/, "");
  if (reversed === undefined) return null;
  const answers = await Promise.all(lists.map((l) => resolver.lookup(`${reversed}.${l.zone}`, "A")));
  return lists.find((list, i) => {
    const answer = answers[i];
    return answer?.kind === "records" && answer.records.some((text) => counts(text, list.results));
  }) ?? null;
}

/** Mail from a host that one of the config's lists has is refused: that is what the list is there for. */
export function checkListed(list: DnsList | null): readonly Finding[] {
  if (!list) return [];
  return [{ check: "blocklist", reason: `listed by ${list.zone}`, score: 5, refuse: listedBy(list.zone) }];
}

function counts(text: string, results: readonly Network[]): boolean {
  const ip = parseIp(text);
  // A list whose domain was sold answers with the address of a web page.
  if (!ip || !inNetwork(ip, ANY) || inNetwork(ip, NOT_ANSWERED)) return false;
  return results.length === 0 || results.some((n) => inNetwork(ip, n));
}
