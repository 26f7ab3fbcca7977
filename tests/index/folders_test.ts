import { folderId, keepOnly, sweepDropped } from "../../mod/index/folders.ts";
import { rowOf, SCHEMA } from "../../mod/index/schema.ts";
import { openSqlite } from "../../mod/sys/sqlite.ts";
import { assert, assertEquals } from "../support/assert.ts";

Deno.test("folderId() is the same for one name and UIDVALIDITY, and never given twice", () => {
  const db = openSqlite(":memory:");
  db.exec(SCHEMA);
  const inbox = folderId(db, "INBOX", 5);
  assertEquals(folderId(db, "INBOX", 5), inbox);
  const sent = folderId(db, "Sent", 5);
  const anew = folderId(db, "INBOX", 6);
  keepOnly(db, []);
  const later = folderId(db, "INBOX", 6);
  assertEquals(new Set([inbox, sent, anew, later]).size, 4);
  db.close();
});

Deno.test("sweepDropped() removes all of dropped folders, in slices, and nothing else", () => {
  const db = openSqlite(":memory:");
  db.exec(SCHEMA);
  const [a, b, c] = ["a", "b", "c"].map((name) => folderId(db, name, 1));
  assert(a && b && c);
  for (const folder of [a, b, c]) {
    for (let uid = 1; uid <= 700; uid++) {
      db.prepare("INSERT INTO parsed (id) VALUES (?)").run(rowOf(folder, uid));
      db.prepare("INSERT INTO seq VALUES (?, 0, 1)").run(rowOf(folder, uid));
    }
    db.prepare("INSERT INTO vanished VALUES (?, 1, 1)").run(folder);
  }
  keepOnly(db, ["b"]);
  let slices = 0;
  while (sweepDropped(db)) slices++;
  assert(slices >= 6, "in slices");
  for (const table of ["parsed", "seq"]) {
    const rows = db.prepare(`SELECT min(id), max(id), count(*) FROM ${table}`).all();
    assertEquals(rows, [[rowOf(b, 1), rowOf(b, 700), 700]]);
  }
  assertEquals(db.prepare("SELECT folder FROM vanished").all(), [[b]]);
  assertEquals(db.prepare("SELECT name FROM folder").all(), [["b"]]);
  db.close();
});
