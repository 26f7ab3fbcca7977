import { DNS_SYSTEM_TTL } from "../base/limits.ts";
import type { RecordTypes } from "./resolver.ts";
import type { Asked, RecordType, Source } from "./source.ts";

/** The platform's own look-up. */
export interface SystemLookup {
  /**
   * Records of one type, or null for whatever else happened: the platform does not tell "no" from "could not ask". Never throws.
   * `name` has no final dot; the implementation sees to it that no search domain is appended.
   */
  records<T extends RecordType>(name: string, type: T): Promise<readonly RecordTypes[T][] | null>;
}

/**
 * The system's resolver first, since it knows what this machine is told (split DNS, VPNs, local names); our stub where it has no answer,
 * because its "no" may be a failure in disguise. TLSA goes to the stub at once, and so does everything when a server's AD bit is believed:
 * only the stub tells it. What such a server does not know may still be a name of this machine (hosts(5)).
 */
export class SystemSource implements Source {
  readonly #system: SystemLookup;
  readonly #stub: Source;
  readonly #validates: () => Promise<boolean>;

  /** `validates`: whether the servers that the stub asks are believed when they say that an answer is secure. */
  constructor(
    system: SystemLookup,
    stub: Source,
    validates: () => Promise<boolean> = () => Promise.resolve(false),
  ) {
    this.#system = system;
    this.#stub = stub;
    this.#validates = validates;
  }

  async ask<T extends RecordType>(name: string, type: T): Promise<Asked<RecordTypes[T]>> {
    const first = type === "TLSA" || await this.#validates() ? await this.#stub.ask(name, type) : null;
    const settled = first && (first.kind !== "nxdomain" || (type !== "A" && type !== "AAAA"));
    if (settled) return first;
    const records = await this.#system.records(name, type);
    if (!records || records.length === 0) return first ?? await this.#stub.ask(name, type);
    return { kind: "records", records, ttl: DNS_SYSTEM_TTL, secure: false };
  }
}
