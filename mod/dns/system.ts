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
 * because its "no" may be a failure in disguise. TLSA goes to the stub at once: only there is the AD bit.
 */
export class SystemSource implements Source {
  readonly #system: SystemLookup;
  readonly #stub: Source;

  constructor(system: SystemLookup, stub: Source) {
    this.#system = system;
    this.#stub = stub;
  }

  async ask<T extends RecordType>(name: string, type: T): Promise<Asked<RecordTypes[T]>> {
    const records = type === "TLSA" ? null : await this.#system.records(name, type);
    if (!records || records.length === 0) return await this.#stub.ask(name, type);
    return { kind: "records", records, ttl: DNS_SYSTEM_TTL, secure: false };
  }
}
