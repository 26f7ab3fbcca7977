/** Every message of the queue by its ID, with what is planned for it. */
import type { Clock } from "../base/clock.ts";
import { addReport, type Agenda, type Entry, newEntry, type Part } from "./agenda.ts";
import { endOf } from "./deliver_by.ts";
import { pendingOf, type QueuedMessage, startOf, warningTime } from "./record.ts";
import type { Envelope, QueueStats } from "./types.ts";

/** The lane of mail to a destination that shares room and fate not with all mail to it; null where it does. */
export type LaneFor = (sender: Envelope["sender"], destination: string) => string | null;

export class Roster {
  readonly #agenda: Agenda;
  readonly #clock: Clock;
  readonly #laneFor: LaneFor;
  readonly #entries = new Map<string, Entry>();

  constructor(agenda: Agenda, clock: Clock, laneFor: LaneFor = () => null) {
    this.#agenda = agenda;
    this.#clock = clock;
    this.#laneFor = laneFor;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(id: string): Entry | undefined {
    return this.#entries.get(id);
  }

  has(id: string): boolean {
    return this.#entries.has(id);
  }

  ids(): string[] {
    return [...this.#entries.keys()];
  }

  /** Adds one that nothing is known of yet. */
  add(entry: Entry): void {
    this.#entries.set(entry.id, entry);
  }

  /** Adds a message with all that is to be done for it. */
  enter(message: QueuedMessage, touched: boolean): Entry {
    const { id, created, envelope: { priority, deliverBy } } = message;
    const entry = newEntry(id, created, touched, startOf(message), priority, deliverBy);
    this.add(entry);
    this.planAll(entry, message);
    return entry;
  }

  /** One part for each destination where somebody waits. */
  planAll(entry: Entry, message: QueuedMessage): void {
    entry.held = message.held;
    entry.faults = 0;
    const destinations = new Set(
      pendingOf(message).map((i) => message.envelope.recipients[i]?.address.domain),
    );
    for (const [destination, { next, away }] of message.destinations) {
      if (!destinations.has(destination)) continue;
      const lane = this.#laneFor(message.envelope.sender, destination);
      const part: Part = lane === null
        ? { entry, destination, due: 0, busy: false }
        : { entry, destination, lane, due: 0, busy: false };
      if (away) {
        part.away = true;
        this.#agenda.suspect(lane ?? destination);
      }
      entry.parts.push(part);
      this.#agenda.plan(part, next);
    }
    this.planWarning(entry, message);
  }

  planWarning(entry: Entry, message: QueuedMessage): void {
    const due = warningTime(message);
    if (due !== null && !entry.parts.some((p) => p.warning)) this.#agenda.plan(addReport(entry, true), due);
  }

  /** The message is gone. */
  forget(entry: Entry): void {
    entry.gone = true;
    entry.parts = [];
    this.#entries.delete(entry.id);
  }

  /** Tries now what waits for these destinations, but for what is to be released later; gives how many messages wait there. */
  tryDestinations(wanted: (destination: string) => boolean): number {
    const now = this.#clock.now();
    let messages = 0;
    for (const { parts, start } of this.#entries.values()) {
      let waits = false;
      for (const part of parts) {
        if (part.destination === null || !wanted(part.destination)) continue;
        waits = true;
        this.#agenda.resume(part.lane ?? part.destination);
        if (!part.busy) this.#agenda.plan(part, Math.max(now, start));
      }
      if (waits) messages++;
    }
    this.#agenda.pump();
    return messages;
  }

  /** Destinations or lanes are back: what waited for that is tried now. */
  tryAway(back: ReadonlySet<string>): void {
    const now = this.#clock.now();
    for (const { parts, start } of this.#entries.values()) {
      for (const part of parts) {
        const { destination } = part;
        if (!part.away || destination === null) continue;
        const lane = part.lane ?? destination;
        if (!back.has(destination) && !back.has(lane)) continue;
        part.away = false;
        this.#agenda.resume(lane);
        if (!part.busy) this.#agenda.plan(part, Math.max(now, start));
      }
    }
    this.#agenda.pump();
  }

  /** Lets nothing wait past its end, which may have come nearer. `lifetime` in milliseconds. */
  shorten(lifetime: number): void {
    const now = this.#clock.now();
    for (const { parts, start, deliverBy } of this.#entries.values()) {
      const end = endOf(start, lifetime, deliverBy);
      for (const part of parts) {
        if (part.destination === null || part.busy || part.due <= end) continue;
        this.#agenda.plan(part, Math.max(now, end));
      }
    }
    this.#agenda.pump();
  }

  counts(): Pick<QueueStats, "messages" | "held" | "oldest"> {
    let oldest: number | null = null;
    let held = 0;
    for (const entry of this.#entries.values()) {
      if (oldest === null || entry.created < oldest) oldest = entry.created;
      if (entry.held) held++;
    }
    return { messages: this.size, held, oldest };
  }
}
