/**
 * What the queue is to work on, and when: what is due goes to its destination's lane, what may start is started. Many thousands may come due
 * at once (a start, a destination that is back): they are gone through in slices, so that others have their turn.
 */
import type { Clock } from "../base/clock.ts";
import { CLOCK_DRIFT } from "../base/limits.ts";
import type { Random } from "../base/random.ts";
import { endOf, warnTime } from "./deliver_by.ts";
import { DueHeap } from "./due.ts";
import { type AwayLane, type Feedback, type LaneLimits, Lanes } from "./lanes.ts";
import { TERMS } from "./schedule.ts";
import type { DeliverBy } from "./types.ts";

/** The recipients of one message at one destination, waiting for their time. */
export interface Part {
  readonly entry: Entry;
  /** null: nothing is sent; a report is to be written, or the message to be read again. */
  readonly destination: string | null;
  /** With whom it shares room and fate, where that is not all mail for the destination. */
  readonly lane?: string;
  /** The report is that it takes long. */
  readonly warning?: true;
  due: number;
  busy: boolean;
  /** It waits because no host of the destination could be reached. */
  away?: boolean;
}

/** What is held in memory of a message. */
export interface Entry {
  readonly id: string;
  readonly created: number;
  /** From when it is tried. */
  readonly start: number;
  /** Of those that wait for the same room, the highest is first. */
  readonly priority: number;
  readonly deliverBy?: DeliverBy;
  held: boolean;
  gone: boolean;
  /** Attempts under way. */
  underWay: number;
  /** It has a journal. */
  touched: boolean;
  /** How often in a row its files could not be read. */
  faults: number;
  /** Monotonic milliseconds at which this process took it from its sender; none for what was there at the start. */
  taken?: number;
  /** Its sender is to be told of the delay, though it was never tried itself. */
  late?: true;
  parts: Part[];
}

/** A message that nothing is planned for yet. */
export function newEntry(
  id: string,
  created: number,
  touched: boolean,
  start: number = created,
  priority: number = 0,
  deliverBy?: DeliverBy,
): Entry {
  return {
    id,
    created,
    start,
    priority,
    ...(deliverBy ? { deliverBy } : {}),
    held: false,
    gone: false,
    underWay: 0,
    touched,
    faults: 0,
    parts: [],
  };
}

/** Adds a report to what is to be done for a message: at work at once, or a warning, which is to be planned. */
export function addReport(entry: Entry, warning: boolean): Part {
  const part: Part = warning
    ? { entry, destination: null, warning, due: 0, busy: false }
    : { entry, destination: null, due: 0, busy: true };
  entry.parts.push(part);
  return part;
}

/** The timer is never set for longer: the wall clock may be set meanwhile. */
const LONGEST_SLEEP = 60_000;
/** Work goes on for so long before others have their turn, in milliseconds. */
const SLICE = 5;

export class Agenda {
  readonly #clock: Clock;
  readonly #work: (part: Part) => void;
  /** Of wall time over monotonic time, when it was last looked at. */
  #offset = NaN;
  readonly #lifetime: () => number;
  readonly #lanes: Lanes<Part>;
  readonly #due = new DueHeap<Part>();
  #timer: () => void = () => {};
  #running = false;

  /**
   * `work` does a part and calls `end` for its destination, then `pump`. What is as old as `lifetime` (milliseconds) does not wait for a
   * destination to come back.
   */
  constructor(
    limits: LaneLimits,
    clock: Clock,
    random: Random,
    work: (part: Part) => void,
    lifetime: () => number = () => TERMS.lifetime,
  ) {
    this.#lifetime = lifetime;
    this.#clock = clock;
    this.#work = work;
    this.#lanes = new Lanes(limits, clock, random);
  }

  /** Attempts under way. */
  get active(): number {
    return this.#lanes.active;
  }

  get running(): boolean {
    return this.#running;
  }

  start(): void {
    this.#running = true;
    this.pump();
  }

  /** Starts nothing more. */
  stop(): void {
    this.#running = false;
    this.#timer();
  }

  /** `due` in milliseconds since 1970. */
  plan(part: Part, due: number): void {
    part.due = due;
    part.busy = false;
    this.#due.push(due, part);
  }

  /** An attempt of a lane has ended: as `Lanes.end`. */
  end(lane: string, feedback: Feedback | null): boolean {
    return this.#lanes.end(lane, feedback);
  }

  /** The lane may be tried again at once. */
  resume(lane: string): void {
    this.#lanes.resume(lane);
  }

  /** The lane was away when last heard of: one attempt alone is to find out. */
  suspect(lane: string): void {
    this.#lanes.suspect(lane);
  }

  /** Lanes that are away. */
  away(): AwayLane[] {
    return this.#lanes.away();
  }

  /** All destinations may; gives those that were down. */
  resumeAll(): ReadonlySet<string> {
    return this.#lanes.resumeAll();
  }

  /** Starts what may start, and sets the timer for what is next. */
  pump(): void {
    if (!this.#running) return;
    this.#timer();
    const now = this.#clock.now();
    this.#followClock(now);
    const end = this.#clock.monotonic() + SLICE;
    const all = this.#takeWaiting(end) && this.#takeDue(now, end);
    const next = all ? this.#due.next : now;
    this.#timer = next === null
      ? () => {}
      : this.#clock.after(Math.min(LONGEST_SLEEP, Math.max(1, next - now)), () => this.pump());
  }

  /** A clock that was ahead and is set right would leave for that long alone what was put off by it. What is to be released later stays so. */
  #followClock(now: number): void {
    const offset = now - this.#clock.monotonic();
    const back = this.#offset - offset;
    this.#offset = offset;
    if (!(back > CLOCK_DRIFT)) return;
    this.#lanes.resumeAll();
    const planned: Part[] = [];
    for (let first = this.#due.pop(Infinity); first; first = this.#due.pop(Infinity)) {
      const part = first.item;
      if (part.due === first.at && !part.busy && !part.entry.gone) planned.push(part);
    }
    for (const part of planned) {
      const { start, created } = part.entry;
      this.plan(part, start > created ? part.due : Math.max(now, part.due - back));
    }
  }

  /** Gives freed room to those who wait for it; false when time is up before all had their turn. */
  #takeWaiting(end: number): boolean {
    for (let part = this.#lanes.next(); part; part = this.#lanes.next()) {
      if (part.entry.held) part.busy = false;
      else if (!part.entry.gone) this.#ask(part);
      if (this.#clock.monotonic() > end) return false;
    }
    return true;
  }

  #takeDue(now: number, end: number): boolean {
    for (let first = this.#due.pop(now); first; first = this.#due.pop(now)) {
      const part = first.item;
      const current = part.due === first.at && !part.busy && !part.entry.gone && !part.entry.held;
      if (current) this.#ask(part);
      if (this.#clock.monotonic() > end) return false;
    }
    return true;
  }

  #ask(part: Part): void {
    part.busy = true;
    const { destination, lane } = part;
    if (destination === null) return this.#work(part);
    const end = endOf(part.entry.start, this.#lifetime(), part.entry.deliverBy);
    const urgent = this.#clock.now() >= end;
    const admission = this.#lanes.ask(lane ?? destination, part, urgent, part.entry.priority);
    if (admission === "start") return this.#work(part);
    if (admission === "wait") return;
    part.away = true;
    this.plan(part, Math.min(admission.until, end)); // not past its last attempt
    this.#planWarning(part.entry);
  }

  /** Who waits for others to find out whether a destination is back waits, too. */
  #planWarning(entry: Entry): void {
    if (entry.late || entry.parts.some((p) => p.warning)) return;
    entry.late = true;
    this.plan(addReport(entry, true), warnTime(entry.start, entry.deliverBy));
  }
}
