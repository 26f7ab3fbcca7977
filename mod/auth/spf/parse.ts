/**
 * Records (RFC 7208 4.5, 4.6, 5, 6). All of a record is read before any of it counts: a mistake anywhere makes it worthless (4.6).
 */
import { asciiLower, fromAscii } from "../../base/bytes.ts";
import { parseIp } from "../../base/ip.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { parseDomainSpec, parseMacroString } from "./macro.ts";
import type { Directive, MacroString, Mechanism, SpfRecord } from "./types.ts";

/** What is wrong with a record. */
export interface SpfFault {
  /** The term as it is written. */
  readonly term: string;
  /** Goes on after the term: "lacks a domain". */
  readonly why: string;
}

const RESULTS: Readonly<Record<string, Directive["result"]>> = {
  "+": "pass",
  "-": "fail",
  "~": "softfail",
  "?": "neutral",
};
const VERSION = asciiCodes("v=spf1");
const MODIFIER = /^([a-z][a-z0-9_.-]*)=(.*)$/is;
const DIRECTIVE = /^([+\-~?]?)([a-z][a-z0-9_.-]*)([:/].*)?$/is;

/** Of the TXT records of a domain those that are for SPF: "v=spf1", then a space or the end (RFC 7208 4.5). */
export function selectRecords(records: readonly Uint8Array[]): readonly Uint8Array[] {
  return records.filter((r) =>
    VERSION.every((c, i) => asciiLowerCode(r[i] ?? 0) === c) &&
    (r.length === VERSION.length || r[VERSION.length] === 0x20)
  );
}

/** Reads a record that `selectRecords` chose. */
export function parseRecord(record: Uint8Array): Result<SpfRecord, SpfFault> {
  const directives: Directive[] = [];
  let redirect: MacroString | null = null;
  let explanation: MacroString | null = null;
  // RFC 7208 4.6.1: terms are set apart by spaces, and by nothing else.
  for (const term of fromAscii(record.subarray(VERSION.length)).split(" ")) {
    if (term === "") continue;
    const modifier = MODIFIER.exec(term);
    if (!modifier) {
      const directive = parseDirective(term);
      if (!directive.ok) return err({ term, why: directive.error });
      directives.push(directive.value);
      continue;
    }
    const [, written = "", value = ""] = modifier;
    const name = asciiLower(written);
    const known = name === "redirect" || name === "exp";
    const parsed = known ? parseDomainSpec(value) : parseMacroString(value, "modifier");
    if (!parsed.ok) return err({ term, why: parsed.error });
    // RFC 7208 6: these two may be there once.
    if (known && (name === "exp" ? explanation : redirect)) return err({ term, why: "is there twice" });
    if (name === "redirect") redirect = parsed.value;
    if (name === "exp") explanation = parsed.value;
  }
  return ok({ directives, redirect, explanation });
}

function parseDirective(text: string): Result<Directive, string> {
  const [, sign = "", written = "", rest = ""] = DIRECTIVE.exec(text) ?? [];
  const mechanism = parseMechanism(asciiLower(written), rest);
  return mechanism.ok ? ok({ result: RESULTS[sign] ?? "pass", mechanism: mechanism.value, text }) : mechanism;
}

function parseMechanism(name: string, rest: string): Result<Mechanism, string> {
  switch (name) {
    case "all":
      return rest === "" ? ok({ kind: "all" }) : err("takes no value");
    case "include":
    case "exists": {
      const target = parseDomainSpec(rest.startsWith(":") ? rest.slice(1) : "");
      return target.ok ? ok({ kind: name, target: target.value }) : target;
    }
    case "a":
    case "mx":
      return parseAddresses(name, rest);
    case "ptr": {
      const target = parseTarget(rest);
      return target.ok ? ok({ kind: name, target: target.value }) : target;
    }
    case "ip4":
    case "ip6":
      return parseNetwork(name, rest);
    case "":
      return err("is neither a mechanism nor a modifier");
    default:
      return err("is no mechanism that exists");
  }
}

/** RFC 7208 5.3, 5.4: [":" domain-spec] ["/" bits] ["//" bits]. What looks like bits at the end are bits. */
function parseAddresses(kind: "a" | "mx", rest: string): Result<Mechanism, string> {
  const six = /\/\/([0-9]*)$/.exec(rest);
  const before = six ? rest.slice(0, six.index) : rest;
  const four = /\/([0-9]*)$/.exec(before);
  const target = parseTarget(four ? before.slice(0, four.index) : before);
  if (!target.ok) return target;
  const bits4 = four ? parseBits(four[1] ?? "", 32) : 32;
  const bits6 = six ? parseBits(six[1] ?? "", 128) : 128;
  if (bits4 === null || bits6 === null) return err("has a prefix length that is none");
  return ok({ kind, target: target.value, bits4, bits6 });
}

function parseTarget(text: string): Result<MacroString | null, string> {
  if (text === "") return ok(null);
  return text.startsWith(":") ? parseDomainSpec(text.slice(1)) : err("has a prefix length that is none");
}

/** RFC 7208 5.6. An IPv4-mapped network is a network of IPv6 addresses, and no client is in it. */
function parseNetwork(kind: "ip4" | "ip6", rest: string): Result<Mechanism, string> {
  const slash = rest.indexOf("/");
  const written = rest.slice(1, slash < 0 ? undefined : slash);
  const parsed = rest.startsWith(":") && !written.includes("%") ? parseIp(written) : null;
  if (!parsed || written.includes(":") !== (kind === "ip6")) return err(`has no IPv${kind[2]} address`);
  const address = kind === "ip6" && parsed.length === 4 ? mapped(parsed) : parsed;
  const most = kind === "ip4" ? 32 : 128;
  const bits = slash < 0 ? most : parseBits(rest.slice(slash + 1), most);
  return bits === null ? err("has a prefix length that is none") : ok({ kind, address, bits });
}

/** A number without leading zeros, up to `most`; else null. */
function parseBits(digits: string, most: number): number | null {
  return /^(?:0|[1-9][0-9]{0,2})$/.test(digits) && Number(digits) <= most ? Number(digits) : null;
}

function mapped(ip: Uint8Array): Uint8Array {
  const all = new Uint8Array(16);
  all.set([0xff, 0xff, ...ip], 10);
  return all;
}

function asciiCodes(text: string): readonly number[] {
  return [...text].map((c) => c.charCodeAt(0));
}

function asciiLowerCode(c: number): number {
  return c >= 0x41 && c <= 0x5a ? c + 32 : c;
}
