import { AccountFile } from "../../mod/index/account_file.ts";
import { FolderTexts } from "../../mod/index/folder_texts.ts";
import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { INDEX_PENDING } from "../../mod/base/limits.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { IndexBench } from "../support/index_ports.ts";

/** Writes all there is to write. */
function drain(texts: FolderTexts): number {
  let slices = 1;
  while (texts.write()) slices++;
  return slices;
}

async function open(bench: IndexBench): Promise<AccountFile> {
  const file = new AccountFile(`${bench.dir}/example.test/alice.sqlite`, bench.ports());
  await file.open();
  return file;
}

function textOf(texts: FolderTexts, uid: number, kind: "ENVELOPE" | "BODY" = "ENVELOPE"): string | null {
  const text = texts.get({ uid }, kind);
  return text && fromUtf8(text);
}

Deno.test("FolderTexts gives back what was put: at once, after writing, and after a new start", async () => {
  await using bench = await IndexBench.make();
  const file = await open(bench);
  const texts = new FolderTexts(file, 1, () => {});
  const uids = Array.from({ length: 3000 }, (_, i) => i * 3 + 1);
  for (const uid of uids) texts.put({ uid }, "ENVELOPE", utf8(`envelope ${uid}`));
  assertEquals(textOf(texts, 4), "envelope 4");
  assertEquals(textOf(texts, 5), null);
  assert(drain(texts) > 5, "in slices");
  for (const uid of uids) assertEquals(textOf(texts, uid), `envelope ${uid}`);
  await file.close();

  const again = await open(bench);
  const later = new FolderTexts(again, 1, () => {});
  for (const uid of [...uids].reverse()) assertEquals(textOf(later, uid), `envelope ${uid}`);
  for (let uid = 0; uid < 9100; uid += 7) {
    assertEquals(textOf(later, uid), uid % 3 === 1 && uid < 9000 ? `envelope ${uid}` : null);
  }
  assertEquals(textOf(later, 4, "BODY"), null);
  assertEquals(textOf(new FolderTexts(again, 2, () => {}), 4), null, "another folder");
  await again.close();
});

Deno.test("FolderTexts: what was not known is known once it is put, whatever was read ahead", async () => {
  await using bench = await IndexBench.make();
  const file = await open(bench);
  const texts = new FolderTexts(file, 1, () => {});
  for (let uid = 1; uid <= 50; uid++) {
    assertEquals(textOf(texts, uid), null);
    texts.put({ uid }, "ENVELOPE", utf8(`${uid}`));
    if (uid % 7 === 0) drain(texts);
    assertEquals(textOf(texts, uid), `${uid}`);
  }
  await file.close();
});

Deno.test("FolderTexts keeps the kinds of one message apart, and forgets all of one that is gone", async () => {
  await using bench = await IndexBench.make();
  const file = await open(bench);
  const texts = new FolderTexts(file, 1, () => {});
  texts.put({ uid: 1 }, "ENVELOPE", utf8("e"));
  drain(texts);
  texts.put({ uid: 1 }, "BODY", utf8("b"));
  texts.put({ uid: 2 }, "BODY", utf8("b2"));
  drain(texts);
  assertEquals([textOf(texts, 1), textOf(texts, 1, "BODY")], ["e", "b"]);
  texts.put({ uid: 1 }, "BODY", utf8("pending"));
  texts.remove([1]);
  drain(texts);
  assertEquals([textOf(texts, 1), textOf(texts, 1, "BODY"), textOf(texts, 2, "BODY")], [null, null, "b2"]);
  await file.close();
});

Deno.test("FolderTexts writes at once when too much waits", async () => {
  await using bench = await IndexBench.make();
  const file = await open(bench);
  let woken = 0;
  const texts = new FolderTexts(file, 1, () => woken++);
  for (let uid = 1; uid <= 10; uid++) {
    texts.put({ uid }, "PREVIEW", new Uint8Array(Math.ceil(INDEX_PENDING / 10) + 1));
  }
  assert(woken > 0);
  assertEquals(file.use((db) => Number(db.prepare("SELECT count(*) FROM parsed").all()[0]?.[0])), 10);
  await file.close();
});

Deno.test("FolderTexts finds what holds a text, written or not, and gives what is not finished", async () => {
  await using bench = await IndexBench.make();
  const file = await open(bench);
  const texts = new FolderTexts(file, 1, () => {});
  const found = (needles: readonly string[], from = 1, to = 99) =>
    [...texts.fieldsHolding(needles.map(utf8), from, to) ?? []].map(([uid, t]) => [uid, t && fromUtf8(t)]);
  const put = (uid: number, text: string) => texts.put({ uid }, "FIELDS", utf8(text));
  put(1, "one two");
  put(2, "two");
  put(3, "\0three");
  drain(texts);
  put(4, "four");
  put(2, "second");
  new FolderTexts(file, 2, () => {}).put({ uid: 5 }, "FIELDS", utf8("two"));
  assertEquals(found(["two"]), [[1, "one two"], [2, "second"], [3, "\0three"], [4, "four"]]);
  drain(texts);
  assertEquals(found(["two"]), [[1, "one two"], [2, null], [3, "\0three"], [4, null]]);
  assertEquals(found(["on", "ou"], 1, 4), [[1, "one two"], [2, "second"], [3, "\0three"], [4, "four"]]);
  assertEquals(found(["x", "y", "z", "two"], 2, 3), [[2, null], [3, "\0three"]]);
  assertEquals(texts.fieldsHolding(["a", "b", "c", "d", "e"].map(utf8), 1, 9), null);
  await file.close();
});

Deno.test("FolderTexts finishes texts when it has time, not while somebody waits", async () => {
  await using bench = await IndexBench.make();
  const file = await open(bench);
  const texts = new FolderTexts(file, 1, () => {});
  const finish = (text: Uint8Array) => text.length > 3 ? null : utf8(`${fromUtf8(text)} finished`);
  texts.put({ uid: 1 }, "ENVELOPE", utf8("one"), finish);
  texts.put({ uid: 2 }, "ENVELOPE", utf8("large"), finish);
  assertEquals(textOf(texts, 1), "one");
  drain(texts);
  assertEquals([textOf(texts, 1), textOf(texts, 2)], ["one finished", "large"]);
  texts.put({ uid: 3 }, "ENVELOPE", utf8("two"), () => {
    throw new Error("somebody waits");
  });
  texts.put({ uid: 4 }, "BODY", new Uint8Array(INDEX_PENDING));
  assertEquals(textOf(texts, 3), "two");
  await file.close();
});

Deno.test("FolderTexts finishes few long texts at a time", async () => {
  await using bench = await IndexBench.make();
  const file = await open(bench);
  const texts = new FolderTexts(file, 1, () => {});
  let finished = 0;
  for (let uid = 1; uid <= 20; uid++) {
    texts.put({ uid }, "FIELDS", new Uint8Array(16 * 1024), () => (finished++, null));
  }
  assert(texts.write());
  assert(finished < 5, `${finished}`);
  drain(texts);
  assertEquals(finished, 20);
  await file.close();
});
