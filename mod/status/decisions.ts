/** The last decisions about mail and logins, with their reasons: a bounded ring of log lines, read only when somebody looks. */
import { DECISION_TEXT, DECISIONS_KEPT } from "../base/limits.ts";
import type { LogFields } from "../base/log.ts";

/** A decision, for people. */
export interface Decision {
  /** ISO 8601, UTC. */
  readonly time: string;
  /** "accepted", "refused" and so on. */
  readonly what: string;
  readonly tone: "good" | "bad" | "plain";
  /** What `roost why` takes, or null. */
  readonly id: string | null;
  readonly from: string | null;
  readonly to: string | null;
  /** Address of the client or the other host. */
  readonly peer: string | null;
  readonly why: string;
}

type Tone = Decision["tone"];

/** Events that decide something, and how they read. */
const KINDS: ReadonlyMap<string, readonly [string, Tone]> = new Map<string, readonly [string, Tone]>([
  ["mail accepted", ["accepted", "good"]],
  ["mail refused", ["refused", "bad"]],
  ["message refused", ["refused", "bad"]],
  ["recipient refused", ["recipient refused", "bad"]],
  ["sender refused", ["sender refused", "bad"]],
  ["greeting refused", ["greeting refused", "bad"]],
  ["connection refused", ["connection refused", "bad"]],
  ["delivered", ["delivered", "good"]],
  ["delivery put off", ["put off", "plain"]],
  ["deferred", ["put off", "plain"]],
  ["failed", ["bounced", "bad"]],
  ["expired", ["given up", "bad"]],
  ["returned", ["sent back by hand", "plain"]],
  ["dropped", ["dropped by hand", "plain"]],
  ["account sends too much", ["held up", "bad"]],
  ["device refused", ["device refused", "bad"]],
  ["login refused", ["login refused", "bad"]],
]);

interface Kept {
  readonly time: number;
  readonly event: string;
  readonly common: LogFields;
  readonly fields: LogFields | undefined;
}

/** Remembers the newest decisions. */
export class Decisions {
  readonly #kept: Kept[] = [];
  #next = 0;
  #count = 0;

  /** How many there have been: grows with each. */
  get count(): number {
    return this.#count;
  }

  /** Keeps a log line if it is a decision. `common`: fields that all lines of the same log have. */
  add(event: string, common: LogFields, fields: LogFields | undefined, now: number): void {
    if (!KINDS.has(event)) return;
    this.#kept[this.#next] = { time: now, event, common, fields };
    this.#next = (this.#next + 1) % DECISIONS_KEPT;
    this.#count++;
  }

  /** Newest first. */
  list(): readonly Decision[] {
    const before = this.#kept.slice(0, this.#next).reverse();
    return [...before, ...this.#kept.slice(this.#next).reverse()].map(decisionOf);
  }
}

function decisionOf({ time, event, common, fields }: Kept): Decision {
  const all: LogFields = { ...common, ...fields };
  const [what, tone] = KINDS.get(event) ?? [event, "plain"];
  return {
    time: new Date(time).toISOString(),
    what: event === "delivered" && all.account === undefined ? "sent" : what,
    tone,
    id: text(all.trace ?? all.id),
    from: text(all.sender ?? all.login),
    to: text(all.recipient ?? all.to ?? recipientsOf(all) ?? all.account),
    peer: text(all.host ?? all.remote),
    why: reasonOf(all),
  };
}

function recipientsOf({ recipients }: LogFields): string | undefined {
  return recipients === undefined ? undefined : `${recipients} recipients`;
}

function reasonOf(fields: LogFields): string {
  const { why, reply, status, mailbox, helo, verdict, spf, dkim, dmarc } = fields;
  const checks = [["SPF", spf], ["DKIM", dkim], ["DMARC", dmarc]].flatMap(([name, result]) =>
    result === undefined || result === null ? [] : [`${name} ${result}`]
  );
  const parts = [
    verdict === undefined ? why : `${verdict}: ${why}`,
    helo === undefined ? null : `greeted as ${helo}`,
    mailbox === undefined ? null : `into ${mailbox}`,
    checks.join(", "),
    reply ?? status,
  ];
  return text(parts.filter((p) => p !== undefined && p !== null && p !== "").join("; ")) ?? "";
}

function text(value: LogFields[string]): string | null {
  return value === undefined || value === null ? null : String(value).slice(0, DECISION_TEXT);
}
