import { type Database, DatabaseError, type OpenDatabase } from "../../mod/base/database.ts";

/** A disk under databases that fails when it is told to: each statement, begin and end of a transaction is a step. */
export class FaultyDisk {
  steps = 0;
  /** The steps that fail: from this one on. */
  from = Infinity;
  /** How many of them. */
  count = Infinity;
  readonly #open: OpenDatabase;

  constructor(open: OpenDatabase) {
    this.#open = open;
  }

  /** Nothing fails any more. */
  heal(): void {
    this.from = Infinity;
  }

  readonly open: OpenDatabase = (path) => {
    this.#step(path);
    return this.#wrap(this.#open(path), path);
  };

  #step(path: string): void {
    const step = this.steps++;
    if (step < this.from || step >= this.from + this.count) return;
    throw new DatabaseError("unusable", path, new Error("database or disk is full"));
  }

  #wrap(db: Database, path: string): Database {
    const step = () => this.#step(path);
    return {
      exec: (sql) => (step(), db.exec(sql)),
      prepare(sql) {
        const made = db.prepare(sql);
        return { run: (...v) => (step(), made.run(...v)), all: (...v) => (step(), made.all(...v)) };
      },
      transaction<T>(work: () => T): T {
        step();
        return db.transaction(() => {
          const result = work();
          step();
          return result;
        });
      },
      close: () => db.close(),
    };
  }
}
