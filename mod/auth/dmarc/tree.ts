/**
 * Where a domain's policy stands and which organization it belongs to, by the DNS tree walk (RFC 9989 4.10): a few more look-ups, mostly cached,
 * instead of a list of public suffixes that would grow old in the executable.
 */
import { DMARC_LABELS } from "../../base/limits.ts";
import type { Resolver } from "../../dns/resolver.ts";
import { parseDmarcRecords } from "./record.ts";
import type { DmarcRecord } from "./types.ts";

/** What stands at `_dmarc.` of a name. */
export type RecordAt = { readonly kind: "record"; readonly record: DmarcRecord } | {
  readonly kind: "none" | "temp";
};

/** A record and the domain it is of. */
export interface Found {
  readonly domain: string;
  readonly record: DmarcRecord;
}

/** The walk up from one domain. `found`: longest name first, as far as the walk goes. */
export type Walk =
  | { readonly kind: "walked"; readonly organization: string; readonly found: readonly Found[] }
  | { readonly kind: "temp" };

/** Look-ups for one message: each name is asked once. */
export class DmarcTree {
  readonly #resolver: Resolver;
  readonly #records = new Map<string, Promise<RecordAt>>();

  constructor(resolver: Resolver) {
    this.#resolver = resolver;
  }

  recordAt(domain: string): Promise<RecordAt> {
    let record = this.#records.get(domain);
    if (!record) this.#records.set(domain, record = this.#ask(domain));
    return record;
  }

  /** All names are asked at once; what is past the walk's end does not count, failures neither. */
  async walk(domain: string): Promise<Walk> {
    const names = namesUpFrom(domain);
    const answers = await Promise.all(names.map((name) => this.recordAt(name)));
    const found: Found[] = [];
    for (const [i, answer] of answers.entries()) {
      const name = names[i] ?? "";
      if (answer.kind === "temp") return { kind: "temp" };
      if (answer.kind !== "record") continue;
      found.push({ domain: name, record: answer.record });
      if (answer.record.psd !== "u") break;
    }
    return { kind: "walked", organization: organizationOf(domain, found), found };
  }

  async #ask(domain: string): Promise<RecordAt> {
    const answer = await this.#resolver.lookup(`_dmarc.${domain}`, "TXT");
    if (answer.kind === "temp") return { kind: "temp" };
    const record = answer.kind === "records" ? parseDmarcRecords(answer.records) : null;
    return record ? { kind: "record", record } : { kind: "none" };
  }
}

/** Names the walk asks: the domain, then those above it, of a long one only the last seven labels (RFC 9989 4.10). */
export function namesUpFrom(domain: string): string[] {
  const labels = domain.split(".");
  const names = [domain];
  for (let n = Math.min(labels.length - 1, DMARC_LABELS); n >= 1; n--) names.push(labels.slice(-n).join("."));
  return names;
}

/** RFC 9989 4.10.2. */
function organizationOf(domain: string, found: readonly Found[]): string {
  for (const { domain: name, record } of found) {
    if (record.psd === "n") return name;
    if (record.psd === "y" && name !== domain) {
      return domain.split(".").slice(-(name.split(".").length + 1)).join(".");
    }
  }
  return found.at(-1)?.domain ?? domain;
}
