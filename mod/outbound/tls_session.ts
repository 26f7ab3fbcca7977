/** What became of TLS on the way to a host: for reports (RFC 8460), and to be remembered. */
import type { TlsFailure, TlsPolicyType } from "../auth/tlsrpt/report.ts";
import type { Decided } from "./tls_policy.ts";

/** What a destination publishes about TLS, as reports name it (RFC 8460 4.2, 4.4). */
export interface PublishedTls {
  readonly type: TlsPolicyType;
  /** Lines of the MTA-STS policy, or TLSA records. */
  readonly strings: readonly string[];
  /** MX patterns of the MTA-STS policy. */
  readonly mx: readonly string[];
}

export interface TlsFault {
  readonly type: TlsFailure;
  /** For people. */
  readonly why: string;
}

/** One session, or none because of the policy itself. */
export interface TlsSession {
  readonly destination: string;
  readonly published: PublishedTls;
  /**
   * What it came to; null where none was tried. "clear": TLS is not offered; "broken": it is, and does not work, or the certificate will not do;
   * "valid": with a certificate for the host's name that the platform's authorities vouch for.
   */
  readonly reached: "clear" | "broken" | "encrypted" | "valid" | null;
  /** Where it was not as the policy wants it, or TLS did not work. */
  readonly fault: TlsFault | null;
  readonly host: string;
  readonly address: string | null;
  /** Ours. */
  readonly localAddress: string | null;
}

/** Who is told of each session. Called on the way of a delivery: must be quick, and never throw. */
export interface TlsSessions {
  note(session: TlsSession): void;
}

export const NOTHING_PUBLISHED: PublishedTls = { type: "no-policy-found", strings: [], mx: [] };

/** What TLS came to on one connection, as the dialer sees it. */
export type TlsSeen =
  /** `certificate`: why it is not valid for the host's name, null when it is, undefined when nobody knows. */
  | {
    readonly kind: "secure";
    readonly certificate: string | null | undefined;
    readonly localAddress: string;
  }
  | { readonly kind: "not-offered"; readonly localAddress: string }
  | { readonly kind: "broken"; readonly why: string; readonly localAddress: string };

/** The kind of a failure whose text comes from TLS libraries, or from our own checks (RFC 8460 4.3.1, 4.3.2). */
export function failureOf(why: string): TlsFailure {
  if (/altname|not valid for|is not for /i.test(why)) return "certificate-host-mismatch";
  if (/expired|out of date|not[ _]yet[ _]valid/i.test(why)) return "certificate-expired";
  if (
    /self[- _]signed|unable[ _]to[ _](?:get|verify)|unknown[ _]?(?:ca|issuer)|untrusted|trust anchor/i.test(
      why,
    )
  ) {
    return "certificate-not-trusted";
  }
  return "validation-failure";
}

/** A session with a host at an address, held against the policy it was under. */
export function sessionOf(
  destination: string,
  host: string,
  policy: Decided,
  address: string,
  seen: TlsSeen,
): TlsSession {
  const { published, judged } = policy.facts ?? { published: NOTHING_PUBLISHED, judged: false };
  const session = { destination, published, host, address, localAddress: seen.localAddress };
  switch (seen.kind) {
    case "secure": {
      const { certificate } = seen;
      const fault = judged && certificate ? { type: failureOf(certificate), why: certificate } : null;
      return { ...session, reached: certificate === null ? "valid" : "encrypted", fault };
    }
    case "not-offered":
      return {
        ...session,
        reached: "clear",
        fault: { type: "starttls-not-supported", why: "STARTTLS is not offered" },
      };
    case "broken":
      return { ...session, reached: "broken", fault: { type: failureOf(seen.why), why: seen.why } };
  }
}

/** What is wrong with a policy itself, as a session that was not to be; null when nothing is. */
export function policyFaultOf(destination: string, host: string, policy: Decided): TlsSession | null {
  const { facts } = policy;
  if (!facts?.fault) return null;
  const { published, fault } = facts;
  return { destination, published, reached: null, fault, host, address: null, localAddress: null };
}
