/**
 * All checks of one message's origin: SPF, DKIM, ARC and DMARC (RFC 7208, 6376, 8617, 9989). They run side by side while the message comes in, each
 * asks DNS as early as it can, and nothing of the body is kept. What DNS does not tell in time is a temperror; nothing here waits for ever.
 */
import type { Clock } from "../base/clock.ts";
import { AUTH_WAIT, HEADER_SIZE } from "../base/limits.ts";
import type { Resolver } from "../dns/resolver.ts";
import type { Address } from "../mail/address.ts";
import { HeaderSplitter, scanHeader } from "../mail/header.ts";
import { ArcCheck } from "./arc/verify.ts";
import { BodyHasher } from "./dkim/body_hasher.ts";
import { SignedFields } from "./dkim/signed_fields.ts";
import { DkimCheck } from "./dkim/verify.ts";
import { DmarcCheck } from "./dmarc/evaluate.ts";
import type { DmarcEvaluation } from "./dmarc/types.ts";
import { PatientResolver } from "./patience.ts";
import { checkHost } from "./spf/check.ts";
import type { AuthFindings, SpfOutcome } from "./types.ts";

export interface InspectionPorts {
  readonly resolver: Resolver;
  readonly clock: Clock;
  /** Our own name. */
  readonly hostname: string;
}

export interface InspectionFacts {
  /** Who brought the message; null: SPF is not asked. */
  readonly client: {
    readonly address: string;
    readonly helo: string;
    /** MAIL FROM; null for the null sender. */
    readonly sender: Address | null;
  } | null;
  /** When it came, in milliseconds since 1970. */
  readonly now: number;
  /** Domains whose ARC seals are trusted. */
  readonly trustedSealers: readonly string[];
  /** 0 to 99, by chance, for pct= of DMARC. */
  readonly roll: number;
}

export interface Inspected {
  /** The header block as it came. */
  readonly header: Uint8Array;
  /** Without iprev, which is known before any message. */
  readonly findings: AuthFindings;
  readonly dmarc: DmarcEvaluation;
}

interface Begun {
  readonly header: Uint8Array;
  readonly dkim: DkimCheck;
  readonly arc: ArcCheck;
  readonly dmarc: DmarcCheck;
  readonly hasher: BodyHasher;
  /** Somebody wants to see the body. */
  readonly hashed: boolean;
}

export class Inspection {
  readonly #facts: InspectionFacts;
  readonly #clock: Clock;
  readonly #resolver: PatientResolver;
  readonly #spf: Promise<readonly [SpfOutcome | null, SpfOutcome | null]>;
  readonly #splitter = new HeaderSplitter(HEADER_SIZE);
  #begun: Begun | null = null;

  /** Begins with SPF. */
  constructor(ports: InspectionPorts, facts: InspectionFacts) {
    this.#facts = facts;
    this.#clock = ports.clock;
    this.#resolver = new PatientResolver(ports.resolver);
    this.#spf = askSpf(facts, { ...ports, resolver: this.#resolver });
  }

  /** Octets of the message as they come, line ends CRLF; not kept after the call. false: no more are wanted. */
  write(view: Uint8Array): boolean {
    let rest = view;
    if (!this.#begun) {
      rest = view.subarray(this.#splitter.write(view));
      if (!this.#splitter.done) return !this.#splitter.overflow;
    }
    const begun = this.#begun ?? this.#begin();
    if (begun.hashed) begun.hasher.write(rest);
    return begun.hashed;
  }

  /** The message is whole. Never rejects; takes AUTH_WAIT at most. */
  async finish(): Promise<Inspected> {
    const { header, dkim, arc, dmarc, hasher } = this.#begun ?? this.#begin();
    hasher.end();
    const relax = this.#resolver.atMost(this.#clock, AUTH_WAIT);
    try {
      const [[spf, spfHelo], signatures, chain] = await Promise.all([
        this.#spf,
        dkim.finish(hasher),
        arc.finish(hasher),
      ]);
      const evaluation = await dmarc.finish({ spf, dkim: signatures, roll: this.#facts.roll });
      const findings: AuthFindings = {
        spf,
        spfHelo,
        dkim: signatures,
        arc: chain,
        dmarc: evaluation.outcome,
        iprev: null,
      };
      return { header, findings, dmarc: evaluation };
    } finally {
      relax();
    }
  }

  #begin(): Begun {
    const header = this.#splitter.header();
    const scanned = scanHeader(header);
    const fields = new SignedFields(scanned);
    const { now, trustedSealers } = this.#facts;
    const dkim = new DkimCheck(scanned, fields, { resolver: this.#resolver, now });
    const arc = new ArcCheck(scanned, fields, { resolver: this.#resolver, now, trusted: trustedSealers });
    const dmarc = new DmarcCheck(header, this.#resolver);
    const covers = [...dkim.covers, ...arc.covers];
    const hasher = new BodyHasher(covers);
    return this.#begun = { header, dkim, arc, dmarc, hasher, hashed: covers.length > 0 };
  }
}

/** MAIL FROM, and HELO by itself where that is not the same (RFC 7208 2.3, 2.4). */
async function askSpf(
  { client }: InspectionFacts,
  ports: InspectionPorts,
): Promise<readonly [SpfOutcome | null, SpfOutcome | null]> {
  if (!client) return [null, null];
  const { address: ip, helo, sender } = client;
  const ask = (mailFrom: string) => checkHost({ ip, helo, mailFrom }, ports);
  if (sender === null) return [await ask(""), null];
  return await Promise.all([ask(`${sender.local}@${sender.domain}`), ask("")]);
}
