/** What people do to single messages of the running queue. Invariant: no attempt goes on or begins while a message is sent back. */
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Agenda, Entry } from "./agenda.ts";
import type { LiveMessages } from "./live.ts";
import type { OutcomeCounts } from "./outcome_log.ts";
import { applied, isDone, type JournalLine, pendingOf } from "./record.ts";
import type { Roster } from "./roster.ts";

export interface SteeringPorts {
  readonly roster: Roster;
  readonly agenda: Agenda;
  readonly live: LiveMessages;
  readonly clock: Clock;
  readonly log: Log;
  readonly counts: OutcomeCounts;
  /** As `Transport.forgive`. */
  forgive(destination: string): void;
  /** Makes the report of what has failed. */
  report(entry: Entry): void;
}

/** Journals written at once: they share the sync of the folder. */
const TOGETHER = 50;

export class Steering {
  readonly #roster: Roster;
  readonly #agenda: Agenda;
  readonly #live: LiveMessages;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #counts: OutcomeCounts;
  readonly #report: (entry: Entry) => void;
  readonly #forgive: (destination: string) => void;

  constructor(ports: SteeringPorts) {
    this.#roster = ports.roster;
    this.#agenda = ports.agenda;
    this.#live = ports.live;
    this.#clock = ports.clock;
    this.#log = ports.log;
    this.#counts = ports.counts;
    this.#report = (entry) => ports.report(entry);
    this.#forgive = (destination) => ports.forgive(destination);
  }

  /** Lets it be tried now, whatever its schedule says. False when there is no such message. Throws FsError. */
  async retry(id: string): Promise<boolean> {
    return (await this.retryAll([id])).length > 0;
  }

  /** As `retry`, of many; gives the IDs of those that there are. What is remembered of their destinations is forgotten once for all. */
  async retryAll(ids: readonly string[]): Promise<string[]> {
    const done: string[] = [];
    for (let i = 0; i < ids.length; i += TOGETHER) {
      const some = ids.slice(i, i + TOGETHER);
      const at = this.#clock.now();
      const changed = await Promise.all(some.map((id) => this.#change(id, { kind: "retry", at })));
      done.push(...some.filter((_, n) => changed[n]));
    }
    for (const id of done) this.#log.info("tried by hand", { id });
    this.#tryNow(done);
    return done;
  }

  #tryNow(ids: readonly string[]): void {
    const now = this.#clock.now();
    const forgiven = new Set<string>();
    for (const id of ids) {
      for (const part of this.#roster.get(id)?.parts ?? []) {
        const { destination, lane, busy, warning } = part;
        if (destination !== null) {
          this.#agenda.resume(lane ?? destination);
          if (!forgiven.has(destination)) this.#forgive(destination);
          forgiven.add(destination);
        }
        if (!busy && !warning) this.#agenda.plan(part, now);
      }
    }
    this.#agenda.pump();
  }

  /** Keeps it from being tried until it is released. False when there is no such message. Throws FsError. */
  async hold(id: string): Promise<boolean> {
    return await this.#setHeld(id, true);
  }

  /** Ends `hold`. Throws FsError. */
  async release(id: string): Promise<boolean> {
    return await this.#setHeld(id, false);
  }

  /**
   * Sends it back to its sender now, for all that wait. "missing": there is no such message; "busy": an attempt is under way, whose end is
   * not known. Throws FsError.
   */
  async bounce(id: string): Promise<"done" | "missing" | "busy"> {
    const entry = this.#roster.get(id);
    if (!entry || entry.gone) return "missing";
    if (entry.underWay > 0) return "busy";
    const { held } = entry;
    entry.held = true; // no attempt begins meanwhile
    let found: boolean | null = null;
    try {
      found = await this.#live.withEntry(entry, async (live) => {
        const line: JournalLine = { kind: "bounce", at: this.#clock.now() };
        const failed = pendingOf(live.message).length;
        if (!isDone(applied(live.message, line))) await this.#live.append(live, line);
        else if (await this.#live.drop(id)) this.#roster.forget(entry);
        this.#counts.failed += failed;
        return true;
      });
    } finally {
      entry.held = held;
      if (found) entry.parts = entry.parts.filter((p) => p.destination === null);
      else if (!held) this.#planHeld(entry);
    }
    if (!found) return "missing";
    this.#log.info("returned", { id });
    if (!entry.gone) this.#report(entry);
    return "done";
  }

  /** Removes it, telling nobody. False when there is no such message. Throws FsError. */
  async drop(id: string): Promise<boolean> {
    const entry = this.#roster.get(id);
    if (entry) {
      // Known until its files are gone: a scan would take it in again.
      entry.gone = true;
      entry.parts = [];
    }
    try {
      const removed = await this.#live.drop(id);
      if (removed) this.#log.info("dropped", { id });
      return removed;
    } finally {
      if (entry) this.#roster.forget(entry);
    }
  }

  async #change(id: string, line: JournalLine): Promise<boolean> {
    const entry = this.#roster.get(id);
    if (!entry) return false;
    const changed = await this.#live.withEntry(entry, async (live) => {
      await this.#live.append(live, line);
      return !live.gone;
    });
    return changed ?? false;
  }

  async #setHeld(id: string, held: boolean): Promise<boolean> {
    const changed = await this.#change(id, { kind: held ? "hold" : "release", at: this.#clock.now() });
    const entry = this.#roster.get(id);
    if (!changed || !entry) return false;
    entry.held = held;
    this.#log.info(held ? "held" : "released", { id });
    if (!held) this.#planHeld(entry);
    return true;
  }

  #planHeld(entry: Entry): void {
    for (const part of entry.parts) if (!part.busy) this.#agenda.plan(part, part.due);
    this.#agenda.pump();
  }
}
