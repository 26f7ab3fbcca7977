/**
 * The port to a small SQL database in one file. All calls are at once, so each must be short: callers keep to slices under 10 ms. Made
 * for caches: whatever fails throws `DatabaseError`, and callers go on without.
 */

/** A value of a row. Octets of a result are the caller's to keep. */
export type SqlValue = number | string | Uint8Array | null;

/**
 * Why the database did not do it. `busy`: another process is writing, try again later. `corrupt`: the file is no database, or a broken one.
 * `unusable`: it cannot be read or written where it is (rights, full or read-only disk).
 */
export type DatabaseFault = "busy" | "corrupt" | "unusable";

/** A failed call of the database. */
export class DatabaseError extends Error {
  override readonly name = "DatabaseError";
  readonly fault: DatabaseFault;
  constructor(fault: DatabaseFault, path: string, cause?: unknown) {
    super(`Cannot use the database "${path}": ${fault}`, { cause });
    this.fault = fault;
  }
}

/** A prepared statement; "?" stands for values in order. */
export interface Statement {
  run(...values: SqlValue[]): void;
  /** All rows, each as its columns in order. */
  all(...values: SqlValue[]): SqlValue[][];
}

export interface Database {
  /** Statements without values, separated by ";". */
  exec(sql: string): void;
  /** A statement, prepared once for each text. */
  prepare(sql: string): Statement;
  /** Runs `work` within one transaction: all of it or, where it throws, nothing. */
  transaction<T>(work: () => T): T;
  close(): void;
}

/** Opens a database, making the file (not its folder) when it is not there. Throws DatabaseError. */
export type OpenDatabase = (path: string) => Database;
