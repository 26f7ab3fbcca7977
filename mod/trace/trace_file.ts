/**
 * The file of the trace. One row holds what was decided about one message within a second, as JSON: written without any index, so that a
 * message costs a few microseconds; looked through from end to end when somebody asks, in slices.
 */
import type { Database } from "../base/database.ts";
import { DatabaseError } from "../base/database.ts";
import type { LogFields } from "../base/log.ts";
import type { TraceEvent, TraceLimits } from "./types.ts";

const VERSION = 1;
const SCHEMA = "CREATE TABLE decided (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, events TEXT NOT NULL)";

/** Rows removed in one transaction, and looked through at once: some 2 ms each. */
const REMOVED = 500;
const LOOKED = 1000;

/** Rows with what somebody looks for, for one slice; `next`: where the next begins, null at the end. */
export interface Slice {
  readonly events: readonly TraceEvent[];
  readonly next: number | null;
}

export class TraceFile {
  readonly #db: Database;
  readonly #path: string;

  /** Makes the table where there is none. Throws DatabaseError: "corrupt" for a file of another version, too. */
  constructor(db: Database, path: string) {
    this.#db = db;
    this.#path = path;
    const version = Number(db.prepare("PRAGMA user_version").all()[0]?.[0] ?? 0);
    if (version === VERSION) return;
    if (version !== 0) throw new DatabaseError("corrupt", path);
    db.transaction(() => {
      db.exec(SCHEMA);
      db.exec(`PRAGMA user_version = ${VERSION}`);
    });
  }

  /** Runs `work`, which calls `add` and `replace`, as one transaction. Throws DatabaseError. */
  transaction(work: () => void): void {
    this.#db.transaction(work);
  }

  /** Events that belong together; gives the row. */
  add(events: readonly TraceEvent[]): number {
    const at = events[0]?.at ?? 0;
    const row = this.#db.prepare("INSERT INTO decided (at, events) VALUES (?, ?) RETURNING id")
      .all(at, formatEvents(events))[0]?.[0];
    return Number(row);
  }

  /** Writes a row anew; nothing where it is gone. */
  replace(row: number, events: readonly TraceEvent[]): void {
    this.#db.prepare("UPDATE decided SET events = ? WHERE id = ?").run(formatEvents(events), row);
  }

  /** Removes some of what is too old or too much; true when there is more to remove. Throws DatabaseError. */
  prune(limits: TraceLimits, now: number): boolean {
    const [first, last, at] = this.#db.prepare(
      "SELECT min(id), max(id), (SELECT at FROM decided ORDER BY id LIMIT 1) FROM decided",
    ).all()[0] ?? [];
    if (typeof first !== "number" || typeof last !== "number") return false;
    const old = Number(at) < now - limits.age;
    if (!old && this.used <= limits.size) return false;
    const until = Math.min(first + REMOVED, last + 1);
    const mark = old && this.used <= limits.size ? now - limits.age : Number.MAX_SAFE_INTEGER;
    this.#db.prepare("DELETE FROM decided WHERE id < ? AND at < ?").run(until, mark);
    return true;
  }

  /** Octets of the file that hold something. */
  get used(): number {
    const pragma = (name: string) => Number(this.#db.prepare(`PRAGMA ${name}`).all()[0]?.[0] ?? 0);
    return (pragma("page_count") - pragma("freelist_count")) * pragma("page_size");
  }

  /**
   * Looks through some rows from `from` on (0 for all) for those that may hold one of `needles`, whatever the case of ASCII letters, and were
   * begun at `since` or later. Throws DatabaseError.
   */
  look(from: number, since: number, needles: readonly string[]): Slice {
    const end = this.#db.prepare(
      "SELECT max(id) FROM (SELECT id FROM decided WHERE id >= ? ORDER BY id LIMIT ?)",
    ).all(from, LOOKED)[0]?.[0];
    if (typeof end !== "number") return { events: [], next: null };
    const like = needles.map(() => "events LIKE ? ESCAPE '!'").join(" OR ");
    const rows = this.#db.prepare(
      `SELECT events FROM decided WHERE id >= ? AND id <= ? AND at >= ? AND (${like})`,
    ).all(from, end, since, ...needles.map(patternOf));
    return { events: rows.flatMap(([text]) => parseEvents(String(text))), next: end + 1 };
  }

  close(): void {
    this.#db.close();
  }

  get path(): string {
    return this.#path;
  }
}

function patternOf(needle: string): string {
  const asJson = JSON.stringify(needle).slice(1, -1);
  return `%${asJson.replace(/[!%_]/g, "!$&")}%`;
}

function formatEvents(events: readonly TraceEvent[]): string {
  return JSON.stringify(
    events.map(({ at, event, trace, queue, fields }) => [at, event, trace, queue, fields]),
  );
}

/** The events of a row; what cannot be read is left out. */
function parseEvents(text: string): TraceEvent[] {
  let rows: unknown;
  try {
    rows = JSON.parse(text);
  } catch {
    return []; // somebody else has written into the file
  }
  if (!Array.isArray(rows)) return [];
  return rows.flatMap((row): TraceEvent[] => {
    if (!Array.isArray(row)) return [];
    const [at, event, trace, queue, fields]: unknown[] = row;
    if (typeof at !== "number" || typeof event !== "string") return [];
    return [{ at, event, trace: textOf(trace), queue: textOf(queue), fields: fieldsOf(fields) }];
  });
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function fieldsOf(value: unknown): LogFields {
  if (typeof value !== "object" || value === null) return {};
  const flat = Object.entries(value).filter(([, v]) => ["string", "number", "boolean"].includes(typeof v));
  return Object.fromEntries(flat);
}
