import { utf8 } from "../../mod/base/bytes.ts";
import { DatabaseError } from "../../mod/base/database.ts";
import { INDEX_KEPT, INDEX_OPEN, INDEX_PAUSE, INDEX_REST } from "../../mod/base/limits.ts";
import { Indexes } from "../../mod/index/indexes.ts";
import type { MailboxIndex, ModSeqs } from "../../mod/store/mail_index.ts";
import { openSqlite } from "../../mod/sys/sqlite.ts";
import { MemFolder } from "../support/mem_folder.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { IndexBench } from "../support/index_ports.ts";

function folder(name: string, uidValidity = 1): MemFolder {
  return new MemFolder(name, uidValidity, () => null);
}

function indexes(bench: IndexBench): Indexes {
  return new Indexes(
    (account) => account === "none" ? null : `${bench.dir}/${account}.sqlite`,
    bench.ports(),
  );
}

async function stored(bench: IndexBench, inbox: MemFolder, uid = 7): Promise<string | null> {
  const all = indexes(bench);
  const index = await all.open("alice", inbox);
  const text = index.texts.get({ uid }, "BODY");
  index.close();
  await bench.clock.advance(1);
  await all.close();
  return text && new TextDecoder().decode(text);
}

Deno.test("Indexes keeps what it is given when the last user leaves", async () => {
  await using bench = await IndexBench.make();
  const inbox = folder("INBOX");
  const all = indexes(bench);
  const [one, two] = [await all.open("alice", inbox), await all.open("alice", inbox)];
  one.texts.put({ uid: 7 }, "BODY", utf8("text"));
  one.close();
  two.texts.put({ uid: 8 }, "BODY", utf8("more"));
  two.close();
  await bench.clock.advance(1);
  await all.close();
  await inbox.add([{ bytes: utf8("x"), flags: { system: 0, keywords: [] }, internalDate: 0 }]);
  // Neither is in the folder: they are looked for when it is next opened, and their rows go when it is closed.
  assertEquals(await stored(bench, inbox), "text");
  assertEquals(await stored(bench, inbox), null);
});

Deno.test("Indexes knows nothing of another folder, account or UIDVALIDITY", async () => {
  await using bench = await IndexBench.make();
  const inbox = folder("INBOX");
  for (let i = 0; i < 8; i++) {
    await inbox.add([{ bytes: utf8("x"), flags: { system: 0, keywords: [] }, internalDate: 0 }]);
  }
  const all = indexes(bench);
  const index = await all.open("alice", inbox);
  index.texts.put({ uid: 7 }, "BODY", utf8("text"));
  index.close();
  const other = await all.open("bob", inbox);
  assertEquals(other.texts.get({ uid: 7 }, "BODY"), null);
  other.close();
  await bench.clock.advance(1);
  await all.close();
  assertEquals(await stored(bench, inbox), "text");
  assertEquals(await stored(bench, folder("Sent")), null);
  assertEquals(await stored(bench, folder("INBOX", 2)), null);
  assertEquals(await stored(bench, inbox), null, "the newest UIDVALIDITY counts");
});

Deno.test("Indexes.keepOnly() drops folders that are gone, rows and all", async () => {
  await using bench = await IndexBench.make();
  const all = indexes(bench);
  for (const name of ["INBOX", "Old"]) {
    const index = await all.open("alice", folder(name));
    for (let uid = 1; uid <= 1000; uid++) index.texts.put({ uid }, "BODY", utf8("text"));
    index.close();
    await bench.clock.advance(1);
  }
  const dropped = all.keepOnly("alice", ["INBOX"]);
  await bench.clock.advance(1);
  await dropped;
  await all.close();
  const { openDatabase } = bench.ports();
  const db = openDatabase(`${bench.dir}/alice.sqlite`);
  assertEquals(db.prepare("SELECT count(*) FROM parsed").all(), [[1000]]);
  assertEquals(db.prepare("SELECT name FROM folder").all(), [["INBOX"]]);
  assertEquals(db.prepare("SELECT * FROM dropped").all(), []);
  db.close();
});

Deno.test("Indexes closes files nobody uses, after a while or when there are many", async () => {
  await using bench = await IndexBench.make();
  let open = 0;
  const ports = bench.ports();
  const all = new Indexes((account) => `${bench.dir}/${account}.sqlite`, {
    ...ports,
    openDatabase(path) {
      const db = ports.openDatabase(path);
      open++;
      return {
        ...{ exec: db.exec.bind(db), prepare: db.prepare.bind(db), transaction: db.transaction.bind(db) },
        close() {
          open--;
          db.close();
        },
      };
    },
  });
  for (let i = 0; i < INDEX_OPEN + 5; i++) {
    (await all.open(`a${i}`, folder("INBOX"))).close();
    await bench.clock.advance(1);
  }
  assertEquals(open, INDEX_OPEN);
  await bench.clock.advance(INDEX_KEPT);
  assertEquals(open, 0);
  await all.close();
});

Deno.test("Indexes: who can have none gets one that knows nothing", async () => {
  await using bench = await IndexBench.make();
  const all = indexes(bench);
  const index = await all.open("none", folder("INBOX"));
  index.texts.put({ uid: 1 }, "BODY", utf8("x"));
  assertEquals(index.texts.get({ uid: 1 }, "BODY"), null);
  assertEquals(await index.modSeqs(), null);
  index.close();
  await all.close();
});

Deno.test("Indexes of two processes on one file never tell the same mod-sequence for two things", async () => {
  await using bench = await IndexBench.make();
  const inbox = folder("INBOX");
  const part = { bytes: utf8("x"), flags: { system: 0, keywords: [] }, internalDate: 0 };
  await inbox.add([part]);
  const [one, two] = [indexes(bench), indexes(bench)];
  const first = await (await one.open("alice", inbox)).modSeqs();
  assertEquals(await (await two.open("alice", inbox)).modSeqs(), null, "the other has it");
  const told = first?.highest ?? 0;
  await bench.clock.advance(INDEX_KEPT + INDEX_PAUSE);
  const second = await (await two.open("alice", inbox)).modSeqs();
  const [message] = inbox.messages;
  if (!first || !second || !message) throw new Error("no mod-sequences");
  assertEquals(second.changedSince(message, told), true, "the first may have told more since");
  await bench.clock.advance(INDEX_KEPT);
  await inbox.add([part]);
  await bench.clock.advance(INDEX_REST);
  assertEquals(first.changedSince(message, told), false, "it has followed the mailbox all the time");
  assertEquals(first.changedSince(message, second.highest), true, "foreign");
  assert(first.highest > told && first.highest < second.highest);
  await one.close();
  await two.close();
});

Deno.test("Indexes knows nothing of a mailbox whose UIDs have gone back: an older copy of it was put there", async () => {
  await using bench = await IndexBench.make();
  const inbox = folder("INBOX");
  const part = { bytes: utf8("x"), flags: { system: 0, keywords: [] }, internalDate: 0 };
  const all = indexes(bench);
  for (let i = 0; i < 3; i++) await inbox.add([part]);
  const index = await all.open("alice", inbox);
  index.texts.put({ uid: 3 }, "BODY", utf8("text"));
  const before = (await modSeqsOf(bench, index))?.highest ?? Infinity;
  index.close();
  await bench.clock.advance(1);
  await all.close();
  const older = folder("INBOX");
  for (let i = 0; i < 2; i++) await older.add([part]);
  const again = indexes(bench);
  const index2 = await again.open("alice", older);
  await older.add([part]);
  assertEquals(index2.texts.get({ uid: 3 }, "BODY"), null);
  const seqs = await modSeqsOf(bench, index2);
  assert(seqs && seqs.highest > before);
  assertEquals(seqs.vanishedSince(before), null, "nothing is known of what was before");
  assert(older.messages.every((m) => seqs.changedSince(m, before)));
  index2.close();
  await bench.clock.advance(1);
  await again.close();
});

Deno.test("Indexes counts mod-sequences of a folder made anew above those of all before", async () => {
  await using bench = await IndexBench.make();
  const all = indexes(bench);
  const told: number[] = [];
  for (const [name, changes] of [["a", 1], ["b", 50], ["a", 1], ["c", 1]] as const) {
    const box = folder(name);
    const index = await all.open("alice", box);
    const seqs = await modSeqsOf(bench, index);
    assert(seqs && seqs.highest > Math.max(0, ...told), name);
    for (let i = 0; i < changes; i++) {
      await box.add([{ bytes: utf8("x"), flags: { system: 0, keywords: [] }, internalDate: 0 }]);
    }
    told.push(seqs.highest);
    index.close();
    await bench.clock.advance(1);
    let dropped = false;
    const dropping = all.keepOnly("alice", []).then(() => dropped = true);
    while (!dropped) await bench.clock.advance(1);
    await dropping;
  }
  await all.close();
});

Deno.test("Indexes: mod-sequences do not fall when the file is found broken while some are told", async () => {
  await using bench = await IndexBench.make();
  let broken = false;
  const openDatabase = (path: string) => {
    const db = openSqlite(path);
    const prepare = db.prepare.bind(db);
    db.prepare = (sql) => {
      if (broken) throw new DatabaseError("corrupt", path);
      return prepare(sql);
    };
    return db;
  };
  // Each database has a lower tag than the one before.
  const tags = [40, 20];
  let drawn = 0;
  const random = {
    bytes: () => new Uint8Array(0),
    int: (n: number) => n === 63 ? tags.shift() ?? 0 : drawn++,
  };
  const all = new Indexes(() => `${bench.dir}/a.sqlite`, { ...bench.ports(), openDatabase, random });
  const [inbox, trash] = [folder("INBOX"), folder("Trash")];
  const part = { bytes: utf8("x"), flags: { system: 0, keywords: [] }, internalDate: 0 };
  await inbox.add([part]);
  const [message] = inbox.messages;
  assert(message);
  const other = await all.open("alice", trash);
  assert(await other.modSeqs());
  const index = await all.open("alice", inbox);
  const seqs = await index.modSeqs();
  assert(seqs);
  const told = [seqs.of(message), seqs.highest];
  other.close();
  await bench.clock.advance(0);
  broken = true;
  assertEquals(await (await all.open("alice", folder("Archive"))).modSeqs(), null);
  broken = false;
  // In the new file the inbox has the number of another, and is counted in it beside the one that goes on. All is within one millisecond.
  const again = await all.open("alice", inbox);
  const anew = await again.modSeqs();
  assertEquals(tags, [], "another database");
  assertEquals([seqs.of(message), seqs.highest], told, "nothing has changed");
  await inbox.add([part]);
  assert(anew && seqs.highest > Math.max(...told), "it goes on");
  for (const m of inbox.messages) {
    assert(
      anew.of(m) > seqs.highest && anew.changedSince(m, seqs.highest) && seqs.changedSince(m, anew.highest),
    );
  }
  index.close();
  again.close();
  await bench.clock.advance(INDEX_REST);
  await all.close();
});

async function modSeqsOf(bench: IndexBench, index: MailboxIndex): Promise<ModSeqs | null> {
  const seqs = index.modSeqs();
  await bench.clock.advance(0);
  return await seqs;
}
