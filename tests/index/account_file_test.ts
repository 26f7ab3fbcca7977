import { AccountFile } from "../../mod/index/account_file.ts";
import { INDEX_PAUSE } from "../../mod/base/limits.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { IndexBench } from "../support/index_ports.ts";

const NAME = "alice.sqlite";

function count(file: AccountFile): number | null {
  return file.use((db) => Number(db.prepare("SELECT count(*) FROM parsed").all()[0]?.[0]));
}

function fill(file: AccountFile, id = 1): void {
  file.use((db) => db.prepare("INSERT INTO parsed (id) VALUES (?)").run(id));
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

Deno.test("AccountFile takes a file that others put in its place for another, whose mod-sequences are of the past", async () => {
  for (const how of ["anew", "in place"]) {
    await using bench = await IndexBench.make();
    const path = `${bench.dir}/${NAME}`;
    const { file, tag, asItWas } = await withBackup(bench, path);
    file.rest();
    if (how === "anew") await Deno.rename(`${path}.backup`, path);
    else await inPlace(path, await Deno.readFile(`${path}.backup`));
    assertEquals(count(file), 1, "the older one");
    assert(file.tag !== tag, how);
    assertEquals(asItWas.use(() => true), null, "what was read of the one before is not true of it");
    await file.close();
  }
});

Deno.test("AccountFile makes anew what others put in the place of an open file, or took away", async () => {
  for (const how of ["replaced", "removed"]) {
    await using bench = await IndexBench.make();
    const path = `${bench.dir}/${NAME}`;
    const { file, asItWas } = await withBackup(bench, path);
    if (how === "replaced") await Deno.rename(`${path}.backup`, path);
    else await Deno.remove(path);
    assertEquals(count(file), 2, "it is still open");
    file.rest();
    assertEquals(count(file), null, "not now");
    await file.open();
    assertEquals(count(file), 0, how);
    assertEquals(asItWas.use(() => true), null);
    await file.close();
  }
});

/** Writes as a person does who puts a backup back: seconds after the server wrote, not within one tick of the file system's clock. */
async function inPlace(path: string, bytes: Uint8Array): Promise<void> {
  const { mtime } = await Deno.stat(path);
  await Deno.writeFile(path, bytes);
  const later = new Date((mtime?.getTime() ?? 0) + 5000);
  await Deno.utime(path, later, later);
}

/** A file with two rows that is open, beside a copy from when it had one. */
async function withBackup(bench: IndexBench, path: string) {
  const file = new AccountFile(path, bench.realPorts());
  await file.open();
  fill(file);
  file.rest();
  await Deno.copyFile(path, `${path}.backup`);
  fill(file, 2);
  return { file, tag: file.tag, asItWas: file.asItIs() };
}

Deno.test("AccountFile finds its own file again after a rest", async () => {
  await using bench = await IndexBench.make();
  const file = new AccountFile(`${bench.dir}/${NAME}`, bench.realPorts());
  await file.open();
  fill(file);
  const { tag } = file;
  const asItWas = file.asItIs();
  for (let i = 0; i < 3; i++) {
    file.rest();
    assertEquals(count(file), 1);
    assertEquals([file.tag, asItWas.use(() => true)], [tag, true]);
  }
  await file.close();
});

Deno.test("AccountFile vouches for what was told before it began only where all of that was written down", async () => {
  const endings: readonly (readonly [string, number, (file: AccountFile) => void])[] = [
    ["nobody told any", 1, () => {}],
    ["told, written, and ended", 1, (file) => {
      file.use((db) => file.told(db));
      file.vouched.set(1, 70);
      file.ended();
    }],
    ["somebody may tell more", 0, (file) => {
      file.use((db) => file.told(db));
      file.vouched.set(1, 70);
    }],
    ["told and not written", 0, (file) => {
      file.use((db) => file.told(db));
      file.vouched.set(1, null);
      file.ended();
    }],
  ];
  for (const [what, spans, ending] of endings) {
    await using bench = await IndexBench.make();
    const file = new AccountFile(`${bench.dir}/${NAME}`, bench.ports());
    await file.open();
    file.use((db) => db.prepare("INSERT INTO span VALUES (1, ?, ?)").run(file.base, file.base + 5));
    ending(file);
    file.rest();
    assertEquals(file.use((db) => db.prepare("SELECT count(*) FROM span").all()), [[1]], "the same process");
    await file.close();
    const next = new AccountFile(`${bench.dir}/${NAME}`, bench.ports());
    await next.open();
    assertEquals(next.use((db) => db.prepare("SELECT count(*) FROM span").all()), [[spans]], what);
    await next.close();
  }
});
