/**
 * Keeps what was decided about mail. Nobody waits for it: events are held in memory for a second at most and written in short slices, what does
 * not fit is only counted, and a file that cannot be written stops the trace, never the mail.
 */
import type { Clock } from "../base/clock.ts";
import { DatabaseError, type OpenDatabase } from "../base/database.ts";
import { folderOf } from "../base/durable.ts";
import type { Fs } from "../base/fs.ts";
import {
  TRACE_BATCH,
  TRACE_FLUSH,
  TRACE_PAUSE,
  TRACE_PRUNE,
  TRACE_ROW,
  TRACE_WAITING,
} from "../base/limits.ts";
import type { Log, LogFields } from "../base/log.ts";
import { eventOf, isStrangers } from "./events.ts";
import { type Refusal, refusalEvent, Refusals } from "./refusals.ts";
import { messageOf, TraceFile } from "./trace_file.ts";
import type { TraceEvent, TraceLimits, Tracer } from "./types.ts";

export interface RecorderPorts {
  /** Loads what opens databases, when the first event is to be written. */
  readonly database: () => Promise<OpenDatabase>;
  readonly fs: Pick<Fs, "makeDir" | "rename" | "remove">;
  readonly clock: Clock;
  /** Not one that is traced. */
  readonly log: Log;
}

/** What belongs to the database beside its file. */
const SUFFIXES = ["-wal", "-shm"];

export class Recorder implements Tracer {
  readonly #path: string;
  readonly #ports: RecorderPorts;
  #limits: TraceLimits | null;
  readonly #refusals = new Refusals();
  #waiting: TraceEvent[] = [];
  #lost = 0;
  #file: TraceFile | null = null;
  #timer: (() => void) | null = null;
  #writing: Promise<void> | null = null;
  /** Monotonic milliseconds. */
  #restUntil = -Infinity;
  #pruneDue = -Infinity;

  /** `path`: of the file; `limits`: null for no trace. */
  constructor(path: string, limits: TraceLimits | null, ports: RecorderPorts) {
    this.#path = path;
    this.#limits = limits;
    this.#ports = ports;
  }

  /** Takes over other limits. What is there already stays until its time. */
  limit(limits: TraceLimits | null): void {
    this.#limits = limits;
    this.#pruneDue = -Infinity;
  }

  note(event: string, fields: LogFields): void {
    if (!this.#limits) return;
    const at = this.#ports.clock.now();
    const refusedLater = event === "client judged" && typeof fields["reply"] === "string";
    if (refusedLater) return this.#refusals.judged(fields);
    if (isStrangers(event)) this.#refusals.note(event, fields, at);
    else if (this.#waiting.length >= TRACE_WAITING) this.#lost++;
    else this.#waiting.push(eventOf(event, fields, at));
    this.#timer ??= this.#ports.clock.after(TRACE_FLUSH, () => void this.flush());
  }

  /** Writes what waits. Never rejects. */
  flush(): Promise<void> {
    this.#timer?.();
    this.#timer = null;
    const before = this.#writing ?? Promise.resolve();
    const writing = before.then(() => this.#write()).finally(() => {
      if (this.#writing === writing) this.#writing = null;
    });
    return this.#writing = writing;
  }

  /** The file with all that was noted, to look into; null where there is none. It is only good until the next `await`. */
  async file(): Promise<TraceFile | null> {
    await this.flush();
    await this.#open();
    return this.#file;
  }

  /** Writes what waits and closes the file. Never rejects. */
  async close(): Promise<void> {
    await this.flush();
    this.#shut();
  }

  async #write(): Promise<void> {
    const groups = grouped(this.#waiting);
    this.#waiting = [];
    const refusals = this.#refusals.take();
    if (groups.length === 0 && refusals.length === 0) return;
    const { clock, log } = this.#ports;
    let written = 0;
    try {
      if (!await this.#open()) return this.#keepFor(groups, refusals);
      if (this.#lost > 0) log.warn("trace too slow: events left out", { events: this.#lost });
      this.#lost = 0;
      while (written < groups.length) {
        let next = written;
        this.#file?.transaction(() => {
          for (let n = 0; next < groups.length && n < TRACE_BATCH;) n += this.#add(groups[next++] ?? []);
        });
        written = next;
        await clock.sleep(0);
      }
      for (let i = 0; i < refusals.length; i += TRACE_BATCH) {
        this.#file?.transaction(() => refusals.slice(i, i + TRACE_BATCH).forEach((r) => this.#keep(r)));
        await clock.sleep(0);
      }
      await this.#prune();
    } catch (e) {
      this.#keepFor(groups.slice(written), refusals);
      await this.#fault(e);
    }
  }

  /** What could not be written waits for the next time, as far as there is room. */
  #keepFor(groups: readonly (readonly TraceEvent[])[], refusals: readonly Refusal[]): void {
    for (const refusal of refusals) refusal.changed = true;
    const all = [...groups.flat(), ...this.#waiting];
    this.#lost += Math.max(0, all.length - TRACE_WAITING);
    this.#waiting = all.slice(0, TRACE_WAITING);
  }

  #add(group: readonly TraceEvent[]): number {
    this.#file?.add(group);
    return group.length;
  }

  #keep(refusal: Refusal): void {
    const events = [refusalEvent(refusal)];
    if (refusal.row === null) refusal.row = this.#file?.addRow(events) ?? null;
    else this.#file?.replace(refusal.row, events);
  }

  async #prune(): Promise<void> {
    const { clock } = this.#ports;
    if (clock.monotonic() < this.#pruneDue) return;
    while (this.#limits && this.#file?.prune(this.#limits, clock.now())) await clock.sleep(0);
    this.#pruneDue = clock.monotonic() + TRACE_PRUNE;
  }

  async #open(): Promise<boolean> {
    if (this.#file) return true;
    const { clock, fs, database } = this.#ports;
    if (clock.monotonic() < this.#restUntil) return false;
    try {
      await fs.makeDir(folderOf(this.#path));
      const open = await database();
      const db = open(this.#path);
      try {
        this.#file = new TraceFile(db, this.#path);
      } catch (e) {
        db.close();
        throw e;
      }
      return true;
    } catch (e) {
      await this.#fault(e);
      return false;
    }
  }

  /** A file that is broken, or of another version, is set aside; else it is tried again later. */
  async #fault(cause: unknown): Promise<void> {
    const { clock, fs, log } = this.#ports;
    this.#shut();
    this.#restUntil = clock.monotonic() + TRACE_PAUSE;
    const why = cause instanceof Error && cause.cause ? String(cause.cause) : String(cause);
    log.warn("trace not written", { path: this.#path, why });
    if (!(cause instanceof DatabaseError) || cause.fault !== "corrupt") return;
    this.#refusals.forgetRows();
    try {
      for (const suffix of SUFFIXES) await fs.remove(this.#path + suffix);
      await fs.rename(this.#path, `${this.#path}.old`);
      this.#restUntil = -Infinity;
    } catch (e) {
      log.warn("broken trace not set aside", { path: this.#path, why: String(e) });
    }
  }

  #shut(): void {
    const file = this.#file;
    this.#file = null;
    try {
      file?.close();
    } catch (e) {
      this.#ports.log.debug("trace not closed", { path: this.#path, why: String(e) });
    }
  }
}

/** Events by message, in the order in which each began; many about one message are parted. */
function grouped(events: readonly TraceEvent[]): readonly (readonly TraceEvent[])[] {
  const groups: TraceEvent[][] = [];
  const open = new Map<string, TraceEvent[]>();
  for (const e of events) {
    const key = messageOf(e) ?? "";
    const group = open.get(key);
    if (group && group.length < TRACE_ROW) {
      group.push(e);
      continue;
    }
    const fresh = [e];
    open.set(key, fresh);
    groups.push(fresh);
  }
  return groups;
}
