import { DatabaseSync } from "node:sqlite";

/** Whether the database at `path` is sound, read only: null, or what is wrong with it in words. Takes long for large ones. */
export function checkSqlite(path: string): string | null {
  try {
    const db = new DatabaseSync(path, { readOnly: true, timeout: 0 });
    try {
      db.exec("PRAGMA busy_timeout = 0");
      const row = db.prepare("PRAGMA quick_check(1)").get();
      const said = String(Object.values(row ?? {})[0] ?? "no answer");
      return said === "ok" ? null : said;
    } finally {
      db.close();
    }
  } catch (e) {
    const why = e instanceof Error ? e.message : String(e);
    // Somebody has it for himself: it works for him.
    return /locked|busy/.test(why) ? null : why;
  }
}
