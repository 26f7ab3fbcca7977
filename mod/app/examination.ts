/** What looks at mail from outside, as the config of the moment wants it. */
import type { Config } from "../config/config.ts";
import type { Resolver } from "../dns/resolver.ts";
import { Examiner } from "../inbound/examiner.ts";
import type { Platform } from "./platform.ts";

/**
 * Gives the examiner for the config that is in force when it is called; null in a closed network without name servers, where nobody can be asked.
 * `resolver`: the config's.
 */
export function examinerOf(
  platform: Pick<Platform, "clock" | "random">,
  config: () => Config,
  resolver: (config: Config) => Resolver,
): () => Examiner | null {
  let known: { readonly config: Config; readonly examiner: Examiner | null } | null = null;
  return () => {
    const now = config();
    if (known?.config !== now) known = { config: now, examiner: make(platform, now, resolver) };
    return known.examiner;
  };
}

function make(
  { clock, random }: Pick<Platform, "clock" | "random">,
  config: Config,
  resolver: (config: Config) => Resolver,
): Examiner | null {
  const { hostname, trusted, verdict, arc, network, dns } = config;
  if (network === "closed" && dns.servers.length === 0) return null;
  return new Examiner({ hostname, trusted, table: verdict, trustedSealers: arc.trustedSealers }, {
    resolver: resolver(config),
    clock,
    random,
  });
}
