import { formatStsPolicy, parseStsPolicy } from "../../auth/mta_sts/policy.ts";
import type { Config } from "../../config/config.ts";
import type { Resolver } from "../../dns/resolver.ts";
import { dnsFacts } from "../dns_facts.ts";
import { dnsRecords, nullRecords } from "../dns_records.ts";
import type { Tools } from "../terminal.ts";
import { bad, type Finding, fine } from "./finding.ts";
import { checkRecord } from "./records.ts";

/** Where a domain's MTA-STS policy is (RFC 8461 3.2). */
const STS_PATH = "/.well-known/mta-sts.txt";

/**
 * All that DNS says about one domain, against what `roost dns` says it should; for one that is not ours, against the records of a domain without
 * mail. `addresses`: where our mail comes from.
 */
export async function checkDomain(
  tools: Tools,
  config: Config,
  domain: string,
  { resolver, addresses }: { readonly resolver: Resolver; readonly addresses: readonly string[] },
): Promise<readonly Finding[]> {
  const facts = config.domains.has(domain) ? await dnsFacts(tools, config, domain) : null;
  const records = facts ? dnsRecords(facts) : nullRecords(domain);
  const { hostname, network } = config;
  const helo = config.sending.helo ?? hostname;
  const smarthost = facts?.smarthost ?? null;
  const ports = { resolver, clock: tools.clock, hostname, helo, addresses, smarthost, network };
  const findings = await Promise.all(records.map((r) => checkRecord(r, ports)));
  const policy = facts?.stsPolicy ?? null;
  return [...findings.flat(), ...policy === null ? [] : [await checkPolicy(tools, domain, policy, resolver)]];
}

/** The policy as others get it: over HTTPS, with a certificate they believe. */
async function checkPolicy(
  tools: Tools,
  domain: string,
  ours: string,
  resolver: Resolver,
): Promise<Finding> {
  const about = `mta-sts.${domain}`;
  const got = await (await tools.outside.policies(resolver)).fetch(about, STS_PATH);
  const fix =
    "serve it yourself (listen.https on port 443, with a certificate for this name), or have a web server with one pass on to listen.http";
  if (!got.ok) return bad(about, `others cannot fetch the policy: ${got.error}`, fix);
  const there = parseStsPolicy(got.value);
  if (!there.ok) return bad(about, `the policy cannot be read: ${there.error}`, fix);
  if (formatStsPolicy(there.value) === ours) return fine(about, `mode ${there.value.mode}`);
  return bad(about, "serves another policy than ours", fix);
}
