/** What a client makes of the answers to a transaction: an outcome for each recipient. */
import type { ClientFault } from "./client.ts";
import { type ClientReply, replyText } from "./client_reply.ts";

/** What became of a recipient. `status`: RFC 3463. */
export type SendOutcome =
  | { readonly kind: "delivered"; readonly reply: ClientReply }
  | {
    readonly kind: "deferred" | "failed";
    readonly status: string;
    readonly why: string;
    readonly reply: ClientReply | null;
    /** The peer takes no more recipients in this transaction, but may in the next (RFC 5321 4.5.3.1.10). */
    readonly again: boolean;
    /** It is about this very recipient: said to RCPT. */
    readonly atRecipient?: true;
  };

export type SendResult =
  /** One outcome for each recipient, in order. */
  | { readonly kind: "answered"; readonly outcomes: readonly SendOutcome[] }
  /** The peer did not take the message for a reason that is its own, and surely has not delivered it: another host may be tried. */
  | { readonly kind: "not-taken"; readonly fault: ClientFault };

export function accepts(reply: ClientReply): boolean {
  return reply.code >= 200 && reply.code < 300;
}

export function notTaken(stage: "mail" | "data" | "chunk", reply: ClientReply): SendResult {
  return { kind: "not-taken", fault: { kind: "reply", stage, reply } };
}

/** 5xx is for good, 4xx and whatever makes no sense here is for now. */
export function outcomeOf(reply: ClientReply, stage: "mail" | "rcpt" | "data" | "end"): SendOutcome {
  const failed = reply.code >= 500;
  const senseless = reply.code < 400;
  const status = reply.status !== null && !senseless
    ? reply.status
    : senseless
    ? "4.5.0"
    : failed
    ? "5.0.0"
    : "4.0.0";
  const command = { mail: "MAIL", rcpt: "RCPT", data: "DATA", end: "the message" }[stage];
  return {
    kind: failed ? "failed" : "deferred",
    status,
    why: `${senseless ? "senseless reply" : "refused"} to ${command}: ${replyText(reply)}`,
    reply,
    again: false,
    ...(stage === "rcpt" ? { atRecipient: true } : {}),
  };
}

/** What the reply to the end of a message says of those it is for. */
export function verdictOf(reply: ClientReply): SendOutcome {
  return accepts(reply) ? { kind: "delivered", reply } : outcomeOf(reply, "end");
}

/** Of a recipient that was refused where others were taken, so that "too many" means this transaction, not this message. */
export function rcptOutcome(reply: ClientReply): SendOutcome {
  const full = reply.code === 452 && (reply.status === null || reply.status === "4.5.3");
  // RFC 5321 4.5.3.1.10: 552 was for "too many recipients" once and counts as 452 then.
  if (reply.code === 552 && reply.status === "5.5.3") {
    const why = `refused to RCPT: ${replyText(reply)}`;
    return { kind: "deferred", status: "4.5.3", why, reply, again: true };
  }
  const outcome = outcomeOf(reply, "rcpt");
  return full && outcome.kind !== "delivered" ? { ...outcome, again: true } : outcome;
}

/** Of a message that was sent whole, and not answered: it may have been taken. */
export function lostOutcome(why: string): SendOutcome {
  const text = `connection lost after the message was sent: ${why}`;
  return { kind: "deferred", status: "4.4.2", why: text, reply: null, again: false };
}

/** The same for as many recipients as there are verdicts. */
export function sameForAll(outcome: SendOutcome, verdicts: number): SendResult {
  return { kind: "answered", outcomes: Array.from({ length: verdicts }, () => outcome) };
}
