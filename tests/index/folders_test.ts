import { folderId, keepOnly, noteNext, sweepDropped } from "../../mod/index/folders.ts";
import { rowOf, SCHEMA } from "../../mod/index/schema.ts";
import { openSqlite } from "../../mod/sys/sqlite.ts";
import { assert, assertEquals } from "../support/assert.ts";

Deno.test("folderId() is the same for one name and UIDVALIDITY while UIDs go up, and never given twice", () => {
  const db = openSqlite(":memory:");
  db.exec(SCHEMA);
  const inbox = folderId(db, "INBOX", 5, 1);
  assertEquals(folderId(db, "INBOX", 5, 1), inbox);
  const sent = folderId(db, "Sent", 5, 1);
  const anew = folderId(db, "INBOX", 6, 1);
  noteNext(db, sent, 10);
  assertEquals([folderId(db, "Sent", 5, 10), folderId(db, "Sent", 5, 11)], [sent, sent]);
  const older = folderId(db, "Sent", 5, 9);
  keepOnly(db, []);
  const later = folderId(db, "INBOX", 6, 1);
  assertEquals(new Set([inbox, sent, anew, older, later]).size, 5);
  db.close();
});

Deno.test("sweepDropped() removes all of dropped folders, in slices, and nothing else", () => {
  const db = openSqlite(":memory:");
  db.exec(SCHEMA);
  const [a, b, c] = ["a", "b", "c"].map((name) => folderId(db, name, 1, 1));
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
