/**
 * The queue's files (see file_format.ts), usable alone: the command line works on them while no server runs.
 *
 * Invariants:
 * - `ID.mail` appears by a rename after its contents are on the medium, so whatever has that name is whole.
 * - A message is gone when `ID.mail` is; `ID.state` is removed only after that is on the medium, since the message without its
 *   journal would be delivered again. A journal without its message is a left-over.
 * - What cannot be read as a message is moved to `broken/` and told; a newer version's files are not touched.
 */
import { concat, LF } from "../base/bytes.ts";
import { type Body, memoryBody } from "../base/body.ts";
import type { Clock } from "../base/clock.ts";
import { DirSync, folderOf, replaceFile } from "../base/durable.ts";
import { readFileStream } from "../base/file_stream.ts";
import { type Fs, FsError, isFsError } from "../base/fs.ts";
import type { Log } from "../base/log.ts";
import {
  QUEUE_BODY_IN_MEMORY,
  QUEUE_HEAD,
  QUEUE_STATE,
  QUEUE_STATE_COMPACT,
  QUEUE_TEMPORARY_AGE,
} from "../base/limits.ts";
import type { Random } from "../base/random.ts";
import { formatHead, formatLine, parseHead, parseJournal } from "./file_format.ts";
import { applied, type JournalLine, newMessage, type QueuedMessage, summary } from "./record.ts";
import { reportDepth } from "./report_id.ts";
import { Slices } from "./slices.ts";
import type { Envelope } from "./types.ts";

export interface SpoolPorts {
  readonly fs: Fs;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

const MAIL = ".mail";
const STATE = ".state";
const TEMPORARY = ".tmp";
const BROKEN = "broken";
/** IDs: time in base 32, so that they sort by age, then 40 random bits. */
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const TIME_DIGITS = 10;
/** IDs as we and our successors give them; nothing else becomes part of a path. */
const ID = /^[0-9a-z][0-9a-z-]{0,63}$/;
/** Octets of a file read at once on loading: the head of nearly every message. */
const START = 8 * 1024;
/** Octets of a file read at once for an attempt: head and body of most messages. */
const WHOLE = 64 * 1024;

/** A message that a listing shows. */
export interface Found {
  readonly id: string;
  /** There is a journal. */
  readonly touched: boolean;
}

export interface ReadMessage {
  readonly message: QueuedMessage;
  /** The message's octets; null when they are to be asked for. */
  readonly body: Body | null;
}

/** When a message was accepted, as its ID tells: milliseconds since 1970; 0 when that is none of ours. */
export function createdOf(id: string): number {
  let time = 0;
  for (const c of id.slice(0, TIME_DIGITS)) time = time * 32 + ALPHABET.indexOf(c);
  return /^[0-9a-hjkmnp-tv-z]{10}-/.test(id) ? time : 0;
}

export class Spool {
  readonly #dir: string;
  readonly #fs: Fs;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #log: Log;
  readonly #syncs: DirSync;
  readonly #start = new Uint8Array(START);
  #whole: Uint8Array | null = null;
  /** IDs of messages that are not yet accepted, though their file may be there. */
  readonly #adding = new Set<string>();

  /** `dir` is an absolute path: DATA/queue. */
  constructor(dir: string, ports: SpoolPorts) {
    this.#dir = dir;
    this.#fs = ports.fs;
    this.#clock = ports.clock;
    this.#random = ports.random;
    this.#log = ports.log;
    this.#syncs = new DirSync(ports.fs);
  }

  /** Makes the folder, durably. Throws FsError. */
  async open(): Promise<void> {
    await this.#fs.makeDir(this.#dir);
    await this.#fs.syncDir(folderOf(this.#dir));
  }

  newId(): string {
    let time = this.#clock.now();
    let id = "";
    for (let i = 0; i < TIME_DIGITS; i++) {
      id = ALPHABET.charAt(time % 32) + id;
      time = Math.floor(time / 32);
    }
    id += "-";
    for (const byte of this.#random.bytes(8)) id += ALPHABET.charAt(byte & 31);
    return id;
  }

  /**
   * Keeps a message; on the medium when it resolves. With an `id` that is there already, nothing is done: it is the same one, made again
   * after a power cut. The body is left undisposed. Throws FsError.
   */
  async add(envelope: Envelope, body: Body, id: string = this.newId()): Promise<QueuedMessage> {
    const path = `${this.#dir}/${id}${MAIL}`;
    const created = this.#clock.now();
    const head = formatHead({ id, created, size: body.size, envelope });
    const temporary = `${this.#dir}/${id}${TEMPORARY}`;
    this.#adding.add(id);
    try {
      if (body.memory) await this.#fs.createWith(temporary, [head, ...body.memory]);
      else await this.#write(temporary, head, body);
      await this.#fs.rename(temporary, path);
      await this.#syncs.sync(this.#dir);
    } catch (e) {
      // The fault that counts is the one that brought us here. The message may be there, and must not: it was not accepted.
      await this.#fs.remove(temporary).catch(() => false);
      await this.#fs.remove(path).catch(() => false);
      throw e;
    } finally {
      this.#adding.delete(id);
    }
    return newMessage({ id, created, envelope, size: body.size, offset: head.length });
  }

  /** As `add`, for a message whose ID tells what it is: a left-over with that name is replaced, a whole one is kept. */
  async addOnce(envelope: Envelope, body: Body, id: string): Promise<QueuedMessage> {
    const there = await this.load(id);
    if (there) return there;
    await this.#fs.remove(`${this.#dir}/${id}${TEMPORARY}`);
    return await this.add(envelope, body, id);
  }

  /** IDs of all messages, oldest first. Throws FsError. */
  async ids(): Promise<string[]> {
    return (await this.scan()).map(({ id }) => id).sort();
  }

  /**
   * All messages in no order but that bounces come last; `touched`: there is a journal. `sweep` removes what a power cut left behind. Throws
   * FsError.
   */
  async scan(sweep = false): Promise<Found[]> {
    const slices = new Slices(this.#clock);
    const ids: string[] = [];
    const journals = new Set<string>();
    const temporary: string[] = [];
    for (const { name, kind } of await this.#fs.list(this.#dir)) {
      if (slices.over) await slices.rest();
      if (kind !== "file") continue;
      if (name.endsWith(MAIL)) ids.push(name.slice(0, -MAIL.length));
      else if (name.endsWith(STATE)) journals.add(name.slice(0, -STATE.length));
      else if (name.endsWith(TEMPORARY)) temporary.push(name);
    }
    const found: Found[] = [];
    // Reports, and reports about reports: each is to come after what it is about.
    const [bounces, doubles]: [Found[], Found[]] = [[], []];
    for (const id of ids) {
      if (slices.over) await slices.rest();
      const touched = journals.delete(id);
      if (ID.test(id) && !this.#adding.has(id)) {
        const depth = reportDepth(id);
        (depth === 0 ? found : depth === 1 ? bounces : doubles).push({ id, touched });
      }
    }
    if (sweep) await this.#sweep(temporary, journals);
    // Not by spreading: a call takes no 100,000 arguments.
    for (const bounce of bounces) found.push(bounce);
    for (const double of doubles) found.push(double);
    return found;
  }

  async #sweep(temporary: readonly string[], orphans: Iterable<string>): Promise<void> {
    for (const name of temporary) {
      const path = `${this.#dir}/${name}`;
      const age = this.#clock.now() - ((await this.#fs.stat(path))?.mtime ?? 0);
      // A young one may belong to another process that is writing it now.
      if (age >= QUEUE_TEMPORARY_AGE) await this.#fs.remove(path);
    }
    for (const id of orphans) {
      // Asked again: a listing may miss what was renamed meanwhile.
      const there = this.#fs.statSync(`${this.#dir}/${id}${MAIL}`);
      if (!there) await this.#fs.remove(`${this.#dir}/${id}${STATE}`);
    }
  }

  /**
   * The message as it stands; null if it is gone, broken (it is moved away and told) or a newer version's. Without `touched` no journal is
   * looked for. Throws FsError.
   */
  async load(id: string, touched = true): Promise<QueuedMessage | null> {
    return (await this.#read(id, touched, this.#start))?.message ?? null;
  }

  /** As `load`; of a small message the octets too, from the same read. */
  read(id: string, touched = true): Promise<ReadMessage | null> {
    this.#whole ??= new Uint8Array(WHOLE);
    return this.#read(id, touched, this.#whole);
  }

  async #read(id: string, touched: boolean, into: Uint8Array): Promise<ReadMessage | null> {
    if (!ID.test(id)) return null;
    const bytes = this.#fs.readStart(`${this.#dir}/${id}${MAIL}`, into);
    if (bytes === null) return null;
    let head = parseHead(into.subarray(0, bytes));
    let body: Body | null = null;
    if (!head.ok && head.error === "more") head = parseHead(await this.#longHead(id));
    else if (head.ok && into === this.#whole) {
      const { offset, size } = head.value;
      // A copy: the buffer is used again before the caller goes on. One octet less than fits: nothing follows.
      if (bytes < into.length && bytes === offset + size) body = memoryBody(into.slice(offset, bytes));
    }
    if (head.ok && head.value.id !== id) head = { ok: false, error: "broken" };
    if (!head.ok) {
      await this.#unreadable(id, head.error === "newer");
      return null;
    }
    const state = touched ? await this.#readState(id) : null;
    if (state === null) return { message: newMessage(head.value), body };
    const journal = parseJournal(state);
    if (journal.newer) {
      await this.#unreadable(id, true);
      return null;
    }
    if (journal.broken > 0) this.#log.debug("queue journal has torn lines", { id, lines: journal.broken });
    return { message: journal.lines.reduce(applied, newMessage(head.value)), body };
  }

  /** Adds to a message's journal; on the medium when it resolves. Gives the message after it. Throws FsError. */
  async append(message: QueuedMessage, line: JournalLine): Promise<QueuedMessage> {
    const path = `${this.#dir}/${message.id}${STATE}`;
    const after = applied(message, line);
    const size = this.#fs.statSync(path)?.size ?? 0;
    if (size > QUEUE_STATE_COMPACT) {
      const bytes = concat(summary(after).map(formatLine));
      await replaceFile(this.#fs, path, bytes, `${this.#dir}/${message.id}.new${TEMPORARY}`);
      return after;
    }
    const file = await this.#fs.append(path);
    try {
      await file.write(formatLine(line));
      await file.sync();
    } finally {
      await file.close();
    }
    await this.#syncs.sync(this.#dir);
    return after;
  }

  /**
   * Removes a message; gone for good when it resolves. False when it was not there. Without `touched` there is no journal to remove. Throws
   * FsError.
   */
  async remove(id: string, touched = true): Promise<boolean> {
    if (!ID.test(id)) return false;
    const removed = await this.#fs.remove(`${this.#dir}/${id}${MAIL}`);
    await this.#syncs.sync(this.#dir);
    if (touched) await this.#fs.remove(`${this.#dir}/${id}${STATE}`);
    return removed;
  }

  /** The message's octets. Throws FsError. */
  async body(message: QueuedMessage): Promise<Body> {
    const { size, offset } = message;
    const path = `${this.#dir}/${message.id}${MAIL}`;
    if (size > QUEUE_BODY_IN_MEMORY) {
      const stream = () => readFileStream(this.#fs, path, offset, size);
      return { size, memory: null, stream, dispose: () => Promise.resolve() };
    }
    const bytes = await this.#fs.readFile(path, offset + size);
    if (bytes?.length !== offset + size) throw new FsError("io", "read all of", path);
    return memoryBody(bytes.subarray(offset));
  }

  async #write(path: string, head: Uint8Array, body: Body): Promise<void> {
    const file = await this.#fs.create(path);
    try {
      await file.write(head);
      let size = 0;
      for await (const chunk of body.stream()) {
        await file.write(chunk);
        size += chunk.length;
      }
      if (size !== body.size) throw new FsError("io", `spool ${size} octets of ${body.size} to`, path);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  /** The first line of a message with very many recipients. */
  async #longHead(id: string): Promise<Uint8Array> {
    const file = await this.#fs.open(`${this.#dir}/${id}${MAIL}`);
    try {
      const bytes = new Uint8Array(Math.min(file.size, QUEUE_HEAD));
      let size = 0;
      while (size < bytes.length) {
        const n = await file.readAt(bytes.subarray(size), size);
        if (n === 0) break;
        size += n;
      }
      return bytes.subarray(0, bytes.indexOf(LF) + 1);
    } finally {
      file.close();
    }
  }

  async #readState(id: string): Promise<Uint8Array | null> {
    const path = `${this.#dir}/${id}${STATE}`;
    const n = this.#fs.readInto(path, this.#start);
    if (n === null) return null;
    // A copy: the buffer is used again before the caller goes on.
    return n <= this.#start.length ? this.#start.slice(0, n) : await this.#fs.readFile(path, QUEUE_STATE);
  }

  async #unreadable(id: string, newer: boolean): Promise<void> {
    if (newer) {
      this.#log.warn("queued message of a newer version left alone", { id });
      return;
    }
    await this.setAside(id);
    this.#log.error("queued message cannot be read", { id, moved: `${this.#dir}/${BROKEN}` });
  }

  /** Moves a message's files, which are of no use to us, out of the queue into `broken/`. Throws FsError. */
  async setAside(id: string): Promise<void> {
    const broken = `${this.#dir}/${BROKEN}`;
    await this.#fs.makeDir(broken);
    await this.#syncs.sync(this.#dir);
    for (const name of [id + MAIL, id + STATE]) {
      try {
        await this.#fs.rename(`${this.#dir}/${name}`, `${broken}/${name}`);
      } catch (e) {
        if (!isFsError(e, "not-found")) throw e;
      }
    }
    await this.#fs.syncDir(broken);
    await this.#syncs.sync(this.#dir);
  }
}
