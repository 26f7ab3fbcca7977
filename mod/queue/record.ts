/**
 * A queued message as its files tell it: the envelope it came with, and what has become of each recipient since. Pure: every change
 * is a line of the journal, and `applied` is the only way to change anything, at run time as after a restart.
 */
import { wantsWarning, warnTime } from "./deliver_by.ts";
import { reportDepth } from "./report_id.ts";
import type { Envelope, RecipientState } from "./types.ts";

/** How one recipient stands. */
export interface RecipientStatus {
  readonly state: RecipientState;
  /** The last attempt's result, null before the first. */
  readonly last: LastResult | null;
  /** The sender has been told how it ended, or never will be. */
  readonly reported: boolean;
  /** The sender has been told that it takes long. */
  readonly warned?: boolean;
}

/** What a report of success says of a delivery (RFC 3464 2.3.3). */
export type Success = "delivered" | "relayed" | "expanded";

export interface LastResult {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Enhanced status code. */
  readonly status: string;
  /** One line of printable text. */
  readonly why: string;
  readonly host: string | null;
  /** The peer's reply with its code, one line, or null where it gave none. */
  readonly reply: string | null;
  /** Of a delivery that the sender wants to hear of from us. */
  readonly success?: Success;
}

/** How a destination's deliveries stand. */
export interface DestinationStatus {
  readonly attempts: number;
  /** When the next attempt is due, in milliseconds since 1970. */
  readonly next: number;
  /** The last attempt reached no host: it is tried as soon as one of them is back. */
  readonly away?: true;
}

export interface QueuedMessage {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly envelope: Envelope;
  /** Octets of the message, and where they start in its file. */
  readonly size: number;
  readonly offset: number;
  /** Not attempted until released. */
  readonly held: boolean;
  /** In the order of `envelope.recipients`. */
  readonly recipients: readonly RecipientStatus[];
  readonly destinations: ReadonlyMap<string, DestinationStatus>;
  /** How many bounces were made for it. */
  readonly bounces: number;
}

/** What an attempt told of one recipient, by its place in the envelope. */
export interface Outcome {
  readonly recipient: number;
  readonly state: RecipientState;
  readonly status: string;
  readonly why: string;
  readonly host: string | null;
  readonly reply: string | null;
  readonly success?: Success;
}

/** What is told of those whose mail somebody sends back by hand. */
const RETURNED = {
  status: "5.7.1",
  why: "returned by the administrator of the sending server before it was delivered",
};

/** A line of a message's journal. `at` is when, in milliseconds since 1970. */
export type JournalLine =
  | {
    readonly kind: "attempt";
    readonly at: number;
    readonly destination: string;
    readonly attempts: number;
    readonly next: number;
    readonly away?: true;
    readonly outcomes: readonly Outcome[];
  }
  /** The sender has been told of these recipients. */
  | {
    readonly kind: "reported";
    readonly at: number;
    readonly recipients: readonly number[];
    readonly bounces: number;
  }
  /** The sender has been told that these recipients take long; `bounces` counts this report too. */
  | {
    readonly kind: "warned";
    readonly at: number;
    readonly recipients: readonly number[];
    readonly bounces: number;
  }
  /** Somebody wants it tried now. */
  | { readonly kind: "retry"; readonly at: number }
  | { readonly kind: "hold"; readonly at: number }
  | { readonly kind: "release"; readonly at: number }
  /** Somebody sends it back: all that wait have failed. */
  | { readonly kind: "bounce"; readonly at: number };

/** From when it is tried: the days it is tried for, and the hours until the sender is warned, count from there. Milliseconds since 1970. */
export function startOf({ created, envelope }: Pick<QueuedMessage, "created" | "envelope">): number {
  return Math.max(created, envelope.holdUntil ?? 0);
}

/** A message that was just accepted: everything pending, due at once or when it may be released. */
export function newMessage(
  head: Pick<QueuedMessage, "id" | "created" | "envelope" | "size" | "offset">,
): QueuedMessage {
  const { id, created, envelope, size, offset } = head;
  const destinations = new Map<string, DestinationStatus>();
  for (const { address } of envelope.recipients) {
    destinations.set(address.domain, { attempts: 0, next: startOf(head) });
  }
  const recipients = envelope.recipients.map((): RecipientStatus => ({
    state: "pending",
    last: null,
    reported: false,
  }));
  return { id, created, envelope, size, offset, held: false, recipients, destinations, bounces: 0 };
}

/** The message after a line of its journal. What is final stays so: a late line about it changes nothing. */
export function applied(message: QueuedMessage, line: JournalLine): QueuedMessage {
  switch (line.kind) {
    case "attempt": {
      const recipients = [...message.recipients];
      for (const { recipient, state, ...told } of line.outcomes) {
        const before = recipients[recipient];
        if (before?.state !== "pending") continue;
        recipients[recipient] = { ...before, state, last: { at: line.at, ...told } };
      }
      const destinations = new Map(message.destinations);
      const { attempts, next, away } = line;
      destinations.set(line.destination, { attempts, next, ...(away ? { away } : {}) });
      return { ...message, recipients, destinations };
    }
    case "reported": {
      const told = new Set(line.recipients);
      const recipients = message.recipients.map((r, i) => told.has(i) ? { ...r, reported: true } : r);
      return { ...message, recipients, bounces: line.bounces };
    }
    case "warned": {
      const told = new Set(line.recipients);
      const recipients = message.recipients.map((r, i) => told.has(i) ? { ...r, warned: true } : r);
      return { ...message, recipients, bounces: line.bounces };
    }
    case "retry": {
      const destinations = new Map<string, DestinationStatus>();
      for (const [name, d] of message.destinations) destinations.set(name, { ...d, next: line.at });
      return { ...message, destinations };
    }
    case "hold":
      return { ...message, held: true };
    case "release":
      return { ...message, held: false };
    case "bounce": {
      const last: LastResult = { at: line.at, ...RETURNED, host: null, reply: null };
      const recipients = message.recipients.map((r): RecipientStatus =>
        r.state === "pending" ? { ...r, state: "failed", last } : r
      );
      return { ...message, recipients };
    }
  }
}

/** Places of the recipients that still wait for delivery, of one destination or of all. */
export function pendingOf(message: QueuedMessage, destination?: string): number[] {
  const places: number[] = [];
  for (const [i, { address }] of message.envelope.recipients.entries()) {
    if (message.recipients[i]?.state !== "pending") continue;
    if (destination === undefined || address.domain === destination) places.push(i);
  }
  return places;
}

/** Somebody is told how it ends: the sender; of a report of ours the postmaster; of a report about a report nobody (RFC 5321 6.1). */
export function isTold({ id, envelope }: Pick<QueuedMessage, "id" | "envelope">): boolean {
  return envelope.sender !== null || reportDepth(id) === 1;
}

/** Places of the recipients of whose end somebody is still to be told, good or bad (RFC 3461 4.1). */
export function unreportedOf(message: QueuedMessage): number[] {
  if (!isTold(message)) return [];
  const places: number[] = [];
  for (const [i, r] of message.recipients.entries()) {
    if (r.state === "pending" || r.reported) continue;
    const notify = message.envelope.recipients[i]?.options?.notify;
    const wanted = r.state === "delivered"
      ? r.last?.success !== undefined
      : !notify || notify.includes("failure");
    if (wanted) places.push(i);
  }
  return places;
}

/** When the sender is to be told of what was tried in vain and waits still, in milliseconds since 1970; null when nobody is to be. */
export function warningTime(message: QueuedMessage): number | null {
  const tried = unwarnedOf(message).some((i) => message.recipients[i]?.last);
  return tried ? warnTime(startOf(message), message.envelope.deliverBy) : null;
}

/** Places of the recipients that wait and of whose delay the sender is to be told once, and was not yet. */
export function unwarnedOf(message: QueuedMessage): number[] {
  if (message.envelope.sender === null) return [];
  const places: number[] = [];
  for (const [i, r] of message.recipients.entries()) {
    if (r.state !== "pending" || r.warned) continue;
    const notify = message.envelope.recipients[i]?.options?.notify;
    if (wantsWarning(notify, startOf(message), message.envelope.deliverBy)) places.push(i);
  }
  return places;
}

/** Nothing is left to deliver and nobody to tell. */
export function isDone(message: QueuedMessage): boolean {
  return message.recipients.every((r) => r.state !== "pending") && unreportedOf(message).length === 0;
}

/** Lines that make the same message of a new one as all of its journal did: for writing a long journal anew. */
export function summary(message: QueuedMessage): JournalLine[] {
  const lines: JournalLine[] = [];
  for (const [destination, { attempts, next, away }] of message.destinations) {
    const byTime = new Map<number, Outcome[]>();
    for (const [i, { state, last }] of message.recipients.entries()) {
      if (!last || message.envelope.recipients[i]?.address.domain !== destination) continue;
      const { at, ...rest } = last;
      const outcomes = byTime.get(at) ?? [];
      outcomes.push({ recipient: i, state, ...rest });
      byTime.set(at, outcomes);
    }
    if (byTime.size === 0) byTime.set(message.created, []);
    for (const [at, outcomes] of byTime) {
      lines.push({
        kind: "attempt",
        at,
        destination,
        attempts,
        next,
        ...(away ? { away } : {}),
        outcomes,
      });
    }
  }
  const told = message.recipients.flatMap((r, i) => r.reported ? [i] : []);
  if (message.bounces > 0) {
    lines.push({ kind: "reported", at: message.created, recipients: told, bounces: message.bounces });
  }
  const warned = message.recipients.flatMap((r, i) => r.warned ? [i] : []);
  if (warned.length > 0) {
    lines.push({ kind: "warned", at: message.created, recipients: warned, bounces: message.bounces });
  }
  if (message.held) lines.push({ kind: "hold", at: message.created });
  return lines;
}
