/**
 * The full-text index of a folder: which messages hold which three characters in a row. Filled in the background, oldest message first, so that
 * one number tells how far it is. Invariants:
 * - What `mayHold` leaves out does not hold the text. Rows of messages that are gone stay for a while; they do no harm, since UIDs are not used again.
 * - No call of the database takes over 10 ms: texts are put in piece by piece, and merged by us, not by SQLite when it likes.
 */
import type { Clock } from "../base/clock.ts";
import type { Database, SqlValue } from "../base/database.ts";
import {
  INDEX_BATCH,
  INDEX_MERGE,
  INDEX_NEEDLE,
  INDEX_TEXT_ROW,
  INDEX_TEXT_SLICE,
  INDEX_TRIGRAMS,
} from "../base/limits.ts";
import type { WordIndex, WordText } from "../store/mail_index.ts";
import type { Mailbox, Message, Uid } from "../store/store.ts";
import { upperBound } from "../store/uid_set.ts";
import type { IndexFile } from "./account_file.ts";
import { rowOf, uidOf, uidOfWords, wordRowOf } from "./schema.ts";

/** Milliseconds others have at least between two slices. */
const REST = 2;
const LONGEST_REST = 50;
/** Slices of merging after each of putting in. */
const MERGES = 3;
/** Messages read for one slice. */
const MESSAGES = 64;

type Read = (message: Message) => Promise<WordText | null>;

export class FolderWords implements WordIndex {
  readonly #file: IndexFile;
  readonly #folder: number;
  readonly #mailbox: Pick<Mailbox, "messages">;
  readonly #clock: Clock;
  #upTo: Uid;
  #read: Read | null = null;
  #running: Promise<void> | null = null;
  /** Messages came while it was running. */
  #again = false;
  readonly #end = new AbortController();
  readonly #gone: Uid[] = [];
  readonly #wake: () => void;

  /** `wake` is called when there is something to forget: call `write` some time later. */
  constructor(
    file: IndexFile,
    folder: number,
    mailbox: Pick<Mailbox, "messages">,
    clock: Clock,
    wake: () => void,
  ) {
    this.#file = file;
    this.#folder = folder;
    this.#mailbox = mailbox;
    this.#clock = clock;
    this.#wake = wake;
    this.#upTo =
      file.use((db) =>
        Number(db.prepare("SELECT worded FROM folder WHERE id = ?").all(folder)[0]?.[0] ?? 0)
      ) ?? 0;
  }

  get upTo(): Uid {
    return this.#upTo;
  }

  mayHold(text: string, from: Uid, to: Uid): readonly Uid[] | null {
    const question = trigramsOf(text);
    if (question === null) return null;
    return this.#file.use((db) => {
      const held = db.prepare("SELECT rowid FROM words WHERE words MATCH ? AND rowid BETWEEN ? AND ?").all(
        question,
        wordRowOf(this.#folder, from),
        wordRowOf(this.#folder, to + 1) - 1,
      );
      const unsure = db.prepare("SELECT id FROM unsure WHERE id BETWEEN ? AND ?").all(
        rowOf(this.#folder, from),
        rowOf(this.#folder, to),
      );
      return [
        ...held.map(([row]) => uidOfWords(Number(row))),
        ...unsure.map(([row]) => uidOf(Number(row))),
      ];
    });
  }

  fill(read: Read): void {
    this.#read ??= read;
    this.more();
  }

  /** Messages have come. */
  more(): void {
    if (this.#read === null || this.#stopped) return;
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#running = this.#run(this.#read).finally(() => {
      this.#running = null;
      if (this.#again) this.more();
    });
  }

  /** These messages are gone. */
  remove(uids: readonly Uid[]): void {
    for (const uid of uids) if (uid <= this.#upTo) this.#gone.push(uid);
    if (this.#gone.length > 0) this.#wake();
  }

  /** Forgets some of the messages that are gone; true when there are more. Within 10 ms. */
  write(): boolean {
    const gone = this.#gone.splice(0, INDEX_BATCH / 4);
    if (gone.length === 0) return false;
    this.#file.use((db) =>
      db.transaction(() => {
        for (const uid of gone) {
          db.prepare("DELETE FROM words WHERE rowid BETWEEN ? AND ?").run(
            wordRowOf(this.#folder, uid),
            wordRowOf(this.#folder, uid + 1) - 1,
          );
          db.prepare("DELETE FROM unsure WHERE id = ?").run(rowOf(this.#folder, uid));
        }
      })
    );
    return this.#gone.length > 0;
  }

  /** Stops filling; resolves when nothing is under way. */
  async end(): Promise<void> {
    this.#end.abort();
    await this.#running;
  }

  async #run(read: Read): Promise<void> {
    this.#again = false;
    while (!this.#stopped) {
      const batch = await this.#slice(() => this.#gather(read));
      if (batch.length === 0) break;
      if (!(await this.#put(batch))) return;
      await this.#merge(MERGES);
    }
    await this.#merge(Infinity);
  }

  /** Merges in slices, at most so many of them: as much as keeps up with what is put in. */
  async #merge(most: number): Promise<void> {
    for (let n = 0; n < most && !this.#stopped; n++) {
      if (!(await this.#slice(() => merge(this.#file)))) return;
    }
  }

  get #stopped(): boolean {
    return this.#end.signal.aborted;
  }

  /** Works, and then rests as long as that took: clients come first. */
  async #slice<T>(work: () => T | Promise<T>): Promise<T> {
    const start = this.#clock.monotonic();
    const result = await work();
    const worked = this.#clock.monotonic() - start;
    await this.#clock.sleep(Math.max(REST, Math.min(LONGEST_REST, worked)), this.#end.signal);
    return result;
  }

  /** The next messages' texts, as many as make a slice. */
  async #gather(read: Read): Promise<[Uid, WordText | null][]> {
    const batch: [Uid, WordText | null][] = [];
    let upTo = this.#upTo;
    for (let length = 0; length < INDEX_TEXT_SLICE && batch.length < MESSAGES && !this.#stopped;) {
      const { messages } = this.#mailbox;
      const message = messages[upperBound(messages, upTo)];
      if (!message) break;
      upTo = message.uid;
      const text = await readOrNone(read, message);
      batch.push([upTo, text]);
      length += text?.text.length ?? 0;
    }
    return batch;
  }

  /** Puts in texts, in transactions of a slice each; false when the database cannot be used, or we are to end. */
  async #put(batch: readonly [Uid, WordText | null][]): Promise<boolean> {
    const rows = [...rowsOf(this.#folder, batch)];
    do {
      if (this.#stopped) return false;
      let length = 0;
      let count = 0;
      while (count < rows.length && (count === 0 || length < INDEX_TEXT_SLICE)) {
        length += rows[count++]?.text.length ?? 0;
      }
      const some = rows.splice(0, count);
      const upTo = rows.length === 0 ? batch.at(-1)?.[0] : undefined;
      const done = await this.#slice(() =>
        this.#file.use((db) => db.transaction(() => this.#write(db, batch, some, upTo)))
      );
      if (!done) return false;
    } while (rows.length > 0);
    return true;
  }

  #write(
    db: Database,
    batch: readonly [Uid, WordText | null][],
    rows: readonly WordRow[],
    upTo: Uid | undefined,
  ): true {
    for (const { row, text } of rows) {
      db.prepare("INSERT OR REPLACE INTO words (rowid, text) VALUES (?, ?)").run(row, text);
    }
    if (upTo === undefined) return true;
    for (const [uid, text] of batch) {
      if (text?.whole !== false) continue;
      db.prepare("INSERT OR REPLACE INTO unsure (id) VALUES (?)").run(rowOf(this.#folder, uid));
    }
    db.prepare("UPDATE folder SET worded = ? WHERE id = ?").run(upTo, this.#folder);
    this.#upTo = upTo;
    return true;
  }
}

interface WordRow {
  readonly row: number;
  readonly text: string;
}

/** A text that cannot be read, for whatever reason, is one that may hold anything: who searches for it meets the fault himself. */
async function readOrNone(read: Read, message: Message): Promise<WordText | null> {
  try {
    return await read(message);
  } catch {
    return { text: "", whole: false };
  }
}

/** Texts cut into rows; each begins with the end of the one before, so that what lies across a cut is in one of them. */
function* rowsOf(folder: number, batch: readonly [Uid, WordText | null][]): Generator<WordRow> {
  for (const [uid, found] of batch) {
    // SQLite's text may end at a NUL; no search text has one.
    const text = found?.text.replaceAll("\0", " ") ?? "";
    for (let at = 0, piece = 0; at < text.length; at += INDEX_TEXT_ROW, piece++) {
      const row = wordRowOf(folder, uid, piece);
      yield { row, text: text.slice(at, at + INDEX_TEXT_ROW + INDEX_NEEDLE * 2) };
    }
  }
}

/** What to ask for a text: all, or many, of the trigrams of its beginning; null where it has none. */
export function trigramsOf(text: string): string | null {
  const characters = [...text.slice(0, INDEX_NEEDLE).toWellFormed()];
  // A character that was cut in two.
  if (text.length > INDEX_NEEDLE && characters.at(-1) === "\ufffd") characters.pop();
  const all = new Set<string>();
  for (let at = 0; at + 3 <= characters.length; at++) all.add(characters.slice(at, at + 3).join(""));
  if (all.size === 0) return null;
  const step = Math.ceil(all.size / INDEX_TRIGRAMS);
  const asked = [...all].filter((_, i) => i % step === 0 || i === all.size - 1);
  return asked.map((trigram) => `"${trigram.replaceAll('"', '""')}"`).join(" AND ");
}

/** Merges some of what was put in; true when there is more to merge. Within 10 ms. */
export function merge(file: IndexFile): boolean {
  return file.use((db) => {
    const changes = (): SqlValue => db.prepare("SELECT total_changes()").all()[0]?.[0] ?? 0;
    const before = Number(changes());
    db.prepare("INSERT INTO words (words, rank) VALUES ('merge', ?)").run(INDEX_MERGE);
    return Number(changes()) - before > 1;
  }) ?? false;
}
