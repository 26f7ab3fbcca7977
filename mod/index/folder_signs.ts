/**
 * The signatures of a folder's messages. New ones are kept as they are; many together are turned into a block, of which a search reads only the
 * few stripes it asks for: an octet a message. Long work is done in steps of some milliseconds, so that others can have their turn between them:
 * it is given as generators. Rows of messages that are gone do no harm, since UIDs are not used again; they go when there are many of them.
 */
import type { Database } from "../base/database.ts";
import { INDEX_BATCH } from "../base/limits.ts";
import type { Message, Uid } from "../store/store.ts";
import { indexOfUid, upperBound } from "../store/uid_set.ts";
import type { IndexFile } from "./account_file.ts";
import { PIECES, rowOf, signOf, stripeOf, uidOf, uidOfSign } from "./schema.ts";
import { maySatisfy, PLACES, SIGNATURE } from "./signature.ts";

/** Signatures of a block. */
export const COLUMNS = 1024;
/** Stripes written or read in a step: some 3 ms. */
const STRIPES = 1024;

/** A signature and its row in `sign`. */
export interface Signed {
  readonly row: number;
  readonly bits: Uint8Array<ArrayBuffer>;
}

type Questions = readonly (readonly number[])[];

export class FolderSigns {
  readonly #file: IndexFile;
  readonly #folder: number;
  /** Not in the database yet, ascending. */
  #fresh: Signed[] = [];
  /** All messages up to this UID are in `#fresh` or in the database. */
  #upTo: Uid;
  /** The same, as it is written down. */
  #noted: Uid;
  /** Rows of `sign`, and signatures in blocks. */
  #kept = 0;
  #blocked = 0;
  /** There is a block that is not ready. */
  #unfinished = false;
  #counted = false;

  constructor(file: IndexFile, folder: number) {
    this.#file = file;
    this.#folder = folder;
    this.#upTo = this.#noted = this.#written() ?? 0;
  }

  get upTo(): Uid {
    return this.#upTo;
  }

  /** Signatures that wait to become a block. */
  get waiting(): number {
    this.#count();
    return this.#kept + this.#fresh.length;
  }

  /** Whether there is much to tidy, where the folder has so many messages. */
  untidy(messages: number): boolean {
    this.#count();
    return this.#unfinished || this.#kept + this.#blocked > 2 * messages + COLUMNS;
  }

  /** Takes a message's signatures, which are not the caller's any more; `whole`: all of its text is in them. False where the database cannot be used. */
  add(uid: Uid, signatures: readonly Uint8Array<ArrayBuffer>[], whole: boolean): boolean {
    if (!whole) {
      const noted = this.#file.use((db) => {
        db.prepare("INSERT OR REPLACE INTO unsure (id) VALUES (?)").run(rowOf(this.#folder, uid));
        return true;
      });
      if (!noted) return false;
    }
    for (const [piece, bits] of signatures.entries()) {
      this.#fresh.push({ row: signOf(this.#folder, uid, piece), bits });
    }
    this.#upTo = uid;
    return true;
  }

  /** UIDs from `from` to `to` of messages that may hold what is asked for, in any order; null where that is not known. */
  ask(questions: Questions, from: Uid, to: Uid): Uid[] | null {
    const [first, last] = this.#range(from, to);
    return this.#file.use((db) => {
      // What is known of a folder that was dropped goes bit by bit.
      if (!this.#isKnown(db)) return null;
      const held: Uid[] = [];
      for (const row of this.#inBlocks(db, questions, first, last)) held.push(uidOfSign(row));
      const kept = db.prepare("SELECT id, bits FROM sign WHERE id BETWEEN ? AND ?").all(first, last);
      for (const [row, bits] of kept) {
        if (bits instanceof Uint8Array && maySatisfy(bits, questions)) held.push(uidOfSign(Number(row)));
      }
      for (const { row, bits } of this.#fresh) {
        if (row >= first && row <= last && maySatisfy(bits, questions)) held.push(uidOfSign(row));
      }
      const unsure = db.prepare("SELECT id FROM unsure WHERE id BETWEEN ? AND ?").all(
        rowOf(this.#folder, from),
        rowOf(this.#folder, to),
      );
      for (const [row] of unsure) held.push(uidOf(Number(row)));
      return held;
    });
  }

  /** Of messages, ascending by UID, those up to `upTo` of which there is no signature; null where that is not known. */
  unsigned(messages: readonly Pick<Message, "uid">[]): Uid[] | null {
    return this.#file.use((db) => {
      const signed = new Uint8Array(upperBound(messages, this.#upTo));
      let next = 0;
      const meet = (row: number) => {
        const uid = uidOfSign(row);
        // Most come in order.
        if (messages[next]?.uid !== uid) next = indexOfUid(messages, uid);
        if (next >= 0) signed[next++] = 1;
        else next = 0;
      };
      const blocks = db.prepare("SELECT rows FROM block WHERE folder = ? AND ready = 1").all(this.#folder);
      for (const [rows] of blocks) rowsIn(rows).forEach(meet);
      for (const [row] of db.prepare("SELECT id FROM sign WHERE id BETWEEN ? AND ?").all(...this.#range())) {
        meet(Number(row));
      }
      for (const { row } of this.#fresh) meet(row);
      const lacking: Uid[] = [];
      for (const [i, one] of signed.entries()) {
        const uid = messages[i]?.uid;
        if (one === 0 && uid !== undefined) lacking.push(uid);
      }
      return lacking;
    });
  }

  #isKnown(db: Database): boolean {
    return db.prepare("SELECT id FROM folder WHERE id = ?").all(this.#folder).length > 0;
  }

  *#inBlocks(db: Database, questions: Questions, first: number, last: number): Generator<number> {
    const blocks = db.prepare(
      "SELECT id, rows FROM block WHERE folder = ? AND first <= ? AND last >= ? AND ready = 1",
    ).all(this.#folder, last, first);
    const stripe = db.prepare("SELECT bits FROM stripe WHERE id = ?");
    for (const [block, octets] of blocks) {
      let found: Uint8Array | null = null;
      for (const places of questions) {
        const marks = common(places, (place) => stripe.all(stripeOf(Number(block), place))[0]?.[0]);
        if (marks) found = found ? either(found, marks) : marks;
      }
      if (!found) continue;
      const rows = rowsIn(octets);
      for (let i = 0; i < rows.length; i++) {
        const row = rows[i] as number;
        if (has(found, i) && row >= first && row <= last) yield row;
      }
    }
  }

  /** Goes on from what is in the database, where that may have been used without us. */
  renew(): void {
    if (this.#fresh.length === 0) this.#upTo = this.#noted = this.#written() ?? this.#noted;
  }

  /** Whether anything can be written at the moment: whoever would read many messages for it asks before. */
  writable(): boolean {
    return this.#file.use((db) => {
      db.prepare("UPDATE folder SET worded = worded WHERE id = ?").run(this.#folder);
      return true;
    }) ?? false;
  }

  /** Writes what is not in the database yet, as it is; a step each time. Ends early where the database cannot be used. */
  *keep(): Generator<void> {
    this.#count();
    while (this.#fresh.length > 0 || this.#noted !== this.#upTo) {
      const some = this.#fresh.slice(0, INDEX_BATCH);
      const noted = this.#file.use((db) =>
        db.transaction(() => {
          insert(db, some);
          return this.#note(db, some.length);
        })
      );
      if (noted === null) return this.#lost();
      this.#noted = noted;
      this.#release(some.length);
      this.#kept += some.length;
      if (this.#fresh.length > 0) yield;
    }
  }

  /** Makes a block of the oldest signatures, once there are enough for one. */
  *gather(): Generator<void> {
    if (this.waiting < COLUMNS) return;
    const kept = this.#file.use((db) =>
      db.prepare("SELECT id, bits FROM sign WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?").all(
        ...this.#range(),
        COLUMNS,
      )
    );
    if (!kept) return this.#lost();
    yield;
    if (kept.length < COLUMNS) this.#kept = kept.length;
    if (this.waiting < COLUMNS) return;
    const fresh = this.#fresh.slice(0, COLUMNS - kept.length);
    const columns = [
      ...kept.map(([row, bits]) => ({ row: Number(row), bits: bits as Uint8Array<ArrayBuffer> })),
      ...fresh,
    ];
    const stripes = new Uint8Array(PLACES * (COLUMNS / 8));
    for (const [i, { bits }] of columns.entries()) {
      turn(stripes, bits, i);
      if (i % INDEX_BATCH === INDEX_BATCH - 1) yield;
    }
    // What an attempt before left has the room that this one needs.
    if (this.#unfinished) yield* this.#sweep();
    this.#unfinished = true;
    const block = yield* this.#write(columns, stripes);
    giveBack(stripes);
    if (block === null) return this.#lost();
    const noted = this.#file.use((db) =>
      db.transaction(() => {
        db.prepare("UPDATE block SET ready = 1 WHERE id = ?").run(block);
        for (const [row] of kept) db.prepare("DELETE FROM sign WHERE id = ?").run(row ?? null);
        return this.#note(db, fresh.length);
      })
    );
    if (noted === null) return this.#lost();
    this.#noted = noted;
    this.#unfinished = false;
    this.#release(fresh.length);
    this.#kept -= kept.length;
    this.#blocked += COLUMNS;
  }

  *#write(columns: readonly Signed[], stripes: Uint8Array): Generator<void, number | null> {
    const rows = new Float64Array(columns.map(({ row }) => row));
    const block = this.#file.use((db) => {
      db.prepare("INSERT INTO block (folder, first, last, rows) VALUES (?, ?, ?, ?)").run(
        this.#folder,
        Math.min(...rows),
        Math.max(...rows),
        new Uint8Array(rows.buffer),
      );
      return Number(db.prepare("SELECT last_insert_rowid()").all()[0]?.[0]);
    });
    if (block === null) return null;
    const width = COLUMNS / 8;
    for (let place = 0; place < PLACES; place += STRIPES) {
      const done = this.#file.use((db) =>
        db.transaction(() => {
          const put = db.prepare("INSERT OR REPLACE INTO stripe (id, bits) VALUES (?, ?)");
          for (let p = place; p < place + STRIPES; p++) {
            put.run(stripeOf(block, p), stripes.subarray(p * width, (p + 1) * width));
          }
          return true;
        })
      );
      if (!done) return null;
      yield;
    }
    return block;
  }

  /**
   * Forgets messages that are gone: all that is not in a block, and blocks that are more than half of them; what is left of those waits for
   * another block. Removes what was left unfinished, too.
   */
  *tidy(exists: (uid: Uid) => boolean): Generator<void> {
    this.#count();
    yield* this.#sweep();
    const gone = (row: number) => !exists(uidOfSign(row));
    const blocks = this.#file.use((db) =>
      db.prepare("SELECT id FROM block WHERE folder = ? ORDER BY id").all(this.#folder)
    );
    for (const [block] of blocks ?? []) {
      const rows = this.#file.use((db) =>
        rowsIn(db.prepare("SELECT rows FROM block WHERE id = ?").all(block ?? null)[0]?.[0])
      ) ?? new Float64Array(0);
      if (rows.filter(gone).length * 2 > rows.length) {
        yield* this.#thin(Number(block), rows, gone);
        while (this.waiting >= COLUMNS) {
          const before = this.waiting;
          yield* this.gather();
          if (this.waiting === before) {
            return;
          }
        }
      }
      yield;
    }
    this.#file.use((db) =>
      db.transaction(() => {
        const kept = db.prepare("SELECT id FROM sign WHERE id BETWEEN ? AND ?").all(...this.#range());
        for (const [row] of kept.filter(([row]) => gone(Number(row)))) {
          db.prepare("DELETE FROM sign WHERE id = ?").run(row ?? null);
          this.#kept--;
        }
        const unsure = db.prepare("SELECT id FROM unsure WHERE id BETWEEN ? AND ? LIMIT ?").all(
          rowOf(this.#folder, 0),
          rowOf(this.#folder + 1, 0) - 1,
          COLUMNS,
        );
        for (const [row] of unsure.filter(([row]) => !exists(uidOf(Number(row))))) {
          db.prepare("DELETE FROM unsure WHERE id = ?").run(row ?? null);
        }
      })
    );
    yield* this.#sweep();
  }

  /** Takes a block apart. */
  *#thin(block: number, rows: Float64Array, gone: (row: number) => boolean): Generator<void> {
    const left: (Signed & { readonly column: number })[] = [];
    for (const [column, row] of rows.entries()) {
      if (!gone(row)) left.push({ row, column, bits: new Uint8Array(SIGNATURE) });
    }
    for (let place = 0; left.length > 0 && place < PLACES; place += STRIPES) {
      const stripes = this.#file.use((db) =>
        db.prepare("SELECT bits FROM stripe WHERE id BETWEEN ? AND ? ORDER BY id").all(
          stripeOf(block, place),
          stripeOf(block, place + STRIPES - 1),
        )
      );
      // Not all there: it stays as it is.
      if (stripes?.length !== STRIPES) return;
      for (const [i, [stripe]] of stripes.entries()) {
        const p = place + i;
        for (const { column, bits } of left) {
          if (has(stripe as Uint8Array, column)) bits[p >>> 3] = (bits[p >>> 3] as number) | (1 << (p & 7));
        }
      }
      yield;
    }
    const done = this.#file.use((db) =>
      db.transaction(() => {
        insert(db, left);
        db.prepare("UPDATE block SET ready = 0 WHERE id = ?").run(block);
        return true;
      })
    );
    if (!done) return;
    this.#kept += left.length;
    this.#blocked -= COLUMNS;
    yield;
  }

  /** Removes blocks that are not ready. */
  *#sweep(): Generator<void> {
    this.#unfinished = false;
    while (this.#file.use((db) => sweepBlock(db, this.#folder, false)) === true) yield;
  }

  /** Finds out what there is, when it is first asked for: who only selects a mailbox need not wait for that. */
  #count(): void {
    if (this.#counted) return;
    this.#counted = this.#file.use((db) => {
      this.#kept = Number(
        db.prepare("SELECT count(*) FROM sign WHERE id BETWEEN ? AND ?").all(...this.#range())[0]?.[0],
      );
      const blocks = db.prepare("SELECT ready FROM block WHERE folder = ?").all(this.#folder);
      this.#blocked = blocks.length * COLUMNS;
      this.#unfinished = blocks.some(([ready]) => ready !== 1);
      return true;
    }) ?? false;
  }

  /** Notes that so many of those not written are so now; gives up to where all is. Only within a transaction. */
  #note(db: Database, fresh: number): Uid {
    const next = this.#fresh[fresh];
    // Of the message at hand only a part may be there.
    const upTo = next ? uidOfSign(next.row) - 1 : this.#upTo;
    if (upTo !== this.#noted) {
      db.prepare("UPDATE folder SET worded = ?, next = max(next, ?) WHERE id = ?").run(
        upTo,
        upTo + 1,
        this.#folder,
      );
    }
    return upTo;
  }

  /** So many of those that were not written are so now. */
  #release(fresh: number): void {
    for (const { bits } of this.#fresh.splice(0, fresh)) giveBack(bits);
  }

  /** The database could not be used: what is not written is found out again. */
  #lost(): void {
    this.#release(this.#fresh.length);
    this.#upTo = this.#noted;
  }

  #written(): Uid | null {
    return this.#file.use((db) =>
      Number(db.prepare("SELECT worded FROM folder WHERE id = ?").all(this.#folder)[0]?.[0] ?? 0)
    );
  }

  #range(from: Uid = 0, to: Uid = rowOf(1, 0) - 1): [number, number] {
    return [signOf(this.#folder, from), signOf(this.#folder, to) + PIECES - 1];
  }
}

/** Removes some stripes of a block of a folder: one that is not ready, or of `all`. True when there may be more. */
export function sweepBlock(db: Database, folder: number, all: boolean): boolean {
  const block = db.prepare("SELECT id FROM block WHERE folder = ? AND (ready = 0 OR ?) LIMIT 1").all(
    folder,
    all ? 1 : 0,
  )[0]?.[0];
  if (typeof block !== "number") return false;
  const ends = [stripeOf(block, 0), stripeOf(block + 1, 0) - 1] as const;
  const last = db.prepare("SELECT id FROM stripe WHERE id BETWEEN ? AND ? ORDER BY id LIMIT 1 OFFSET ?").all(
    ...ends,
    STRIPES - 1,
  )[0]?.[0];
  db.prepare("DELETE FROM stripe WHERE id BETWEEN ? AND ?").run(ends[0], last ?? ends[1]);
  if (last === undefined) db.prepare("DELETE FROM block WHERE id = ?").run(block);
  return true;
}

function insert(db: Database, signed: readonly Signed[]): void {
  const put = db.prepare("INSERT OR REPLACE INTO sign (id, bits) VALUES (?, ?)");
  for (const { row, bits } of signed) put.run(row, bits);
}

/** Marks a signature's places in a block's stripes, in its column. */
function turn(stripes: Uint8Array, bits: Uint8Array, column: number): void {
  const width = COLUMNS / 8;
  const at = column >>> 3;
  const mark = 1 << (column & 7);
  for (let i = 0; i < SIGNATURE; i++) {
    for (let octet = bits[i] as number; octet !== 0; octet &= octet - 1) {
      const p = (i * 8 + 31 - Math.clz32(octet & -octet)) * width + at;
      stripes[p] = (stripes[p] as number) | mark;
    }
  }
}

/** What is marked in all of some stripes; null when nothing is. A stripe that is missing marks all: it is looked into then. */
function common(places: readonly number[], stripe: (place: number) => unknown): Uint8Array | null {
  const marks = new Uint8Array(COLUMNS / 8).fill(0xff);
  for (const place of places) {
    const bits = stripe(place);
    if (!(bits instanceof Uint8Array)) continue;
    let any = 0;
    for (let i = 0; i < marks.length; i++) any |= marks[i] = (marks[i] as number) & (bits[i] as number);
    if (any === 0) return null;
  }
  return marks;
}

function either(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((octet, i) => octet | (b[i] as number));
}

/** Frees what nobody reads any more: the collector would take its time, and leave holes. */
function giveBack(octets: Uint8Array<ArrayBuffer>): void {
  octets.buffer.transfer(0);
}

function has(marks: Uint8Array, i: number): boolean {
  return ((marks[i >>> 3] as number) >>> (i & 7) & 1) === 1;
}

function rowsIn(octets: unknown): Float64Array {
  return octets instanceof Uint8Array ? new Float64Array(octets.slice().buffer) : new Float64Array(0);
}
