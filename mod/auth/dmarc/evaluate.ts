/** Whether a message is from whom its From says, and what that domain wishes where it is not (RFC 9989 4.10, 5.3; RFC 7489 6.6). */
import { DMARC_AUTHORS, DMARC_IDENTIFIERS } from "../../base/limits.ts";
import type { Resolver } from "../../dns/resolver.ts";
import type { DkimOutcome, SpfOutcome } from "../types.ts";
import { authorDomains } from "./author.ts";
import { DmarcTree, type Found } from "./tree.ts";
import type { DmarcEvaluation, DmarcPolicy, DmarcRecord } from "./types.ts";

export interface DmarcQuestion {
  readonly spf: SpfOutcome | null;
  readonly dkim: readonly DkimOutcome[];
  /** 0 to 99, for pct=: so many of a hundred are spared. */
  readonly roll: number;
}

/** Names that SPF or DKIM vouch for, or would if DNS had answered. */
interface Identifiers {
  readonly spf: readonly string[];
  readonly dkim: readonly string[];
}

/** How much each outcome speaks against a message. */
const WEIGHT = { pass: 0, none: 1, permerror: 2, temperror: 3, fail: 4 } as const;
const POLICY_WEIGHT = { none: 0, quarantine: 1, reject: 2 } as const;
const NOT_ALIGNED = { spfAligned: false, dkimAligned: false } as const;

/** DMARC for one message; made when the header is there, finished when SPF and DKIM are. Look-ups are bounded. */
export class DmarcCheck {
  readonly #resolver: Resolver;
  readonly #tree: DmarcTree;
  readonly #authors: readonly string[];

  /** Begins to ask for the policies. `header`: the block as it came. */
  constructor(header: Uint8Array, resolver: Resolver) {
    this.#resolver = resolver;
    this.#tree = new DmarcTree(resolver);
    this.#authors = authorDomains(header);
    if (this.#authors.length > DMARC_AUTHORS) return;
    for (const author of this.#authors) if (!isLiteral(author)) void this.#tree.recordAt(author);
  }

  /** Of several domains in From the one that does worst counts, so that none hides behind another. Never rejects. */
  async finish(question: DmarcQuestion): Promise<DmarcEvaluation> {
    if (this.#authors.length === 0) return faulty("From names no domain");
    if (this.#authors.length > DMARC_AUTHORS) return faulty("From names too many domains");
    const all = await Promise.all(
      this.#authors.map((author) => evaluateAuthor(author, question, this.#tree, this.#resolver)),
    );
    return all.reduce((worst, e) => weight(e) > weight(worst) ? e : worst);
  }
}

function isLiteral(domain: string): boolean {
  return domain.startsWith("[");
}

async function evaluateAuthor(
  author: string,
  question: DmarcQuestion,
  tree: DmarcTree,
  resolver: Resolver,
): Promise<DmarcEvaluation> {
  const applied = isLiteral(author) ? null : await policyRecord(author, tree);
  if (applied === "temp") return without("temperror", author, "its DMARC record cannot be looked up now");
  if (applied === null) return without("none", author, "");
  const { record } = applied;
  const wished = await wishedPolicy(author, applied, resolver);
  if (wished === null) {
    const why = `the DMARC record of ${applied.domain} has no valid p=`;
    return {
      record,
      outcome: { ...without("permerror", author, why).outcome, policyDomain: applied.domain },
    };
  }
  const base = {
    domain: author,
    policyDomain: applied.domain,
    policy: spared(wished, record, question.roll),
  };
  const passed = await aligned(author, record, identifiers(question, "pass"), tree);
  if (passed !== "temp" && (passed.spfAligned || passed.dkimAligned)) {
    return { record, outcome: { ...base, ...passed, result: "pass", reason: "" } };
  }
  // What could not be asked might have vouched for the message.
  const open = passed === "temp"
    ? "temp"
    : await aligned(author, record, identifiers(question, "temperror"), tree);
  if (open === "temp" || open.spfAligned || open.dkimAligned) {
    const reason = "what would vouch for it cannot be looked up now";
    return { record, outcome: { ...base, ...NOT_ALIGNED, result: "temperror", reason } };
  }
  return { record, outcome: { ...base, ...NOT_ALIGNED, result: "fail", reason: whyNot(question) } };
}

/** The record that counts: the domain's, else its organization's, else the public suffix's (RFC 9989 4.10.1). */
async function policyRecord(author: string, tree: DmarcTree): Promise<Found | "temp" | null> {
  const own = await tree.recordAt(author);
  if (own.kind === "temp") return "temp";
  if (own.kind === "record") return { domain: author, record: own.record };
  const walk = await tree.walk(author);
  if (walk.kind === "temp") return "temp";
  return walk.found.find((f) => f.domain === walk.organization) ??
    walk.found.find((f) => f.record.psd === "y") ??
    null;
}

/** p=, or sp= or np= for what is below the record's domain. null: the record has no policy. */
async function wishedPolicy(
  author: string,
  { domain, record }: Found,
  resolver: Resolver,
): Promise<DmarcPolicy | null> {
  const { policy, subdomains, nonexistent } = record;
  if (policy === null || domain === author) return policy;
  const below = subdomains ?? policy;
  if (nonexistent === null || nonexistent === below) return below;
  return await exists(author, resolver) ? below : nonexistent;
}

/** Whether a name is in the DNS at all (RFC 8020). Who cannot be asked is taken to exist. */
async function exists(domain: string, resolver: Resolver): Promise<boolean> {
  if ((await resolver.lookup(domain, "A")).kind !== "nxdomain") return true;
  // An alias that leads nowhere is there itself.
  return (await resolver.lookup(domain, "CNAME")).kind !== "nxdomain";
}

/** t=y, and pct= of old records: the next milder policy (RFC 9989 4.7; RFC 7489 6.6.4). */
function spared(policy: DmarcPolicy, record: DmarcRecord, roll: number): DmarcPolicy {
  if (!record.testing && roll < record.percent) return policy;
  return policy === "reject" ? "quarantine" : "none";
}

/** A signature that leaves part of the body open (l=) vouches for nothing: anybody could have written the rest. */
function identifiers({ spf, dkim }: DmarcQuestion, result: "pass" | "temperror"): Identifiers {
  const signed = new Set(dkim.filter((d) => d.result === result && d.unsigned === 0).map((d) => d.domain));
  return { spf: spf?.result === result ? [spf.domain] : [], dkim: [...signed] };
}

async function aligned(
  author: string,
  record: DmarcRecord,
  names: Identifiers,
  tree: DmarcTree,
): Promise<{ readonly spfAligned: boolean; readonly dkimAligned: boolean } | "temp"> {
  const [spf, dkim] = await Promise.all([
    anyAligned(author, names.spf, record.strictSpf, tree),
    anyAligned(author, names.dkim, record.strictDkim, tree),
  ]);
  if (spf === true || dkim === true) return { spfAligned: spf === true, dkimAligned: dkim === true };
  return spf === "temp" || dkim === "temp" ? "temp" : NOT_ALIGNED;
}

/** RFC 9989 4.10.2. Only names with the author's organization as their end are looked at: others cannot belong to it. */
async function anyAligned(
  author: string,
  names: readonly string[],
  strict: boolean,
  tree: DmarcTree,
): Promise<boolean | "temp"> {
  if (names.includes(author)) return true;
  const top = author.slice(author.lastIndexOf(".") + 1);
  const near = strict ? [] : names.filter((n) => n === top || n.endsWith(`.${top}`));
  if (near.length === 0) return false;
  const own = await tree.walk(author);
  if (own.kind === "temp") return "temp";
  const { organization } = own;
  const related = near.filter((n) => n === organization || n.endsWith(`.${organization}`));
  const walks = await Promise.all(related.slice(0, DMARC_IDENTIFIERS).map((n) => tree.walk(n)));
  if (walks.some((w) => w.kind === "walked" && w.organization === organization)) return true;
  return walks.some((w) => w.kind === "temp") ? "temp" : false;
}

function whyNot({ spf, dkim }: DmarcQuestion): string {
  const sender = spf === null
    ? "SPF was not checked"
    : spf.result === "pass"
    ? `SPF passed for ${spf.domain} only`
    : `SPF says ${spf.result}`;
  const passed = dkim.find((d) => d.result === "pass");
  const signed = passed?.unsigned
    ? `the DKIM signature of ${passed.domain} covers only part of the message`
    : passed
    ? `DKIM passed for ${passed.domain} only`
    : dkim.length === 0
    ? "there is no DKIM signature"
    : "no DKIM signature is valid";
  return `${sender}, ${signed}`;
}

function without(
  result: "none" | "temperror" | "permerror",
  domain: string,
  reason: string,
): DmarcEvaluation {
  return {
    record: null,
    outcome: { result, domain, policyDomain: "", policy: null, ...NOT_ALIGNED, reason },
  };
}

function faulty(reason: string): DmarcEvaluation {
  return without("permerror", "", reason);
}

function weight({ outcome }: DmarcEvaluation): number {
  return WEIGHT[outcome.result] * 10 + (outcome.policy ? POLICY_WEIGHT[outcome.policy] : 0);
}
