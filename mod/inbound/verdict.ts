/** What the checks of a client found, as one verdict. A check gives back values and never acts; here they are put together. */
import type { Reply } from "../smtp/reply.ts";

/** One thing that speaks against a client. */
export interface Finding {
  readonly check: "helo" | "reverse-name" | "blocklist" | "greylist" | "rate";
  /** For log and trace: words, without anything the client said. */
  readonly reason: string;
  /** How much it says: 1 is a hint, 5 as good as proof. */
  readonly score: number;
  /** The reply, where this alone refuses. */
  readonly refuse: Reply | null;
}

export interface Judgement {
  readonly score: number;
  /** All reasons, for people; "" when there are none. */
  readonly reasons: string;
  readonly refuse: Reply | null;
}

/** The sum of what was found. A refusal for good outweighs one for now, so that nobody tries in vain; else the first counts. */
export function judge(findings: readonly Finding[]): Judgement {
  let score = 0;
  let refuse: Reply | null = null;
  for (const f of findings) {
    score += f.score;
    if (f.refuse && (!refuse || refuse.code < 500 && f.refuse.code >= 500)) refuse = f.refuse;
  }
  return { score, reasons: findings.map((f) => `${f.check}: ${f.reason}`).join("; "), refuse };
}
