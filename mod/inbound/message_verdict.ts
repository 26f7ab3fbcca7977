/** What is done with a message from outside, from what its checks found and the config's table. Pure. */
import { utf8 } from "../base/bytes.ts";
import type { AuthFindings, DmarcOutcome } from "../auth/types.ts";
import { parseArcAuthResults } from "../auth/authres/parse.ts";
import type { DmarcOverride, DmarcPolicy } from "../auth/dmarc/types.ts";
import { dmarcLater, dmarcRefused, REPLY, type Reply, spfRefused } from "../smtp/reply.ts";

/** junk: into the Junk folder of whoever gets it. */
export type Measure = "deliver" | "junk" | "reject";

/** The config's table: what is done with mail that ... */
export interface VerdictTable {
  /** ... fails DMARC, and its author's domain wants it refused. */
  readonly dmarcReject: Measure;
  /** ... fails DMARC, and its author's domain wants it put aside. */
  readonly dmarcQuarantine: Measure;
  /** ... comes from a host that the sender's domain forbids, where DMARC has nothing to say. */
  readonly spfFail: Measure;
  /** ... has no domain in From that could be asked, or too many. */
  readonly noAuthor: Measure;
}

export interface MessageVerdict {
  /** defer: what would vouch for it cannot be looked up now. */
  readonly measure: Measure | "defer";
  /** Why, for log and trace. */
  readonly reasons: readonly string[];
  /** The refusal of "reject" and "defer". */
  readonly reply: Reply | null;
  /** Why a domain's wish was not followed, for its reports. */
  readonly override: DmarcOverride | null;
}

const WEIGHT = { deliver: 0, junk: 1, defer: 2, reject: 3 } as const;
const FINE: MessageVerdict = { measure: "deliver", reasons: [], reply: null, override: null };

/** `address`: the client's. `trusted`: its network is one that the config trusts; then all is told and nothing done. */
export function judgeMessage(
  findings: AuthFindings,
  table: VerdictTable,
  address: string,
  trusted: boolean,
): MessageVerdict {
  const verdicts = [byDmarc(findings, table), bySpf(findings, table, address)];
  const worst = verdicts.reduce((a, b) => WEIGHT[b.measure] > WEIGHT[a.measure] ? b : a);
  const reasons = verdicts.flatMap((v) => v.reasons);
  if (!trusted || worst.measure === "deliver") return { ...worst, reasons };
  return {
    measure: "deliver",
    reasons: [...reasons, "its host is in a trusted network"],
    reply: null,
    override: { type: "local_policy", comment: "the host is trusted" },
  };
}

/** What reports say was done (RFC 9990 3.1.1.6.1). */
export function dispositionOf({ measure }: MessageVerdict): DmarcPolicy {
  return measure === "reject" ? "reject" : measure === "junk" ? "quarantine" : "none";
}

function byDmarc(findings: AuthFindings, table: VerdictTable): MessageVerdict {
  const { dmarc } = findings;
  if (!dmarc) return FINE;
  switch (dmarc.result) {
    case "fail":
      return failed(findings, dmarc, table);
    case "temperror": {
      // Only where its failure would be refused is it put off: the sender tries again for days, and DNS is back by then. Where the policy itself is
      // not known there is nothing to enforce, so that nobody's DNS trouble keeps mail out.
      if (dmarc.policy !== "reject" || table.dmarcReject !== "reject") return FINE;
      return {
        ...FINE,
        measure: "defer",
        reasons: [`DMARC: ${dmarc.reason}`],
        reply: dmarcLater(dmarc.domain),
      };
    }
    case "permerror": {
      if (dmarc.domain !== "") return FINE;
      const reply = table.noAuthor === "reject" ? REPLY.noAuthor : null;
      return { ...FINE, measure: table.noAuthor, reasons: [dmarc.reason], reply };
    }
    case "pass":
    case "none":
      return FINE;
  }
}

function failed(findings: AuthFindings, dmarc: DmarcOutcome, table: VerdictTable): MessageVerdict {
  const { domain, policy, reason } = dmarc;
  if (policy === null || policy === "none") return FINE;
  const reasons = [`DMARC of ${domain} (p=${policy}): ${reason}`];
  const measure = policy === "reject" ? table.dmarcReject : table.dmarcQuarantine;
  const forwarder = vouchedBy(findings, domain);
  if (forwarder !== null && findings.arc?.result === "temperror") {
    // Only a refusal is for good. Junk can be put off no more than other mail.
    if (measure === "reject") {
      return {
        ...FINE,
        measure: "defer",
        reasons: [...reasons, "its ARC seals cannot be checked now"],
        reply: dmarcLater(domain),
      };
    }
  } else if (forwarder !== null) {
    return {
      ...FINE,
      reasons: [...reasons, `${forwarder} found it in order before (ARC)`],
      override: { type: "trusted_forwarder", comment: `arc=pass, sealed by ${forwarder}` },
    };
  }
  const wished = policy === "reject" ? "reject" : "junk";
  return {
    measure,
    reasons,
    reply: measure === "reject" ? dmarcRefused(domain, reason) : null,
    override: WEIGHT[measure] < WEIGHT[wished] ? { type: "local_policy", comment: "" } : null,
  };
}

/**
 * The forwarder we trust that saw the message pass, before a list or an alias changed it (RFC 8617 7.2); null when there is none. A chain that
 * cannot be checked now may be such a one.
 */
function vouchedBy({ arc }: AuthFindings, domain: string): string | null {
  if (!arc || arc.result === "fail" || arc.claims === "") return null;
  const claims = parseArcAuthResults(utf8(arc.claims));
  const vouches = claims?.results.some(({ method, result, properties }) => {
    if (result !== "pass") return false;
    const of = (type: string, name: string) =>
      properties.find((p) => p.type === type && p.name === name)?.value.toLowerCase();
    if (method === "dmarc") return (of("header", "from") ?? domain) === domain;
    return method === "dkim" && of("header", "d") === domain;
  });
  return vouches ? arc.sealer : null;
}

/** Where DMARC decides, SPF alone does not. A signature of the domain vouches for mail that came a long way round. */
function bySpf({ spf, dkim, dmarc }: AuthFindings, table: VerdictTable, address: string): MessageVerdict {
  if (spf?.result !== "fail" || dmarc && dmarc.result !== "none" && dmarc.result !== "permerror") return FINE;
  if (dkim.some((d) => d.result === "pass" && (d.domain === spf.domain || d.domain === dmarc?.domain))) {
    return FINE;
  }
  return {
    ...FINE,
    measure: table.spfFail,
    reasons: [`SPF of ${spf.domain} forbids the host`],
    reply: table.spfFail === "reject" ? spfRefused(spf.domain, address, spf.explanation) : null,
  };
}
