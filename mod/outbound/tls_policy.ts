import type { TlsaRecord } from "../dns/resolver.ts";
import type { PublishedTls, TlsFault } from "./tls_session.ts";

/**
 * What a connection to one host must be. `opportunistic`: TLS if offered and working, with any certificate, else in the clear (RFC 7435).
 * `required`: TLS with a certificate valid for `name`, or no delivery. `implicit` is TLS from the first octet (RFC 8314). `dane`: TLS with a
 * certificate that matches one of `records`, for usage 2 one that names one of `names` (the first is sent as SNI), or no delivery (RFC 7672).
 * `encrypted`: TLS with any certificate, or no delivery: the host's TLSA records are none that we can use (RFC 7672 2.2).
 * `because`: why it is asked for, for people, where the destination itself does not.
 */
export type TlsPolicy =
  | { readonly kind: "opportunistic" }
  | {
    readonly kind: "required";
    readonly name: string;
    readonly implicit: boolean;
    readonly because?: string;
  }
  | {
    readonly kind: "dane";
    readonly records: readonly TlsaRecord[];
    readonly names: readonly [string, ...string[]];
  }
  | { readonly kind: "encrypted"; readonly because?: string };

/** A host a policy is asked for. */
export interface PolicyHost {
  readonly name: string;
  readonly port: number;
  /** Its MX record and addresses came with the AD bit: DANE may be used (RFC 7672). */
  readonly secure: boolean;
}

/** A host that is not to be used now: `temp`, its policy could not be found out; `refused`, the destination's policy forbids it. */
export interface NoPolicy {
  readonly kind: "temp" | "refused";
  readonly why: string;
}

/** For reports (RFC 8460): what led to a decision. */
export interface PolicyFacts {
  readonly published: PublishedTls;
  /** What is wrong with the policy itself, or with how the host fits it. */
  readonly fault: TlsFault | null;
  /** A certificate that is not valid is a fault, though the policy is only tried out. */
  readonly judged: boolean;
}

/** Without `facts` nothing is known of a policy. */
export type Decided = (TlsPolicy | NoPolicy) & { readonly facts?: PolicyFacts };

/** Decides by what the destination publishes. Never throws. */
export interface TlsPolicies {
  decide(destination: string, host: PolicyHost): Promise<Decided>;
}

/** Whoever publishes what, TLS is taken where it is offered. */
export const OPPORTUNISTIC: TlsPolicies = {
  decide: () => Promise.resolve({ kind: "opportunistic" }),
};
