import { utf8 } from "../../mod/base/bytes.ts";
import { INDEX_LATEST, INDEX_QUIET, INDEX_REST } from "../../mod/base/limits.ts";
import { AccountFile } from "../../mod/index/account_file.ts";
import { FolderIndex } from "../../mod/index/folder_index.ts";
import { SEEN } from "../../mod/store/store.ts";
import { MemFolder } from "../support/mem_folder.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { IndexBench } from "../support/index_ports.ts";

async function open(bench: IndexBench, messages: number) {
  const file = new AccountFile(`${bench.dir}/alice.sqlite`, bench.ports());
  await file.open();
  const mailbox = new MemFolder("INBOX", 1, () => null);
  const part = { bytes: utf8("x"), flags: { system: 0, keywords: [] }, internalDate: 0 };
  await mailbox.add(Array.from({ length: messages }, () => part));
  let ended = 0;
  const index = new FolderIndex(file, 1, mailbox, bench.fillPorts(), () => ended++);
  index.users++;
  const rows = (table: string) =>
    file.use((db) => Number(db.prepare(`SELECT count(*) FROM ${table}`).all()[0]?.[0]));
  return { file, mailbox, index, rows, ended: () => ended };
}

Deno.test("FolderIndex writes a second after it was given something, in slices", async () => {
  await using bench = await IndexBench.make();
  const { file, mailbox, index, rows, ended } = await open(bench, 1000);
  const seqs = index.modSeqs();
  for (const m of mailbox.messages) index.texts.put(m, "BODY", utf8("b"));
  assertEquals(rows("parsed"), 0);
  await bench.clock.advance(INDEX_REST);
  assertEquals([rows("parsed"), rows("seq")], [1000, 1000]);
  assertEquals(bench.clock.waiting, 1, "nothing more to do but to close the file");
  assertEquals(await index.modSeqs(), await seqs, "one for all");
  index.close();
  await index.ending;
  assertEquals(ended(), 1);
  await file.close();
});

Deno.test("FolderIndex forgets messages that are expunged, and tells who comes later of it", async () => {
  await using bench = await IndexBench.make();
  const { file, mailbox, index, rows } = await open(bench, 10);
  for (const m of mailbox.messages) index.texts.put(m, "BODY", utf8("b"));
  const seqs = await index.modSeqs();
  assert(seqs);
  const told = seqs.highest;
  await mailbox.expunge([3, 4]);
  await mailbox.setFlags([5], 0, SEEN, null);
  await bench.clock.advance(INDEX_REST);
  assertEquals([rows("parsed"), rows("seq"), rows("vanished")], [8, 8, 2]);
  assertEquals(seqs.vanishedSince(told), [3, 4]);
  assertEquals(mailbox.messages.filter((m) => seqs.changedSince(m, told)).map((m) => m.uid), [5]);
  index.close();
  await bench.clock.advance(0);
  await index.ending;
  await file.close();
});

Deno.test("FolderIndex writes when clients are quiet, or have not been for long", async () => {
  await using bench = await IndexBench.make();
  const { file, mailbox, index, rows } = await open(bench, 40);
  const [first, second] = mailbox.messages;
  if (!first || !second) throw new Error("Cannot test without messages");
  index.texts.put(first, "BODY", utf8("b"));
  for (let at = 0; at < 2 * INDEX_REST; at += INDEX_QUIET) {
    index.words.hold()();
    await bench.clock.advance(INDEX_QUIET - 1);
  }
  assertEquals(rows("parsed"), 0, "one command after the other");
  await bench.clock.advance(2 * INDEX_QUIET);
  assertEquals(rows("parsed"), 1);
  const release = index.words.hold();
  index.texts.put(second, "BODY", utf8("b"));
  await bench.clock.advance(INDEX_LATEST / 2);
  assertEquals(rows("parsed"), 1);
  await bench.clock.advance(INDEX_LATEST / 2 + INDEX_QUIET);
  assertEquals(rows("parsed"), 2, "waited for long enough");
  release();
  index.close();
  await bench.clock.advance(0);
  await index.ending;
  await file.close();
});
