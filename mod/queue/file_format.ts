/**
 * The two files of a queued message, for people to read too.
 *
 * `ID.mail`: one line of JSON (version, id, when, size, envelope), a line feed, then the message's octets as they will be sent.
 * `ID.state`: what happened since, one line of JSON each, added at the end. Each line starts with a line feed of its own, so that a line
 * torn by a power cut (which was never acknowledged) spoils nothing but itself.
 *
 * A higher version than ours is left alone: whoever wrote it will come back.
 */
import { fromUtf8, LF, utf8 } from "../base/bytes.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { Address } from "../mail/address.ts";
import type { JournalLine, Outcome, QueuedMessage, Success } from "./record.ts";
import type { Envelope, RecipientOptions, RecipientState } from "./types.ts";

const VERSION = 1;

/** `more`: the head goes on past these octets. */
export type HeadError = "more" | "broken" | "newer";

type Head = Pick<QueuedMessage, "id" | "created" | "envelope" | "size" | "offset">;

/** The first line of a message file, with its line feed. */
export function formatHead(head: Omit<Head, "offset">): Uint8Array {
  const { id, created, size, envelope } = head;
  return utf8(JSON.stringify({ version: VERSION, id, created, size, ...envelope }) + "\n");
}

/** Reads the first line of a message file. */
export function parseHead(bytes: Uint8Array): Result<Head, HeadError> {
  const end = bytes.indexOf(LF);
  if (end < 0) return err(bytes[0] === 0x7b ? "more" : "broken");
  const raw = parseObject(fromUtf8(bytes.subarray(0, end)));
  if (!raw) return err("broken");
  if (isNewer(raw)) return err("newer");
  const { id, created, size } = raw;
  const envelope = envelopeOf(raw);
  if (typeof id !== "string" || !isCount(created) || !isCount(size) || !envelope) return err("broken");
  return ok({ id, created, size, envelope, offset: end + 1 });
}

/** A line for the end of the journal. */
export function formatLine(line: JournalLine): Uint8Array {
  return utf8(`\n${JSON.stringify({ version: VERSION, ...line })}\n`);
}

export interface Journal {
  readonly lines: readonly JournalLine[];
  /** Lines that could not be read. */
  readonly broken: number;
  /** A line is of a version after ours: the message is not ours to touch. */
  readonly newer: boolean;
}

/** Reads a journal. */
export function parseJournal(bytes: Uint8Array): Journal {
  const lines: JournalLine[] = [];
  let broken = 0;
  let newer = false;
  for (const text of fromUtf8(bytes).split("\n")) {
    if (text === "") continue;
    const raw = parseObject(text);
    const line = raw && !isNewer(raw) ? lineOf(raw) : null;
    if (raw && isNewer(raw)) newer = true;
    else if (line) lines.push(line);
    else broken++;
  }
  return { lines, broken, newer };
}

type Raw = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Raw {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseObject(text: string): Raw | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null; // not JSON: the caller counts it
  }
}

function isNewer(raw: Raw): boolean {
  return typeof raw.version === "number" && raw.version > VERSION;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

function isText(value: unknown): value is string | null {
  return value === null || typeof value === "string";
}

function envelopeOf(raw: Raw): Envelope | null {
  const { eightBit, smtpUtf8, ret, envelopeId, account, traceId } = raw;
  const sender = raw.sender === null ? null : addressOf(raw.sender);
  if (sender === undefined || typeof eightBit !== "boolean" || typeof smtpUtf8 !== "boolean") return null;
  if (!isText(account) || typeof traceId !== "string" || !Array.isArray(raw.recipients)) return null;
  const recipients = [];
  for (const one of raw.recipients) {
    const address = isObject(one) ? addressOf(one.address) : undefined;
    if (!address) return null;
    const options = isObject(one) && isObject(one.options) ? optionsOf(one.options) : null;
    recipients.push(options ? { address, options } : { address });
  }
  if (recipients.length === 0) return null;
  return {
    sender,
    recipients,
    eightBit,
    smtpUtf8,
    ...(ret === "full" || ret === "headers" ? { ret } : {}),
    ...(typeof envelopeId === "string" ? { envelopeId } : {}),
    ...(raw.requireTls === true ? { requireTls: true } : {}),
    ...(raw.tlsOptional === true ? { tlsOptional: true } : {}),
    ...(typeof raw.priority === "number" && Math.abs(raw.priority) <= 9 ? { priority: raw.priority } : {}),
    ...(isCount(raw.holdUntil) ? { holdUntil: raw.holdUntil } : {}),
    ...deliverByOf(raw.deliverBy),
    ...arrivalOf(raw.arrival),
    account,
    traceId,
  };
}

function deliverByOf(raw: unknown): Pick<Envelope, "deliverBy"> {
  if (!isObject(raw) || typeof raw.at !== "number") return {};
  const { at, mode, trace } = raw;
  if (mode !== "return" && mode !== "notify") return {};
  return { deliverBy: { at, mode, ...(trace === true ? { trace } : {}) } };
}

function addressOf(raw: unknown): Address | undefined {
  if (!isObject(raw) || typeof raw.local !== "string" || typeof raw.domain !== "string") return undefined;
  return { local: raw.local, domain: raw.domain };
}

const NOTIFY = ["never", "success", "failure", "delay"] as const;

function optionsOf(raw: Raw): RecipientOptions {
  const given = Array.isArray(raw.notify) ? raw.notify : null;
  const to = isObject(raw.deliverTo) ? raw.deliverTo : null;
  return {
    ...(given ? { notify: NOTIFY.filter((n) => given.includes(n)) } : {}),
    ...(typeof raw.originalRecipient === "string" ? { originalRecipient: raw.originalRecipient } : {}),
    ...(to && typeof to.account === "string" && isText(to.detail)
      ? { deliverTo: { account: to.account, detail: to.detail, ...(to.junk === true ? { junk: true } : {}) } }
      : {}),
  };
}

function arrivalOf(raw: unknown): Pick<Envelope, "arrival"> {
  if (!isObject(raw) || typeof raw.results !== "string") return {};
  const { results, arc } = raw;
  return arc === "none" || arc === "pass" ? { arrival: { results, arc } } : {};
}

function lineOf(raw: Raw): JournalLine | null {
  const { kind, at } = raw;
  if (!isCount(at)) return null;
  switch (kind) {
    case "retry":
    case "hold":
    case "bounce":
    case "release":
      return { kind, at };
    case "reported":
    case "warned": {
      const { recipients, bounces } = raw;
      if (!Array.isArray(recipients) || !recipients.every(isCount) || !isCount(bounces)) return null;
      return { kind, at, recipients, bounces };
    }
    case "attempt": {
      const { destination, attempts, next } = raw;
      if (typeof destination !== "string" || !isCount(attempts) || !isCount(next)) return null;
      if (!Array.isArray(raw.outcomes)) return null;
      const outcomes = raw.outcomes.map(outcomeOf);
      if (!outcomes.every((o) => o !== null)) return null;
      return {
        kind,
        at,
        destination,
        attempts,
        next,
        ...(raw.away === true ? { away: true } : {}),
        outcomes,
      };
    }
    default:
      return null;
  }
}

const STATES: readonly RecipientState[] = ["pending", "delivered", "failed", "expired"];

const SUCCESSES: readonly Success[] = ["delivered", "relayed", "expanded"];

function outcomeOf(raw: unknown): Outcome | null {
  if (!isObject(raw)) return null;
  const { recipient, status, why, host, reply } = raw;
  const state = STATES.find((s) => s === raw.state);
  if (!state || !isCount(recipient) || typeof status !== "string" || typeof why !== "string") return null;
  if (!isText(host) || !isText(reply)) return null;
  const success = SUCCESSES.find((s) => s === raw.success);
  return { recipient, state, status, why, host, reply, ...(success ? { success } : {}) };
}
