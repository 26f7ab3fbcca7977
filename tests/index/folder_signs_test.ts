import fc from "fast-check";
import { AccountFile } from "../../mod/index/account_file.ts";
import { COLUMNS, FolderSigns, sweepBlock } from "../../mod/index/folder_signs.ts";
import { folderId } from "../../mod/index/folders.ts";
import { questionsOf, signaturesOf } from "../../mod/index/signature.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { IndexBench } from "../support/index_ports.ts";

async function opened(bench: IndexBench): Promise<{ readonly file: AccountFile; readonly folder: number }> {
  const file = new AccountFile(`${bench.dir}/alice.sqlite`, bench.ports());
  await file.open();
  return { file, folder: file.use((db) => folderId(db, "INBOX", 1, 1)) ?? 0 };
}

const textOf = (uid: number) => `the word${uid}. and${uid % 7}`;
const bitsOf = (uid: number) => signaturesOf({ headers: [], body: [textOf(uid)] }, 16).signatures;
const has = (signs: FolderSigns, needle: string, from: number, to: number) =>
  signs.ask(questionsOf(needle, false) ?? [], from, to);

/** Does at most so many steps; true when none is left. */
function run(steps: Iterator<void>, most = Infinity): boolean {
  for (let n = 0; n < most; n++) if (steps.next().done) return true;
  return false;
}

Deno.test("FolderSigns finds all that exists, however it was cut off in what it did", async () => {
  const step = fc.tuple(
    fc.constantFrom("add", "add", "add", "keep", "gather", "remove", "tidy", "reopen"),
    fc.integer({ min: 1, max: 1500 }),
    fc.oneof(fc.constant(Infinity), fc.integer({ min: 1, max: 20 })),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      await using bench = await IndexBench.make();
      const { file, folder } = await opened(bench);
      let signs = new FolderSigns(file, folder);
      const there = new Set<number>();
      for (const [what, n, most] of steps) {
        if (what === "add") {
          // As a new start may: what was not written comes once more.
          for (let uid = signs.upTo + 1; uid <= signs.upTo + n && uid < 6000;) {
            there.add(uid);
            signs.add(uid, bitsOf(uid), true);
            uid = signs.upTo + 1;
            if (uid % n === 0) break;
          }
        }
        if (what === "keep") run(signs.keep(), most);
        if (what === "gather") run(signs.gather(), most);
        if (what === "remove") { for (const uid of there) if ((uid * 7 + n) % 5 > 0) there.delete(uid); }
        if (what === "tidy") run(signs.tidy((uid) => there.has(uid)), most);
        if (what === "reopen") {
          signs = new FolderSigns(file, folder);
          for (const uid of there) if (uid > signs.upTo) there.delete(uid);
        }
        for (const uid of [...there].filter((_, i) => i % 97 === 0)) {
          assert(has(signs, `word${uid}.`, 1, 9999)?.includes(uid), `${what} ${uid}`);
        }
        assertEquals(has(signs, "nowhere", 1, 9999), []);
      }
      while (signs.waiting >= COLUMNS) run(signs.gather());
      run(signs.keep());
      run(signs.tidy((uid) => there.has(uid)));
      signs = new FolderSigns(file, folder);
      for (const uid of [...there].filter((_, i) => i % 11 === 0)) {
        assert(has(signs, `word${uid}.`, uid, uid)?.includes(uid), `at the end ${uid}`);
      }
      const count = (sql: string) => file.use((db) => Number(db.prepare(sql).all()[0]?.[0])) ?? 0;
      assertEquals(count("SELECT count(*) FROM block WHERE ready = 0"), 0);
      assertEquals(count("SELECT count(*) FROM stripe"), 8192 * count("SELECT count(*) FROM block"));
      await file.close();
    }),
    { numRuns: 8, seed: 4 },
  );
});

Deno.test("FolderSigns tells what is untidy, and keeps folders apart", async () => {
  await using bench = await IndexBench.make();
  const { file, folder } = await opened(bench);
  const other = file.use((db) => folderId(db, "Other", 1, 1)) ?? 0;
  const [a, b] = [new FolderSigns(file, folder), new FolderSigns(file, other)];
  for (let uid = 1; uid <= 2 * COLUMNS; uid++) {
    a.add(uid, bitsOf(uid), true);
    b.add(uid, bitsOf(uid + 10_000), uid !== 5);
  }
  for (const signs of [a, b]) while (signs.waiting >= COLUMNS) run(signs.gather());
  assertEquals([has(a, "word1234.", 1, 9999), has(b, "word11234.", 1, 9999)?.sort()], [[1234], [1234, 5]]);
  assertEquals([has(a, "word11234.", 1, 9999), has(b, "word1234.", 6, 9999)], [[], []]);
  assertEquals([a.untidy(2 * COLUMNS), a.untidy(10)], [false, true]);
  run(a.gather(), 3);
  for (let uid = 2 * COLUMNS + 1; uid <= 3 * COLUMNS; uid++) a.add(uid, bitsOf(uid), true);
  run(a.gather(), 8);
  const again = new FolderSigns(file, folder);
  assertEquals([again.upTo, again.untidy(2 * COLUMNS)], [2 * COLUMNS, true], "a block is not finished");
  run(again.tidy(() => true));
  assertEquals([has(again, "word1234.", 1, 9999), again.untidy(2 * COLUMNS)], [[1234], false]);
  let slices = 0;
  while (file.use((db) => sweepBlock(db, folder, true))) slices++;
  assertEquals(slices, 18);
  assertEquals([has(a, "word1234.", 1, 2 * COLUMNS), has(b, "word11234.", 6, 9999)], [[], [1234]]);
  await file.close();
});

Deno.test("FolderSigns gives the memory of signatures back as soon as they are written", async () => {
  await using bench = await IndexBench.make();
  const { file, folder } = await opened(bench);
  const signs = new FolderSigns(file, folder);
  const taken: Uint8Array[] = [];
  const add = (to: number) => {
    for (let uid = signs.upTo + 1; uid <= to; uid++) {
      const bits = bitsOf(uid);
      signs.add(uid, bits, true);
      taken.push(...bits);
    }
  };
  const held = () => taken.filter(({ length }) => length > 0).length;
  add(COLUMNS + 9);
  const steps = signs.gather();
  run(steps, 3);
  assertEquals(held(), COLUMNS + 9);
  run(steps);
  assertEquals(held(), 9);
  run(signs.keep());
  assertEquals(held(), 0);
  add(COLUMNS + 19);
  await file.close();
  for (const end of ["", "-wal", "-shm"]) {
    await Deno.remove(`${bench.dir}/alice.sqlite${end}`).catch(() => {});
  }
  await Deno.mkdir(`${bench.dir}/alice.sqlite`);
  run(signs.keep());
  assertEquals([held(), signs.upTo], [0, COLUMNS + 9], "the database could not be used");
});
