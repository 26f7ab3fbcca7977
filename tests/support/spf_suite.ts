/** The public test suite for RFC 7208, which lies beside the checkout and not in it: its cases, each with the DNS it sees. */
import { FAILSAFE_SCHEMA, loadAll } from "js-yaml";
import type { ZoneData } from "./zone.ts";

/** Where it is looked for. */
export const SPF_SUITE: URL = new URL("../../../shared/suites/spf/rfc7208-tests.yml", import.meta.url);

export interface SpfCase {
  /** "SCENARIO: NAME". */
  readonly name: string;
  readonly ip: string;
  readonly helo: string;
  readonly mailFrom: string;
  /** The result that is preferred where several are allowed. */
  readonly result: string;
  /** null: the domain gives none; undefined: the suite does not say. */
  readonly explanation: string | null | undefined;
  readonly zone: ZoneData;
}

type Entry = "TIMEOUT" | Readonly<Record<string, string | readonly string[]>>;

interface Scenario {
  readonly description: string;
  readonly tests: Readonly<
    Record<string, {
      readonly host: string;
      readonly helo: string;
      readonly mailfrom: string;
      readonly result: string | readonly string[];
      readonly explanation?: string;
    }>
  >;
  readonly zonedata: Readonly<Record<string, readonly Entry[]>>;
}

const TYPES = ["A", "AAAA", "MX", "TXT", "PTR", "CNAME"] as const;

/** All cases, or null where the suite is not there. */
export async function readSpfSuite(): Promise<readonly SpfCase[] | null> {
  let text: string;
  try {
    text = await Deno.readTextFile(SPF_SUITE);
  } catch (e) {
    if (e instanceof Deno.errors.NotFound) return null;
    throw e;
  }
  const scenarios = loadAll(text, { schema: FAILSAFE_SCHEMA }) as readonly Scenario[];
  return scenarios.flatMap(({ description, tests, zonedata }) => {
    const zone = Object.fromEntries(
      Object.entries(zonedata).map(([name, entries]) => [name, recordsOf(entries)]),
    );
    return Object.entries(tests).map(([name, t]) => ({
      name: `${description}: ${name}`,
      ip: t.host,
      helo: t.helo,
      mailFrom: t.mailfrom,
      result: typeof t.result === "string" ? t.result : t.result[0] ?? "",
      // What we say where a domain explains nothing is not the suite's business.
      explanation: t.explanation === "DEFAULT" ? null : t.explanation,
      zone,
    }));
  });
}

/** SPF entries stand for TXT where there is no TXT entry. After TIMEOUT, types without an entry are not answered. */
function recordsOf(entries: readonly Entry[]): ZoneData[string] {
  const found: Record<string, (string | Uint8Array)[] | "timeout"> = {};
  const timesOut = entries.includes("TIMEOUT");
  const hasTxt = entries.some((e) => e !== "TIMEOUT" && "TXT" in e);
  for (const entry of entries) {
    if (entry === "TIMEOUT") continue;
    for (const [key, value] of Object.entries(entry)) {
      if (value === "NONE" || (key === "SPF" && hasTxt)) continue;
      const type = key === "SPF" ? "TXT" : key;
      const list = found[type] ??= [];
      if (list === "timeout") continue;
      const strings = typeof value === "string" ? [value] : value;
      if (type === "TXT") list.push(octets(strings.join("")));
      else list.push(type === "MX" ? strings.join(" ") : strings.join("").replace(/\.$/, "").toLowerCase());
    }
  }
  if (timesOut) { for (const type of TYPES) found[type] ??= "timeout"; }
  return found;
}

/** One octet a character, as the suite writes what is not ASCII. */
function octets(text: string): Uint8Array {
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}
