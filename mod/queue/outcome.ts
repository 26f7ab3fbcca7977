/** From what a transport tells of one attempt to the line of the journal that keeps it. */
import { QUEUE_WHY } from "../base/limits.ts";
import type { Random } from "../base/random.ts";
import { type JournalLine, type Outcome, type QueuedMessage, startOf } from "./record.ts";
import { schedule, TERMS, type Terms } from "./schedule.ts";
import type { NotDelivered, PeerReply, RecipientOutcome } from "./transport.ts";

export interface Attempt {
  readonly destination: string;
  /** Places of the recipients that were tried, and what became of each. */
  readonly places: readonly number[];
  readonly outcomes: readonly RecipientOutcome[];
  /** It was broken off because the queue stops: who was deferred was not really tried. */
  readonly aborted: boolean;
}

/** The journal's line for an attempt; null when it tells nothing. */
export function lineOfAttempt(
  message: QueuedMessage,
  attempt: Attempt,
  now: number,
  random: Random,
  terms: Terms = TERMS,
): (JournalLine & { readonly kind: "attempt" }) | null {
  const before = message.destinations.get(attempt.destination) ?? { attempts: 0, next: now };
  const attempts = before.attempts + (attempt.aborted ? 0 : 1);
  const wait = attempt.aborted ? 0 : schedule(attempts, now - startOf(message), random, terms);
  const outcomes: Outcome[] = [];
  for (const [i, recipient] of attempt.places.entries()) {
    const outcome = attempt.outcomes[i] ?? FORGOTTEN;
    if (attempt.aborted && outcome.kind === "deferred") continue;
    const notify = message.envelope.recipients[recipient]?.options?.notify;
    outcomes.push({ recipient, ...kept(outcome, wait === null, notify?.includes("success") ?? false) });
  }
  if (outcomes.length === 0) return null;
  const { destination } = attempt;
  return { kind: "attempt", at: now, destination, attempts, next: now + (wait ?? 0), outcomes };
}

/** Whether the attempt reached a host of the destination; null when it does not tell. */
export function reached(attempt: Attempt): boolean | null {
  if (attempt.aborted || attempt.outcomes.length === 0) return null;
  return !attempt.outcomes.every((o) => o.kind !== "delivered" && o.destinationDown);
}

/** One outcome a recipient is what the port promises; should one be missing, the mail is kept. */
const FORGOTTEN: NotDelivered = {
  kind: "deferred",
  status: "4.3.0",
  why: "no outcome told",
  reply: null,
  host: null,
  destinationDown: false,
};

/** What a transport that throws (a bug: the port promises it does not) comes to: keep the mail. */
export function unforeseen(): RecipientOutcome {
  return { ...FORGOTTEN, why: "internal error" };
}

/** What comes of a message whose octets cannot be read: it may be the cable. */
export function unreadable(): RecipientOutcome {
  return { ...FORGOTTEN, why: "the queued message cannot be read" };
}

/** `last`: it will not be tried again. `wanted`: the sender wants to hear of success. */
function kept(outcome: RecipientOutcome, last: boolean, wanted: boolean): Omit<Outcome, "recipient"> {
  if (outcome.kind === "delivered") {
    const { host, reply, dsnPassedOn, action } = outcome;
    const told = { status: reply.status ?? "2.0.0", why: "", host, reply: oneLine(reply) };
    const ours = wanted && !dsnPassedOn;
    return { state: "delivered", ...told, ...(ours ? { success: action ?? "relayed" } : {}) };
  }
  const { status, why, host, reply } = outcome;
  const state = outcome.kind === "failed" ? "failed" : last ? "expired" : "pending";
  return { state, status, why: why.slice(0, QUEUE_WHY), host, reply: reply && oneLine(reply) };
}

function oneLine({ code, status, lines }: PeerReply): string {
  return [String(code), status, ...lines].filter((part) => part).join(" ").slice(0, QUEUE_WHY);
}
