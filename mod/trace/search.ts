/** Finds all that was decided about a message: by any ID of it, or by an address. */
import type { Clock } from "../base/clock.ts";
import { TRACE_FOUND, TRACE_TOLD } from "../base/limits.ts";
import type { LogFields } from "../base/log.ts";
import type { Slice, TraceFile } from "./trace_file.ts";
import type { TraceEvent } from "./types.ts";

/** What was found, oldest first. */
export interface Found {
  readonly messages: readonly TracedMessage[];
  /** Counts of what was refused before any message, as far as it concerns what was asked for. */
  readonly refusals: readonly TraceEvent[];
  /** There was more; the newest are told. */
  readonly more: boolean;
}

/** One message, with the reports about it. */
export interface TracedMessage {
  /** The ID given at reception; the queue's where that is not known. */
  readonly id: string;
  readonly events: readonly TraceEvent[];
}

/** Fields with addresses and names of accounts. */
const ADDRESSES = ["sender", "recipient", "to", "account", "login", "concerned", "via", "remote"];
/** A Message-ID that we gave, after the message's own ID. */
const MADE_HERE = /^([0-9a-z]{14})@/;
/** A message leads to its queued copies, these to their reports. */
const STEPS = 4;
/** Messages read at once: some 2 ms. */
const SLICE = 20;

/**
 * Looks through the file, in slices, newest first. `asked`: an ID, a Message-ID, an address, "@domain" or a client's IP address; `since` in milliseconds
 * since 1970. Throws DatabaseError.
 */
export async function findTraced(
  file: Pick<TraceFile, "look" | "of">,
  asked: string,
  since: number,
  clock: Pick<Clock, "sleep">,
): Promise<Found> {
  const wanted = asked.trim().replace(/^<(.*)>$/s, "$1").toLowerCase();
  if (wanted === "") return { messages: [], refusals: [], more: false };
  const refusals = new Map<string, TraceEvent>();
  const named = new Set<string>(file.of(MADE_HERE.exec(wanted)?.[1] ?? wanted).flatMap(idsOf));
  let next: number | null = null;
  do {
    const slice: Slice = file.look(next, since, wanted);
    next = slice.next;
    for (const e of slice.events) {
      if (!concerns(e, wanted)) continue;
      if (e.event === "refused") refusals.set(JSON.stringify(e), e);
      else for (const id of idsOf(e)) named.add(id);
    }
    await clock.sleep(0);
  } while (next !== null && named.size <= TRACE_FOUND && refusals.size <= TRACE_FOUND);
  const messages = byMessage(await allOf(file, named, clock));
  return {
    messages: messages.slice(-TRACE_FOUND),
    refusals: inOrder([...refusals.values()]).slice(-TRACE_FOUND),
    more: next !== null || messages.length > TRACE_FOUND,
  };
}

/** All events of these messages, of their copies in the queue, and of the reports about them. */
async function allOf(
  file: Pick<TraceFile, "of">,
  named: ReadonlySet<string>,
  clock: Pick<Clock, "sleep">,
): Promise<TraceEvent[]> {
  const events = new Map<string, TraceEvent>();
  const known = new Set<string>();
  let fresh = [...named];
  for (let step = 0; step < STEPS && fresh.length > 0; step++) {
    const next = new Set<string>();
    for (const id of fresh) {
      if (known.has(id) || events.size > TRACE_TOLD) continue;
      known.add(id);
      for (const e of file.of(id)) {
        events.set(JSON.stringify(e), e);
        for (const other of idsOf(e)) if (!known.has(other)) next.add(other);
      }
      if (known.size % SLICE === 0) await clock.sleep(0);
    }
    fresh = [...next];
  }
  return [...events.values()];
}

/** IDs by which other events of the same message are known. */
function idsOf({ trace, queue, fields }: TraceEvent): string[] {
  return [trace, queue, fields["as"]].filter((id) => typeof id === "string");
}

function concerns(e: TraceEvent, wanted: string): boolean {
  if (idsOf(e).some((id) => id.toLowerCase() === wanted)) return true;
  // As missing Message-IDs are made here.
  if (e.trace !== null && wanted.startsWith(`${e.trace}@`)) return true;
  const messageId = e.fields["messageId"];
  if (typeof messageId === "string" && messageId.toLowerCase() === wanted) return true;
  return ADDRESSES.some((name) => names(e.fields[name], wanted));
}

function names(value: LogFields[string], wanted: string): boolean {
  if (typeof value !== "string") return false;
  const words = value.toLowerCase().split(/[\s,;<>]+/);
  return words.some((word) => wanted.startsWith("@") ? word.endsWith(wanted) : word === wanted);
}

/** Events by message: those with a trace ID, and what of the queue leads to them. A report belongs to what it is about. */
function byMessage(events: readonly TraceEvent[]): TracedMessage[] {
  const owner = new Map<string, string>();
  const rootOf = (id: string): string => {
    for (let at = id, steps = 0;; steps++) {
      const next = owner.get(at);
      if (next === undefined || next === at || steps > STEPS) return at;
      at = next;
    }
  };
  const ordered = inOrder(events);
  for (const { trace, queue, fields } of ordered) {
    if (trace !== null && queue !== null && trace !== queue && !owner.has(queue)) owner.set(queue, trace);
    const report = fields["as"];
    const about = trace ?? queue;
    if (typeof report === "string" && about !== null && about !== report) owner.set(report, about);
  }
  const messages = new Map<string, TraceEvent[]>();
  for (const e of ordered) {
    const id = rootOf(e.trace ?? e.queue ?? "");
    const message = messages.get(id);
    if (message) message.push(e);
    else messages.set(id, [e]);
  }
  return [...messages].map(([id, list]) => ({ id, events: list }));
}

function inOrder(events: readonly TraceEvent[]): TraceEvent[] {
  return [...events].sort((a, b) => a.at - b.at);
}
