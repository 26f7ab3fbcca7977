/**
 * Messages somebody works on, read from the spool once and shared, so that nobody goes by an old picture. Journal lines of one message
 * are written one after the other.
 */
import type { Body } from "../base/body.ts";
import type { Clock } from "../base/clock.ts";
import { isFsError } from "../base/fs.ts";
import type { Log } from "../base/log.ts";
import { applied, isDone, type JournalLine, type QueuedMessage } from "./record.ts";
import type { Spool } from "./spool.ts";

/** A message while somebody works on it. */
export interface Live {
  message: QueuedMessage;
  /** Its octets where they came with it in one read; else they are the spool's to ask for. */
  readonly body: Body | null;
  /** It has a journal. */
  touched: boolean;
  users: number;
  /** Its files are gone, or are to go: nothing more is written. */
  gone: boolean;
  writing: Promise<unknown>;
}

/** What became of a line: on the medium; on the medium and with it the whole message done and gone; or not, since the queue stops. */
export type Recorded = "kept" | "removed" | "stopped";

/** Wait before a line is written again that the disk did not take, in milliseconds. */
const AGAIN = 30_000;

export class LiveMessages {
  readonly #spool: Spool;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #stopping: AbortSignal;
  readonly #live = new Map<string, Live>();

  constructor(spool: Spool, clock: Clock, log: Log, stopping: AbortSignal) {
    this.#spool = spool;
    this.#clock = clock;
    this.#log = log;
    this.#stopping = stopping;
  }

  /** The message if somebody works on it now. */
  peek(id: string): QueuedMessage | null {
    return this.#live.get(id)?.message ?? null;
  }

  /**
   * Runs `work` on the message; null when it is not there. Without `touched` no journal is looked for. Throws what `work` throws, and
   * FsError.
   */
  async with<T>(id: string, touched: boolean, work: (live: Live) => Promise<T>): Promise<T | null> {
    const live = this.#live.get(id) ?? await this.#load(id, touched);
    if (!live) return null;
    live.users++;
    try {
      return await work(live);
    } finally {
      if (--live.users === 0 && this.#live.get(id) === live) this.#live.delete(id);
    }
  }

  /** As `with`, of a message whose `touched` is kept up to date. */
  withEntry<T>(
    entry: { readonly id: string; touched: boolean },
    work: (live: Live) => Promise<T>,
  ): Promise<T | null> {
    return this.with(entry.id, entry.touched, async (live) => {
      try {
        return await work(live);
      } finally {
        entry.touched = live.touched;
      }
    });
  }

  /** Adds a line to the journal. Throws FsError. */
  append(live: Live, line: JournalLine): Promise<void> {
    return this.#inTurn(live, async () => {
      if (!live.gone) await this.#append(live, line);
    });
  }

  /**
   * Keeps a line that tells what cannot be asked again, or removes the message if that was the last of it: tried until the disk
   * takes it or the queue stops.
   */
  record(live: Live, line: JournalLine): Promise<Recorded> {
    return this.#inTurn(live, async () => {
      for (;;) {
        if (live.gone) return "removed";
        try {
          return await this.#recordOnce(live, line);
        } catch (e) {
          if (!isFsError(e)) throw e;
          this.#log.error("queue state not written", { id: live.message.id }, e);
        }
        await this.#clock.sleep(AGAIN, this.#stopping);
        if (this.#stopping.aborted) return "stopped";
      }
    });
  }

  /** Removes the message, after what is being written. False when it was not there. Throws FsError. */
  async drop(id: string): Promise<boolean> {
    const live = this.#live.get(id);
    if (!live) return await this.#spool.remove(id);
    live.gone = true;
    return await this.#inTurn(live, () => this.#spool.remove(id));
  }

  async #recordOnce(live: Live, line: JournalLine): Promise<Recorded> {
    const after = applied(live.message, line);
    if (!isDone(after)) {
      await this.#append(live, line);
      return "kept";
    }
    await this.#spool.remove(after.id, live.touched);
    live.message = after;
    live.gone = true;
    return "removed";
  }

  async #append(live: Live, line: JournalLine): Promise<void> {
    // Also after a fault there may be one.
    live.touched = true;
    live.message = await this.#spool.append(live.message, line);
  }

  async #load(id: string, touched: boolean): Promise<Live | null> {
    const read = await this.#spool.read(id, touched);
    const raced = this.#live.get(id);
    if (raced || !read) return raced ?? null;
    const live: Live = { ...read, touched, users: 0, gone: false, writing: Promise.resolve() };
    this.#live.set(id, live);
    return live;
  }

  #inTurn<T>(live: Live, write: () => Promise<T>): Promise<T> {
    const written = live.writing.then(write);
    live.writing = written.catch(() => {}); // whoever asked for it hears of it
    return written;
  }
}
