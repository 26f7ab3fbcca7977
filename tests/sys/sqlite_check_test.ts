import { checkSqlite } from "../../mod/sys/sqlite_check.ts";
import { openSqlite } from "../../mod/sys/sqlite.ts";
import { assert, assertEquals } from "../support/assert.ts";

Deno.test("checkSqlite() tells sound databases from broken ones, and leaves those in use alone", () => {
  const dir = Deno.makeTempDirSync();
  try {
    const db = openSqlite(`${dir}/good`);
    db.exec("CREATE TABLE t (x)");
    assertEquals(checkSqlite(`${dir}/good`), null);
    db.close();
    assertEquals(checkSqlite(`${dir}/good`), null);
    Deno.writeTextFileSync(`${dir}/bad`, "no database at all ".repeat(100));
    assert(checkSqlite(`${dir}/bad`)?.includes("not a database"));
    assert(checkSqlite(`${dir}/none`) !== null);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});
