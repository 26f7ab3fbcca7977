/**
 * Deliver By (RFC 2852): what a sender wants to happen at a time by which its message is not delivered. Mode "return": it comes back then, and
 * is not tried after. Mode "notify": the sender is told then, and it is tried on.
 */
import { DELAY_WARNING, type Terms } from "./schedule.ts";
import type { Delivered, NotDelivered, RecipientOutcome } from "./transport.ts";
import type { DeliverBy, RecipientOptions } from "./types.ts";

/** RFC 3463 3.5: the time is over. RFC 2852 4.1.4: 5.4.7 to return, 4.4.7 to notify. */
const TIME_OVER = "5.4.7";

/** When a message that is tried from `start` is given up, after `lifetime` milliseconds at the latest. */
export function endOf(start: number, lifetime: number, by: DeliverBy | undefined): number {
  return by?.mode === "return" ? Math.min(start + lifetime, by.at) : start + lifetime;
}

/** The terms under which it is tried. */
export function termsFor(terms: Terms, start: number, by: DeliverBy | undefined): Terms {
  const lifetime = Math.max(0, endOf(start, terms.lifetime, by) - start);
  return lifetime === terms.lifetime ? terms : { ...terms, lifetime };
}

/** When its sender is told that it waits: at the time set, or as of any other. A time that was over on arrival was told of by who had it before. */
export function warnTime(start: number, by: DeliverBy | undefined): number {
  return notifies(start, by) ? Math.min(start + DELAY_WARNING, by.at) : start + DELAY_WARNING;
}

/** Whether a recipient's delay is told of: in mode "notify" to all who did not refuse (RFC 2852 4.1.4). */
export function wantsWarning(
  notify: RecipientOptions["notify"],
  start: number,
  by: DeliverBy | undefined,
): boolean {
  if (!notify || notify.includes("delay")) return true;
  return notifies(start, by) && !notify.includes("never");
}

/** It is to come back now. */
export function isOver(by: DeliverBy | undefined, now: number): boolean {
  return by?.mode === "return" && now >= by.at;
}

/** What becomes of those it was not delivered to by then; `last` is why not, where that is known. */
export function timeOver(last: NotDelivered | null): RecipientOutcome {
  const { reply = null, host = null, why } = last ?? {};
  const told = why === undefined ? "" : `; last: ${why}`;
  return {
    kind: "failed",
    status: TIME_OVER,
    why: `it could not be delivered by the time its sender set${told}`,
    reply,
    host,
    destinationDown: false,
  };
}

/**
 * Whether the sender is told that the message went on to a host: with a trace always, else where the host knows nothing of the time
 * (RFC 2852 4.1.4.2, 4.1.5).
 */
export function wantsRelayed(
  { action, byPassedOn }: Delivered,
  notify: RecipientOptions["notify"],
  by: DeliverBy | undefined,
): boolean {
  if (!by || action !== undefined || notify?.includes("never")) return false;
  return by.trace === true || by.mode === "notify" && !byPassedOn;
}

function notifies(start: number, by: DeliverBy | undefined): by is DeliverBy {
  return by?.mode === "notify" && by.at > start;
}
