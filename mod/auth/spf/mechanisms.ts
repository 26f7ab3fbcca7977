/** The mechanisms (RFC 7208 5), but for include, which is a check of its own. */
import { inNetwork, type Ip, parseIp } from "../../base/ip.ts";
import { parseQuestionName } from "../../dns/name.ts";
import type { DnsAnswer } from "../../dns/resolver.ts";
import { type ClientNames, isWithin } from "./client_names.ts";
import type { Lookups } from "./lookups.ts";
import type { MacroString, Mechanism, SpfLimits } from "./types.ts";

/** Whether a mechanism matches, and why, for people. */
export interface Match {
  readonly kind: "yes" | "no" | "temperror" | "permerror";
  readonly why: string;
  /** `why` says already in which record it is so. */
  readonly placed?: boolean;
}

/** What a domain-spec comes to: a name (which may be none that can exist), or something that decides by itself. */
export type Target =
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "no" | "permerror"; readonly why: string };

/** What a mechanism is matched with. */
export interface Scope {
  readonly ip: Ip;
  readonly lookups: Lookups;
  readonly limits: SpfLimits;
  /** null stands for the domain whose record it is. */
  target(text: MacroString | null): Promise<Target>;
  names(): Promise<ClientNames>;
}

const NO: Match = { kind: "no", why: "" };
const YES: Match = { kind: "yes", why: "" };

/** The mechanisms that ask nobody. */
export type LocalMechanism = Extract<Mechanism, { kind: "all" } | { kind: "ip4" | "ip6" }>;

export function isLocal(mechanism: Mechanism): mechanism is LocalMechanism {
  return mechanism.kind === "all" || mechanism.kind === "ip4" || mechanism.kind === "ip6";
}

/** Matches one that asks nobody (RFC 7208 5.1, 5.6), at once: a record may have thousands. */
export function matchLocal(mechanism: LocalMechanism, ip: Ip): Match {
  return mechanism.kind === "all" || inNetwork(ip, mechanism) ? YES : NO;
}

/** Matches one that asks DNS, which is counted by the caller. */
export async function matchMechanism(
  mechanism: Exclude<Mechanism, LocalMechanism | { kind: "include" }>,
  scope: Scope,
): Promise<Match> {
  const target = await scope.target(mechanism.target);
  if (target.kind !== "name") return target;
  const name = parseQuestionName(target.name);
  // Nothing is asked for a name that cannot exist, so it is not void either.
  if (name === null || name === "") return { kind: "no", why: `"${target.name}" can be no name` };
  switch (mechanism.kind) {
    case "a":
      return await matchA(name, mechanism.bits4, mechanism.bits6, scope);
    case "mx":
      return await matchMx(name, mechanism.bits4, mechanism.bits6, scope);
    case "ptr":
      return await matchPtr(name, scope);
    case "exists":
      return await matchExists(name, scope);
  }
}

/** RFC 7208 5.3. */
async function matchA(name: string, bits4: number, bits6: number, scope: Scope): Promise<Match> {
  const found = await addressesOf(name, scope);
  if (found.kind === "temp") return temporary(name, found.why);
  if (isNothing(found)) return nothing(scope, `${name} has no address`);
  return matchesAny(found.records, bits4, bits6, scope.ip) ? YES : NO;
}

/** RFC 7208 5.4. Hosts in the order of their preference, until one matches; a domain without MX has none (no implicit one). */
async function matchMx(name: string, bits4: number, bits6: number, scope: Scope): Promise<Match> {
  const answer = await scope.lookups.ask(name, "MX");
  if (answer.kind === "temp") return temporary(name, answer.why);
  if (isNothing(answer)) return nothing(scope, `${name} has no MX`);
  const hosts = [...answer.records].sort((a, b) => a.preference - b.preference);
  // Before any is asked for, lest the result hang on the order in which DNS gives equals.
  if (hosts.length > scope.limits.mxNames) {
    return { kind: "permerror", why: `${name} has more than ${scope.limits.mxNames} MX` };
  }
  // RFC 7208 4.6.4 counts terms: if hosts have no address of the client's kind the term is void, once, and only when all are so.
  let inVain = false;
  let some = false;
  for (const { exchange } of hosts) {
    // The null MX (RFC 7505).
    if (exchange === "") continue;
    const found = await addressesOf(exchange, scope);
    if (found.kind === "temp") return temporary(exchange, found.why);
    if (isNothing(found)) {
      inVain = true;
      continue;
    }
    some = true;
    if (matchesAny(found.records, bits4, bits6, scope.ip)) return { kind: "yes", why: `host ${exchange}` };
  }
  return inVain && !some ? nothing(scope, `no MX of ${name} has an address`) : NO;
}

/** RFC 7208 5.5. */
async function matchPtr(name: string, scope: Scope): Promise<Match> {
  const { names, none } = await scope.names();
  const found = names.find((n) => isWithin(n, name));
  if (found !== undefined) return { kind: "yes", why: `the client is ${found}` };
  // What was asked in vain because the time is over says nothing about the client.
  if (scope.lookups.late) return { kind: "temperror", why: "the time is over" };
  return none ? nothing(scope, "the client's address has no name") : NO;
}

/** RFC 7208 5.7: A records, whatever the client's address is. */
async function matchExists(name: string, scope: Scope): Promise<Match> {
  const found = await scope.lookups.ask(name, "A");
  if (found.kind === "temp") return temporary(name, found.why);
  return isNothing(found) ? nothing(scope, `there is no ${name}`) : { kind: "yes", why: `${name} exists` };
}

function addressesOf(name: string, scope: Scope): Promise<DnsAnswer<string>> {
  return scope.lookups.ask(name, scope.ip.length === 4 ? "A" : "AAAA");
}

function matchesAny(addresses: readonly string[], bits4: number, bits6: number, ip: Ip): boolean {
  const bits = ip.length === 4 ? bits4 : bits6;
  return addresses.some((text) => {
    const address = parseIp(text);
    return address !== null && inNetwork(ip, { address, bits });
  });
}

function isNothing<T>(
  answer: Exclude<DnsAnswer<T>, { kind: "temp" }>,
): answer is Extract<DnsAnswer<T>, { kind: "nodata" | "nxdomain" }> {
  return answer.kind !== "records" || answer.records.length === 0;
}

/** A void look-up (RFC 7208 4.6.4). */
function nothing(scope: Scope, why: string): Match {
  if (scope.lookups.spendVoid()) return { kind: "no", why };
  return { kind: "permerror", why: `${why}, like those of ${scope.limits.void} terms before` };
}

function temporary(name: string, why: string): Match {
  return { kind: "temperror", why: `${name}: ${why}` };
}
