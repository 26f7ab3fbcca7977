/**
 * Texts of a folder's messages. Read ahead in runs, since most commands go through a folder in order; written some time later, many at once.
 */
import type { SqlValue } from "../base/database.ts";
import { INDEX_BATCH, INDEX_PENDING, INDEX_READ_AHEAD } from "../base/limits.ts";
import type { ParsedKind, ParsedTexts } from "../store/mail_index.ts";
import type { Message, Uid } from "../store/store.ts";
import type { IndexFile } from "./account_file.ts";
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
  `SELECT id, ${column} FROM ${table} WHERE id BETWEEN ? AND ? AND ${column} IS NOT NULL LIMIT ?`
);

const DELETE = ["DELETE FROM parsed WHERE id = ?", "DELETE FROM fields WHERE id = ?"];

/** A run of rows that was read: what is not in `texts` between its ends is not known. */
interface Run {
  from: Uid;
  to: Uid;
  rows: number;
  readonly texts: Map<Uid, Uint8Array>;
}

interface Put {
  readonly uid: Uid;
  readonly kind: ParsedKind;
  readonly text: Uint8Array;
}

export class FolderTexts implements ParsedTexts {
  readonly #file: IndexFile;
  readonly #folder: number;
  readonly #runs = new Map<ParsedKind, Run>();
  readonly #pending = new Map<string, Put>();
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
    const pending = this.#pending.size > 0 ? this.#pending.get(`${kind}${uid}`) : undefined;
    if (pending) return pending.text;
    let run = this.#runs.get(kind);
    if (!run || uid < run.from || uid > run.to) run = this.#read(uid, kind, run);
    return run?.texts.get(uid) ?? null;
  }

  put(message: Pick<Message, "uid">, kind: ParsedKind, text: Uint8Array): void {
    const { uid } = message;
    this.#pending.set(`${kind}${uid}`, { uid, kind, text });
    this.#octets += text.length;
    if (this.#octets > INDEX_PENDING) this.write();
    else this.#wake();
  }

  /** Writes the oldest of what is pending; true when there is more. Within 10 ms. */
  write(): boolean {
    const puts = [...this.#take(INDEX_BATCH)];
    const gone = this.#gone.splice(0, INDEX_BATCH);
    if (puts.length === 0 && gone.length === 0) return false;
    this.#file.use((db) =>
      db.transaction(() => {
        for (const { uid, kind, text } of puts) db.prepare(INSERT[kind]).run(rowOf(this.#folder, uid), text);
        for (const uid of gone) {
          for (const sql of DELETE) db.prepare(sql).run(rowOf(this.#folder, uid));
        }
      })
    );
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
      if (this.#pending.size === 0) continue;
      for (const kind of Object.keys(COLUMNS)) {
        const put = this.#pending.get(`${kind}${uid}`);
        if (put) this.#octets -= put.text.length;
        this.#pending.delete(`${kind}${uid}`);
      }
    }
    this.#wake();
  }

  *#take(most: number): Generator<Put> {
    for (const [key, put] of this.#pending) {
      if (most-- === 0) return;
      this.#pending.delete(key);
      this.#octets -= put.text.length;
      yield put;
    }
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
