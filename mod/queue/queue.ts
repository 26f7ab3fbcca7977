/**
 * The running queue. In memory it holds of each message only what says when to try it; everything else is read from its files for
 * each attempt, so 100,000 messages cost a few hundred octets each.
 *
 * Invariants:
 * - What an attempt told is on the medium before anything else happens to the message: no recipient is tried again after a
 *   delivery, except where the power went between the peer's OK and our sync.
 * - A message's files go only when each recipient is final and the bounce, if one is due, is in the queue itself.
 * - A bounce has an ID that follows from the message's, and is sent only after the message's journal says that it exists: a power cut
 *   between the two makes neither none nor two.
 */
import type { Body } from "../base/body.ts";
import type { Clock } from "../base/clock.ts";
import { QUEUE_ATTEMPTS, QUEUE_ATTEMPTS_PER_DESTINATION } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import { isFsError } from "../base/fs.ts";
import type { Address } from "../mail/address.ts";
import { addReport, Agenda, type Entry, newEntry, type Part } from "./agenda.ts";
import { keepBounce } from "./bounce.ts";
import { deliverOnce } from "./delivery.ts";
import { Endurance } from "./endurance.ts";
import { matches } from "./filter.ts";
import { type Live, LiveMessages } from "./live.ts";
import { logOutcomes, type OutcomeCounts } from "./outcome_log.ts";
import type { AwayLane, Feedback, LaneLimits } from "./lanes.ts";
import { type Attempt, feedbackOf, lineOfAttempt } from "./outcome.ts";
import {
  isDone,
  type JournalLine,
  pendingOf,
  type QueuedMessage,
  unreportedOf,
  unwarnedOf,
} from "./record.ts";
import { bouncedId } from "./report_id.ts";
import type { Reporter } from "./reporter.ts";
import { Returns } from "./returns.ts";
import { type LaneFor, Roster } from "./roster.ts";
import { schedule, TERMS, type Terms } from "./schedule.ts";
import { Slices } from "./slices.ts";
import { Steering } from "./steering.ts";
import { createdOf, type Found, type Spool } from "./spool.ts";
import type { RecipientOutcome, Transport } from "./transport.ts";
import type { Envelope, QueueFilter, QueueStats, Submitter } from "./types.ts";

export interface QueuePorts {
  readonly spool: Spool;
  readonly transport: Transport;
  readonly reporter: Reporter;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface QueueOptions {
  /** Attempts at once, in all and at most to one destination. */
  readonly limits?: LaneLimits;
  /** Hears what became of a recipient of a message that one of our accounts sent. */
  readonly heard?: (recipient: Address, outcome: RecipientOutcome) => void;
  /** Which mail shares room and fate not with all mail for its destination. */
  readonly laneFor?: LaneFor;
  /** How long and how often is tried to a destination; null asks for what holds where none is meant. */
  readonly terms?: (destination: string | null) => Terms;
  /** Who is told of reports that cannot be delivered; null, and without it: nobody. */
  readonly postmaster?: () => Address | null;
}

/** Wait before something is tried again that the disk or a bug prevented, in milliseconds. */
const AGAIN = 60_000;
/** Wait for another report about the same message, in milliseconds. */
const REPORT_AGAIN = 1_000;
/** After the abort, attempts are given so long to end. */
const ABORT_GRACE = 3_000;

export class Queue implements Submitter {
  readonly #spool: Spool;
  readonly #ports: QueuePorts;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #log: Log;
  readonly #agenda: Agenda;
  readonly #roster: Roster;
  readonly #terms: (destination: string | null) => Terms;
  readonly #postmaster: () => Address | null;
  readonly #endurance: Endurance;
  readonly #live: LiveMessages;
  readonly #steering: Steering;
  readonly #returns: Returns;
  readonly #heard: QueueOptions["heard"];
  readonly #working = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  readonly #aborting = new AbortController();
  #scanning: Promise<void> = Promise.resolve();
  #nextScan: Promise<void> | null = null;
  readonly #counts: OutcomeCounts = { delivered: 0, deferred: 0, failed: 0 };

  constructor(ports: QueuePorts, options: QueueOptions = {}) {
    this.#spool = ports.spool;
    this.#ports = ports;
    this.#clock = ports.clock;
    this.#random = ports.random;
    this.#log = ports.log;
    this.#endurance = new Endurance(ports.clock);
    this.#live = new LiveMessages(ports.spool, ports.clock, ports.log, this.#stopping.signal);
    const limits = options.limits ??
      { attempts: QUEUE_ATTEMPTS, perDestination: QUEUE_ATTEMPTS_PER_DESTINATION };
    this.#terms = options.terms ?? (() => TERMS);
    this.#heard = options.heard;
    this.#postmaster = options.postmaster ?? (() => null);
    const lifetime = () => this.#terms(null).lifetime;
    this.#agenda = new Agenda(limits, ports.clock, ports.random, (part) => void this.#work(part), lifetime);
    this.#roster = new Roster(this.#agenda, ports.clock, options.laneFor);
    this.#returns = new Returns(ports.clock, (back) => this.#roster.tryAway(back));
    this.#steering = new Steering({
      roster: this.#roster,
      agenda: this.#agenda,
      live: this.#live,
      clock: ports.clock,
      log: ports.log,
      counts: this.#counts,
      forgive: (destination) => ports.transport.forgive?.(destination),
      report: (entry) => void this.#work(addReport(entry, false)),
    });
  }

  /** Makes or opens the folder. From then on messages are taken. Throws FsError. */
  async open(): Promise<void> {
    await this.#spool.open();
  }

  /**
   * Begins to send, and resolves when what was there before is loaded; what is due goes out meanwhile. Throws FsError when the folder cannot
   * be listed.
   */
  async start(): Promise<void> {
    this.#agenda.start();
    await this.#takeIn(await this.#spool.scan(true), new Slices(this.#clock));
  }

  /** Takes in messages that another process put there; forgets those that one removed. Throws FsError. */
  rescan(): Promise<void> {
    // One under way may have missed what this is about; the next serves all who ask until it begins.
    this.#nextScan ??= this.#scanning.then(() => this.#rescan());
    this.#scanning = this.#nextScan.catch(() => {});
    return this.#nextScan;
  }

  async #rescan(): Promise<void> {
    this.#nextScan = null;
    const found = await this.#spool.scan();
    const slices = new Slices(this.#clock);
    const gone = new Set(this.#roster.ids());
    for (const { id } of found) {
      if (slices.over) await slices.rest();
      gone.delete(id);
    }
    for (const id of gone) {
      if (slices.over) await slices.rest();
      const entry = this.#roster.get(id);
      if (entry && !this.#live.peek(id) && !(await this.#spool.load(id))) this.#roster.forget(entry);
    }
    await this.#takeIn(found, slices);
  }

  /** Keeps the message and tries it at once. The body is left undisposed. */
  async submit(envelope: Envelope, body: Body): Promise<string> {
    const message = await this.#spool.add(envelope, body);
    const { id } = message;
    this.#log.info("queued", {
      id,
      trace: envelope.traceId,
      recipients: envelope.recipients.length,
      size: body.size,
    });
    // A scan may have been quicker.
    if (!this.#roster.has(id)) this.#roster.enter(message, false).taken = this.#clock.monotonic();
    this.#agenda.pump();
    return id;
  }

  /** As Steering has them. Each throws FsError. */
  retry(id: string): Promise<boolean> {
    return this.#steering.retry(id);
  }

  retryAll(ids: readonly string[]): Promise<string[]> {
    return this.#steering.retryAll(ids);
  }

  hold(id: string): Promise<boolean> {
    return this.#steering.hold(id);
  }

  release(id: string): Promise<boolean> {
    return this.#steering.release(id);
  }

  bounce(id: string): Promise<"done" | "missing" | "busy"> {
    return this.#steering.bounce(id);
  }

  drop(id: string): Promise<boolean> {
    return this.#steering.drop(id);
  }

  /** The ways out have changed: what waits because its destination could not be reached is tried now. */
  reconsider(): void {
    const back = this.#agenda.resumeAll();
    if (back.size === 0) return;
    this.#log.info("queue takes another look", { destinations: back.size });
    this.tryDestinations((destination) => back.has(destination));
  }

  /** The transport has found hosts of these destinations again: what waited for that is tried now. */
  cameBack(destinations: Iterable<string>): void {
    if (this.#agenda.running) this.#returns.note(destinations);
  }

  /** Destinations that are left alone. */
  away(): readonly AwayLane[] {
    return this.#agenda.away();
  }

  /** Tries now what waits for these destinations, but for what is to be released later; gives how many messages wait there. */
  tryDestinations(wanted: (destination: string) => boolean): number {
    return this.#roster.tryDestinations(wanted);
  }

  /** What `terms` answers has changed: what would wait for longer than it is to be kept is tried for the last time. */
  reschedule(): void {
    this.#roster.shorten(this.#terms(null).lifetime);
  }

  /** The message as its files tell it; null when there is none. Throws FsError. */
  async show(id: string): Promise<QueuedMessage | null> {
    return this.#live.peek(id) ?? await this.#spool.load(id);
  }

  /** Messages, oldest first. Throws FsError. */
  async list(filter: QueueFilter = {}): Promise<QueuedMessage[]> {
    const { limit = 1000 } = filter;
    const destination = filter.destination?.toLowerCase();
    const found: QueuedMessage[] = [];
    const slices = new Slices(this.#clock);
    for (const id of this.#roster.ids().sort()) {
      if (found.length >= limit) break;
      if (slices.over) await slices.rest();
      const entry = this.#roster.get(id);
      if (destination !== undefined && !entry?.parts.some((p) => p.destination === destination)) continue;
      const message = await this.show(id);
      if (message && matches(message, filter, this.#clock.now())) found.push(message);
    }
    return found;
  }

  /** Messages in the queue. */
  get size(): number {
    return this.#roster.size;
  }

  stats(): QueueStats {
    return { ...this.#roster.counts(), active: this.#agenda.active, ...this.#counts };
  }

  /** Starts nothing more and waits for what is under way, at most `ms` milliseconds before it is broken off. */
  async stop(ms: number): Promise<void> {
    this.#agenda.stop();
    this.#returns.stop();
    this.#stopping.abort();
    const done = Promise.all(this.#working);
    const timers = new AbortController();
    await Promise.race([done, this.#clock.sleep(ms, timers.signal)]);
    this.#aborting.abort();
    await Promise.race([done, this.#clock.sleep(ABORT_GRACE, timers.signal)]);
    timers.abort();
  }

  async #takeIn(found: readonly Found[], slices: Slices): Promise<void> {
    for (const one of found) {
      if (this.#roster.has(one.id)) continue;
      if (this.#stopping.signal.aborted) return;
      await this.#loadOne(one);
      if (!slices.over) continue;
      this.#agenda.pump();
      await slices.rest();
    }
    this.#agenda.pump();
  }

  async #loadOne({ id, touched }: Found): Promise<void> {
    // A report whose message does not know of it yet comes in with that (#report).
    const parent = this.#roster.get(bouncedId(id) ?? "");
    if (parent?.parts.some((p) => p.destination === null && (p.busy || !p.warning))) return;
    let message: QueuedMessage | null;
    try {
      message = await this.#spool.load(id, touched);
    } catch (e) {
      if (this.#roster.has(id)) return;
      // Looked at again later, as if it were a report that could not be made.
      const entry: Entry = { ...newEntry(id, createdOf(id), touched), faults: 1 };
      this.#roster.add(entry);
      return await this.#unread(addReport(entry, false), e);
    }
    if (!message || this.#roster.has(id)) return;
    if (isDone(message)) return void await this.#spool.remove(id);
    const entry = this.#roster.enter(message, touched);
    if (unreportedOf(message).length > 0) await this.#work(addReport(entry, false));
    const late = entry.held ? undefined : entry.parts.find((p) => p.warning && p.due <= this.#clock.now());
    if (!late) return;
    late.busy = true;
    await this.#work(late);
  }

  /** One attempt or one report; never rejects. */
  #work(part: Part): Promise<void> {
    const work = (part.destination === null ? this.#report(part) : this.#attempt(part, part.destination))
      .catch((e) => this.#unread(part, e))
      .finally(() => {
        this.#working.delete(work);
        this.#agenda.pump();
      });
    this.#working.add(work);
    return work;
  }

  /**
   * Plans again what a fault prevented. A message whose files cannot be read comes to an end too: when others would be given up, it is set
   * aside. Never rejects.
   */
  async #unread(part: Part, fault: unknown): Promise<void> {
    const { entry } = part;
    this.#log.error("queue work failed", { id: entry.id }, fault);
    if (entry.gone) return;
    const now = this.#clock.now();
    const damaged = isFsError(fault, "io", "denied") && (part.destination !== null || entry.faults > 0);
    const wait = damaged
      ? schedule(
        ++entry.faults,
        now - entry.start,
        this.#random,
        this.#endurance.terms(entry, this.#terms(null)),
      )
      : AGAIN;
    if (wait !== null) return this.#agenda.plan(part, now + wait);
    try {
      await this.#spool.setAside(entry.id);
      this.#roster.forget(entry);
      this.#log.error("queued message given up: it cannot be read, its sender is not told", { id: entry.id });
    } catch (e) {
      this.#log.error("queued message not set aside", { id: entry.id }, e);
      this.#agenda.plan(part, now + AGAIN);
    }
  }

  async #attempt(part: Part, destination: string): Promise<void> {
    const { entry } = part;
    const lane = part.lane ?? destination;
    let told: Feedback | null = null;
    entry.underWay++;
    try {
      const found = await this.#live.withEntry(entry, async (live) => {
        entry.faults = 0;
        const places = pendingOf(live.message, destination);
        const outcomes = places.length > 0
          ? await deliverOnce(live, destination, places, this.#ports, this.#aborting.signal)
          : [];
        const attempt: Attempt = { destination, places, outcomes, aborted: this.#aborting.signal.aborted };
        told = feedbackOf(attempt);
        if (live.message.envelope.account !== null) this.#hear(live.message, attempt);
        part.away = told !== null && typeof told !== "string";
        await this.#settle(part, live, attempt);
        return true;
      });
      if (!found) this.#roster.forget(entry);
    } finally {
      entry.underWay--;
      if (this.#agenda.end(lane, told)) this.cameBack([lane]);
    }
  }

  #hear({ envelope }: QueuedMessage, { places, outcomes }: Attempt): void {
    if (!this.#heard) return;
    for (const [i, place] of places.entries()) {
      const [recipient, outcome] = [envelope.recipients[place]?.address, outcomes[i]];
      if (recipient && outcome) this.#heard(recipient, outcome);
    }
  }

  /** Keeps what an attempt told, then plans what is to come. */
  async #settle(part: Part, live: Live, attempt: Attempt): Promise<void> {
    const { entry } = part;
    const line = lineOfAttempt(
      live.message,
      attempt,
      this.#clock.now(),
      this.#random,
      this.#endurance.terms(entry, this.#terms(attempt.destination)),
    );
    if (line) {
      logOutcomes(live.message, line, this.#log, this.#counts, attempt);
      const recorded = await this.#live.record(live, line);
      if (recorded === "removed") this.#roster.forget(entry);
      if (recorded !== "kept") return;
    }
    if (entry.gone) return;
    const { destination } = attempt;
    if (pendingOf(live.message, destination).length > 0) {
      this.#agenda.plan(part, live.message.destinations.get(destination)?.next ?? this.#clock.now() + AGAIN);
    } else entry.parts = entry.parts.filter((p) => p !== part);
    this.#roster.planWarning(entry, live.message);
    // One bounce for all that failed in this round.
    const underWay = entry.parts.some((p) => p !== part && p.busy && p.destination !== null);
    if (!underWay && unreportedOf(live.message).length > 0 && this.#agenda.running) {
      void this.#work(addReport(entry, false));
    }
  }

  /** Puts a report into the queue: one after the other, since the message counts them. */
  async #report(part: Part): Promise<void> {
    const { entry } = part;
    if (entry.parts.some((p) => p !== part && p.destination === null && p.busy)) {
      return this.#agenda.plan(part, this.#clock.now() + REPORT_AGAIN);
    }
    const wasUnread = entry.faults > 0 && !part.warning;
    const found = await this.#live.withEntry(entry, async (live) => {
      const { message } = live;
      // It could not be read until now.
      if (wasUnread) this.#roster.planAll(entry, message);
      const places = part.warning ? unwarnedOf(message) : unreportedOf(message);
      const sender = message.envelope.sender ?? this.#postmaster();
      const { traceId } = message.envelope;
      const end = () => entry.parts = entry.parts.filter((p) => p !== part);
      if (places.length === 0) return end();
      if (sender === null) return await this.#dropReport(entry, live, places);
      const { lifetime } = this.#terms(null);
      const bounce = await keepBounce(message, sender, places, { ...this.#ports, lifetime });
      const bounces = message.bounces + 1;
      const at = this.#clock.now();
      const kind = part.warning ? "warned" : "reported";
      const recorded = await this.#live.record(live, { kind, at, recipients: places, bounces });
      if (recorded === "stopped") return [];
      if (recorded === "removed") this.#roster.forget(entry);
      this.#log.info(part.warning ? "delay reported" : "bounced", {
        id: entry.id,
        trace: traceId,
        as: bounce.id,
      });
      if (!this.#roster.has(bounce.id)) this.#roster.enter(bounce, true);
      return end();
    });
    if (!found) this.#roster.forget(entry);
    // Its bounces were passed over.
    if (wasUnread) await this.rescan();
  }

  /** There is no postmaster to tell of a report that cannot be delivered. */
  async #dropReport(entry: Entry, live: Live, places: readonly number[]): Promise<void> {
    const { id, bounces } = live.message;
    const line: JournalLine = { kind: "reported", at: this.#clock.now(), recipients: places, bounces };
    if (await this.#live.record(live, line) === "removed") this.#roster.forget(entry);
    this.#log.warn("report dropped", { id, about: "there is no postmaster to tell" });
  }
}
