/** Which lines of the log are decisions about mail, and whose. */
import type { LogFields } from "../base/log.ts";
import type { TraceEvent } from "./types.ts";

/**
 * What `id` in a line of the log means: the message's, the queue's (which then names the message in `trace`), or nothing: what strangers are
 * refused before any message is there, which is only counted.
 */
type Whose = "message" | "queue" | "either" | "stranger";

const EVENTS: ReadonlyMap<string, Whose> = new Map<string, Whose>([
  ["mail accepted", "message"],
  ["mail refused", "message"],
  ["message refused", "message"],
  ["no space for mail", "message"],
  ["reception failed", "message"],
  ["spool failed", "message"],
  ["command failed", "message"],
  ["client judged", "message"],
  ["account sends too much", "message"],
  ["delivery put off", "message"],
  ["local delivery failed", "message"],
  ["junk folder not found", "message"],
  ["report not taken in", "message"],
  ["report taken in", "message"],
  ["delivered", "either"],
  ["queued", "either"],
  ["deferred", "queue"],
  ["failed", "queue"],
  ["expired", "queue"],
  ["bounced", "queue"],
  ["delay reported", "queue"],
  ["report dropped", "queue"],
  ["returned", "queue"],
  ["dropped", "queue"],
  ["held", "queue"],
  ["released", "queue"],
  ["tried by hand", "queue"],
  ["queued message not read", "queue"],
  ["queued message cannot be read", "queue"],
  ["tls policy bars host", "queue"],
  ["tls policy not met", "queue"],
  ["delivery attempt broke", "queue"],
  ["recipient refused", "stranger"],
  ["sender refused", "stranger"],
  ["greeting refused", "stranger"],
  ["connection refused", "stranger"],
  ["device refused", "stranger"],
  ["login refused", "stranger"],
]);

/** Whether a line is a decision about mail. */
export function isTraced(event: string): boolean {
  return EVENTS.has(event);
}

/** Whether a line is counted, not kept by itself. */
export function isStrangers(event: string): boolean {
  return EVENTS.get(event) === "stranger";
}

/** A line of the log as it is kept. */
export function eventOf(event: string, fields: LogFields, at: number): TraceEvent {
  const { id, trace, queue, ...rest } = fields;
  const whose = EVENTS.get(event);
  const ofQueue = whose === "queue" || whose === "either" && trace !== undefined;
  return ofQueue
    ? { at, event, trace: text(trace), queue: text(id), fields: rest }
    : { at, event, trace: text(id), queue: text(queue), fields: rest };
}

function text(value: LogFields[string]): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
