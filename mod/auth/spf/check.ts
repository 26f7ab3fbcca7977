/**
 * check_host() (RFC 7208 4): may this client use this name? Pure but for the questions it asks of DNS, whose number and time are bounded.
 */
import { asciiLower, fromAscii } from "../../base/bytes.ts";
import type { Clock } from "../../base/clock.ts";
import { formatIp, type Ip, parseIp } from "../../base/ip.ts";
import { SPF_EXPLANATION, SPF_WHY } from "../../base/limits.ts";
import type { Resolver } from "../../dns/resolver.ts";
import type { SpfOutcome } from "../types.ts";
import { type ClientNames, preferredName, validatedNames } from "./client_names.ts";
import { expandDomain, expandText, hasLetter, macroAddress, type MacroValues } from "./expand.ts";
import { checkableDomain, identityOf, type SpfIdentity, toAscii } from "./identity.ts";
import { Lookups } from "./lookups.ts";
import { parseMacroString } from "./macro.ts";
import {
  isLocal,
  type LocalMechanism,
  type Match,
  matchLocal,
  matchMechanism,
  type Target,
} from "./mechanisms.ts";
import { parseRecord, selectRecords } from "./parse.ts";
import { type MacroString, type Mechanism, SPF_LIMITS, type SpfLimits, type SpfRecord } from "./types.ts";

export interface SpfQuestion {
  /** The client's address as text. */
  readonly ip: string;
  /** The name after HELO or EHLO. */
  readonly helo: string;
  /** "local@domain", the local part without quoting; "" for the null sender: then HELO is checked. */
  readonly mailFrom: string;
}

/** One step of a check, for those who want to see how it came about. `depth` counts includes and redirects. */
export type SpfStep =
  | { readonly kind: "record"; readonly depth: number; readonly domain: string; readonly text: string }
  | {
    readonly kind: "term";
    readonly depth: number;
    readonly text: string;
    readonly outcome: "match" | "no match" | "temperror" | "permerror";
    readonly why: string;
  };

export interface SpfPorts {
  readonly resolver: Resolver;
  readonly clock: Clock;
  /** Our own name, for %{r}. */
  readonly hostname?: string;
  readonly limits?: SpfLimits;
  readonly watch?: (step: SpfStep) => void;
}

/** What came out for one domain. `by` is the mechanism that matched; `explain` what its record has for a fail. */
interface Verdict {
  readonly result: SpfOutcome["result"];
  readonly by: string | null;
  readonly why: string;
  readonly explain: { readonly text: MacroString; readonly domain: string } | null;
}

/** Checks the identity of a client. Never throws. */
export async function checkHost(question: SpfQuestion, ports: SpfPorts): Promise<SpfOutcome> {
  const identity = identityOf(question.mailFrom, question.helo);
  const ip = parseIp(question.ip);
  const lookups = new Lookups(ports.resolver, ports.clock, ports.limits ?? SPF_LIMITS);
  let verdict: Verdict;
  let explanation: string | null = null;
  if (identity.domain === null) verdict = error("none", `"${identity.written}" is no domain with a record`);
  else if (ip === null) verdict = error("none", "the client has no IP address");
  else {
    const check = new Check(question, identity, ip, lookups, ports);
    verdict = await check.host(identity.domain, 0);
    if (verdict.result === "fail" && verdict.explain) explanation = await check.explain(verdict.explain);
  }
  return {
    result: verdict.result,
    identity: identity.identity,
    domain: identity.domain ?? printable(asciiLower(identity.written)),
    explanation,
    mechanism: verdict.by === null ? null : printable(verdict.by),
    why: printable(verdict.why),
    lookups: lookups.terms,
  };
}

class Check {
  readonly #question: SpfQuestion;
  readonly #identity: SpfIdentity;
  readonly #ip: Ip;
  readonly #lookups: Lookups;
  readonly #limits: SpfLimits;
  readonly #ports: SpfPorts;
  #names: Promise<ClientNames> | null = null;
  readonly #records = new Map<string, ReturnType<typeof parseRecord>>();

  constructor(question: SpfQuestion, identity: SpfIdentity, ip: Ip, lookups: Lookups, ports: SpfPorts) {
    this.#question = question;
    this.#identity = identity;
    this.#ip = ip;
    this.#lookups = lookups;
    this.#limits = ports.limits ?? SPF_LIMITS;
    this.#ports = ports;
  }

  /** RFC 7208 4.3 to 4.7, for one domain. Depth is bounded by the number of terms that ask. */
  async host(text: string, depth: number): Promise<Verdict> {
    const domain = checkableDomain(text);
    if (domain === null) return error("none", `"${text}" is no domain with a record`);
    const answer = await this.#lookups.ask(domain, "TXT");
    if (answer.kind === "temp") return error("temperror", `TXT of ${domain}: ${answer.why}`);
    if (answer.kind === "nxdomain") return error("none", `there is no domain ${domain}`);
    const [record, second] = answer.kind === "records" ? selectRecords(answer.records) : [];
    if (!record) return error("none", `${domain} has no SPF record`);
    if (second) return error("permerror", `${domain} has more than one SPF record`);
    if (this.#ports.watch) {
      this.#ports.watch({ kind: "record", depth, domain, text: printableOctets(record) });
    }
    // A record that includes itself is read once.
    const parsed = this.#records.get(domain) ?? parseRecord(record);
    this.#records.set(domain, parsed);
    if (!parsed.ok) {
      return error("permerror", `record of ${domain}: "${parsed.error.term}" ${parsed.error.why}`);
    }
    return await this.#record(parsed.value, domain, depth);
  }

  async #record(record: SpfRecord, domain: string, depth: number): Promise<Verdict> {
    for (const directive of record.directives) {
      const { mechanism, text } = directive;
      const match = isLocal(mechanism)
        ? matchLocal(mechanism, this.#ip)
        : await this.#asking(mechanism, domain, depth);
      if (this.#ports.watch) this.#ports.watch(stepOf(text, match, depth));
      if (match.kind === "no") continue;
      const place = `${text} in the record of ${domain}`;
      if (match.kind !== "yes") return error(match.kind, match.placed ? match.why : `${place}: ${match.why}`);
      return {
        result: directive.result,
        by: text,
        why: match.why === "" ? place : `${place}: ${match.why}`,
        explain: record.explanation && { text: record.explanation, domain },
      };
    }
    if (record.redirect) return await this.#redirect(record.redirect, domain, depth);
    return error("neutral", `nothing in the record of ${domain} matches`);
  }

  async #asking(
    mechanism: Exclude<Mechanism, LocalMechanism>,
    domain: string,
    depth: number,
  ): Promise<Match> {
    if (!this.#lookups.spend()) return this.#tooMany();
    if (mechanism.kind === "include") return await this.#include(mechanism.target, domain, depth);
    return await matchMechanism(mechanism, {
      ip: this.#ip,
      lookups: this.#lookups,
      limits: this.#limits,
      target: (text) =>
        text === null ? Promise.resolve({ kind: "name", name: domain }) : this.#target(text, domain),
      names: () => this.#clientNames(),
    });
  }

  /** RFC 7208 5.2. */
  async #include(text: MacroString, domain: string, depth: number): Promise<Match> {
    const target = await this.#target(text, domain);
    if (target.kind !== "name") return target;
    const inner = await this.host(target.name, depth + 1);
    switch (inner.result) {
      case "pass":
        return { kind: "yes", why: inner.why };
      case "none":
        return { kind: "permerror", why: inner.why };
      case "permerror":
      case "temperror":
        return { kind: inner.result, why: inner.why, placed: true };
      default:
        return { kind: "no", why: `${inner.result} by ${inner.why}` };
    }
  }

  /** RFC 7208 6.1. */
  async #redirect(text: MacroString, domain: string, depth: number): Promise<Verdict> {
    const written = `redirect in the record of ${domain}`;
    const target = this.#lookups.spend() ? await this.#target(text, domain) : this.#tooMany();
    if (target.kind === "permerror") return error("permerror", `${written}: ${target.why}`);
    // RFC 8616 4: a term that has the local part matches nothing when that is not ASCII.
    if (target.kind !== "name") return error("neutral", `${written}: ${target.why}`);
    const inner = await this.host(target.name, depth + 1);
    return inner.result === "none" ? error("permerror", `${written}: ${inner.why}`) : inner;
  }

  /** RFC 7208 6.2: what cannot be had or read is no explanation, and nothing more. */
  async explain({ text, domain }: NonNullable<Verdict["explain"]>): Promise<string | null> {
    const target = await this.#target(text, domain);
    if (target.kind !== "name") return null;
    const answer = await this.#lookups.ask(target.name, "TXT");
    const [record, second] = answer.kind === "records" ? answer.records : [];
    if (!record || second) return null;
    // Octets that are not ASCII are no macro string.
    const parsed = parseMacroString(fromAscii(record), "explanation");
    if (!parsed.ok) return null;
    const values = await this.#values(parsed.value, domain);
    const full = values && expandText(parsed.value, values, SPF_EXPLANATION);
    return full ? full.replace(/[^\x20-\x7e]/g, "") || null : null;
  }

  /** The name that a domain-spec stands for. */
  async #target(text: MacroString, domain: string): Promise<Target> {
    const values = await this.#values(text, domain);
    if (!values) return this.#tooMany();
    const name = expandDomain(text, values);
    return name === null
      ? { kind: "no", why: "the local part or the name after HELO is not ASCII" }
      : { kind: "name", name };
  }

  /** null when %{p} would be one question too many. */
  async #values(text: MacroString, domain: string): Promise<MacroValues | null> {
    let name = "unknown";
    if (hasLetter(text, "p")) {
      // RFC 7208 4.6.4 counts its PTR question; it is asked once.
      if (this.#names === null && !this.#lookups.spend()) return null;
      name = preferredName((await this.#clientNames()).names, domain);
    }
    const { local, domain: sender } = this.#identity;
    const l = /^[\0-\x7f]*$/.test(local) ? local : null;
    return {
      s: l === null ? null : `${l}@${sender}`,
      l,
      o: sender,
      d: domain,
      i: macroAddress(this.#ip),
      p: name,
      h: toAscii(this.#question.helo),
      v: this.#ip.length === 4 ? "in-addr" : "ip6",
      c: formatIp(this.#ip),
      r: this.#ports.hostname ?? "unknown",
      t: `${Math.floor(this.#ports.clock.now() / 1000)}`,
    };
  }

  #clientNames(): Promise<ClientNames> {
    this.#names ??= validatedNames(this.#ip, this.#lookups, this.#limits.ptrNames);
    return this.#names;
  }

  #tooMany(): { readonly kind: "permerror"; readonly why: string } {
    return { kind: "permerror", why: `more than ${this.#limits.lookups} terms that ask DNS` };
  }
}

function stepOf(text: string, match: Match, depth: number): SpfStep {
  const outcome = match.kind === "yes" ? "match" : match.kind === "no" ? "no match" : match.kind;
  return { kind: "term", depth, text: printable(text), outcome, why: printable(match.why) };
}

function error(result: "none" | "neutral" | "temperror" | "permerror", why: string): Verdict {
  return { result, by: null, why, explain: null };
}

/** Printable ASCII only, and not too much of it: it goes into logs and header fields. */
function printable(text: string): string {
  const clean = text.slice(0, 4 * SPF_WHY).replace(/[^\x20-\x7e]+/g, "?");
  return clean.length > SPF_WHY ? `${clean.slice(0, SPF_WHY - 3)}...` : clean;
}

function printableOctets(octets: Uint8Array): string {
  return [...octets].map((c) => c >= 0x20 && c <= 0x7e ? String.fromCharCode(c) : "?").join("");
}
