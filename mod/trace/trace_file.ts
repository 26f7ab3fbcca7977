/**
 * The file of the trace. One row holds what was decided about one message within a second, as JSON. Rows are found by the message's ID; for all else
 * they are looked through, in slices, so that writing them costs some ten microseconds a message.
 */
import { type Database, DatabaseError, type Statement } from "../base/database.ts";
import { TRACE_EVENT, TRACE_TEXT } from "../base/limits.ts";
import type { LogFields } from "../base/log.ts";
import type { TraceEvent, TraceLimits } from "./types.ts";

const VERSION = 1;
const SCHEMA = `
CREATE TABLE decided (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, message TEXT, events TEXT NOT NULL);
CREATE INDEX message ON decided (message) WHERE message IS NOT NULL;
`;

/** Rows removed in one transaction, and looked through at once: some 5 ms each at worst. */
const REMOVED = 300;
const LOOKED = 300;

/** What may be looked for, of one slice of rows; `next`: what the next slice is before, null at the end. */
export interface Slice {
  readonly events: readonly TraceEvent[];
  readonly next: number | null;
}

export class TraceFile {
  readonly #db: Database;
  readonly #path: string;
  readonly #insert: Statement;

  /** Makes the table where there is none. Throws DatabaseError: "corrupt" for a file of another version, too. */
  constructor(db: Database, path: string) {
    this.#db = db;
    this.#path = path;
    this.#make(db);
    this.#insert = db.prepare("INSERT INTO decided (at, message, events) VALUES (?, ?, ?)");
  }

  #make(db: Database): void {
    const version = Number(db.prepare("PRAGMA user_version").all()[0]?.[0] ?? 0);
    if (version === VERSION) return;
    if (version !== 0) throw new DatabaseError("corrupt", this.#path);
    db.transaction(() => {
      db.exec(SCHEMA);
      db.exec(`PRAGMA user_version = ${VERSION}`);
    });
  }

  /** Runs `work`, which calls `add` and `replace`, as one transaction. Throws DatabaseError. */
  transaction(work: () => void): void {
    this.#db.transaction(work);
  }

  /** Events of one message; its ID is the trace's, or the queue's where that is not known. */
  add(events: readonly TraceEvent[]): void {
    const first = events[0];
    if (first) this.#insert.run(first.at, messageOf(first), formatEvents(events));
  }

  /** The same; gives the row, to be replaced later. */
  addRow(events: readonly TraceEvent[]): number {
    this.add(events);
    return Number(this.#db.prepare("SELECT last_insert_rowid()").all()[0]?.[0]);
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
   * Looks through some rows before row `before` (null for all), newest first, for those that may hold `needle`, whatever the case of ASCII letters,
   * and were begun at `since` or later. Throws DatabaseError.
   */
  look(before: number | null, since: number, needle: string): Slice {
    const end = before ?? Number.MAX_SAFE_INTEGER;
    const [first, newest] = this.#db.prepare(
      "SELECT min(id), max(at) FROM (SELECT id, at FROM decided WHERE id < ? ORDER BY id DESC LIMIT ?)",
    ).all(end, LOOKED)[0] ?? [];
    if (typeof first !== "number" || Number(newest) < since) return { events: [], next: null };
    const rows = this.#db.prepare(
      "SELECT events FROM decided WHERE id >= ? AND id < ? AND at >= ? AND events LIKE ? ESCAPE '!'",
    ).all(first, end, since, patternOf(needle));
    return { events: rows.flatMap(([text]) => parseEvents(String(text))), next: first };
  }

  /** All events of a message, by the ID under which its rows are kept. Throws DatabaseError. */
  of(id: string): TraceEvent[] {
    const rows = this.#db.prepare("SELECT events FROM decided WHERE message = ? ORDER BY id LIMIT ?")
      .all(id, LOOKED);
    return rows.flatMap(([text]) => parseEvents(String(text)));
  }

  close(): void {
    this.#db.close();
  }
}

/** Under which ID an event is kept. */
export function messageOf({ trace, queue }: TraceEvent): string | null {
  return trace ?? queue;
}

function patternOf(needle: string): string {
  const asJson = JSON.stringify(needle).slice(1, -1);
  return `%${asJson.replace(/[!%_]/g, "!$&")}%`;
}

function formatEvents(events: readonly TraceEvent[]): string {
  const text = JSON.stringify(
    events.map(({ at, event, trace, queue, fields }) => [at, event, trace, queue, fields]),
  );
  const most = events.length * TRACE_EVENT;
  return text.length <= most ? text : JSON.stringify(
    events.map(({ at, event, trace, queue, fields }) => [at, event, trace, queue, shortened(fields)]),
  );
}

/** What strangers made long is cut. */
function shortened(fields: LogFields): LogFields {
  const cut = (value: LogFields[string]) => typeof value === "string" ? value.slice(0, TRACE_TEXT) : value;
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, cut(value)]));
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
