import type { ReportUri } from "../report_uri.ts";
import type { DkimOutcome, DmarcOutcome, SpfOutcome } from "../types.ts";

/** What a domain wishes for mail that fails. */
export type DmarcPolicy = "none" | "quarantine" | "reject";

/** A DMARC policy record (RFC 9989 4.7), with what RFC 7489 had and no longer is: pct=, and sizes in rua=. */
export interface DmarcRecord {
  /** p=; null where the record says nothing that can be followed: then there is no policy (RFC 9989 4.7). */
  readonly policy: DmarcPolicy | null;
  /** sp= and np=, or null where they are left out. */
  readonly subdomains: DmarcPolicy | null;
  readonly nonexistent: DmarcPolicy | null;
  /** adkim= and aspf=: whether only the very same domain will do. */
  readonly strictDkim: boolean;
  readonly strictSpf: boolean;
  /** t=y: the domain only tries its policy. */
  readonly testing: boolean;
  /** pct=, 0 to 100. */
  readonly percent: number;
  /** psd=: "y" a public suffix, "n" the top of an organization, "u" not said. */
  readonly psd: "y" | "n" | "u";
  /** rua= and ruf=. */
  readonly aggregate: readonly ReportUri[];
  readonly failure: readonly ReportUri[];
  /** fo=, such as "1" or "d". */
  readonly failureOptions: readonly string[];
}

/** All that came of one message, for the verdict and for reports. */
export interface DmarcEvaluation {
  readonly outcome: DmarcOutcome;
  /** The record that counts, of `outcome.policyDomain`; null where there is none. */
  readonly record: DmarcRecord | null;
}

/** Why mail that failed was not treated as its domain wishes (RFC 9990 3.1.1.6.2). */
export interface DmarcOverride {
  readonly type: "local_policy" | "mailing_list" | "other" | "policy_test_mode" | "trusted_forwarder";
  readonly comment: string;
}

/** One message from outside, judged. */
export interface JudgedMessage {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The client's address. */
  readonly address: string;
  /** Domains of MAIL FROM ("" for the null sender) and of the first recipient. */
  readonly envelopeFrom: string;
  readonly envelopeTo: string;
  readonly evaluation: DmarcEvaluation;
  readonly spf: SpfOutcome | null;
  readonly dkim: readonly DkimOutcome[];
  /** What was done. */
  readonly disposition: DmarcPolicy;
  readonly override: DmarcOverride | null;
}

/** Who wants to hear of each judged message: aggregate reports. Called once a message; keeps what it needs and never throws. */
export interface DmarcObserver {
  observe(message: JudgedMessage): void;
}
