/** The database port by the SQLite within Deno. Loaded when the first index is opened: it takes some 3 MB. */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import {
  type Database,
  DatabaseError,
  type DatabaseFault,
  type SqlValue,
  type Statement,
} from "../base/database.ts";

/** Deno tells SQLite's result (sqlite.org/rescode.html) in words only. A missing table is no fault of a statement of ours, but of the file. */
const BUSY = /\b(locked|busy)\b/;
const CORRUPT = /not a database|malformed|corrupt|no such (table|column)/;

/** What SQLite takes for no file at all. */
const IN_MEMORY = ":memory:";

/**
 * Opens the file at `path`, which is made when it is not there (0600), for this process alone. Caches are not synced at each transaction: after a
 * power cut the newest may be missing, the file itself stays sound (write-ahead log). The log is taken over, and synced, a megabyte at a time: SQLite's
 * four are up to 80 ms.
 */
export function openSqlite(path: string): Database {
  return guarded(path, () => {
    // SQLite gives its other files the rights of this one.
    if (path !== IN_MEMORY) Deno.openSync(path, { write: true, create: true, mode: 0o600 }).close();
    const db = new DatabaseSync(path, { timeout: 0 });
    try {
      db.exec(
        "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 256; PRAGMA cache_size = -1024; PRAGMA temp_store = MEMORY",
      );
    } catch (e) {
      db.close();
      throw e;
    }
    return new SqliteDatabase(db, path);
  });
}

class SqliteDatabase implements Database {
  readonly #db: DatabaseSync;
  readonly #path: string;
  readonly #statements = new Map<string, Statement>();

  constructor(db: DatabaseSync, path: string) {
    this.#db = db;
    this.#path = path;
  }

  exec(sql: string): void {
    guarded(this.#path, () => this.#db.exec(sql));
  }

  prepare(sql: string): Statement {
    const known = this.#statements.get(sql);
    if (known) return known;
    const made = guarded(this.#path, () => new SqliteStatement(this.#db.prepare(sql), this.#path));
    this.#statements.set(sql, made);
    return made;
  }

  transaction<T>(work: () => T): T {
    this.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.exec("COMMIT");
      return result;
    } catch (e) {
      try {
        this.#db.exec("ROLLBACK");
      } catch {
        // Some faults end the transaction by themselves.
      }
      throw e;
    }
  }

  close(): void {
    this.#statements.clear();
    guarded(this.#path, () => this.#db.close());
  }
}

class SqliteStatement implements Statement {
  readonly #statement: StatementSync;
  readonly #path: string;

  constructor(statement: StatementSync, path: string) {
    this.#statement = statement;
    this.#path = path;
    // Rows as arrays cost less than half of rows as objects. The types of Deno do not know the call yet.
    const asArrays: unknown = Reflect.get(statement, "setReturnArrays");
    if (typeof asArrays === "function") asArrays.call(statement, true);
  }

  run(...values: SqlValue[]): void {
    guarded(this.#path, () => this.#statement.run(...values));
  }

  all(...values: SqlValue[]): SqlValue[][] {
    return guarded(this.#path, () => rowsOf(this.#statement.all(...values)));
  }
}

/** Rows are arrays where the runtime can do that, else objects with the columns in order. */
function rowsOf(rows: readonly Record<string, SqlValue | bigint>[]): SqlValue[][] {
  return rows.map((row) => Array.isArray(row) ? row : Object.values(row).map(plain));
}

function plain(value: SqlValue | bigint): SqlValue {
  return typeof value === "bigint" ? Number(value) : value;
}

function guarded<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (e) {
    if (e instanceof DatabaseError) throw e;
    throw new DatabaseError(faultOf(e), path, e);
  }
}

function faultOf(error: unknown): DatabaseFault {
  const text = String(error);
  if (BUSY.test(text)) return "busy";
  return CORRUPT.test(text) ? "corrupt" : "unusable";
}
