/**
 * The full-text index of a folder: which messages may hold a text, told from signatures. Filled in the background, oldest message first, so that
 * one number tells how far it is. Invariants:
 * - What `mayHold` leaves out does not hold the text.
 * - It is filled when nobody works with the mailbox, in slices of some milliseconds, and rests at least as long after each; longer where the
 *   event loop is late, since then others have work. Of all folders of the process one at a time is filled.
 */
import type { Clock } from "../base/clock.ts";
import { INDEX_LAG, INDEX_QUIET, INDEX_SLICE } from "../base/limits.ts";
import type { WordIndex, WordNeedle, WordText } from "../store/mail_index.ts";
import type { Mailbox, Message, Uid } from "../store/store.ts";
import { indexOfUid, upperBound } from "../store/uid_set.ts";
import type { IndexFile } from "./account_file.ts";
import { COLUMNS, FolderSigns } from "./folder_signs.ts";
import { PIECES } from "./schema.ts";
import { questionsOf, signaturesOf } from "./signature.ts";
import type { Turns } from "./turns.ts";

/** Messages that are put in by others for each step in the database: a block is done before there are enough for the next. */
const STEP = 32;
/** Signatures that one folder at a time may have in memory, 1 KB each: those of a mailbox that is searched before it was filled. */
const HELD = 10 * COLUMNS;
/** A text of which nothing is known: it may hold anything. */
const UNREAD: WordText = { headers: [], body: [], whole: false };
/** Milliseconds others have at least between two slices. */
const REST = 1;
/** Milliseconds after which a sleep that ends so much later than it should tells that others have work. */
const LATE = 3;
/** How many times as long as a slice is rested after it, at most. */
const LONGEST_REST = 16;

type Read = (message: Message) => WordText | null | Promise<WordText | null>;

/** What filling a folder needs of the process. */
export interface FillPorts {
  readonly clock: Clock;
  /** Of the folders that are filled, one at a time has its turn. */
  readonly turns: Turns;
  /** Whether the disk has room for more. */
  room(): Promise<boolean>;
}

export class FolderWords implements WordIndex {
  readonly #signs: FolderSigns;
  readonly #mailbox: Pick<Mailbox, "messages">;
  readonly #ports: FillPorts;
  #read: Read | null = null;
  #running: Promise<void> | null = null;
  /** Messages came while it was running. */
  #again = false;
  readonly #end = new AbortController();
  /** What is under way in the database, done in steps by whoever has the time. */
  #work: Iterator<void> | null = null;
  /** The disk has room. */
  #room = false;
  /** Messages that others have put in. */
  #put = 0;
  /** How many work with the mailbox, and the monotonic milliseconds until which nobody is to do so. */
  #holds = 0;
  #heldUntil = 0;
  /** How many times as long as the last slice the next rest is. */
  #patience = 1;
  /**
   * Messages that came when later ones were in already, since their files were away when those were listed: they may hold anything. null before
   * they were first asked for.
   */
  #late: Set<Uid> | null = null;
  /** Messages that went since it was last tidied; as if there had been many at first. */
  #gone = COLUMNS;

  constructor(file: IndexFile, folder: number, mailbox: Pick<Mailbox, "messages">, ports: FillPorts) {
    this.#signs = new FolderSigns(file, folder);
    this.#mailbox = mailbox;
    this.#ports = ports;
  }

  get upTo(): Uid {
    return this.#signs.upTo;
  }

  mayHold({ text, headers }: WordNeedle, from: Uid, to: Uid): readonly Uid[] | null {
    const questions = questionsOf(text, headers);
    const held = questions && this.#signs.ask(questions, from, to);
    if (!held) return null;
    this.#late ??= this.#lateBefore();
    if (!this.#late) return null;
    for (const uid of this.#late) if (uid >= from && uid <= to) held.push(uid);
    return held;
  }

  /** Messages that came late before they could be noted. */
  #lateBefore(): Set<Uid> | null {
    const late = this.#signs.unsigned(this.#mailbox.messages);
    return late && new Set(late);
  }

  fill(read: Read): void {
    this.#read ??= read;
    this.#heldUntil = this.#ports.clock.monotonic() + INDEX_QUIET;
    this.#start(0);
  }

  wants({ uid }: Pick<Message, "uid">): boolean {
    if (this.#read === null || !this.#room || this.#stopped || this.#signs.waiting >= HELD + COLUMNS) {
      return false;
    }
    const { messages } = this.#mailbox;
    return messages[upperBound(messages, this.#signs.upTo)]?.uid === uid;
  }

  put(message: Pick<Message, "uid">, text: WordText): void {
    if (!this.#add(message, text)) return;
    const { waiting } = this.#signs;
    // Whoever waits for the answer is not to wait for blocks, too, as long as there is memory.
    if (waiting < COLUMNS || (waiting < HELD && this.#ports.turns.favours(this))) return;
    this.#work ??= this.#signs.gather();
    if (++this.#put % STEP === 0) this.#step();
  }

  hold(): () => void {
    this.#holds++;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#holds--;
      this.#heldUntil = this.#ports.clock.monotonic() + INDEX_QUIET;
    };
  }

  /** These messages have come. */
  added(messages: readonly Pick<Message, "uid">[]): void {
    for (const { uid } of messages) if (uid <= this.#signs.upTo) this.#late?.add(uid);
    this.more();
  }

  /** Messages have come, or went. A few that are not there yet are as quickly read by who searches. */
  more(): void {
    this.#start(INDEX_LAG);
  }

  /** Begins, or goes on, where more than `few` messages are not there yet. */
  #start(few: number): void {
    if (this.#read === null || this.#stopped || (this.#lag <= few && this.#gone < COLUMNS / 2)) return;
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#running = this.#run(this.#read).finally(() => {
      this.#running = null;
      if (this.#again) this.more();
    });
  }

  /** So many messages are gone. */
  removed(count: number): void {
    this.#gone += count;
    this.more();
  }

  /** Stops filling, and writes what is not written; resolves when nothing is under way. */
  async end(): Promise<void> {
    this.#end.abort();
    await this.#running;
    this.#ports.turns.release(this);
    const steps = this.#signs.keep();
    while (!steps.next().done) await this.#ports.clock.sleep(0);
  }

  get #stopped(): boolean {
    return this.#end.signal.aborted;
  }

  get #lag(): number {
    const { messages } = this.#mailbox;
    return messages.length - upperBound(messages, this.#signs.upTo);
  }

  get #untidy(): boolean {
    return this.#gone >= COLUMNS / 2 && this.#signs.untidy(this.#mailbox.messages.length);
  }

  /** Whether somebody works with the mailbox, or did so a moment ago. */
  get held(): boolean {
    return this.#holds > 0 || this.#ports.clock.monotonic() < this.#heldUntil;
  }

  async #run(read: Read): Promise<void> {
    this.#again = false;
    if (this.#work === null) this.#signs.renew();
    if (this.#lag > 0) this.#room = await this.#ports.room();
    while (!this.#stopped) {
      if (this.held) await this.#ports.clock.sleep(INDEX_QUIET, this.#end.signal);
      else if (!(await this.#ports.turns.take(this.#end.signal))) return;
      else if (!(await this.#turn(read))) return;
    }
  }

  /** One turn; false when nothing is left to do, or nothing can be done now. */
  async #turn(read: Read): Promise<boolean> {
    try {
      this.#room = await this.#ports.room();
      if (!this.#room) return false;
      await this.#steps();
      const untidy = this.#untidy;
      if (this.#gone >= COLUMNS / 2) this.#gone = 0;
      if (untidy) {
        await this.#steps(this.#signs.tidy((uid) => indexOfUid(this.#mailbox.messages, uid) >= 0));
      }
      if (this.#signs.waiting < COLUMNS) {
        if (this.#lag > 0 && !this.#signs.writable()) return false;
        if (!(await this.#gather(read))) return false;
      }
      if (this.#stopped) return false;
      const { upTo } = this.#signs;
      await this.#steps(this.#signs.waiting < COLUMNS ? this.#signs.keep() : this.#signs.gather());
      // Going back tells that the database is not to be used for a while.
      return this.#signs.upTo >= upTo && (this.#lag > 0 || this.#signs.waiting >= COLUMNS);
    } finally {
      if (this.#signs.waiting < COLUMNS) this.#ports.turns.release(this);
      this.#ports.turns.give();
    }
  }

  /** Reads messages until there are enough for a block, or none are left; false where the database cannot be used. */
  async #gather(read: Read): Promise<boolean> {
    let left = true;
    while (left && this.#signs.waiting < COLUMNS && !this.#stopped) {
      if (this.held) {
        if (this.#ports.turns.wanted) break;
        await this.#ports.clock.sleep(INDEX_QUIET, this.#end.signal);
        continue;
      }
      const done = await this.#slice(async () => {
        const start = this.#ports.clock.monotonic();
        do {
          const { messages } = this.#mailbox;
          const message = messages[upperBound(messages, this.#signs.upTo)];
          left = message !== undefined;
          if (!message) return true;
          const text = await readOrNone(read, message);
          // Somebody else may have put it in meanwhile.
          if (message.uid > this.#signs.upTo && !this.#add(message, text ?? UNREAD)) return false;
        } while (this.#signs.waiting < COLUMNS && this.#ports.clock.monotonic() - start < INDEX_SLICE);
        return true;
      });
      if (!done) return false;
    }
    return true;
  }

  /** False where the database cannot be used. */
  #add({ uid }: Pick<Message, "uid">, text: WordText): boolean {
    const { signatures, whole } = signaturesOf(text, PIECES);
    return this.#signs.add(uid, signatures, whole && text.whole);
  }

  /** Does what is under way to its end, and then `work`. */
  async #steps(work?: Iterator<void>): Promise<void> {
    while (this.#work && !this.#stopped) await this.#slice(() => this.#step());
    if (!work || this.#stopped) return;
    this.#work = work;
    await this.#steps();
  }

  #step(): void {
    if (this.#work?.next().done) this.#work = null;
  }

  /** Works, and then rests as long as that took, or longer: clients come first. */
  async #slice<T>(work: () => T | Promise<T>): Promise<T> {
    const start = this.#ports.clock.monotonic();
    const result = await work();
    const end = this.#ports.clock.monotonic();
    const rest = Math.max(REST, (end - start) * this.#patience);
    await this.#ports.clock.sleep(rest, this.#end.signal);
    const late = this.#ports.clock.monotonic() - end - rest > LATE;
    this.#patience = late ? Math.min(LONGEST_REST, this.#patience * 2) : Math.max(1, this.#patience / 2);
    return result;
  }
}

/**
 * A text that cannot be read, for whatever reason, is one that may hold anything: who searches for it meets the fault himself. So is one that has
 * vanished: its file may have changed its name faster than it could be found, or come back.
 */
async function readOrNone(read: Read, message: Message): Promise<WordText | null> {
  try {
    return await read(message);
  } catch {
    return null;
  }
}
