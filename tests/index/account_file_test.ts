import { AccountFile } from "../../mod/index/account_file.ts";
import { INDEX_PAUSE } from "../../mod/base/limits.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { IndexBench } from "../support/index_ports.ts";

const NAME = "alice.sqlite";

function count(file: AccountFile): number | null {
  return file.use((db) => Number(db.prepare("SELECT count(*) FROM parsed").all()[0]?.[0]));
}

function fill(file: AccountFile): void {
  file.use((db) => db.prepare("INSERT INTO parsed (id) VALUES (?)").run(1));
}

Deno.test("AccountFile makes folder and file, and finds them again with the same tag", async () => {
  await using bench = await IndexBench.make();
  const path = `${bench.dir}/deep/er/${NAME}`;
  const file = new AccountFile(path, bench.ports());
  await file.open();
  fill(file);
  const { tag } = file;
  await file.close();
  const again = new AccountFile(path, bench.ports());
  await again.open();
  assertEquals([count(again), again.tag], [1, tag]);
  await again.close();
});

Deno.test("AccountFile makes a broken file and one of another version anew", async () => {
  for (const spoil of ["nonsense ".repeat(1000), null]) {
    await using bench = await IndexBench.make();
    const path = `${bench.dir}/${NAME}`;
    const file = new AccountFile(path, bench.ports());
    await file.open();
    fill(file);
    if (spoil === null) file.use((db) => db.exec("PRAGMA user_version = 99"));
    await file.close();
    if (spoil !== null) await Deno.writeTextFile(path, spoil);
    const again = new AccountFile(path, bench.ports());
    await again.open();
    assertEquals(count(again), null, "not now");
    await again.open();
    assertEquals(count(again), 0, "empty");
    await again.close();
    assert(bench.log.lines.some((l) => l.event === "index not used"));
  }
});

Deno.test("AccountFile does without a place it cannot use, and tries again later", async () => {
  await using bench = await IndexBench.make();
  await Deno.writeTextFile(`${bench.dir}/file`, "");
  const file = new AccountFile(`${bench.dir}/file/${NAME}`, bench.ports());
  await file.open();
  assertEquals(count(file), null);
  await Deno.remove(`${bench.dir}/file`);
  await file.open();
  assertEquals(count(file), null, "it rests");
  await bench.clock.advance(INDEX_PAUSE);
  await file.open();
  assertEquals(count(file), 0);
  await file.close();
});

Deno.test("AccountFile is one process's: another does without until it is closed", async () => {
  await using bench = await IndexBench.make();
  const path = `${bench.dir}/${NAME}`;
  const first = new AccountFile(path, bench.ports());
  await first.open();
  fill(first);
  const second = new AccountFile(path, bench.ports());
  await second.open();
  assertEquals(count(second), null);
  await first.close();
  await bench.clock.advance(INDEX_PAUSE);
  await second.open();
  assertEquals(count(second), 1);
  await second.close();
});
