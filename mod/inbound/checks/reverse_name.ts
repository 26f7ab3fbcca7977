/** The name of a host by DNS, believed only where it leads back to the address (RFC 8499 "forward-confirmed"; RFC 1912 2.1). */
import { formatIp, parseIp } from "../../base/ip.ts";
import { REVERSE_NAMES } from "../../base/limits.ts";
import { reverseName } from "../../dns/address.ts";
import type { Resolver } from "../../dns/resolver.ts";
import type { Finding } from "../verdict.ts";

/** unverified: there are names, none leads back. unknown: DNS could not be asked (yet), which says nothing. */
export type ReverseName =
  | { readonly kind: "verified"; readonly name: string }
  | { readonly kind: "none" | "unverified" | "unknown" };

/** Asks for the names of `address`, and for the addresses of these. Never throws. */
export async function lookUpName(address: string, resolver: Resolver): Promise<ReverseName> {
  const ip = parseIp(address);
  const question = reverseName(address);
  if (!ip || question === null) return { kind: "unknown" };
  const pointers = await resolver.lookup(question, "PTR");
  if (pointers.kind === "temp") return { kind: "unknown" };
  if (pointers.kind !== "records" || pointers.records.length === 0) return { kind: "none" };
  const wanted = formatIp(ip);
  const names = pointers.records.slice(0, REVERSE_NAMES);
  const answers = await Promise.all(
    names.map((name) => resolver.lookup(name, ip.length === 4 ? "A" : "AAAA")),
  );
  for (const [i, answer] of answers.entries()) {
    const name = names[i];
    if (name === undefined || answer.kind !== "records") continue;
    if (answer.records.some((a) => canonical(a) === wanted)) return { kind: "verified", name };
  }
  return { kind: answers.some((a) => a.kind === "temp") ? "unknown" : "unverified" };
}

/** A host without a name of its own seldom is a mail server's; never a reason to refuse by itself. */
export function checkReverseName(found: ReverseName): readonly Finding[] {
  switch (found.kind) {
    case "verified":
    case "unknown":
      return [];
    case "none":
      return [{ check: "reverse-name", reason: "the address has no name", score: 1, refuse: null }];
    case "unverified":
      return [{
        check: "reverse-name",
        reason: "the name does not lead back to the address",
        score: 1,
        refuse: null,
      }];
  }
}

function canonical(address: string): string | null {
  const ip = parseIp(address);
  return ip && formatIp(ip);
}
