/** What a message asks of TLS on its way (RFC 8689), against what the host's policy asks. */
import type { Batch } from "../queue/transport.ts";
import { type HostFault, hostFault } from "./fault.ts";
import type { PlannedHost } from "./plan.ts";
import type { TlsPolicy } from "./tls_policy.ts";

/**
 * The policy for this message to this host. With REQUIRETLS (RFC 8689 4.2.1) a certificate valid for the host's name, which must itself be
 * vouched for: by DNSSEC, by a policy of the destination, or by the config's route. "TLS-Required: No" (4.1) waives what the destination asks
 * for, not what the config's route does.
 */
export function policyFor(
  batch: Pick<Batch, "requireTls" | "tlsOptional">,
  host: Pick<PlannedHost, "name" | "route" | "secure">,
  policy: TlsPolicy,
): TlsPolicy | HostFault {
  if (batch.requireTls) {
    if (policy.kind === "required" || policy.kind === "dane") return policy;
    if (host.secure || host.route) return { kind: "required", name: host.name, implicit: false };
    const why =
      "the message requires TLS all the way, and nothing vouches for the name of its host (REQUIRETLS)";
    return { ...hostFault("failed", "5.7.30", why, host.name), hostDown: false };
  }
  return batch.tlsOptional && !host.route ? { kind: "opportunistic" } : policy;
}

/** A fault on the way to a host, for a message that requires TLS: a host that has none will not have it tomorrow. */
export function faultFor(batch: Pick<Batch, "requireTls">, fault: HostFault): HostFault {
  if (!batch.requireTls || fault.status !== "4.7.4") return fault;
  return { ...fault, kind: "failed", status: "5.7.30", hostDown: false };
}
