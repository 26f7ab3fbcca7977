/**
 * What the checks of a message's origin found, as values. From them come Authentication-Results (RFC 8601), the verdict, reports and the
 * trace. Domains are lower-case A-labels without a final dot; reasons are for people, without anything that could break a header line.
 */

/** RFC 7208 2.6. */
export type SpfResult = "none" | "neutral" | "pass" | "fail" | "softfail" | "temperror" | "permerror";

export interface SpfOutcome {
  readonly result: SpfResult;
  /** Which identity was checked: MAIL FROM, or HELO where that is null or for itself (RFC 7208 2.3, 2.4). */
  readonly identity: "mailfrom" | "helo";
  /** The domain asked at first. */
  readonly domain: string;
  /** The explanation the domain gives for a fail (exp=), else null. Octets beyond printable ASCII are gone. */
  readonly explanation: string | null;
  /** The mechanism that decided, such as "ip4:192.0.2.0/24", or null. */
  readonly mechanism: string | null;
  /** Why, for people: what was wrong with the record, which look-up failed. "" where there is nothing to say. */
  readonly why: string;
  /** Terms that cost a DNS look-up (RFC 7208 4.6.4). */
  readonly lookups: number;
}

/** RFC 8601 2.7.1. */
export type DkimResult = "none" | "pass" | "fail" | "policy" | "neutral" | "temperror" | "permerror";

/** One DKIM-Signature of a message, in the order of the header. */
export interface DkimOutcome {
  readonly result: DkimResult;
  /** d=; "" where it cannot be read. */
  readonly domain: string;
  /** s=; "" where it cannot be read. */
  readonly selector: string;
  /** i=, or "@" with d=. */
  readonly identity: string;
  /** a=, such as "rsa-sha256"; "" where it cannot be read. */
  readonly algorithm: string;
  /** First eight characters of b= or more, to tell signatures apart (RFC 6008); "" where there is none. */
  readonly signature: string;
  /** Why, for people; "" for a plain pass. */
  readonly reason: string;
  /** The key says t=y: the domain only tries DKIM. */
  readonly testing: boolean;
  /** Bits of the RSA key, else null. */
  readonly keyBits: number | null;
  /** Octets of the body that l= left unsigned; 0 where all was. */
  readonly unsigned: number;
}

/** RFC 8617 4.4: the state of the whole chain. */
export interface ArcOutcome {
  readonly result: "none" | "pass" | "fail" | "temperror";
  /** Number of sets in it. */
  readonly instances: number;
  /** d= of the newest seal, or "". */
  readonly sealer: string;
  /** d= of all seals, newest first: those the config trusts are looked for among them. */
  readonly sealers: readonly string[];
  /**
   * What the oldest of the trusted sealers that come last says in its ARC-Authentication-Results; "" where there is none, and when the chain failed.
   * After a temperror it would be that, were the chain sound.
   */
  readonly claims: string;
  readonly reason: string;
}

export interface DmarcOutcome {
  readonly result: "none" | "pass" | "fail" | "temperror" | "permerror";
  /** The domain of From; "" where there is not exactly one. */
  readonly domain: string;
  /** The domain whose record counts, or "". */
  readonly policyDomain: string;
  /** What the domain wishes for what fails, after sp=, np= and t=/pct=; null without a record. */
  readonly policy: "none" | "quarantine" | "reject" | null;
  /** Alignment (RFC 7489 3.1). */
  readonly spfAligned: boolean;
  readonly dkimAligned: boolean;
  readonly reason: string;
}

/** RFC 8601 3: does the address's name lead back to it. */
export interface IprevOutcome {
  readonly result: "pass" | "fail" | "temperror" | "permerror";
  readonly name: string | null;
}

/** All that is known of one message from outside. null: not asked. */
export interface AuthFindings {
  readonly spf: SpfOutcome | null;
  /** The HELO identity by itself, where `spf` is of MAIL FROM. */
  readonly spfHelo: SpfOutcome | null;
  readonly dkim: readonly DkimOutcome[];
  readonly arc: ArcOutcome | null;
  readonly dmarc: DmarcOutcome | null;
  readonly iprev: IprevOutcome | null;
}
