/** Which folders an index knows, and getting rid of those that are gone. */
import type { Database } from "../base/database.ts";
import { INDEX_BATCH } from "../base/limits.ts";
import type { Uid } from "../store/store.ts";
import { sweepBlock } from "./folder_signs.ts";
import { rowOf, signOf } from "./schema.ts";

/**
 * The number of a folder; a new one where its UIDVALIDITY has changed, since then nothing known of it is true, or where its next UID has
 * gone back: then somebody has put an older copy of the Maildir in its place, and UIDs will be given a second time.
 */
export function folderId(db: Database, name: string, uidValidity: number, uidNext: Uid): number {
  const find = () => db.prepare("SELECT id, uidvalidity, next FROM folder WHERE name = ?").all(name)[0];
  const known = find();
  if (known && Number(known[1]) === uidValidity && Number(known[2]) <= uidNext) return Number(known[0]);
  return db.transaction(() => {
    if (known) drop(db, Number(known[0]));
    db.prepare("INSERT INTO folder (name, uidvalidity) VALUES (?, ?)").run(name, uidValidity);
    return Number(find()?.[0]);
  });
}

/** Notes up to where UIDs were given, before anything is written of them. */
export function noteNext(db: Database, folder: number, uidNext: Uid): void {
  db.prepare("UPDATE folder SET next = ? WHERE id = ?").run(uidNext, folder);
}

/** Drops all folders but these. */
export function keepOnly(db: Database, names: readonly string[]): void {
  const kept = new Set(names);
  const gone = db.prepare("SELECT name, id FROM folder").all().filter(([name]) => !kept.has(String(name)));
  if (gone.length > 0) db.transaction(() => gone.forEach(([, id]) => drop(db, Number(id))));
}

/** Removes some rows of dropped folders; true when there may be more. Within 10 ms. */
export function sweepDropped(db: Database): boolean {
  const folder = db.prepare("SELECT folder FROM dropped LIMIT 1").all()[0]?.[0];
  if (typeof folder !== "number") return false;
  const ends = [rowOf(folder, 0), rowOf(folder + 1, 0) - 1] as const;
  db.transaction(() => {
    let left = 0;
    for (const table of ["parsed", "fields", "seq", "unsure"]) {
      const rows = db.prepare(`SELECT id FROM ${table} WHERE id BETWEEN ? AND ? LIMIT ?`).all(
        ...ends,
        INDEX_BATCH,
      );
      for (const [id] of rows) db.prepare(`DELETE FROM ${table} WHERE id = ?`).run(id ?? null);
      left += rows.length;
    }
    left += sweepSigns(db, folder);
    if (left > 0) return;
    db.prepare("DELETE FROM vanished WHERE folder = ?").run(folder);
    db.prepare("DELETE FROM span WHERE folder = ?").run(folder);
    db.prepare("DELETE FROM dropped WHERE folder = ?").run(folder);
  });
  return true;
}

function sweepSigns(db: Database, folder: number): number {
  const rows = db.prepare("SELECT id FROM sign WHERE id BETWEEN ? AND ? LIMIT ?").all(
    signOf(folder, 0),
    signOf(folder + 1, 0) - 1,
    INDEX_BATCH,
  );
  for (const [row] of rows) db.prepare("DELETE FROM sign WHERE id = ?").run(row ?? null);
  return rows.length + (sweepBlock(db, folder, true) ? 1 : 0);
}

function drop(db: Database, id: number): void {
  db.prepare("DELETE FROM folder WHERE id = ?").run(id);
  db.prepare("INSERT INTO dropped (folder) VALUES (?)").run(id);
}
