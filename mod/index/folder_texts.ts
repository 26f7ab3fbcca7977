/**
 * Texts of a folder's messages. Read ahead in runs, since most commands go through a folder in order; written some time later, many at once.
 */
import type { SqlValue } from "../base/database.ts";
import { INDEX_BATCH, INDEX_NEEDLES, INDEX_PENDING, INDEX_READ_AHEAD } from "../base/limits.ts";
import type { FinishText, ParsedKind, ParsedTexts } from "../store/mail_index.ts";
import type { Message, Uid } from "../store/store.ts";
import type { IndexFile } from "./account_file.ts";
import { Arena, type Kept, octetsOf } from "./arena.ts";
import { rowOf, uidOf } from "./schema.ts";

const COLUMNS: Readonly<Record<ParsedKind, string>> = {
  ENVELOPE: "envelope",
  BODY: "body",
  BODYSTRUCTURE: "structure",
  PREVIEW: "preview",
  FIELDS: "fields",
};

const INSERT = each((column, table) =>
  `INSERT INTO ${table} (id, ${column}) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET ${column} = excluded.${column}`
);
const SELECT = each((column, table) =>
  `SELECT id, ${column} FROM ${table} WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?`
);

/** By the number of needles. */
const HOLDING = Array.from(
  { length: INDEX_NEEDLES + 1 },
  (_, needles) =>
    `SELECT id, CASE WHEN ${
      ["fields < x'01'", ...Array(needles).fill("instr(fields, ?) > 0")].join(" OR ")
    } THEN fields END FROM fields WHERE id BETWEEN ? AND ?`,
);

/** As many rows' work as finishing a text is, and octets of a text that are a row's work more. */
const FINISHING = 4;
const FINISHED = 128;

const DELETE = ["DELETE FROM parsed WHERE id = ?", "DELETE FROM fields WHERE id = ?"];

/** A run of rows that was read: what is not in `texts` between its ends is not known. */
interface Run {
  from: Uid;
  to: Uid;
  rows: number;
  readonly texts: Map<Uid, Uint8Array>;
}

interface Put {
  readonly kept: Kept;
  readonly finish: FinishText | null;
}

export class FolderTexts implements ParsedTexts {
  readonly #file: IndexFile;
  readonly #folder: number;
  readonly #runs = new Map<ParsedKind, Run>();
  readonly #arena = new Arena();
  readonly #pending = new Map<ParsedKind, Map<Uid, Put>>();
  /** UIDs of messages that are gone, whose rows are to go too. */
  readonly #gone: Uid[] = [];
  #octets = 0;
  readonly #wake: () => void;

  /** `wake` is called when there is something to write or to forget: call `rest` some time later. */
  constructor(file: IndexFile, folder: number, wake: () => void) {
    this.#file = file;
    this.#folder = folder;
    this.#wake = wake;
  }

  get(message: Pick<Message, "uid">, kind: ParsedKind): Uint8Array | null {
    const { uid } = message;
    const pending = this.#pending.get(kind)?.get(uid);
    // A copy: what is written meanwhile is given back.
    if (pending) return octetsOf(pending.kept).slice();
    let run = this.#runs.get(kind);
    if (!run || uid < run.from || uid > run.to) run = this.#read(uid, kind, run);
    return run?.texts.get(uid) ?? null;
  }

  put(
    message: Pick<Message, "uid">,
    kind: ParsedKind,
    text: Uint8Array,
    finish: FinishText | null = null,
  ): void {
    const puts = this.#pending.get(kind) ?? new Map<Uid, Put>();
    this.#drop(puts.get(message.uid));
    this.#octets += text.length;
    puts.set(message.uid, { kept: this.#arena.keep(text), finish });
    this.#pending.set(kind, puts);
    // Who puts waits for it: what is not finished stays so.
    if (this.#octets > INDEX_PENDING) this.#writeSome(false);
    else this.#wake();
  }

  fieldsHolding(
    needles: readonly Uint8Array[],
    from: Uid,
    to: Uid,
  ): ReadonlyMap<Uid, Uint8Array | null> | null {
    const sql = HOLDING[needles.length];
    if (sql === undefined) return null;
    const ends = [rowOf(this.#folder, from), rowOf(this.#folder, to)];
    const rows = this.#file.use((db): SqlValue[][] => db.prepare(sql).all(...needles, ...ends));
    if (!rows) return null;
    const found = new Map<Uid, Uint8Array | null>();
    for (const [row, fields] of rows) {
      found.set(uidOf(Number(row)), fields instanceof Uint8Array ? fields : null);
    }
    for (const [uid, { kept }] of this.#pending.get("FIELDS") ?? []) {
      if (uid >= from && uid <= to) found.set(uid, octetsOf(kept).slice());
    }
    return found;
  }

  /** Writes the oldest of what is pending; true when there is more. Within 10 ms. */
  write(): boolean {
    return this.#writeSome(true);
  }

  #writeSome(finished: boolean): boolean {
    const puts = this.#take(INDEX_BATCH, finished);
    const gone = this.#gone.splice(0, INDEX_BATCH);
    if (puts.length === 0 && gone.length === 0) return false;
    this.#file.use((db) =>
      db.transaction(() => {
        for (const { uid, kind, kept, finish } of puts) {
          const text = octetsOf(kept);
          const made = (finished && finish?.(text)) || text;
          db.prepare(INSERT[kind]).run(rowOf(this.#folder, uid), made);
        }
        for (const uid of gone) {
          for (const sql of DELETE) db.prepare(sql).run(rowOf(this.#folder, uid));
        }
      })
    );
    for (const { kept } of puts) this.#arena.drop(kept);
    // Runs say that these are not known. What could not be written is found out again when it is next asked for.
    this.#runs.clear();
    return this.#pending.size > 0 || this.#gone.length > 0;
  }

  /** Forgets what was read ahead: nobody may ask for long. */
  rest(): void {
    this.#runs.clear();
  }

  /** These messages are gone: what is known of them goes too. */
  remove(uids: readonly Uid[]): void {
    for (const uid of uids) {
      this.#gone.push(uid);
      for (const puts of this.#pending.values()) {
        this.#drop(puts.get(uid));
        puts.delete(uid);
      }
    }
    this.#wake();
  }

  #drop(put: Put | undefined): void {
    if (!put) return;
    this.#octets -= put.kept.length;
    this.#arena.drop(put.kept);
  }

  #take(work: number, finished: boolean): (Put & { readonly uid: Uid; readonly kind: ParsedKind })[] {
    const taken = [];
    for (const [kind, puts] of this.#pending) {
      for (const [uid, put] of puts) {
        if (work <= 0) return taken;
        work -= finished && put.finish ? FINISHING + put.kept.length / FINISHED : 1;
        puts.delete(uid);
        this.#octets -= put.kept.length;
        taken.push({ uid, kind, ...put });
      }
      this.#pending.delete(kind);
    }
    return taken;
  }

  /** Reads a run that begins at `uid`: longer each time the last one was gone through to its end. */
  #read(uid: Uid, kind: ParsedKind, last: Run | undefined): Run | undefined {
    const onwards = last !== undefined && uid > last.to && last.rows > 0 && uid - last.to <= last.rows;
    const most = onwards ? Math.min(INDEX_READ_AHEAD, last.rows * 4) : 8;
    const rows = this.#file.use((db): SqlValue[][] =>
      db.prepare(SELECT[kind]).all(rowOf(this.#folder, uid), rowOf(this.#folder + 1, 0) - 1, most)
    );
    if (!rows) return undefined;
    const texts = new Map<Uid, Uint8Array>();
    let to = uid;
    for (const [row, text] of rows) {
      to = uidOf(Number(row));
      if (text instanceof Uint8Array) texts.set(to, text);
    }
    const run: Run = { from: uid, to: rows.length < most ? Infinity : to, rows: most, texts };
    this.#runs.set(kind, run);
    this.#wake();
    return run;
  }
}

function each(sql: (column: string, table: string) => string): Readonly<Record<ParsedKind, string>> {
  const { ENVELOPE, BODY, BODYSTRUCTURE, PREVIEW, FIELDS } = COLUMNS;
  return {
    ENVELOPE: sql(ENVELOPE, "parsed"),
    BODY: sql(BODY, "parsed"),
    BODYSTRUCTURE: sql(BODYSTRUCTURE, "parsed"),
    PREVIEW: sql(PREVIEW, "parsed"),
    FIELDS: sql(FIELDS, "fields"),
  };
}
