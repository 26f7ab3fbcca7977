/** What `roost why` and the API tell of a message. */
import type { Found } from "./search.ts";
import { sentenceOf } from "./sentences.ts";
import type { TraceEvent } from "./types.ts";

/** One decision; times are ISO 8601 in UTC. Names here are a contract with users' scripts. */
export interface ToldEvent {
  readonly at: string;
  readonly event: string;
  /** Its ID in the queue, or null. */
  readonly queue: string | null;
  readonly text: string;
  readonly details: readonly string[];
  /** What to do; "" where nothing went wrong. */
  readonly advice: string;
  readonly fields: TraceEvent["fields"];
}

export interface Story {
  readonly asked: string;
  readonly messages: readonly { readonly id: string; readonly events: readonly ToldEvent[] }[];
  /** Refused before any message, counted by client and hour. */
  readonly refusals: readonly ToldEvent[];
  /** There was more; the newest are told. */
  readonly more: boolean;
}

export function storyOf(asked: string, { messages, refusals, more }: Found): Story {
  return {
    asked,
    messages: messages.map(({ id, events }) => ({
      id,
      events: arrivalFirst(withoutDoubles(events)).map(told),
    })),
    refusals: refusals.map(told),
    more,
  };
}

/** The queue says what reception has said with more words. */
function withoutDoubles(events: readonly TraceEvent[]): TraceEvent[] {
  const said = new Set(events.filter((e) => e.event === "queued" && e.fields["to"]).map((e) => e.queue));
  return events.filter((e) => e.event !== "queued" || e.fields["to"] !== undefined || !said.has(e.queue));
}

/** The log has the arrival when it is answered, after what was done with it; people read it first. */
function arrivalFirst(events: readonly TraceEvent[]): TraceEvent[] {
  const arrival = events.findIndex((e) => e.event === "mail accepted");
  const before = events.findIndex((e) => e.event !== "client judged");
  const accepted = events[arrival];
  if (!accepted || arrival < before) return [...events];
  return [
    ...events.slice(0, before),
    accepted,
    ...events.slice(before, arrival),
    ...events.slice(arrival + 1),
  ];
}

function told(e: TraceEvent): ToldEvent {
  const { at, event, queue, fields } = e;
  return { at: new Date(at).toISOString(), event, queue, ...sentenceOf(e), fields };
}
