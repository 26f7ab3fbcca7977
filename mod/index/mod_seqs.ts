/**
 * Mod-sequences of one folder (RFC 7162). Invariants:
 * - What has changed since it was last seen here, by whomever, has a higher mod-sequence than any that was told before: at the start each
 *   message's flags are held against those it had when it got its mod-sequence.
 * - A count never goes back, whatever of the file a power cut took and whatever the clock says: each process begins far above the one before,
 *   which is on the medium before anything is told (`AccountFile.base`).
 * - A mod-sequence is count * 64 + tag. The tag is the database's: counts of different databases cannot be compared.
 * - Flags may have been what they are now, then others, then the same again: what a client was told in between is only worth something where
 *   the change was written down. So counts are believed within `span` alone, which is written with what it vouches for: what a power cut or
 *   a kill took, and what was told before somebody put an older copy of the file in its place, is in none. Nor is then what was told by the
 *   same process before (`AccountFile.told`): whoever heard it may have heard the rest as well.
 * - The tag UNSURE marks counts told without a look at the table (`known`): good until the mailbox changes, foreign after.
 */
import type { Database, SqlValue } from "../base/database.ts";
import { INDEX_BATCH, INDEX_SPANS, VANISHED_KEPT } from "../base/limits.ts";
import type { ModSeqs } from "../store/mail_index.ts";
import type { Mailbox, MailboxChange, Message, Uid } from "../store/store.ts";
import { upperBound } from "../store/uid_set.ts";
import type { IndexFile } from "./account_file.ts";
import { rowOf, uidOf } from "./schema.ts";
import { SeqTable } from "./seq_table.ts";

const TAGS = 64;
const UNSURE = TAGS - 1;
/** Rows read at once: 1 ms. */
const READ = 2000;

export interface ModSeqPorts {
  /** Resolves after everybody else on the event loop had a turn. */
  pause(): Promise<void>;
  /** There is something to write: call `write` some time later. */
  wake(): void;
}

export class FolderModSeqs implements ModSeqs {
  readonly #file: IndexFile;
  readonly #folder: number;
  readonly #ports: ModSeqPorts;
  readonly #table = new SeqTable();
  #count = 0;
  /** Expunges up to this count are not remembered. */
  #floor = 0;
  #floorWritten = 0;
  /** Counts from here on were told here. */
  #first = 0;
  /** Counts told by those before that are vouched for, first and last of each stretch. */
  #spans: (readonly [number, number])[] = [];
  /** Unsure counts from here on were told since the mailbox last changed. */
  #quiet = Infinity;
  /** The highest UID that was ever here, as far as this index knows. */
  #top = 0;
  #topWritten = 0;
  /** Nothing was known of the folder. */
  #fresh = false;
  /** Counts and UIDs, pairwise, ascending by count. */
  #vanished: [number, Uid][] = [];
  readonly #changed = new Map<Uid, { readonly flags: number; readonly value: number }>();
  #gone: [number, Uid][] = [];
  #loaded = false;
  #telling = false;
  /** What happened while the table was being read. */
  readonly #early: MailboxChange[] = [];

  private constructor(file: IndexFile, folder: number, ports: ModSeqPorts) {
    this.#file = file;
    this.#folder = folder;
    this.#ports = ports;
  }

  /**
   * Reads what is known and holds it against the mailbox; `note` must be told of changes at once. null when the index cannot be used.
   * `quiet`: what `known` gave first since the mailbox last changed, if it did.
   */
  static open(
    file: IndexFile,
    folder: number,
    mailbox: Pick<Mailbox, "messages" | "uidNext">,
    ports: ModSeqPorts,
    quiet: number | null = null,
  ): { readonly seqs: FolderModSeqs; readonly ready: Promise<boolean> } {
    const seqs = new FolderModSeqs(file, folder, ports);
    if (quiet !== null) seqs.#quiet = Math.floor(quiet / TAGS);
    return { seqs, ready: seqs.#load(mailbox) };
  }

  /** A mod-sequence without reading the folder's table: cheap, higher than all before, and nothing that changes from now on is below it. */
  static known(file: IndexFile, folder: number): number | null {
    return file.use((db) => {
      const highest = Number(db.prepare("SELECT highest FROM folder WHERE id = ?").all(folder)[0]?.[0] ?? 0);
      const count = startOf(file, folder, highest);
      file.counts.set(folder, count + 1);
      return count * TAGS + UNSURE;
    });
  }

  get highest(): number {
    return this.#wire(this.#count);
  }

  of(message: Pick<Message, "uid">): number {
    // A message that is not yet in the table came in this very moment.
    return this.#wire(this.#table.get(message.uid) || this.#count);
  }

  changedSince(message: Pick<Message, "uid">, modSeq: number): boolean {
    const count = this.#own(modSeq);
    return count === null || (this.#table.get(message.uid) || this.#count) > count;
  }

  vanishedSince(modSeq: number): readonly Uid[] | null {
    const count = this.#own(modSeq);
    if (count === null || count < this.#floor) return null;
    const uids = this.#vanished.filter(([value]) => value > count).map(([, uid]) => uid);
    return uids.sort((a, b) => a - b);
  }

  /** Whether it has been read. */
  get loaded(): boolean {
    return this.#loaded;
  }

  /** Takes note of a change of the mailbox. */
  note(change: MailboxChange): void {
    if (!this.#loaded) {
      this.#early.push(change);
      return;
    }
    if (change.kind === "added" || change.kind === "flags") {
      this.#next();
      for (const m of change.messages) this.#set(m);
    } else if (change.kind === "expunged") {
      this.#next();
      for (const uid of change.uids) this.#remove(uid);
    } else return;
    this.#ports.wake();
  }

  /** Writes the oldest of what is pending; true when there is more. Within 10 ms. */
  write(): boolean {
    if (!this.#loaded || (this.#changed.size === 0 && this.#gone.length === 0)) return false;
    const changed = [...first(this.#changed, INDEX_BATCH)];
    const gone = this.#gone.slice(0, INDEX_BATCH);
    const written = this.#file.use((db) =>
      db.transaction(() => {
        for (const [uid, { flags, value }] of changed) this.#insert(db, uid, flags, value);
        for (const [value, uid] of gone) this.#bury(db, value, uid);
        const all = changed.length === this.#changed.size && gone.length === this.#gone.length;
        const top = all ? this.#top : this.#topWritten;
        this.#save(db, top);
        if (all) this.#vouch(db);
        return { top, all };
      })
    );
    // What could not be written is found changed again when the folder is next looked at.
    if (!written) return false;
    this.#saved(written.top);
    if (written.all) this.#file.vouched.set(this.#folder, this.#count);
    for (const [uid] of changed) this.#changed.delete(uid);
    this.#gone = this.#gone.slice(gone.length);
    return this.#changed.size > 0 || this.#gone.length > 0;
  }

  /** Nobody asks any more, and all that can be written is. */
  end(): void {
    if (this.#telling) this.#file.ended();
    this.#telling = false;
  }

  async #load(mailbox: Pick<Mailbox, "messages" | "uidNext">): Promise<boolean> {
    const start = this.#file.use((db) => this.#begin(db));
    if (start === null || !await this.#readVanished()) return false;
    const flags = new Map<Uid, number>();
    for (let from = 0;;) {
      const rows = this.#file.use((db): SqlValue[][] =>
        db.prepare("SELECT id, flags, value FROM seq WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?").all(
          rowOf(this.#folder, from),
          rowOf(this.#folder + 1, 0) - 1,
          READ,
        )
      );
      if (rows === null) return false;
      for (const [row, bits, value] of rows) {
        from = uidOf(Number(row)) + 1;
        this.#table.set(from - 1, Number(value));
        flags.set(from - 1, Number(bits));
      }
      if (rows.length < READ) break;
      await this.#ports.pause();
    }
    await this.#compare(mailbox, flags);
    this.#loaded = true;
    for (const change of this.#early.splice(0)) this.note(change);
    return true;
  }

  async #readVanished(): Promise<boolean> {
    const all: [number, Uid][] = [];
    for (;;) {
      const [value, uid] = all.at(-1) ?? [0, 0];
      const rows = this.#file.use((db): SqlValue[][] =>
        db.prepare(
          "SELECT value, uid FROM vanished WHERE folder = ? AND (value, uid) > (?, ?) ORDER BY value, uid LIMIT ?",
        ).all(this.#folder, value, uid, READ)
      );
      if (rows === null) return false;
      for (const [value, uid] of rows) all.push([Number(value), Number(uid)]);
      if (rows.length < READ) break;
      await this.#ports.pause();
    }
    this.#vanished = all;
    return true;
  }

  #begin(db: Database): true {
    const found = db.prepare("SELECT highest, floor, top FROM folder WHERE id = ?").all(this.#folder)[0];
    const [highest = 0, floor = 0, top = 0] = found?.map(Number) ?? [];
    this.#top = top;
    this.#count = startOf(this.#file, this.#folder, highest);
    this.#file.counts.set(this.#folder, this.#count);
    this.#fresh = highest === 0;
    this.#floor = floor;
    this.#floorWritten = this.#floor;
    this.#spans = db.prepare("SELECT first, last FROM span WHERE folder = ? ORDER BY first").all(this.#folder)
      .map(([first, last]) => [Number(first), Number(last)]);
    this.#file.told(db);
    this.#telling = true;
    db.transaction(() => {
      this.#save(db, top);
      this.#beginSpan(db);
    });
    this.#saved(top);
    this.#file.vouched.set(this.#folder, this.#count);
    return true;
  }

  /** Goes on with the last stretch where this process has told nothing since that is not written down; else begins another. */
  #beginSpan(db: Database): void {
    const last = this.#spans.at(-1);
    const goesOn = last && this.#file.vouched.get(this.#folder) === last[1];
    this.#first = goesOn ? last[0] : this.#count;
    if (goesOn) this.#spans.pop();
    for (const [first] of this.#spans.splice(0, this.#spans.length - INDEX_SPANS)) {
      db.prepare("DELETE FROM span WHERE folder = ? AND first = ?").run(this.#folder, first);
    }
    this.#vouch(db);
  }

  /** All up to now is in the tables. */
  #vouch(db: Database): void {
    db.prepare("INSERT OR REPLACE INTO span (folder, first, last) VALUES (?, ?, ?)").run(
      this.#folder,
      this.#first,
      this.#count,
    );
  }

  #save(db: Database, top: Uid): void {
    db.prepare("UPDATE folder SET highest = ?, floor = ?, top = ? WHERE id = ?").run(
      this.#count,
      this.#floor,
      top,
      this.#folder,
    );
    if (this.#floor === this.#floorWritten) return;
    db.prepare("DELETE FROM vanished WHERE folder = ? AND value <= ?").run(this.#folder, this.#floor);
  }

  /** What `#save` did is there. */
  #saved(top: Uid): void {
    this.#topWritten = top;
    this.#floorWritten = this.#floor;
  }

  /** What has changed since the table was written gets a mod-sequence of its own. */
  async #compare(mailbox: Pick<Mailbox, "messages" | "uidNext">, flags: Map<Uid, number>): Promise<void> {
    // As of this very moment: what changes from here on is noted by itself, afterwards.
    const { messages } = mailbox;
    const { length } = messages;
    const unseen = this.#unseen(messages, mailbox.uidNext);
    const changed: Message[] = [];
    await this.#each(length, (i) => {
      const m = messages[i];
      if (!m) return;
      if (flags.get(m.uid) !== m.flags) changed.push(m);
      flags.delete(m.uid);
    });
    if (changed.length === 0 && flags.size === 0 && unseen?.length === 0) return;
    this.#next();
    await this.#each(changed.length, (i) => {
      if (changed[i]) this.#set(changed[i]);
    });
    const gone = [...flags.keys(), ...unseen ?? []];
    await this.#each(gone.length, (i) => this.#remove(gone[i] ?? 0));
    if (!unseen) this.#floor = this.#count;
    this.#ports.wake();
  }

  /** Does something so many times, while others get their turn. */
  async #each(times: number, work: (i: number) => void): Promise<void> {
    for (let i = 0; i < times; i++) {
      work(i);
      if (i % READ === READ - 1) await this.#ports.pause();
    }
  }

  /** UIDs that came and went without a trace here: a client may know them all the same. null when they are too many, or the folder is new to the index. */
  #unseen(messages: readonly Message[], uidNext: Uid): readonly Uid[] | null {
    if (this.#fresh) return null;
    const from = upperBound(messages, this.#top);
    if (uidNext - 1 - this.#top - (messages.length - from) > VANISHED_KEPT) return null;
    const gone: Uid[] = [];
    let at = from;
    for (let uid = this.#top + 1; uid < uidNext; uid++) {
      if (messages[at]?.uid === uid) at++;
      else gone.push(uid);
    }
    return gone;
  }

  #next(): void {
    this.#count++;
    this.#file.counts.set(this.#folder, this.#count);
    this.#file.vouched.set(this.#folder, null);
  }

  #set({ uid, flags }: Message): void {
    this.#top = Math.max(this.#top, uid);
    this.#table.set(uid, this.#count);
    this.#changed.set(uid, { flags, value: this.#count });
  }

  #remove(uid: Uid): void {
    this.#top = Math.max(this.#top, uid);
    this.#table.delete(uid);
    this.#changed.delete(uid);
    this.#vanished.push([this.#count, uid]);
    this.#gone.push([this.#count, uid]);
    if (this.#vanished.length <= VANISHED_KEPT) return;
    const forgotten = this.#vanished.splice(0, this.#vanished.length - VANISHED_KEPT / 2);
    this.#floor = forgotten.at(-1)?.[0] ?? this.#floor;
  }

  #insert(db: Database, uid: Uid, flags: number, value: number): void {
    db.prepare("INSERT OR REPLACE INTO seq (id, flags, value) VALUES (?, ?, ?)").run(
      rowOf(this.#folder, uid),
      flags,
      value,
    );
  }

  #bury(db: Database, value: number, uid: Uid): void {
    db.prepare("DELETE FROM seq WHERE id = ?").run(rowOf(this.#folder, uid));
    if (value <= this.#floor) return;
    db.prepare("INSERT OR REPLACE INTO vanished (folder, value, uid) VALUES (?, ?, ?)").run(
      this.#folder,
      value,
      uid,
    );
  }

  #wire(count: number): number {
    return count * TAGS + this.#file.tag;
  }

  /** The count of a mod-sequence that this database gave out and knows all about; null for any other. */
  #own(modSeq: number): number | null {
    const count = Math.floor(modSeq / TAGS);
    if (count > this.#count) return null;
    if (modSeq % TAGS === UNSURE) return count >= this.#quiet ? count : null;
    if (modSeq % TAGS !== this.#file.tag) return null;
    const vouched = count >= this.#first ||
      this.#spans.some(([first, last]) => count >= first && count <= last);
    return vouched ? count : null;
  }
}

/** The count a folder goes on from. `highest`: what was saved. */
function startOf(file: IndexFile, folder: number, highest: number): number {
  return Math.max(file.counts.get(folder), highest, file.base);
}

function* first<K, V>(map: Map<K, V>, most: number): Generator<[K, V]> {
  for (const entry of map) {
    if (most-- === 0) return;
    yield entry;
  }
}
