/**
 * What the destination publishes: DANE where DNSSEC vouches for the host, else MTA-STS. The strictest wins, and where DANE asks for a
 * certificate MTA-STS is not asked (RFC 8461 2).
 */
import { isUsableTlsa } from "../auth/dane.ts";
import type { StsFault } from "../auth/mta_sts/cache.ts";
import { allowsMx, formatStsPolicy, type StsPolicy } from "../auth/mta_sts/policy.ts";
import { DNS_ALIASES } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import type { Resolver, TlsaRecord } from "../dns/resolver.ts";
import type { Decided, PolicyFacts, PolicyHost, TlsPolicies } from "./tls_policy.ts";
import type { TlsFailure } from "../auth/tlsrpt/report.ts";

export interface PublishedPorts {
  readonly resolver: Resolver;
  /** null where policies are not fetched. */
  readonly sts: {
    find(domain: string): Promise<StsPolicy | null>;
    /** Why there is no policy though the domain says it has one; null when nothing is wrong. */
    fault?(domain: string): StsFault | null;
  } | null;
  readonly log: Log;
}

export class PublishedPolicies implements TlsPolicies {
  readonly #ports: PublishedPorts;

  constructor(ports: PublishedPorts) {
    this.#ports = ports;
  }

  async decide(destination: string, host: PolicyHost): Promise<Decided> {
    const dane = host.secure ? await this.#dane(destination, host) : null;
    if (dane && dane.kind !== "encrypted") return dane;
    const sts = await this.#sts(destination, host.name);
    return sts.kind === "opportunistic" && dane ? dane : sts;
  }

  /** null where DANE does not apply: no TLSA records, or none that DNSSEC vouches for. */
  async #dane(destination: string, host: PolicyHost): Promise<Decided | null> {
    const bases = await this.#bases(host.name);
    if (typeof bases === "string") return { kind: "temp", why: `cannot look up ${host.name}: ${bases}` };
    for (const base of bases) {
      const name = `_${host.port}._tcp.${base}`;
      const answer = await this.#ports.resolver.lookup(name, "TLSA");
      // In a signed zone "no answer" may be an attack: never taken for "no" (RFC 7672 2.1.2).
      if (answer.kind === "temp") {
        const why = `cannot look up TLSA at ${name}: ${answer.why}`;
        return { kind: "temp", why, facts: daneFacts([], { type: "dnssec-invalid", why }) };
      }
      if (answer.kind !== "records" || !answer.secure) continue;
      const records = answer.records.filter(isUsableTlsa);
      if (records.length === 0) {
        const fault = { type: "tlsa-invalid", why: "none of the TLSA records can be used" } as const;
        return { kind: "encrypted", facts: daneFacts(answer.records, fault) };
      }
      const names = new Set([base, host.name, destination]);
      const facts = daneFacts(answer.records, null);
      return { kind: "dane", records, names: [base, ...[...names].filter((n) => n !== base)], facts };
    }
    return null;
  }

  /**
   * Under which names the records may be: where the host is an alias, first what it stands for (RFC 7672 2.2.2). A text when that could
   * not be found out.
   */
  async #bases(host: string): Promise<readonly string[] | string> {
    let end = host;
    for (let hops = 0; hops < DNS_ALIASES; hops++) {
      const alias = await this.#ports.resolver.lookup(end, "CNAME");
      if (alias.kind === "temp") return alias.why;
      const target = alias.kind === "records" && alias.secure ? alias.records[0] : undefined;
      if (target === undefined) break;
      end = target;
    }
    return end === host ? [host] : [end, host];
  }

  async #sts(destination: string, host: string): Promise<Decided> {
    const policy = await this.#ports.sts?.find(destination) ?? null;
    if (!policy) {
      const fault = this.#ports.sts?.fault?.(destination) ?? null;
      return fault
        ? { kind: "opportunistic", facts: stsFacts(null, FETCH_FAILURES[fault.kind], fault.why) }
        : { kind: "opportunistic" };
    }
    if (policy.mode === "none") return { kind: "opportunistic" };
    const allowed = allowsMx(policy, host);
    const why = `${host} is not among the hosts of ${destination}'s MTA-STS policy`;
    const facts = allowed ? stsFacts(policy, null) : stsFacts(policy, "validation-failure", why);
    if (policy.mode === "testing") {
      if (!allowed) this.#ports.log.warn("mta-sts policy in test does not list host", { destination, host });
      return { kind: "opportunistic", facts };
    }
    if (allowed) return { kind: "required", name: host, implicit: false, facts };
    return { kind: "refused", why, facts };
  }
}

const FETCH_FAILURES: Readonly<Record<StsFault["kind"], TlsFailure>> = {
  unreachable: "sts-policy-fetch-error",
  untrusted: "sts-webpki-invalid",
  malformed: "sts-policy-invalid",
};

function daneFacts(records: readonly TlsaRecord[], fault: PolicyFacts["fault"]): PolicyFacts {
  const strings = records.map((r) => `${r.usage} ${r.selector} ${r.matching} ${r.data.toHex()}`);
  return { published: { type: "tlsa", strings, mx: [] }, fault, judged: false };
}

function stsFacts(policy: StsPolicy | null, type: TlsFailure | null, why = ""): PolicyFacts {
  const strings = policy ? formatStsPolicy(policy).trimEnd().split("\r\n") : [];
  return {
    published: { type: "sts", strings, mx: policy?.mx ?? [] },
    fault: type === null ? null : { type, why },
    judged: policy !== null,
  };
}
