/**
 * Messages of a folder that are read before they are asked for, some at a time by the bulk reader (base/bulk_reader.ts). Invariants:
 * - What a UID stands for never changes, so what was read before its turn is as good as what would be read now.
 * - A message that could not be had this way (gone, renamed meanwhile, large) is simply not here: whoever asks reads it as ever.
 * - Memory is bounded by the number of batches under way, and given back as they are passed by.
 */
import type { BulkPart, BulkRead, BulkReader } from "../base/bulk_reader.ts";
import { BULK_FILE, BULK_FILES, BULK_OCTETS } from "../base/limits.ts";
import type { Uid } from "../store/store.ts";
import { indexOfUid } from "../store/uid_set.ts";
import type { FolderMessage, FolderState } from "./folder_state.ts";

/** Octets that a message of unknown size, and a header, are thought to have. */
const USUAL_SIZE = 16 * 1024;
const USUAL_HEADER = 4 * 1024;
/** Messages that are left out after a batch: how many more or fewer when the reader had to wait, or the thread had nothing to do. */
const STEP = 1;
/** Milliseconds that the thread takes for a file, from which on it is waited for: the disk is slow. */
const SLOW = 0.2;

interface Batch {
  /** Ascending. */
  readonly messages: readonly FolderMessage[];
  /** What is asked for next is not before this one. */
  at: number;
  /** null until it came. */
  read: BulkRead | null;
  readonly came: Promise<void>;
  /** Somebody waited for it. */
  awaited: boolean;
}

/** What one reader will ask for, in ascending order of UIDs. */
export class Ahead {
  readonly #state: FolderState;
  readonly #bulk: BulkReader;
  readonly #part: BulkPart;
  readonly #uids: Iterator<Uid>;
  #most: number;
  /** UIDVALIDITY when it began: of another one nothing is known. */
  readonly #validity: number;
  /** Under way or come, in order. */
  #batches: Batch[] = [];
  /** Drawn from `uids` and in no batch yet. */
  #next: FolderMessage | null = null;
  /** Messages after each batch that are left to the reader. */
  #gap = 0;
  #closed = false;

  /**
   * `uids` ascend; they are drawn as batches become due, of which `most` are under way or unread at once. Some between them are left out where the thread is
   * slower than who asks, and reading them oneself is faster than waiting: two read in less time than one.
   */
  constructor(state: FolderState, bulk: BulkReader, part: BulkPart, uids: Iterable<Uid>, most: number) {
    this.#state = state;
    this.#bulk = bulk;
    this.#part = part;
    this.#uids = uids[Symbol.iterator]();
    this.#most = most;
    this.#validity = state.uidFile.uidValidity;
  }

  /** Whether nothing more can come of it. */
  get over(): boolean {
    return this.#closed;
  }

  /** The octets of a message if they have come; valid until the next call. `time` takes when its file was changed. */
  get(uid: Uid): { readonly bytes: Uint8Array; readonly time: number } | null {
    const batch = this.#find(uid);
    if (!batch?.read) return null;
    const { spans, times, bytes } = batch.read;
    const start = spans[2 * batch.at] ?? -1;
    if (start < 0) return null;
    return { bytes: bytes.subarray(start, spans[2 * batch.at + 1]), time: times[batch.at] ?? 0 };
  }

  /** Resolves when a message that is just being read has come, or will not; null where there is nothing to wait for. */
  comes(uid: Uid): Promise<void> | null {
    const batch = this.#find(uid);
    if (!batch || batch.read) return null;
    if (!batch.awaited) this.#gap = Math.min(this.#gap + STEP, batch.messages.length);
    batch.awaited = true;
    return batch.came;
  }

  /** From now on so many batches are under way or unread at once, if it is more than before. */
  widen(most: number): void {
    this.#most = Math.max(this.#most, most);
  }

  /** Begins to read what is due. */
  fill(): void {
    // The thread was ended while a slow reader had enough: he may begin anew.
    if (this.#batches.length === 0 && !this.#bulk.ready) this.close();
    while (!this.#closed && this.#batches.length < this.#most && this.#bulk.ready) {
      for (let i = 0; i < this.#gap && this.#batches.length > 0; i++) this.#drawOne();
      const messages = this.#draw();
      if (messages.length === 0) return;
      const reading = this.#bulk.read({
        dir: this.#state.dir,
        names: messages.map((m) => `${m.isNew ? "new" : "cur"}/${m.file}`),
        sizes: messages.map((m) => m.size),
        part: this.#part,
      });
      if (!reading) return this.close();
      const batch: Batch = {
        messages,
        at: 0,
        read: null,
        awaited: false,
        came: reading.then((read) => this.#came(batch, read)),
      };
      this.#batches.push(batch);
    }
  }

  /** Gives all memory back. */
  close(): void {
    this.#closed = true;
    for (const { read } of this.#batches) read?.done();
    this.#batches = [];
    this.#next = null;
    this.#uids.return?.();
  }

  #came(batch: Batch, read: BulkRead | null): void {
    if (!read) return this.close();
    if (!this.#batches.includes(batch)) return read.done();
    batch.read = read;
    if (read.took > SLOW * batch.messages.length) this.#gap = 0;
  }

  /** The batch with the message, standing at it; null when it is not among what is read. */
  #find(uid: Uid): Batch | null {
    if (this.#closed) return null;
    if (this.#validity !== this.#state.uidFile.uidValidity) {
      this.close();
      return null;
    }
    for (;;) {
      const batch = this.#batches[0];
      if (!batch) return null;
      const { messages } = batch;
      if (uid <= (messages[messages.length - 1]?.uid ?? 0)) {
        while ((messages[batch.at]?.uid ?? Infinity) < uid) batch.at++;
        return messages[batch.at]?.uid === uid ? batch : null;
      }
      this.#batches.shift();
      batch.read?.done();
      // The thread had nothing to do.
      if (this.#batches.every((b) => b.read)) this.#gap = Math.max(0, this.#gap - STEP);
      this.fill();
    }
  }

  /** The messages of the next batch. */
  #draw(): readonly FolderMessage[] {
    const drawn: FolderMessage[] = [];
    let octets = 0;
    while (drawn.length < BULK_FILES) {
      const message = this.#drawOne();
      if (!message) break;
      octets += this.#octetsOf(message);
      if (octets > BULK_OCTETS && drawn.length > 0) {
        this.#next = message;
        break;
      }
      drawn.push(message);
    }
    return drawn;
  }

  #drawOne(): FolderMessage | null {
    const put = this.#next;
    this.#next = null;
    if (put) return put;
    for (;;) {
      const { done, value } = this.#uids.next();
      if (done) return null;
      const message = this.#state.messages[indexOfUid(this.#state.messages, value)];
      if (message && (this.#part === "header" || message.size <= BULK_FILE)) return message;
    }
  }

  #octetsOf({ size }: FolderMessage): number {
    if (this.#part === "header") return USUAL_HEADER;
    return size < 0 ? USUAL_SIZE : size;
  }
}
