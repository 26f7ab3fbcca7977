/**
 * How many attempts may be under way, in all and to each destination, and which destinations are left alone for a while because no
 * host of theirs could be reached. To a destination it begins with a few at once; each that goes well lets in a little more, one that goes
 * badly halves it, as TCP does. Pure but for the clock and chance: who asks does the attempts.
 */
import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import { destinationPause } from "./schedule.ts";

/** Destinations without anything to do that are remembered for their failures. */
const REMEMBERED = 10_000;
/** Milliseconds a destination that is away is left alone at least, whoever says until when: nobody asks in circles. */
const SHORTEST_PAUSE = 1000;
/** Attempts at once to a destination that nothing is known of: enough to learn, too few to harm. */
const FIRST_WIDTH = 2;

interface Lane<T> {
  active: number;
  readonly waiting: Waiting<T>;
  /** Attempts in a row that reached nobody. */
  failures: number;
  /** Nobody was reached since somebody was, though all may be allowed to try again. */
  away: boolean;
  /** Wall time in milliseconds. */
  pausedUntil: number;
  /** How many may be under way; it grows by fractions. */
  width: number;
}

/**
 * What an attempt tells of its destination. `good`: a host there did its work. `strained`: it said that this is too much (421), or broke
 * off. `away`: none was reached; `until`, where it is known: when to ask again, in milliseconds since 1970.
 */
export type Feedback = "good" | "strained" | { readonly kind: "away"; readonly until: number | null };

/** A destination that is left alone, or was when last asked. */
export interface AwayLane {
  readonly name: string;
  readonly failures: number;
  /** Milliseconds since 1970; it may be past. */
  readonly until: number;
  readonly active: number;
  readonly waiting: number;
}

/** Lines by priority, the highest first. Nearly all have one. */
class Waiting<T> {
  readonly #lines = new Map<number, Line<T>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Priority of who is next; -Infinity when nobody waits. */
  get priority(): number {
    return Math.max(...this.#lines.keys());
  }

  push(item: T, priority: number): void {
    let line = this.#lines.get(priority);
    if (!line) this.#lines.set(priority, line = new Line());
    line.push(item);
    this.#size++;
  }

  shift(): T | undefined {
    const priority = this.priority;
    const line = this.#lines.get(priority);
    if (!line) return undefined;
    this.#size--;
    const item = line.shift();
    if (line.size === 0) this.#lines.delete(priority);
    return item;
  }
}

/** First in, first out. `shift` of a long array moves all that is left in it. */
class Line<T> {
  #items: T[] = [];
  #first = 0;

  get size(): number {
    return this.#items.length - this.#first;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    const item = this.#items[this.#first++];
    if (this.#first >= this.#items.length / 2) {
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
    return item;
  }
}

/** Read anew each time: a reload may change them. */
export interface LaneLimits {
  readonly attempts: number;
  readonly perDestination: number;
}

/** `start`: it counts as active from now. `wait`: `next` will give it. Else it is not before that time. */
export type Admission = "start" | "wait" | { readonly until: number };

export class Lanes<T> {
  readonly #limits: LaneLimits;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #lanes = new Map<string, Lane<T>>();
  /** Destinations where somebody waits, in the order of their turn. */
  readonly #turns = new Set<string>();
  #active = 0;
  /** How many wait that are not of priority 0. */
  #unusual = 0;

  constructor(limits: LaneLimits, clock: Clock, random: Random) {
    this.#limits = limits;
    this.#clock = clock;
    this.#random = random;
  }

  get active(): number {
    return this.#active;
  }

  /** Asks for an attempt. `urgent`: also to a destination that is left alone. */
  ask(destination: string, item: T, urgent: boolean, priority = 0): Admission {
    const lane = this.#lane(destination);
    if (!urgent && lane.pausedUntil > this.#clock.now()) return { until: lane.pausedUntil };
    if (this.#active < this.#limits.attempts && lane.active < this.#width(lane)) {
      this.#active++;
      lane.active++;
      return "start";
    }
    lane.waiting.push(item, priority);
    if (priority !== 0) this.#unusual++;
    this.#turns.add(destination);
    return "wait";
  }

  /** An attempt has ended; null when it says nothing about its destination. Gives whether one that was away is back. */
  end(destination: string, feedback: Feedback | null): boolean {
    const lane = this.#lane(destination);
    const all = lane.active >= Math.floor(lane.width);
    this.#active--;
    lane.active--;
    const back = feedback === "good" && lane.away;
    if (feedback === "good") {
      lane.away = false;
      lane.failures = 0;
      lane.pausedUntil = 0;
      // What is not used is not proven.
      if (all) lane.width = Math.min(lane.width + 1 / lane.width, this.#limits.perDestination);
    } else if (feedback !== null) this.#narrow(lane, feedback === "strained" ? null : feedback.until);
    this.#tidy(destination, lane);
    return back;
  }

  /** Lets in fewer; one that was alone has shown that there is no getting in at all. */
  #narrow(lane: Lane<T>, until: number | null): void {
    lane.width = Math.max(1, lane.width / 2);
    if (until === null && lane.active > 0 && lane.failures === 0) return;
    lane.failures++;
    lane.away = true;
    const now = this.#clock.now();
    lane.pausedUntil = until === null
      ? now + destinationPause(lane.failures, this.#random)
      : Math.max(until, now + SHORTEST_PAUSE);
  }

  /** The destination was away when last heard of: one attempt alone is to find out. */
  suspect(destination: string): void {
    const lane = this.#lane(destination);
    lane.away = true;
    if (lane.failures === 0) lane.failures = 1;
  }

  /** Destinations that are away. */
  away(): AwayLane[] {
    const all: AwayLane[] = [];
    for (const [name, { failures, pausedUntil, active, waiting }] of this.#lanes) {
      if (failures > 0) all.push({ name, failures, until: pausedUntil, active, waiting: waiting.size });
    }
    return all;
  }

  /** The destination may be tried again at once. */
  resume(destination: string): void {
    const lane = this.#lanes.get(destination);
    if (!lane) return;
    lane.failures = 0;
    lane.pausedUntil = 0;
    lane.width = Math.max(lane.width, FIRST_WIDTH);
    this.#tidy(destination, lane);
  }

  /** All destinations may be tried again at once. Gives those that were away. */
  resumeAll(): ReadonlySet<string> {
    const away = new Set<string>();
    for (const [destination, lane] of this.#lanes) if (lane.failures > 0) away.add(destination);
    for (const destination of away) this.resume(destination);
    return away;
  }

  /** Somebody who waited and is now to ask again, the highest priority first, then each destination in its turn; null when nobody can go on. */
  next(): T | null {
    if (this.#active >= this.#limits.attempts) return null;
    for (let destination = this.#turn(); destination !== null; destination = this.#turn()) {
      const lane = this.#lane(destination);
      const { priority } = lane.waiting;
      const item = lane.waiting.shift();
      this.#turns.delete(destination);
      if (lane.waiting.size > 0) this.#turns.add(destination);
      if (item !== undefined) {
        if (priority !== 0) this.#unusual--;
        return item;
      }
      this.#tidy(destination, lane);
    }
    return null;
  }

  /** The destination whose turn it is; null when none may go on. */
  #turn(): string | null {
    let best: string | null = null;
    let highest = -Infinity;
    for (const destination of this.#turns) {
      const lane = this.#lane(destination);
      const paused = lane.pausedUntil > this.#clock.now();
      if (!paused && lane.active >= this.#width(lane)) continue;
      // With one priority for all there is nothing to compare, however many destinations wait.
      if (this.#unusual === 0) return destination;
      const { priority } = lane.waiting;
      if (best !== null && priority <= highest) continue;
      best = destination;
      highest = priority;
    }
    return best;
  }

  /** One attempt alone finds out whether a destination that was away is back. */
  #width(lane: Lane<T>): number {
    return lane.failures > 0 ? 1 : Math.min(Math.floor(lane.width), this.#limits.perDestination);
  }

  #lane(destination: string): Lane<T> {
    let lane = this.#lanes.get(destination);
    if (!lane) {
      if (this.#lanes.size >= REMEMBERED) this.#forgetIdle();
      lane = {
        active: 0,
        waiting: new Waiting(),
        failures: 0,
        away: false,
        pausedUntil: 0,
        width: FIRST_WIDTH,
      };
      this.#lanes.set(destination, lane);
    }
    return lane;
  }

  #forgetIdle(): void {
    for (const [destination, lane] of this.#lanes) {
      if (lane.active === 0 && lane.waiting.size === 0) this.#lanes.delete(destination);
    }
  }

  #tidy(destination: string, lane: Lane<T>): void {
    if (lane.active > 0 || lane.waiting.size > 0 || lane.away || lane.width < FIRST_WIDTH) return;
    this.#lanes.delete(destination);
  }
}
