import { ownStsPolicy } from "../auth/mta_sts/own_policy.ts";
import { formatStsPolicy } from "../auth/mta_sts/policy.ts";
import type { Config } from "../config/config.ts";

/** The MTA-STS policy of a domain of ours as others read it; null when it has none. */
export function ownStsText(config: Pick<Config, "mtaSts" | "hostname">, domain: string): string | null {
  const mode = config.mtaSts.get(domain);
  return mode === undefined ? null : formatStsPolicy(ownStsPolicy(mode, config.hostname));
}
