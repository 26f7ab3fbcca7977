/** The policies of our own domains. */
import type { StsPolicy } from "./policy.ts";

/** Seconds others keep a policy: long enough to be of use, short enough to change one's mind; RFC 8461 3.2 advises weeks for `enforce`. */
const KEPT = { enforce: 14 * 86_400, testing: 86_400, none: 86_400 } as const;

/** The policy of a domain of ours, whose only mail host is `hostname`. */
export function ownStsPolicy(mode: StsPolicy["mode"], hostname: string): StsPolicy {
  return { mode, maxAge: KEPT[mode], mx: [hostname] };
}
