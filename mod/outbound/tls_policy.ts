/**
 * What a connection to one host must be. `opportunistic`: TLS if offered and working, with any certificate, else in the clear (RFC 7435).
 * `required`: TLS with a certificate valid for `name`, or no delivery. `implicit` is TLS from the first octet (RFC 8314).
 */
export type TlsPolicy =
  | { readonly kind: "opportunistic" }
  | { readonly kind: "required"; readonly name: string; readonly implicit: boolean };

/** A host a policy is asked for. */
export interface PolicyHost {
  readonly name: string;
  /** Its MX record and addresses came with the AD bit: DANE may be used (RFC 7672). */
  readonly secure: boolean;
}

/** Decides by what the destination publishes. Never throws; `temp`: its policy could not be found out, so the host is not to be used now. */
export interface TlsPolicies {
  decide(
    destination: string,
    host: PolicyHost,
  ): Promise<TlsPolicy | { readonly kind: "temp"; readonly why: string }>;
}

/** Whoever publishes what, TLS is taken where it is offered. */
export const OPPORTUNISTIC: TlsPolicies = {
  decide: () => Promise.resolve({ kind: "opportunistic" }),
};
