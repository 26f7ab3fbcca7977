import fc from "fast-check";
import { INDEX_NEEDLE, INDEX_REST, INDEX_TEXT_ROW } from "../../mod/base/limits.ts";
import { AccountFile } from "../../mod/index/account_file.ts";
import { FolderWords, trigramsOf } from "../../mod/index/folder_words.ts";
import { folderId, keepOnly, sweepDropped } from "../../mod/index/folders.ts";
import { FsError } from "../../mod/base/fs.ts";
import type { WordText } from "../../mod/store/mail_index.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { IndexBench } from "../support/index_ports.ts";

interface Fixture {
  readonly file: AccountFile;
  readonly folder: number;
  readonly texts: Map<number, string>;
  readonly mailbox: {
    readonly messages: { uid: number; flags: number; size: number; internalDate: number }[];
  };
  make(): FolderWords;
}

async function fixture(bench: IndexBench, texts: readonly string[], name = "INBOX"): Promise<Fixture> {
  const file = new AccountFile(`${bench.dir}/alice.sqlite`, bench.ports());
  await file.open();
  const folder = file.use((db) => folderId(db, name, 1, 1)) ?? 0;
  const mailbox = { messages: texts.map((_, i) => ({ uid: i + 1, flags: 0, size: 0, internalDate: 0 })) };
  const make = () => new FolderWords(file, folder, mailbox, bench.clock, () => {});
  return { file, folder, texts: new Map(texts.map((text, i) => [i + 1, text])), mailbox, make };
}

/** Fills until nothing is left to do. */
async function fill(bench: IndexBench, { texts }: Fixture, words: FolderWords): Promise<void> {
  words.fill(({ uid }) => Promise.resolve({ text: texts.get(uid) ?? "", whole: true }));
  do await bench.clock.advance(50); while (bench.clock.waiting > 1);
}

const sorted = (uids: readonly number[] | null) => uids && [...uids].sort((a, b) => a - b);

Deno.test("FolderWords leaves out no message that holds a text", async () => {
  const letters = fc.constantFrom("a", "b", "c", " ", '"', "\u00e4", "\u{1f600}", "\0", "*");
  const text = fc.string({ unit: letters, maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(text, { maxLength: 20 }),
      fc.array(fc.string({ unit: letters, minLength: 1, maxLength: 6 }), { maxLength: 10 }),
      async (texts, needles) => {
        await using bench = await IndexBench.make();
        const f = await fixture(bench, texts);
        const words = f.make();
        await fill(bench, f, words);
        assertEquals(words.upTo, texts.length);
        for (const needle of needles.map((n) => n.replaceAll("\0", ""))) {
          const held = words.mayHold(needle, 1, texts.length);
          for (const [i, t] of texts.entries()) {
            if (t.includes(needle)) {
              assert(held === null || held.includes(i + 1), JSON.stringify([needle, t]));
            }
          }
        }
        await words.end();
        await f.file.close();
      },
    ),
    { numRuns: 15, seed: 2 },
  );
});

Deno.test("FolderWords finds what lies across the rows of a long text, and keeps UIDs apart", async () => {
  await using bench = await IndexBench.make();
  const filler = "-".repeat(INDEX_TEXT_ROW - 5);
  const f = await fixture(bench, [
    "nothing",
    `${filler}needle${filler}${filler}last words`,
    "no need",
    "needles",
  ]);
  const words = f.make();
  await fill(bench, f, words);
  assertEquals(sorted(words.mayHold("needle", 1, 9)), [2, 4]);
  assertEquals(sorted(words.mayHold("last words", 1, 9)), [2]);
  assertEquals(sorted(words.mayHold("needle", 3, 9)), [4]);
  assertEquals(sorted(words.mayHold("need", 2, 3)), [2, 3]);
  assertEquals(words.mayHold("ne", 1, 9), null);
  const long = "x".repeat(3 * INDEX_NEEDLE);
  assertEquals(words.mayHold(`needle${long}`, 1, 9), []);
  await words.end();
  await f.file.close();
});

Deno.test("FolderWords goes on where it was after a new start, and with messages that come", async () => {
  await using bench = await IndexBench.make();
  const f = await fixture(bench, Array.from({ length: 300 }, (_, i) => `word${i} ${"x".repeat(900)}`));
  const first = f.make();
  first.fill(({ uid }) => Promise.resolve({ text: f.texts.get(uid) ?? "", whole: true }));
  for (let i = 0; i < 4; i++) await bench.clock.advance(1);
  const upTo = first.upTo;
  assert(upTo > 0 && upTo < 300);
  await first.end();
  const second = f.make();
  assertEquals(second.upTo, upTo);
  await fill(bench, f, second);
  assertEquals(second.upTo, 300);
  assertEquals(sorted(second.mayHold("word299", 1, 300)), [300]);
  f.mailbox.messages.push({ uid: 301, flags: 0, size: 0, internalDate: 0 });
  f.texts.set(301, "word299 again");
  second.more();
  await fill(bench, f, second);
  assertEquals(sorted(second.mayHold("word299", 1, 301)), [300, 301]);
  await second.end();
  await f.file.close();
});

Deno.test("FolderWords: what is not all there, or cannot be read, may hold anything", async () => {
  await using bench = await IndexBench.make();
  const f = await fixture(bench, ["a", "b", "c", "d"]);
  const words = f.make();
  const answers: Record<number, () => WordText | null> = {
    1: () => ({ text: "abc", whole: true }),
    2: () => ({ text: "abd", whole: false }),
    3: () => {
      throw new FsError("io", "read", "/x");
    },
    4: () => null,
  };
  words.fill(({ uid }) => Promise.resolve().then(() => answers[uid]?.() ?? null));
  do await bench.clock.advance(50); while (bench.clock.waiting > 1);
  assertEquals(sorted(words.mayHold("zzz", 1, 4)), [2, 3]);
  words.remove([2]);
  while (words.write());
  assertEquals(sorted(words.mayHold("zzz", 1, 4)), [3]);
  await words.end();
  await f.file.close();
});

Deno.test("FolderWords forgets messages that are gone, and folders", async () => {
  await using bench = await IndexBench.make();
  const f = await fixture(bench, Array.from({ length: 200 }, (_, i) => `needle ${i}`));
  const words = f.make();
  await fill(bench, f, words);
  const rows = () =>
    f.file.use((db) => Number(db.prepare("SELECT count(*) FROM words_docsize").all()[0]?.[0]));
  assertEquals(rows(), 200);
  words.remove(Array.from({ length: 150 }, (_, i) => i + 1));
  let slices = 1;
  while (words.write()) slices++;
  assertEquals([rows(), slices], [50, 3]);
  assertEquals(words.mayHold("needle", 1, 200)?.length, 50);
  await words.end();
  f.file.use((db) => keepOnly(db, []));
  while (f.file.use(sweepDropped));
  assertEquals(rows(), 0);
  await f.file.close();
});

Deno.test("FolderWords does without a database", async () => {
  await using bench = await IndexBench.make();
  const f = await fixture(bench, ["needle"]);
  await f.file.close();
  // Not a broken file, which would be made anew.
  for (const end of ["", "-wal", "-shm"]) {
    await Deno.remove(`${bench.dir}/alice.sqlite${end}`).catch(() => {});
  }
  await Deno.mkdir(`${bench.dir}/alice.sqlite`);
  const words = f.make();
  words.fill(() => Promise.resolve({ text: "needle", whole: true }));
  for (let i = 0; i < 5; i++) await bench.clock.advance(INDEX_REST);
  assertEquals([words.upTo, words.mayHold("needle", 1, 9)], [0, null]);
  await words.end();
  await f.file.close();
});

Deno.test("trigramsOf() asks for some of the trigrams, the last among them", () => {
  const table: readonly (readonly [string, string | null])[] = [
    ["ab", null],
    ["\u{1f600}a", null],
    ["abc", '"abc"'],
    ["abcd", '"abc" AND "bcd"'],
    ['a"b', '"a""b"'],
    ["\u{1f600}ab", '"\u{1f600}ab"'],
    ["aaaa", '"aaa"'],
  ];
  for (const [text, want] of table) assertEquals(trigramsOf(text), want, text);
  const long = trigramsOf("abcdefghijklmnopqrstuvwxyz0123456789");
  assertEquals(long?.split(" AND ").length, 12);
  assert(long?.endsWith('"789"'));
  assertEquals(trigramsOf("-".repeat(INDEX_NEEDLE - 1) + "\u{1f600}"), '"---"');
});
