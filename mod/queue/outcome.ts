/** From what a transport tells of one attempt to the line of the journal that keeps it. */
import { QUEUE_WHY } from "../base/limits.ts";
import type { Random } from "../base/random.ts";
import { isOver, termsFor, timeOver, wantsRelayed } from "./deliver_by.ts";
import { type JournalLine, type LastResult, type Outcome, type QueuedMessage, startOf } from "./record.ts";
import type { Feedback } from "./lanes.ts";
import { schedule, TERMS, type Terms } from "./schedule.ts";
import type { NotDelivered, PeerReply, RecipientOutcome } from "./transport.ts";
import type { DeliverBy, RecipientOptions } from "./types.ts";

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
  const { destination, places, aborted } = attempt;
  const before = message.destinations.get(destination) ?? { attempts: 0, next: now };
  const until = untriedUntil(attempt);
  const counts = !aborted && until === null;
  const attempts = before.attempts + (counts ? 1 : 0);
  const { deliverBy } = message.envelope;
  const start = startOf(message);
  const wait = aborted
    ? 0
    : schedule(Math.max(1, attempts), now - start, random, termsFor(terms, start, deliverBy));
  const over = isOver(deliverBy, now);
  // Of what was not tried is told why it waits, once, and that it is not tried any more.
  if (until !== null && wait !== null && !over && places.every((i) => message.recipients[i]?.last)) {
    return null;
  }
  const outcomes: Outcome[] = [];
  for (const [i, recipient] of places.entries()) {
    const given = attempt.outcomes[i] ?? FORGOTTEN;
    if (aborted && given.kind === "deferred") continue;
    const outcome = given.kind === "deferred" && over ? timeOver(given) : given;
    const notify = message.envelope.recipients[recipient]?.options?.notify;
    const told = kept(outcome, wait === null, wantsSuccess(outcome, notify, deliverBy));
    const known = until === null || over ? null : message.recipients[recipient]?.last;
    // What it met when it was tried says more.
    outcomes.push(known ? { ...tellable(known), recipient, state: told.state } : { recipient, ...told });
  }
  if (outcomes.length === 0) return null;
  const away = isAway(attempt) ? { away: true as const } : {};
  const next = now + (wait ?? 0);
  return {
    kind: "attempt",
    at: now,
    destination,
    attempts,
    next: wait === null ? next : until ?? next,
    ...away,
    outcomes,
  };
}

function tellable(
  { status, why, host, reply }: LastResult,
): Pick<LastResult, "status" | "why" | "host" | "reply"> {
  return { status, why, host, reply };
}

/** What the attempt tells of its destination; null when nothing. */
export function feedbackOf(attempt: Attempt): Feedback | null {
  const { aborted, outcomes } = attempt;
  if (aborted || outcomes.length === 0) return null;
  if (isAway(attempt)) return { kind: "away", until: untriedUntil(attempt) };
  // A domain that does not exist, say: nobody was reached, and nobody is away.
  if (outcomes.every((o) => o.kind === "failed" && o.destinationDown)) return null;
  return outcomes.some(isStrain) ? "strained" : "good";
}

/** No host could be reached for now, for any of the recipients. */
function isAway({ outcomes }: Attempt): boolean {
  return outcomes.length > 0 && outcomes.every((o) => o.kind === "deferred" && o.destinationDown);
}

/** Until when the hosts are left alone, in milliseconds since 1970; null where something was tried. */
function untriedUntil({ outcomes }: Attempt): number | null {
  let until: number | null = null;
  for (const o of outcomes) {
    if (o.kind !== "deferred" || o.until === undefined) return null;
    until = Math.min(until ?? Infinity, o.until);
  }
  return until;
}

/** The host said that this is too much for it, or broke off. */
function isStrain(outcome: RecipientOutcome): boolean {
  if (outcome.kind !== "deferred") return false;
  return outcome.reply?.code === 421 || outcome.reply === null && outcome.status === "4.4.2";
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

/** Whether the sender is to hear of a delivery from us. */
function wantsSuccess(
  outcome: RecipientOutcome,
  notify: RecipientOptions["notify"],
  by: DeliverBy | undefined,
): boolean {
  if (outcome.kind !== "delivered") return false;
  return !outcome.dsnPassedOn && notify?.includes("success") === true || wantsRelayed(outcome, notify, by);
}

/** `last`: it will not be tried again. `wanted`: the sender is to hear of success. */
function kept(outcome: RecipientOutcome, last: boolean, wanted: boolean): Omit<Outcome, "recipient"> {
  if (outcome.kind === "delivered") {
    const { host, reply, action } = outcome;
    const told = { status: reply.status ?? "2.0.0", why: "", host, reply: oneLine(reply) };
    return { state: "delivered", ...told, ...(wanted ? { success: action ?? "relayed" } : {}) };
  }
  const { status, why, host, reply } = outcome;
  const state = outcome.kind === "failed" ? "failed" : last ? "expired" : "pending";
  return { state, status, why: why.slice(0, QUEUE_WHY), host, reply: reply && oneLine(reply) };
}

function oneLine({ code, status, lines }: PeerReply): string {
  return [String(code), status, ...lines].filter((part) => part).join(" ").slice(0, QUEUE_WHY);
}
