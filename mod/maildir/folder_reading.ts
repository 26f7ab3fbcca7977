/**
 * How messages of a folder are read at once. Who asks for one after the other in the order of the mailbox (POP3 clients, most IMAP clients at their
 * first sync) finds the next ones read already; who tells that many will be asked for gets a `Reading`.
 */
import type { BulkPart } from "../base/bulk_reader.ts";
import {
  AHEAD_BATCHES,
  AHEAD_KEPT,
  AHEAD_RUN,
  AHEAD_START,
  AHEAD_START_RUN,
  QUICK_READ,
} from "../base/limits.ts";
import type { Reading, Uid } from "../store/store.ts";
import { indexOfUid, lowerBound } from "../store/uid_set.ts";
import type { Ahead } from "./ahead.ts";
import type { QuickReader } from "./content.ts";
import type { FolderMessage, FolderState } from "./folder_state.ts";

const NOTED = 32; // messages read whose notices would be more than watching the folder anew costs
const RUNS = 4; // readers in order that are told apart
const WIDER = 32; // messages in order for each batch more that is read ahead
const AGAIN = 32; // messages read between two tries to begin to read ahead

/** Somebody who asks for one message after the other. */
interface Run {
  /** The UID that would come next. */
  next: Uid;
  /** Messages so far. */
  length: number;
  /** The same when it was last looked whether it goes on. */
  seen: number;
  ahead: Ahead | null;
}

export class FolderReading {
  readonly #state: FolderState;
  readonly #quick: QuickReader;
  readonly #noted: () => void;
  #unnoted = 0;
  #given = 0;
  #runs: Run[] = [];
  #cancelLook: (() => void) | null = null;

  /** `noted` is called now and then while many messages are being read. */
  constructor(state: FolderState, quick: QuickReader, noted: () => void) {
    this.#state = state;
    this.#quick = quick;
    this.#noted = noted;
  }

  /** Another number after each message that was given, so that work that is not urgent can wait for who reads. */
  get given(): number {
    return this.#given;
  }

  /** As `Mailbox.contentNow`. */
  contentNow(uid: Uid): Uint8Array | null {
    const { messages } = this.#state;
    const index = indexOfUid(messages, uid);
    const message = messages[index];
    if (!message) return null;
    const read = this.#follow(uid, index)?.get(uid);
    return read ? this.#sized(message, read.bytes) : this.#read(message);
  }

  /** As `Mailbox.comes`. */
  comes(uid: Uid): Promise<void> | null {
    const ahead = this.#runs.find((r) => r.next === uid)?.ahead;
    // More of them are wanted soon.
    ahead?.widen(AHEAD_BATCHES);
    return ahead?.comes(uid) ?? null;
  }

  /** As `Mailbox.headerNow`. */
  headerNow(uid: Uid): Uint8Array | null {
    const message = this.#find(uid);
    if (!message) return null;
    this.#note();
    const header = this.#quick.header(this.#state.pathOf(message));
    // It was looked at anyway.
    if (header && message.internalDate < 0) message.internalDate = this.#quick.headTime;
    return header;
  }

  /** As `Mailbox.reading`. */
  reading(part: BulkPart, count: number, uids: () => Iterable<Uid>): Reading {
    const { aheads } = this.#state.ports;
    const starts = count >= AHEAD_START;
    let ahead: Ahead | null = null;
    let asked = 0;
    const begun = (): Ahead | null => {
      if (ahead && !ahead.over) return ahead;
      if (!aheads || asked++ % AGAIN > 0) return null;
      return ahead = aheads.begin(this.#state, part, uids, AHEAD_BATCHES, starts);
    };
    /** A message with what was read of it ahead. */
    const known = (wanted: BulkPart, uid: Uid) => {
      const read = wanted === part ? ahead?.get(uid) : null;
      const message = read && this.#find(uid);
      return message ? { ...read, message } : null;
    };
    return {
      comes: (uid) => begun()?.comes(uid) ?? null,
      contentNow: (uid) => {
        const read = known("whole", uid);
        if (read) return this.#sized(read.message, read.bytes);
        const message = this.#find(uid);
        return message ? this.#read(message) : null;
      },
      headerNow: (uid) => {
        const read = known("header", uid);
        if (!read) return this.headerNow(uid);
        this.#note();
        if (read.message.internalDate < 0) read.message.internalDate = read.time;
        return read.bytes;
      },
      close: () => {
        if (ahead) aheads?.end(ahead);
      },
    };
  }

  /** Gives back what was read ahead. */
  forget(): void {
    for (const run of this.#runs) this.#end(run);
    this.#runs = [];
    this.#cancelLook?.();
    this.#cancelLook = null;
  }

  #read(message: FolderMessage): Uint8Array | null {
    if (message.size > QUICK_READ) return null;
    this.#note();
    const bytes = this.#quick.bytes(this.#state.pathOf(message), message.size);
    return typeof bytes === "string" ? null : this.#sized(message, bytes);
  }

  #sized(message: FolderMessage, bytes: Uint8Array): Uint8Array {
    this.#given++;
    message.size = bytes.length;
    return bytes;
  }

  #find(uid: Uid): FolderMessage | null {
    const { messages } = this.#state;
    return messages[indexOfUid(messages, uid)] ?? null;
  }

  /** One more message is read. */
  #note(): void {
    this.#given++;
    if (++this.#unnoted < NOTED) return;
    this.#unnoted = 0;
    this.#noted();
  }

  /** Takes note of who asks for what; gives what is read ahead for him. */
  #follow(uid: Uid, index: number): Ahead | null {
    const { messages, ports } = this.#state;
    const { aheads } = ports;
    if (!aheads) return null;
    const next = messages[index + 1]?.uid ?? Infinity;
    const run = this.#runs.find((r) => r.next === uid);
    if (!run) {
      const oldest = this.#runs.length === RUNS ? this.#runs.shift() : null;
      if (oldest) this.#end(oldest);
      this.#runs.push({ next, length: 1, seen: 0, ahead: null });
      return null;
    }
    run.next = next;
    run.length++;
    const most = Math.min(1 + Math.trunc(run.length / WIDER), AHEAD_BATCHES);
    run.ahead?.widen(most);
    if (run.length % AHEAD_RUN === 0 && (run.ahead?.over ?? true)) {
      const starts = run.length >= AHEAD_START_RUN;
      run.ahead = aheads.begin(this.#state, "whole", () => this.#after(uid), most, starts);
    }
    this.#cancelLook ??= ports.clock.after(AHEAD_KEPT, () => this.#look());
    return run.ahead;
  }

  *#after(uid: Uid): Generator<Uid> {
    const { messages } = this.#state;
    for (let i = lowerBound(messages, uid + 1); i < messages.length; i++) yield messages[i]?.uid ?? 0;
  }

  /** Forgets runs that nobody goes on with. */
  #look(): void {
    for (const run of this.#runs) if (run.seen === run.length) this.#end(run);
    this.#runs = this.#runs.filter((run) => run.seen < run.length);
    for (const run of this.#runs) run.seen = run.length;
    const { clock } = this.#state.ports;
    this.#cancelLook = this.#runs.length > 0 ? clock.after(AHEAD_KEPT, () => this.#look()) : null;
  }

  #end({ ahead }: Run): void {
    if (ahead) this.#state.ports.aheads?.end(ahead);
  }
}
