import fc from "fast-check";
import { INDEX_LAG, INDEX_NEEDLE, INDEX_QUIET, INDEX_REST } from "../../mod/base/limits.ts";
import { FsError } from "../../mod/base/fs.ts";
import { AccountFile } from "../../mod/index/account_file.ts";
import { COLUMNS } from "../../mod/index/folder_signs.ts";
import { type FillPorts, FolderWords } from "../../mod/index/folder_words.ts";
import { folderId, keepOnly, sweepDropped } from "../../mod/index/folders.ts";
import type { WordText } from "../../mod/store/mail_index.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { IndexBench } from "../support/index_ports.ts";

interface Fixture {
  readonly file: AccountFile;
  readonly texts: Map<number, string>;
  readonly mailbox: {
    messages: { uid: number; flags: number; size: number; internalDate: number }[];
  };
  readonly ports: FillPorts;
  make(): FolderWords;
  add(text: string): void;
}

async function fixture(bench: IndexBench, texts: readonly string[], name = "INBOX"): Promise<Fixture> {
  const file = new AccountFile(`${bench.dir}/alice.sqlite`, bench.ports());
  await file.open();
  const folder = file.use((db) => folderId(db, name, 1, 1)) ?? 0;
  const f: Fixture = {
    file,
    texts: new Map(),
    mailbox: { messages: [] },
    ports: bench.fillPorts(),
    make: () => new FolderWords(file, folder, f.mailbox, f.ports),
    add: (text) => {
      const uid = (f.mailbox.messages.at(-1)?.uid ?? 0) + 1;
      f.mailbox.messages.push({ uid, flags: 0, size: 0, internalDate: 0 });
      f.texts.set(uid, text);
    },
  };
  for (const text of texts) f.add(text);
  return f;
}

const whole = (body: string): WordText => ({ headers: [], body: [body], whole: true });
const reader = ({ texts }: Fixture) => ({ uid }: { readonly uid: number }) => whole(texts.get(uid) ?? "");

/** Fills until nothing is left to do. */
async function fill(bench: IndexBench, f: Fixture, words: FolderWords): Promise<void> {
  words.fill(reader(f));
  do await bench.clock.advance(50); while (bench.clock.waiting > 1);
}

/** Ends while time passes. */
async function end(bench: IndexBench, words: FolderWords): Promise<void> {
  let ended = false;
  const done = words.end().finally(() => ended = true);
  while (!ended) await bench.clock.advance(1);
  await done;
}

const held = (words: FolderWords, text: string, from: number, to: number, headers = false) => {
  const uids = words.mayHold({ text, headers }, from, to);
  return uids && [...new Set(uids)].sort((a, b) => a - b);
};
const count = ({ file }: Fixture, table: string) =>
  file.use((db) => Number(db.prepare(`SELECT count(*) FROM ${table}`).all()[0]?.[0]));

Deno.test("FolderWords leaves out no message that holds a text", async () => {
  const letters = fc.constantFrom(
    "a",
    "b",
    "c",
    " ",
    '"',
    "\u00e4",
    "\u{1f600}",
    "\0",
    "*",
    "\u4f1a",
    "\u8b70",
  );
  const text = fc.string({ unit: letters, maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(text, text), { maxLength: 20 }),
      fc.array(fc.tuple(fc.string({ unit: letters, minLength: 1, maxLength: 6 }), fc.boolean()), {
        maxLength: 10,
      }),
      async (texts, needles) => {
        await using bench = await IndexBench.make();
        const f = await fixture(bench, texts.map(() => ""));
        const words = f.make();
        words.fill(({ uid }) => {
          const [headers, body] = texts[uid - 1] ?? ["", ""];
          return { headers: [headers], body: [body], whole: true };
        });
        do await bench.clock.advance(50); while (bench.clock.waiting > 1);
        assertEquals(words.upTo, texts.length);
        for (const [needle, headers] of needles) {
          const found = held(words, needle, 1, texts.length, headers);
          for (const [i, [header, body]] of texts.entries()) {
            if (!body.includes(needle) && !(headers && header.includes(needle))) continue;
            assert(found === null || found.includes(i + 1), JSON.stringify([needle, header, body]));
          }
        }
        await end(bench, words);
        await f.file.close();
      },
    ),
    { numRuns: 15, seed: 2 },
  );
});

/** Letters without end, always the same; `kinds` of them. */
function* letters(seed: number, kinds: number): Generator<string> {
  for (let x = seed * 2 + 1;;) {
    x = (Math.imul(x, 1_664_525) + 1_013_904_223) >>> 0;
    yield String.fromCharCode(97 + (x >>> 8) % kinds);
  }
}

const noise = (seed: number, length: number, kinds = 26) =>
  letters(seed, kinds).take(length).toArray().join("");

Deno.test("FolderWords finds what lies across the signatures of a long text, and keeps UIDs apart", async () => {
  await using bench = await IndexBench.make();
  const filler = noise(1, 9000, 900);
  const f = await fixture(bench, [
    "nothing",
    `${filler}needle${filler}last words`,
    "no need",
    "needles",
  ]);
  const words = f.make();
  await fill(bench, f, words);
  assertEquals(held(words, "needle", 1, 9), [2, 4]);
  assertEquals(held(words, "last words", 1, 9), [2]);
  for (let at = 0; at < filler.length; at += 997) {
    assertEquals(held(words, filler.slice(at, at + 2 * INDEX_NEEDLE), 1, 9), [2], `${at}`);
  }
  assertEquals(held(words, "needle", 3, 9), [4]);
  assertEquals(held(words, "need", 2, 3), [2, 3]);
  assertEquals(held(words, "ne", 1, 9), null);
  const long = "x".repeat(3 * INDEX_NEEDLE);
  assertEquals(held(words, `needle${long}`, 1, 9), []);
  await end(bench, words);
  assert((count(f, "sign") ?? 0) > 5);
  await f.file.close();
});

Deno.test("FolderWords turns many into blocks, goes on where it was after a new start, and with messages that come", async () => {
  await using bench = await IndexBench.make();
  bench.clock.tick = 0.5;
  const f = await fixture(
    bench,
    Array.from({ length: 2 * COLUMNS + 300 }, (_, i) => `word${i} ${noise(i, 60)}`),
  );
  const first = f.make();
  first.fill(reader(f));
  for (let i = 0; i < 200; i++) await bench.clock.advance(5);
  const { upTo } = first;
  assert(upTo > COLUMNS && upTo < 2 * COLUMNS, `${upTo}`);
  assertEquals(held(first, `word${upTo - 1} `, 1, upTo), [upTo], "not written yet");
  await end(bench, first);
  const second = f.make();
  assertEquals([second.upTo, count(f, "block"), count(f, "sign")], [upTo, 1, upTo - COLUMNS]);
  assertEquals(held(second, `word${upTo - 1} `, 1, upTo), [upTo]);
  await fill(bench, f, second);
  assertEquals([second.upTo, count(f, "block"), count(f, "sign")], [2 * COLUMNS + 300, 2, 300]);
  for (let i = 0; i < 2 * COLUMNS + 300; i += 101) {
    assertEquals(held(second, `word${i} `, 1, 9999)?.includes(i + 1), true);
  }
  assertEquals(held(second, "word1", COLUMNS + 1, COLUMNS + 80)?.length, 80);
  for (let i = 0; i < INDEX_LAG; i++) f.add("word299 again");
  second.more();
  await bench.clock.advance(1000);
  assertEquals(second.upTo, 2 * COLUMNS + 300, "so few are read by who searches");
  f.add("word299 again");
  second.more();
  await fill(bench, f, second);
  assertEquals(held(second, "word299 again", 1, 9999)?.length, INDEX_LAG + 1);
  await end(bench, second);
  await f.file.close();
});

Deno.test("FolderWords waits while somebody works with the mailbox, and while another folder has its turn", async () => {
  await using bench = await IndexBench.make();
  bench.clock.tick = 0.5;
  const f = await fixture(bench, Array.from({ length: 100 }, (_, i) => `word${i}`));
  const words = f.make();
  const release = words.hold();
  words.fill(reader(f));
  await bench.clock.advance(1000);
  assertEquals(words.upTo, 0);
  release();
  release();
  await bench.clock.advance(INDEX_QUIET - 5);
  assertEquals(words.upTo, 0);
  const never = new AbortController();
  await f.ports.turns.take(never.signal);
  await bench.clock.advance(1000);
  assertEquals(words.upTo, 0);
  f.ports.turns.give();
  await bench.clock.advance(10);
  const { upTo } = words;
  assert(upTo > 0 && upTo < 100, `${upTo}`);
  const again = words.hold();
  await bench.clock.advance(1000);
  assert(words.upTo < upTo + 10);
  // Others get their turn meanwhile.
  const other = f.ports.turns.take(never.signal);
  await bench.clock.advance(1000);
  assertEquals(await other, true);
  assertEquals(count(f, "sign"), words.upTo);
  again();
  const ended = words.end();
  f.ports.turns.give();
  await ended;
  await f.file.close();
});

Deno.test("FolderWords takes longer rests while others have work, and none where the disk is full", async () => {
  await using bench = await IndexBench.make();
  bench.clock.tick = 0.5;
  const f = await fixture(bench, Array.from({ length: 400 }, (_, i) => `word${i}`));
  let room = false;
  const words = new FolderWords(f.file, 1, f.mailbox, { ...f.ports, room: () => Promise.resolve(room) });
  words.fill(reader(f));
  await bench.clock.advance(1000);
  assertEquals(words.upTo, 0);
  room = true;
  words.fill(reader(f));
  const slept: number[] = [];
  const { sleep } = bench.clock;
  let late = true;
  bench.clock.sleep = async function (ms, signal) {
    slept.push(ms);
    await sleep.call(bench.clock, ms, signal);
    if (late) await sleep.call(bench.clock, 20, signal);
  };
  await bench.clock.advance(300);
  const slow = Math.max(...slept);
  late = false;
  slept.length = 0;
  await bench.clock.advance(1000);
  const quick = Math.min(...slept);
  assert(slow > 8 * quick, `${slow} ${quick}`);
  await end(bench, words);
  await f.file.close();
});

Deno.test("FolderWords: what is not all there, or cannot be read, may hold anything", async () => {
  await using bench = await IndexBench.make();
  const f = await fixture(bench, ["a", "b", "c", "d"]);
  const words = f.make();
  const answers: Record<number, () => WordText | null> = {
    1: () => whole("abc"),
    2: () => ({ headers: [], body: ["abd"], whole: false }),
    3: () => {
      throw new FsError("io", "read", "/x");
    },
    4: () => null,
  };
  words.fill(({ uid }) => Promise.resolve().then(() => answers[uid]?.() ?? null));
  do await bench.clock.advance(50); while (bench.clock.waiting > 1);
  // The fourth was not found: it may have been on its way from one name to another.
  assertEquals(held(words, "zzz", 1, 4), [2, 3, 4]);
  assertEquals(held(words, "abc", 1, 4), [1, 2, 3, 4]);
  await end(bench, words);
  await f.file.close();
});

Deno.test("FolderWords: messages that come after later ones may hold anything, over new starts", async () => {
  await using bench = await IndexBench.make();
  const f = await fixture(bench, ["first", "second", "third", "fourth"]);
  const { messages: all } = f.mailbox;
  f.mailbox.messages = all.filter(({ uid }) => uid !== 2 && uid !== 4);
  const words = f.make();
  await fill(bench, f, words);
  assertEquals([words.upTo, held(words, "second", 1, 4)], [3, []]);
  await end(bench, words);
  // Files that were away come back, with the UIDs they had.
  f.mailbox.messages = all;
  const second = f.make();
  assertEquals(held(second, "nowhere", 1, second.upTo), [2]);
  await fill(bench, f, second);
  assertEquals([second.upTo, held(second, "second", 1, 4), held(second, "fourth", 1, 4)], [4, [2], [2, 4]]);
  f.mailbox.messages = all.filter(({ uid }) => uid !== 4);
  second.removed(1);
  f.mailbox.messages = all;
  second.added(all.filter(({ uid }) => uid === 4));
  assertEquals(held(second, "nowhere", 1, 4), [2, 4]);
  assertEquals(held(second, "nowhere", 3, 3), []);
  await end(bench, second);
  await f.file.close();
});

Deno.test("FolderWords knows nothing of a folder that was dropped while it is open, nor of UIDs given a second time", async () => {
  await using bench = await IndexBench.make();
  const f = await fixture(bench, Array.from({ length: COLUMNS + 9 }, (_, i) => `needle ${i}`));
  const words = f.make();
  await fill(bench, f, words);
  const upTo = words.upTo;
  const id = (uidNext: number) => f.file.use((db) => folderId(db, "INBOX", 1, uidNext));
  assertEquals(held(words, "needle 7", 8, 8), [8]);
  // An older copy of the Maildir took the place of the one whose texts were put in.
  const before = id(upTo + 1);
  assert(before !== id(upTo));
  f.file.use(sweepDropped);
  assertEquals(held(words, "needle 7", 8, 8), null);
  while (f.file.use(sweepDropped));
  assertEquals(held(words, "needle 7", 1, upTo), null);
  await end(bench, words);
  await f.file.close();
});

Deno.test("FolderWords forgets messages that are gone once they are many, and folders", async () => {
  await using bench = await IndexBench.make();
  const f = await fixture(
    bench,
    Array.from({ length: 3 * COLUMNS + 99 }, (_, i) => `needle ${i} ${noise(i, 40)}`),
  );
  const words = f.make();
  await fill(bench, f, words);
  const remove = (some: (uid: number) => boolean) => {
    const before = f.mailbox.messages.length;
    f.mailbox.messages = f.mailbox.messages.filter(({ uid }) => !some(uid));
    words.removed(before - f.mailbox.messages.length);
  };
  const rows = () => ["block", "stripe", "sign"].map((table) => count(f, table));
  assertEquals(rows(), [3, 3 * 8192, 99]);
  remove((uid) => uid % 3 > 0);
  do await bench.clock.advance(50); while (bench.clock.waiting > 1);
  assertEquals(rows(), [1, 8192, f.mailbox.messages.length - COLUMNS]);
  for (const { uid } of f.mailbox.messages.filter((_, i) => i % 50 === 0)) {
    assertEquals(held(words, `needle ${uid - 1} `, 1, 9999), [uid]);
  }
  await end(bench, words);
  f.file.use((db) => keepOnly(db, []));
  while (f.file.use(sweepDropped));
  assertEquals(rows(), [0, 0, 0]);
  await f.file.close();
});

Deno.test("FolderWords does without a database, also one that goes while it fills", async () => {
  await using bench = await IndexBench.make();
  bench.clock.tick = 0.5;
  const f = await fixture(bench, Array.from({ length: 3 * COLUMNS }, (_, i) => `needle ${i}`));
  const words = f.make();
  words.fill(reader(f));
  for (let i = 0; i < 300; i++) await bench.clock.advance(5);
  assert(words.upTo > COLUMNS && words.upTo < 3 * COLUMNS);
  const written = COLUMNS * Math.floor(words.upTo / COLUMNS);
  await f.file.close();
  // Not a broken file, which would be made anew.
  for (const end of ["", "-wal", "-shm"]) {
    await Deno.remove(`${bench.dir}/alice.sqlite${end}`).catch(() => {});
  }
  await Deno.mkdir(`${bench.dir}/alice.sqlite`);
  for (let i = 0; i < 50; i++) await bench.clock.advance(INDEX_REST);
  assertEquals([words.upTo, held(words, "needle", 1, 9)], [written, null]);
  await end(bench, words);
  await f.file.close();
});

Deno.test("FolderWords takes what others have at hand: much of one folder in memory, of others block by block", async () => {
  await using bench = await IndexBench.make();
  const f = await fixture(bench, Array.from({ length: 12 * COLUMNS }, (_, i) => `needle ${i}.`));
  const words = f.make();
  const [first, second] = f.mailbox.messages;
  assert(first && second);
  assertEquals(words.wants(first), false, "nobody wants it filled");
  const release = words.hold();
  words.fill(reader(f));
  await bench.clock.advance(50);
  assertEquals([words.wants(first), words.wants(second)], [true, false]);
  const put = (most: number) => {
    for (const message of f.mailbox.messages) {
      if (message.uid <= words.upTo) continue;
      if (message.uid > most || !words.wants(message)) return;
      words.put(message, whole(f.texts.get(message.uid) ?? ""));
    }
  };
  put(9 * COLUMNS);
  assertEquals([words.upTo, count(f, "block"), count(f, "sign")], [9 * COLUMNS, 0, 0]);
  assertEquals(held(words, "needle 5000.", 1, 20_000)?.includes(5001), true);
  put(12 * COLUMNS);
  assertEquals([words.upTo, (count(f, "block") ?? 0) > 0], [12 * COLUMNS, true]);
  release();
  for (let i = 0; i < 100; i++) await bench.clock.advance(20);
  assertEquals([count(f, "block"), count(f, "sign")], [12, 0]);
  assertEquals(held(words, "needle 5000.", 1, 20_000)?.includes(5001), true);
  assert(f.ports.turns.favours({}), "given back");
  await end(bench, words);
  const again = f.make();
  assertEquals(again.upTo, 12 * COLUMNS);
  await f.file.close();
});
