import { DatabaseError } from "../../mod/base/database.ts";
import { openSqlite } from "../../mod/sys/sqlite.ts";
import { assert, assertEquals, assertThrows } from "../support/assert.ts";

async function inFolder(work: (dir: string) => void): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "roost-sqlite-" });
  try {
    work(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

function faultOf(work: () => unknown): string {
  try {
    work();
  } catch (e) {
    return e instanceof DatabaseError ? e.fault : String(e);
  }
  return "none";
}

Deno.test("openSqlite() keeps numbers, texts, octets and NULL over closing", () =>
  inFolder((dir) => {
    const db = openSqlite(`${dir}/a.sqlite`);
    db.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, a, b, c)");
    db.prepare("INSERT INTO t VALUES (?, ?, ?, ?)").run(2 ** 40, "ü", new Uint8Array([0, 255]), null);
    assertEquals(Deno.statSync(`${dir}/a.sqlite`).mode, 0o100600);
    assertEquals(Deno.statSync(`${dir}/a.sqlite-wal`).mode, 0o100600);
    db.close();
    const again = openSqlite(`${dir}/a.sqlite`);
    assertEquals(again.prepare("SELECT * FROM t").all(), [[2 ** 40, "ü", new Uint8Array([0, 255]), null]]);
    again.close();
  }));

Deno.test("Database.transaction() does all or nothing", () =>
  inFolder((dir) => {
    const db = openSqlite(`${dir}/a.sqlite`);
    db.exec("CREATE TABLE t (id INTEGER PRIMARY KEY)");
    assertThrows(() =>
      db.transaction(() => {
        db.prepare("INSERT INTO t VALUES (?)").run(1);
        throw new TypeError("midway");
      }), "midway");
    assertEquals(db.prepare("SELECT * FROM t").all(), []);
    assertEquals(db.transaction(() => 5), 5);
    db.close();
  }));

Deno.test("openSqlite() tells what is wrong: another's file, no database, no place for one", () =>
  inFolder((dir) => {
    const first = openSqlite(`${dir}/a.sqlite`);
    first.exec("CREATE TABLE t (id)");
    assertEquals(faultOf(() => openSqlite(`${dir}/a.sqlite`).prepare("SELECT * FROM t").all()), "busy");
    first.close();
    Deno.writeTextFileSync(
      `${dir}/b.sqlite`,
      "this is no database, but long enough to be looked at".repeat(100),
    );
    assertEquals(faultOf(() => openSqlite(`${dir}/b.sqlite`)), "corrupt");
    assertEquals(faultOf(() => openSqlite(`${dir}/none/c.sqlite`)), "unusable");
    assert(faultOf(() => openSqlite(dir)) !== "none");
  }));
