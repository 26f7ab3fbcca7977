/** A disk that is full, or fails, at each step in turn: what is told stays true, one line says so, and all goes on when there is room again. */
import { utf8 } from "../../mod/base/bytes.ts";
import { INDEX_PAUSE, INDEX_QUIET, INDEX_REST, INDEX_TELL } from "../../mod/base/limits.ts";
import { AccountFile } from "../../mod/index/account_file.ts";
import { COLUMNS } from "../../mod/index/folder_signs.ts";
import { FolderWords } from "../../mod/index/folder_words.ts";
import { folderId } from "../../mod/index/folders.ts";
import { Indexes } from "../../mod/index/indexes.ts";
import type { MailboxIndex, ModSeqs, WordText } from "../../mod/store/mail_index.ts";
import { SEEN } from "../../mod/store/store.ts";
import { openSqlite } from "../../mod/sys/sqlite.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FaultyDisk } from "../support/faulty_database.ts";
import { IndexBench } from "../support/index_ports.ts";
import { MemFolder } from "../support/mem_folder.ts";

const MESSAGES = 6;
const EXPUNGED = 3;
const FLAGGED = 5;

const whole = (body: string): WordText => ({ headers: [], body: [body], whole: true });

/** What `work` gives, while time passes. */
async function soon<T>(bench: IndexBench, work: Promise<T>): Promise<T> {
  let done = false;
  const ended = work.finally(() => done = true);
  while (!done) await bench.clock.advance(1);
  return await ended;
}

/** All that is known is true. */
function check(index: MailboxIndex, inbox: MemFolder, what: string): void {
  for (const { uid } of inbox.messages) {
    const text = index.texts.get({ uid }, "ENVELOPE");
    if (text) assertEquals(new TextDecoder().decode(text), `envelope ${uid}`, what);
    const { words } = index;
    const held = words?.mayHold({ text: `needle${uid}.`, headers: false }, 1, words.upTo);
    if (held && words && uid <= words.upTo) assert(held.includes(uid), `${what}: ${uid} left out`);
  }
}

async function use(bench: IndexBench, index: MailboxIndex, inbox: MemFolder): Promise<void> {
  for (const { uid } of inbox.messages) index.texts.put({ uid }, "ENVELOPE", utf8(`envelope ${uid}`));
  index.words?.fill(({ uid }) => whole(`needle${uid}.`));
  await bench.clock.advance(INDEX_REST + 10 * INDEX_QUIET);
}

function knowsAll(index: MailboxIndex, inbox: MemFolder, what: string): void {
  for (const { uid } of inbox.messages) {
    assert(index.texts.get({ uid }, "ENVELOPE"), `${what}: envelope ${uid}`);
    const held = index.words?.mayHold({ text: `needle${uid}.`, headers: false }, 1, uid);
    assertEquals(held?.includes(uid), true, `${what}: ${uid}`);
  }
  assertEquals(index.words?.mayHold({ text: "nowhere at all", headers: false }, 1, 99), [], what);
}

/** A client that was told `told` hears of what has changed since. */
function tells(seqs: ModSeqs | null, told: number, inbox: MemFolder, what: string): void {
  if (!seqs) return;
  const flagged = inbox.messages.find((m) => m.uid === FLAGGED);
  assert(flagged && seqs.changedSince(flagged, told), `${what}: a change is not told`);
  assert(seqs.vanishedSince(told)?.includes(EXPUNGED) ?? true, `${what}: an expunge is not told`);
}

/** Uses an index on a disk that fails `count` times from step `from` on; gives how many steps there were. */
async function play(from: number, count: number): Promise<number> {
  await using bench = await IndexBench.make();
  const what = `${count} from ${from}`;
  const disk = new FaultyDisk(openSqlite);
  const ports = { ...bench.ports(), openDatabase: disk.open };
  const all = () => new Indexes((account) => `${bench.dir}/${account}.sqlite`, ports);
  const inbox = new MemFolder("INBOX", 1, () => null);
  const part = { bytes: utf8("x"), flags: { system: 0, keywords: [] }, internalDate: 0 };
  await inbox.add(Array.from({ length: MESSAGES }, () => part));
  [disk.from, disk.count] = [from, count];

  const first = all();
  const index = await soon(bench, first.open("alice", inbox));
  const seqs = await soon(bench, index.modSeqs());
  await use(bench, index, inbox);
  const told = seqs?.highest ?? index.highestKnown();
  await inbox.setFlags([FLAGGED], 0, SEEN, null);
  await inbox.expunge([EXPUNGED]);
  if (told !== null) tells(seqs, told, inbox, what);
  check(index, inbox, what);
  await bench.clock.advance(INDEX_REST);
  check(index, inbox, what);
  const lines = bench.log.lines.filter((l) => l.event === "index not used" && l.level === "warn");
  assert(lines.length <= 1, `${what}: ${lines.length} lines`);

  const steps = disk.steps;
  disk.heal();
  await bench.clock.advance(INDEX_PAUSE);
  // Who comes now has all, also where the mailbox is open for others all the time.
  const again = await soon(bench, first.open("alice", inbox));
  assert(await soon(bench, again.modSeqs()), `${what}: no mod-sequences`);
  await use(bench, again, inbox);
  knowsAll(again, inbox, what);
  again.close();
  index.close();
  await soon(bench, first.close());

  const second = all();
  const last = await soon(bench, second.open("alice", inbox));
  knowsAll(last, inbox, `${what}, after a start`);
  if (told !== null) tells(await soon(bench, last.modSeqs()), told, inbox, `${what}, after a start`);
  last.close();
  await soon(bench, second.close());
  return steps;
}

Deno.test("an index whose disk fails at each step in turn, once or for long, tells nothing that is wrong", async () => {
  const steps = await play(Infinity, 0);
  assert(steps > 50, `${steps}`);
  for (let from = 0; from < steps; from++) {
    await play(from, 1);
    await play(from, Infinity);
  }
});

/** A change that is told cannot be written, the disk failing once at this step of it; and somebody else undoes it. Gives how many steps there were. */
async function undone(step: number): Promise<number> {
  await using bench = await IndexBench.make();
  const disk = new FaultyDisk(openSqlite);
  const ports = { ...bench.ports(), openDatabase: disk.open };
  const all = () => new Indexes((account) => `${bench.dir}/${account}.sqlite`, ports);
  const [inbox, trash] = ["INBOX", "Trash"].map((name) => new MemFolder(name, 1, () => null));
  assert(inbox && trash);
  await inbox.add([{ bytes: utf8("x"), flags: { system: 0, keywords: [] }, internalDate: 0 }]);
  const first = all();
  const index = await soon(bench, first.open("alice", inbox));
  const told = (await soon(bench, index.modSeqs()))?.highest;
  await bench.clock.advance(INDEX_REST);
  await inbox.setFlags([1], 0, SEEN, null);
  const before = disk.steps;
  [disk.from, disk.count] = [before + step, 1];
  await bench.clock.advance(INDEX_REST);
  const steps = disk.steps - before;
  index.close();
  await bench.clock.advance(INDEX_PAUSE);
  (await soon(bench, first.open("alice", trash))).close();
  await soon(bench, first.close());
  await inbox.setFlags([1], SEEN, 0, null);
  const second = all();
  const last = await soon(bench, second.open("alice", inbox));
  const seqs = await soon(bench, last.modSeqs());
  const [message] = inbox.messages;
  assert(told !== undefined && seqs && message);
  if (step < steps) assert(seqs.changedSince(message, told), `step ${step} of ${steps}`);
  last.close();
  await soon(bench, second.close());
  return steps;
}

Deno.test("FolderModSeqs vouches for nothing that could not be written", async () => {
  const steps = await undone(Infinity);
  assert(steps > 3, `${steps}`);
  for (let step = 0; step < steps; step++) await undone(step);
});

interface Filled {
  readonly bench: IndexBench;
  readonly disk: FaultyDisk;
  readonly file: AccountFile;
  readonly words: FolderWords;
  readonly mailbox: { messages: { uid: number; flags: number; size: number; internalDate: number }[] };
  /** Messages that were read. */
  reads(): number;
  fill(): Promise<void>;
  /** Rows in blocks, stripes and signatures. */
  rows(): (number | null)[];
}

/** A mailbox of so many messages, and its full-text index on a disk that may fail. */
async function toFill(bench: IndexBench, messages: number): Promise<Filled> {
  const disk = new FaultyDisk(openSqlite);
  const file = new AccountFile(`${bench.dir}/alice.sqlite`, { ...bench.ports(), openDatabase: disk.open });
  await file.open();
  const folder = file.use((db) => folderId(db, "INBOX", 1, 1)) ?? 0;
  const mailbox = {
    messages: Array.from(
      { length: messages },
      (_, i) => ({ uid: i + 1, flags: 0, size: 0, internalDate: 0 }),
    ),
  };
  const words = new FolderWords(file, folder, mailbox, bench.fillPorts());
  let reads = 0;
  const count = (table: string) =>
    file.use((db) => Number(db.prepare(`SELECT count(*) FROM ${table}`).all()[0]?.[0]));
  return {
    bench,
    disk,
    file,
    words,
    mailbox,
    reads: () => reads,
    async fill() {
      words.fill(({ uid }) => (reads++, whole(`needle${uid}.`)));
      do await bench.clock.advance(50); while (bench.clock.waiting > 1);
    },
    rows: () => ["block", "stripe", "sign"].map(count),
  };
}

Deno.test("FolderWords reads nothing while what it would put in cannot be written", async () => {
  await using bench = await IndexBench.make();
  const { disk, file, words, reads, fill, rows } = await toFill(bench, 50);
  disk.from = disk.steps;
  for (let i = 0; i < 5; i++) {
    await fill();
    await bench.clock.advance(INDEX_PAUSE);
  }
  assertEquals([reads(), words.upTo], [0, 0]);
  disk.heal();
  await bench.clock.advance(INDEX_PAUSE);
  await fill();
  assertEquals([reads(), words.upTo, rows()], [50, 50, [0, 0, 50]]);
  await soon(bench, words.end());
  await file.close();
});

Deno.test("FolderWords keeps what was written, and leaves nothing behind, where the disk fails at any step of a block", async () => {
  const steps = await block(Infinity);
  // Most of them are stripes, one like the other.
  const sample = Array.from({ length: steps }, (_, i) => i).filter((i) =>
    i < 30 || i > steps - 14 || i % 1111 === 0
  );
  for (const step of sample.filter((i) => i % 3 === 0 || i > steps - 14)) await block(step);
});

/** Fills past a block on a disk that fails once, at this step; gives how many there were. */
async function block(step: number): Promise<number> {
  await using bench = await IndexBench.make();
  const { disk, file, words, mailbox, fill, rows } = await toFill(bench, COLUMNS - 100);
  await fill();
  const kept = words.upTo;
  for (let uid = kept + 1; uid <= COLUMNS + 9; uid++) {
    mailbox.messages.push({ uid, flags: 0, size: 0, internalDate: 0 });
  }
  const before = disk.steps;
  [disk.from, disk.count] = [before + step, 1];
  await fill();
  const steps = disk.steps - before;
  assert(words.upTo >= kept, `${step}: went back to ${words.upTo}`);
  await bench.clock.advance(INDEX_PAUSE);
  await fill();
  assertEquals([words.upTo, rows()], [COLUMNS + 9, [1, 8192, 9]], `step ${step}`);
  for (const uid of [1, kept, kept + 1, COLUMNS + 9]) {
    const held = words.mayHold({ text: `needle${uid}.`, headers: false }, 1, 9999);
    assertEquals(held?.includes(uid), true, `step ${step}: ${uid}`);
  }
  await soon(bench, words.end());
  await file.close();
  return steps;
}

Deno.test("AccountFile says once an hour why it cannot be used, and at once when that is something else", async () => {
  await using bench = await IndexBench.make();
  const { disk, file } = await toFill(bench, 0);
  const told = () => bench.log.lines.filter((l) => l.event === "index not used" && l.level === "warn").length;
  disk.from = disk.steps;
  const hour = async () => {
    for (let past = 0; past < INDEX_TELL; past += INDEX_PAUSE) {
      assertEquals(file.use((db) => db.exec("SELECT 1")), null);
      await bench.clock.advance(INDEX_PAUSE);
    }
  };
  await hour();
  assertEquals(told(), 1);
  await hour();
  assertEquals(told(), 2);
  disk.heal();
  assertEquals(file.use(() => true), true);
  await file.close();
  await Deno.remove(`${bench.dir}/alice.sqlite`);
  await Deno.mkdir(`${bench.dir}/alice.sqlite`);
  assertEquals(file.use(() => true), null);
  assertEquals(told(), 3);
});

Deno.test("AccountFile makes its folder again when that was taken away", async () => {
  await using bench = await IndexBench.make();
  const file = new AccountFile(`${bench.dir}/deep/alice.sqlite`, bench.realPorts());
  await file.open();
  assertEquals(file.use(() => true), true);
  file.rest();
  await Deno.remove(`${bench.dir}/deep`, { recursive: true });
  for (let i = 0; i < 2; i++) {
    await file.open();
    file.use(() => true);
    await bench.clock.advance(INDEX_PAUSE);
  }
  await file.open();
  assertEquals(file.use(() => true), true);
  await file.close();
});

Deno.test("Indexes gives who comes after the index was taken away another, however long others keep theirs", async () => {
  await using bench = await IndexBench.make();
  const all = new Indexes((account) => `${bench.dir}/deep/${account}.sqlite`, bench.realPorts());
  const inbox = new MemFolder("INBOX", 1, () => null);
  const part = { bytes: utf8("x"), flags: { system: 0, keywords: [] }, internalDate: 0 };
  await inbox.add(Array.from({ length: MESSAGES }, () => part));
  const first = await soon(bench, all.open("alice", inbox));
  const before = await soon(bench, first.modSeqs());
  await use(bench, first, inbox);
  await Deno.remove(`${bench.dir}/deep`, { recursive: true });
  // It is closed when nobody has used it for a while.
  await bench.clock.advance(2 * INDEX_PAUSE);
  for (let i = 0; i < 3; i++) {
    (await soon(bench, all.open("alice", inbox))).close();
    await bench.clock.advance(INDEX_PAUSE);
  }
  const second = await soon(bench, all.open("alice", inbox));
  const after = await soon(bench, second.modSeqs());
  await use(bench, second, inbox);
  knowsAll(second, inbox, "made anew");
  assert(before && after && after.highest > before.highest);
  const told = [before.highest, after.highest];
  await inbox.setFlags([FLAGGED], 0, SEEN, null);
  await inbox.expunge([EXPUNGED]);
  for (const [i, seqs] of [before, after].entries()) tells(seqs, told[i] ?? 0, inbox, "both go on");
  first.close();
  await bench.clock.advance(INDEX_REST);
  const third = await soon(bench, all.open("alice", inbox));
  assert(third === second, "one for all");
  second.close();
  third.close();
  await soon(bench, all.close());
});
