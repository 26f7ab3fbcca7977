import { fromUtf8 } from "../../mod/base/bytes.ts";
import { BULK_FILE, BULK_FILES, BULK_OCTETS } from "../../mod/base/limits.ts";
import { Ahead } from "../../mod/maildir/ahead.ts";
import { FolderMessage, FolderState } from "../../mod/maildir/folder_state.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { MemBulk } from "../support/mem_bulk.ts";
import { MemFs } from "../support/mem_fs.ts";
import { portsOn } from "./support.ts";

/** Messages with UIDs 10, 20, ... of these sizes. */
function made(sizes: readonly number[], known = true) {
  const files = sizes.map((
    size,
    i,
  ) => [`/mail/a/cur/${i}${known ? `,W=${size}` : ""}`, String(i % 10).repeat(size)]);
  const fs = new MemFs({ files: Object.fromEntries(files) });
  const state = new FolderState(portsOn(fs), "/mail/a", "/mail/a");
  state.messages = sizes.map((size, i) =>
    new FolderMessage(10 * (i + 1), `${i}${known ? `,W=${size}` : ""}`, false)
  );
  const bulk = new MemBulk(fs);
  bulk.ready = true;
  const ahead = new Ahead(state, bulk, "whole", state.messages.map((m) => m.uid), 3);
  const text = (uid: number) => {
    const found = ahead.get(uid);
    return found && fromUtf8(found.bytes);
  };
  return { state, bulk, ahead, text };
}

Deno.test("Ahead asks for batches of so many messages or octets, and leaves large ones out", async () => {
  const few = made(Array(200).fill(10));
  few.ahead.fill();
  assertEquals([few.bulk.waiting, few.bulk.asked.length], [3, 3 * BULK_FILES]);
  few.ahead.close();
  const large = made(Array(50).fill(40_000));
  large.ahead.fill();
  assertEquals(large.bulk.asked.length, 3 * Math.floor(BULK_OCTETS / 40_000));
  large.ahead.close();
  const mixed = made([10, BULK_FILE + 1, BULK_FILE, 20]);
  mixed.ahead.fill();
  await mixed.bulk.answer();
  assertEquals([10, 20, 30, 40].map((uid) => mixed.text(uid)?.length), [10, undefined, BULK_FILE, 20]);
  const unknown = made(Array(100).fill(10), false);
  unknown.ahead.fill();
  assertEquals(unknown.bulk.asked.length, 3 * BULK_OCTETS / (16 * 1024));
  unknown.ahead.close();
});

Deno.test("Ahead gives what has come, in order, and nothing twice", async () => {
  const { bulk, ahead, text } = made(Array(300).fill(10));
  ahead.fill();
  assertEquals(text(10), null);
  const coming = ahead.comes(10);
  assert(coming);
  await bulk.answer(1);
  await coming;
  assertEquals([ahead.comes(10), text(10), text(10)], [null, "0".repeat(10), "0".repeat(10)]);
  assertEquals(text(30), "2".repeat(10));
  assertEquals([text(20), ahead.comes(20)], [null, null]); // passed by
  assertEquals(text(35), null); // none of them
  assertEquals(text(40), "3".repeat(10));
  // Passing by batches that have not come gives them back when they do.
  assertEquals(text(10 * 3 * BULK_FILES), null);
  await bulk.answer(2);
  assertEquals(bulk.out, 1);
  assertEquals(text(30 * BULK_FILES), String((3 * BULK_FILES - 1) % 10).repeat(10));
  ahead.close();
  await bulk.answer();
  assertEquals([bulk.out, text(30 * BULK_FILES), ahead.over], [0, null, true]);
});

Deno.test("Ahead leaves some to one who has to wait, and fewer again when the thread has nothing to do", async () => {
  const { bulk, ahead } = made(Array(4000).fill(10));
  ahead.fill();
  const skipped: number[] = [];
  let uid = 10;
  const pass = async (wait: boolean) => {
    const asked = bulk.asked.length;
    if (!wait) await bulk.answer();
    for (let i = 0; i < 2 * BULK_FILES && bulk.asked.length === asked; i++, uid += 10) {
      const coming = ahead.comes(uid);
      if (coming) await Promise.all([coming, bulk.answer(1)]);
      ahead.get(uid);
    }
    const numbers = bulk.asked.slice(asked - 1).map((n) => parseInt(n.slice(4)));
    skipped.push((numbers[1] ?? 0) - (numbers[0] ?? 0) - 1);
  };
  for (let i = 0; i < 8; i++) await pass(true);
  for (let i = 0; i < 12; i++) await pass(false);
  assertEquals([skipped[0], Math.max(...skipped) > 3, skipped.at(-1)], [1, true, 0], `${skipped}`);
  ahead.close();
  await bulk.answer();
  assertEquals(bulk.out, 0);
});

Deno.test("Ahead leaves nothing to one who waits for a slow disk", async () => {
  const { bulk, ahead } = made(Array(1000).fill(10));
  bulk.took = 1000;
  ahead.fill();
  for (let uid = 10; uid <= 5000; uid += 10) {
    const coming = ahead.comes(uid);
    if (coming) await Promise.all([coming, bulk.answer(1)]);
    assert(ahead.get(uid), `${uid}`);
  }
  ahead.close();
  await bulk.answer();
});

Deno.test("Ahead knows nothing of a folder that is another one now", async () => {
  const { state, bulk, ahead, text } = made([10, 10]);
  ahead.fill();
  await bulk.answer();
  assertEquals(text(10), "0".repeat(10));
  Object.defineProperty(state.uidFile, "uidValidity", { value: 7 });
  assertEquals([text(20), ahead.over, bulk.out], [null, true, 0]);
});
