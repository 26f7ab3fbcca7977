/** Which way mail for others would take, and what TLS would be asked of its hosts. Nobody is connected to. */
import { StsPolicies } from "../../auth/mta_sts/cache.ts";
import type { Fs } from "../../base/fs.ts";
import type { Config } from "../../config/config.ts";
import { dataPaths } from "../../config/paths.ts";
import type { Resolver } from "../../dns/resolver.ts";
import { formatAddress } from "../../mail/address.ts";
import { planFor, type PlannedHost } from "../../outbound/plan.ts";
import { PublishedPolicies } from "../../outbound/published_policies.ts";
import { policyFor } from "../../outbound/required_tls.ts";
import type { Decided, TlsPolicies, TlsPolicy } from "../../outbound/tls_policy.ts";
import type { Envelope } from "../../queue/types.ts";
import { adviceForTheirs } from "../../trace/advice.ts";
import { silentLog } from "../silent_log.ts";
import { routesOf } from "../smtp_transport.ts";
import type { Tools } from "../terminal.ts";

/** Mail for one domain. */
export interface WayOut {
  readonly destination: string;
  readonly recipients: readonly string[];
  /** The hosts in the order in which they are tried; none where it fails. */
  readonly hosts: readonly { readonly name: string; readonly port: number; readonly tls: string }[];
  /** Why there is no way, and what to do; else "". */
  readonly fault: string;
  readonly advice: string;
}

/** Hosts told of one domain. */
const HOSTS = 5;

/** The ways of all that would be queued for others. `fs` is not written to. */
export async function waysOut(
  envelopes: readonly Envelope[],
  config: Config,
  tools: Tools,
  resolver: Resolver,
  fs: Fs,
): Promise<WayOut[]> {
  const sts = config.network === "closed" ? null : new StsPolicies({
    resolver,
    fetcher: await tools.outside.policies(resolver),
    fs,
    clock: tools.clock,
    log: silentLog,
    file: dataPaths(config).mtaSts,
  });
  const policies = new PublishedPolicies({ resolver, sts, log: silentLog });
  const ways: WayOut[] = [];
  for (const envelope of envelopes) {
    const outside = envelope.recipients.filter((r) => r.options?.deliverTo === undefined);
    for (const [destination, all] of Map.groupBy(outside, (r) => r.address.domain)) {
      const recipients = all.map((r) => formatAddress(r.address));
      ways.push({ recipients, ...await wayTo(destination, envelope, { config, tools, resolver, policies }) });
    }
  }
  return ways;
}

interface WayPorts {
  readonly config: Config;
  readonly tools: Tools;
  readonly resolver: Resolver;
  readonly policies: TlsPolicies;
}

async function wayTo(
  destination: string,
  envelope: Envelope,
  { config, tools, resolver, policies }: WayPorts,
): Promise<Omit<WayOut, "recipients">> {
  const plan = await planFor(destination, envelope.sender, {
    resolver,
    random: tools.random,
    routes: routesOf(config),
    network: config.network,
    isOwnName: (name) => name === config.hostname,
    mxPort: 25,
  });
  if (plan.kind === "fault") {
    const fault = `${plan.fault.status} ${plan.fault.why}`;
    return { destination, hosts: [], fault, advice: adviceForTheirs(fault) };
  }
  const hosts = await Promise.all(
    plan.hosts.slice(0, HOSTS).map(async (host) => {
      const asked: Decided = host.route ? routeTls(host) : await policies.decide(destination, host);
      return { name: host.name, port: host.port, tls: tlsOf(envelope, host, asked) };
    }),
  );
  return { destination, hosts, fault: "", advice: "" };
}

/** What a route of the config asks for. */
function routeTls({ route, name }: PlannedHost): TlsPolicy {
  if (!route || route.tls === "opportunistic") return { kind: "opportunistic" };
  return { kind: "required", name, implicit: route.tls === "implicit" };
}

function tlsOf(envelope: Envelope, host: PlannedHost, asked: Decided): string {
  if ("why" in asked && (envelope.requireTls || !envelope.tlsOptional)) return `not used: ${asked.why}`;
  const policy = policyFor(envelope, host, "why" in asked ? { kind: "opportunistic" } : asked);
  if ("status" in policy) return `not used: ${policy.why}`;
  switch (policy.kind) {
    case "opportunistic":
      return "TLS where it is offered";
    case "required":
      return `TLS${
        policy.implicit ? " from the first octet" : ""
      } with a certificate valid for ${policy.name}`;
    case "dane":
      return "TLS with a certificate that DNSSEC vouches for (DANE)";
    case "encrypted":
      return "TLS with any certificate";
  }
}
