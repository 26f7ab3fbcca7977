/**
 * The database of one account: opened when it is used, closed when it has not been for a while, made anew when it is broken or of another
 * version. While it is open it is this process's alone; others do without. Nothing here throws: a cache that cannot be used is one that
 * knows nothing.
 */
import { type Database, DatabaseError, type OpenDatabase } from "../base/database.ts";
import type { Clock } from "../base/clock.ts";
import { folderOf } from "../base/durable.ts";
import type { Fs } from "../base/fs.ts";
import { INDEX_KEPT, INDEX_PAUSE, INDEX_TELL } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import { SCHEMA, VERSION } from "./schema.ts";

export interface IndexPorts {
  readonly openDatabase: OpenDatabase;
  readonly fs: Fs;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/**
 * More changes of a folder than the write-ahead log, which alone a power cut can take, may hold. As many again are left out by chance: where an older
 * copy of the file takes its place, the counts of those who go on from it are not the ones that were told before.
 */
const LEAP = 2 ** 24;
/** By the clock, so that the counts of an index made anew are higher than those of the one before. */
const A_MILLISECOND = 16;
const EPOCH = Date.UTC(2026, 0, 1);

const NAMES = 2 ** 31;

/** Tags there are; one more is for counts that belong to no database (mod_seqs.ts). */
const TAGS = 63;

/** What belongs to the database beside its file. */
const SUFFIXES = ["", "-wal", "-shm"];

/** Counts of mod-sequences by folder. */
export class FolderCounts {
  readonly #of = new Map<number, number>();
  #highest = 0;

  /** Of all folders, those of a file that was given up among them. */
  get highest(): number {
    return this.#highest;
  }

  /** Of a folder that has none it is above all others: it may have had another number before. */
  get(folder: number): number {
    return this.#of.get(folder) ?? this.#highest + 1;
  }

  set(folder: number, count: number): void {
    this.#of.set(folder, count);
    this.#highest = Math.max(this.#highest, count);
  }
}

/** The database as those see it who keep something of a folder in it. */
export interface IndexFile
  extends Pick<AccountFile, "use" | "tag" | "base" | "counts" | "vouched" | "told" | "ended"> {
  /** Whether it was the same database when that was last open. */
  isSame?(): boolean;
}

export class AccountFile {
  readonly #ports: IndexPorts;
  readonly #path: string;
  #db: Database | null = null;
  #tag = 0;
  #base: number | null = null;
  /** The folder is there. */
  #made = false;
  /** The highest count of mod-sequences each folder has told in this process, whatever of it was written. */
  readonly counts: FolderCounts = new FolderCounts();
  /** That of folders of which all that was told is written down; null for others. */
  readonly vouched = new Map<number, number | null>();
  /** How many may tell mod-sequences. */
  #telling = 0;
  #clean = true;
  /** Monotonic milliseconds before which it is not tried again. */
  #restUntil = -Infinity;
  /** Why it was not used when that was last told, and the monotonic milliseconds until which the same is not told again. */
  #told = "";
  #toldUntil = -Infinity;
  /** The removal of a broken file that is under way. */
  #removal: Promise<void> | null = null;
  /** A number that no other database is likely to have. */
  #name = 0;
  /** The file as it was left when it was last closed. */
  #left = "";
  /** While it was open another file took its place. */
  #swapped = false;
  /** Number of the file that is open. */
  #inode = 0;
  /** Monotonic milliseconds. */
  #lastUse = 0;
  #cancel: (() => void) | null = null;
  readonly #opened: (open: boolean) => void;

  /** `path`: absolute; its folder is made when it is first needed. `opened` is told when the database is opened and closed. */
  constructor(path: string, ports: IndexPorts, opened: (open: boolean) => void = () => {}) {
    this.#path = path;
    this.#ports = ports;
    this.#opened = opened;
  }

  /** Waits for what is under way, and makes the folder. */
  async open(): Promise<void> {
    await this.#removal;
    if (this.#db || this.#made || this.#resting) return;
    try {
      await this.#ports.fs.makeDir(folderOf(this.#path));
    } catch (e) {
      return this.#rest(e);
    }
    this.#made = true;
  }

  /** A number below 63 by which this database's mod-sequences are known. Only within `use`. */
  get tag(): number {
    return this.#tag;
  }

  /** Counts of mod-sequences that this process tells are not below it, those of all before are. Only within `use`. */
  get base(): number {
    return this.#base ?? 0;
  }

  /** Works with the database; null when it cannot be used now. */
  use<T>(work: (db: Database) => T): T | null {
    if (this.#removal !== null || (this.#db === null && this.#resting)) return null;
    try {
      this.#lastUse = this.#ports.clock.monotonic();
      const db = this.#db ?? this.#open();
      return work(db);
    } catch (e) {
      if (!(e instanceof DatabaseError)) throw e;
      this.#rest(e);
      if (e.fault === "corrupt") this.#remove();
      return null;
    }
  }

  /**
   * The file for as long as it holds the same database: in one that was made anew, numbers of folders mean others. Who tells mod-sequences goes on
   * with the tag they had: with another the same count may be a lower one.
   */
  asItIs(): IndexFile {
    const name = this.#name;
    const { tag, base } = this;
    const use = <T>(work: (db: Database) => T): T | null =>
      this.use((db) => this.#name === name ? work(db) : null);
    return {
      use,
      tag,
      base,
      counts: this.counts,
      vouched: this.vouched,
      told: (db) => this.told(db),
      ended: () => this.ended(),
      isSame: () => this.#name === name,
    };
  }

  /** Only within `use`: before anybody tells mod-sequences. `ended` follows. */
  told(db: Database): void {
    if (this.#clean) durably(db, () => db.prepare("UPDATE about SET clean = 0").run());
    this.#clean = false;
    this.#telling++;
  }

  /** Who told them does so no more. */
  ended(): void {
    this.#telling--;
  }

  /** When it was last used, in monotonic milliseconds. */
  get lastUse(): number {
    return this.#lastUse;
  }

  /** Closes the database; the next use opens it again. */
  rest(): void {
    this.#shut();
  }

  /** Closes the database; resolves when nothing is under way. */
  async close(): Promise<void> {
    this.#shut();
    await this.#removal;
  }

  get #resting(): boolean {
    return this.#ports.clock.monotonic() < this.#restUntil;
  }

  #open(): Database {
    const db = this.#make();
    this.#db = db;
    this.#arm(INDEX_KEPT);
    this.#opened(true);
    return db;
  }

  #arm(ms: number): void {
    this.#cancel = this.#ports.clock.after(ms, () => {
      const left = this.#lastUse + INDEX_KEPT - this.#ports.clock.monotonic();
      if (left <= 0) this.#shut();
      else this.#arm(left);
    });
  }

  #make(): Database {
    const found = this.#look();
    // What goes with the file (its log) is of the one before: nobody knows what the two together are.
    if (this.#swapped) throw new DatabaseError("corrupt", this.#path);
    const db = this.#ports.openDatabase(this.#path);
    this.#inode = this.#ports.fs.statSync(this.#path)?.inode ?? 0;
    try {
      const version = Number(db.prepare("PRAGMA user_version").all()[0]?.[0] ?? 0);
      if (version === 0) {
        db.transaction(() => {
          db.exec(SCHEMA);
          const { random } = this.#ports;
          db.prepare("INSERT INTO about (tag, base, name, clean) VALUES (?, 0, ?, 1)").run(
            random.int(TAGS),
            random.int(NAMES),
          );
          db.exec(`PRAGMA user_version = ${VERSION}`);
        });
      } else if (version !== VERSION) {
        // Another version's index: making it anew is cheaper than knowing all old forms for ever.
        throw new DatabaseError("corrupt", this.#path);
      }
      const about = db.prepare("SELECT tag, base, name, clean FROM about").all()[0]?.map(Number);
      const [tag = 0, base = 0, name = 0, clean = 0] = about ?? [];
      this.#tag = tag;
      this.#name = name;
      this.#clean = clean === 1;
      if (this.#base === null) this.#base = this.#begin(db, base);
      else if (base !== this.#base || found !== this.#left) this.#beginAnew(db, base);
      return db;
    } catch (e) {
      db.close();
      throw e;
    }
  }

  /** A base for this process, on the medium before anybody hears of it. */
  #begin(db: Database, last: number): number {
    const clock = Math.max(1, Math.floor(this.#ports.clock.now() - EPOCH)) * A_MILLISECOND;
    // Those who told mod-sequences of a file that was given up are still there, and count on.
    const highest = Math.max(last, this.counts.highest);
    const base = Math.max(highest + LEAP + this.#ports.random.int(LEAP), clock);
    // Clients may have heard more of what was told since than they will say.
    if (!this.#clean) db.prepare("DELETE FROM span WHERE last >= ?").run(last);
    this.#clean = true;
    durably(db, () => db.prepare("UPDATE about SET base = ?, clean = 1").run(base));
    return base;
  }

  /** By what a file is known again. */
  #look(): string {
    const { inode = 0, size = 0, mtime = 0 } = this.#ports.fs.statSync(this.#path) ?? {};
    return `${inode} ${size} ${mtime}`;
  }

  /** Another process had it meanwhile, or another file took its place: neither knows what the other has told, so by a new tag both are of the past. */
  #beginAnew(db: Database, last: number): void {
    this.#tag = (this.#tag + 1) % TAGS;
    // Nor do those who have read of it know what is in it now.
    this.#name = this.#ports.random.int(NAMES);
    this.#clean = false;
    db.prepare("UPDATE about SET tag = ?, name = ?").run(this.#tag, this.#name);
    this.#base = this.#begin(db, last);
  }

  #rest(cause: unknown): void {
    this.#shut();
    const { clock, log } = this.#ports;
    const now = clock.monotonic();
    this.#restUntil = now + INDEX_PAUSE;
    // Perhaps that is what has gone.
    this.#made = false;
    const why = cause instanceof Error && cause.cause ? String(cause.cause) : String(cause);
    const level = why === this.#told && now < this.#toldUntil ? "debug" : "warn";
    if (level === "warn") {
      this.#told = why;
      this.#toldUntil = now + INDEX_TELL;
    }
    log[level]("index not used", { path: this.#path, why });
  }

  /** Makes room for a new file. */
  #remove(): void {
    const { fs, log } = this.#ports;
    this.#removal = (async () => {
      try {
        for (const suffix of SUFFIXES) await fs.remove(this.#path + suffix);
        this.#restUntil = -Infinity;
        this.#base = null;
        this.#swapped = false;
        this.vouched.clear();
      } catch (e) {
        log.warn("broken index not removed", { path: this.#path, why: String(e) });
      }
    })().finally(() => this.#removal = null);
  }

  #shut(): void {
    const db = this.#db;
    if (!db) return;
    this.#db = null;
    this.#cancel?.();
    this.#opened(false);
    try {
      // On the medium with all that was written, or not at all.
      if (!this.#clean && this.#telling === 0 && ![...this.vouched.values()].includes(null)) {
        db.prepare("UPDATE about SET clean = 1").run();
      }
      db.close();
    } catch (e) {
      this.#ports.log.debug("index not closed", { path: this.#path, why: String(e) });
    }
    this.#left = this.#look();
    this.#swapped = !this.#left.startsWith(`${this.#inode} `);
  }
}

/** What is done is on the medium when it returns. */
function durably(db: Database, work: () => void): void {
  db.exec("PRAGMA synchronous = FULL");
  work();
  db.exec("PRAGMA synchronous = NORMAL");
}
