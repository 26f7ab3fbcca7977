/** How mail from outside fared: what its checks found, and what was done with it. Counted from the log since the start. */
import type { LogFields } from "../base/log.ts";
import type { Metric } from "./metrics.ts";

const CHECKS = ["spf", "dkim", "dmarc", "arc"] as const;
/** Results that there are; a bound of what is counted, too. */
const RESULTS: ReadonlySet<string> = new Set([
  "none",
  "pass",
  "fail",
  "softfail",
  "neutral",
  "policy",
  "temperror",
  "permerror",
]);
const MEASURES: ReadonlySet<string> = new Set(["deliver", "junk", "reject", "defer"]);

export class VerdictCounts {
  readonly #checks = new Map<string, number>();
  readonly #verdicts = new Map<string, number>();

  /** A line of the log; only those of messages that were looked at count. */
  note(event: string, fields: LogFields | undefined): void {
    if (event !== "mail accepted" && event !== "mail refused" || typeof fields?.["dmarc"] !== "string") {
      return;
    }
    for (const check of CHECKS) {
      const result = resultIn(fields[check]);
      if (result !== null) count(this.#checks, `${check} ${result}`);
    }
    const verdict = `${fields["verdict"] ?? "deliver"}`;
    if (MEASURES.has(verdict)) count(this.#verdicts, verdict);
  }

  metrics(): Metric[] {
    return [
      {
        name: "roost_checks_total",
        type: "counter",
        help: "Messages from outside by what SPF, DKIM (the best signature), DMARC and ARC found.",
        samples: [...this.#checks].sort().map(([key, value]) => {
          const [check = "", result = ""] = key.split(" ");
          return { labels: { check, result }, value };
        }),
      },
      {
        name: "roost_verdicts_total",
        type: "counter",
        help: "Messages from outside by what was done with them for that.",
        samples: [...this.#verdicts].sort().map(([verdict, value]) => ({ labels: { verdict }, value })),
      },
    ];
  }
}

/** The result a field begins with; a pass where any of several has one. */
function resultIn(value: LogFields[string]): string | null {
  if (typeof value !== "string") return null;
  const results = value.split(", ").map((part) => part.split(" ")[0] ?? "");
  const best = results.includes("pass") ? "pass" : results[0] ?? "";
  return RESULTS.has(best) ? best : null;
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
