import { fromUtf8 } from "../../mod/base/bytes.ts";
import { AHEAD_BATCHES, AHEAD_KEPT, AHEAD_RUN, AHEAD_START, AHEAD_START_RUN } from "../../mod/base/limits.ts";
import { SEEN } from "../../mod/store/store.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock, settle } from "../support/fake_clock.ts";
import { MemBulk } from "../support/mem_bulk.ts";
// Loaded before: what reads ahead is brought in when it is first needed.
import "../../mod/maildir/ahead.ts";
import { ALICE, append, machine, opened, storeOn } from "./support.ts";

/** A folder of messages, and what reads ahead in it. */
async function made(count: number, width = 10) {
  const clock = new FakeClock();
  const fs = machine(clock);
  const bulk = new MemBulk(fs);
  const { store, log } = storeOn(fs, clock, undefined, bulk);
  const account = await store.account(ALICE);
  for (let i = 1; i <= count; i++) await append(account, "INBOX", textOf(i, width));
  const box = await opened(store);
  const end = async () => {
    box.close();
    await store.close();
    assertEquals([bulk.out, fs.openFiles, log.lines], [0, 0, []]);
  };
  return { clock, fs, bulk, box, store, end };
}

const textOf = (uid: number, width = 10) => `M: ${uid}\n\n${"x".repeat(width)}\n`;
const headerOf = (uid: number) => `M: ${uid}\r\n\r\n`;
const canonical = (uid: number, width = 10) => textOf(uid, width).replaceAll("\n", "\r\n");
const shown = (bytes: Uint8Array | null | undefined) => bytes ? fromUtf8(bytes) : null;
const uidsFrom = (box: { readonly messages: readonly { readonly uid: number }[] }, first = 1) => () =>
  box.messages.map((m) => m.uid).filter((uid) => uid >= first);

Deno.test("messages asked for one by one in order are read ahead, and given as they are", async () => {
  const { bulk, box, end } = await made(300);
  bulk.ready = true;
  for (let uid = 1; uid <= 300; uid++) {
    assertEquals(shown(box.contentNow(uid)), canonical(uid));
    if (uid === AHEAD_START_RUN) await settle(2); // what reads ahead is brought in
    else await bulk.answer();
  }
  assertEquals(bulk.starts, 1);
  assert(bulk.asked.length > 200 && bulk.asked.length <= 300 - AHEAD_START_RUN, `${bulk.asked.length} were`);
  // Another order is nobody's.
  for (const uid of [9, 7, 5, 200, 3, 1]) assertEquals(shown(box.contentNow(uid)), canonical(uid));
  await end();
});

Deno.test("what is read ahead for one who asks no more is given back after a while, and with the folder", async () => {
  const { clock, bulk, box, end } = await made(200);
  bulk.ready = true;
  for (let uid = 1; uid <= AHEAD_START_RUN; uid++) box.contentNow(uid);
  await settle(2);
  const more = async (from: number) => {
    for (let uid = from; uid < from + AHEAD_RUN; uid++) box.contentNow(uid);
    await bulk.answer();
  };
  await more(AHEAD_START_RUN + 1);
  assert(bulk.out > 0);
  await clock.advance(AHEAD_KEPT * 2);
  assertEquals(bulk.out, 0);
  await more(AHEAD_START_RUN + AHEAD_RUN + 1);
  assert(bulk.out > 0, "a new run, since the thread is there");
  await end();
});

Deno.test("who has many commands to answer may wait for what is being read", async () => {
  const { bulk, box, end } = await made(400);
  for (let uid = 1; uid <= AHEAD_START_RUN; uid++) box.contentNow(uid);
  await settle(2);
  let waited = 0;
  for (let uid = AHEAD_START_RUN + 1; uid <= 400; uid++) {
    const coming = box.comes?.(uid);
    if (coming) {
      waited++;
      void bulk.answer(1);
      await coming;
    }
    assertEquals(shown(box.contentNow(uid)), canonical(uid));
  }
  assert(waited > 0);
  assertEquals([box.comes?.(7), box.comes?.(1000)], [null, null]);
  await end();
});

Deno.test("a few messages in order start no thread", async () => {
  const { bulk, box, end } = await made(AHEAD_START_RUN);
  for (let uid = 1; uid < AHEAD_START_RUN; uid++) box.contentNow(uid);
  const reading = box.reading?.("whole", AHEAD_START - 1, uidsFrom(box));
  for (const { uid } of box.messages) assertEquals(reading?.comes(uid), null);
  await settle(2);
  assertEquals([bulk.starts, bulk.asked], [0, []]);
  reading?.close();
  await end();
});

for (const part of ["whole", "header"] as const) {
  Deno.test(`reading() gives each ${part} once it has come, and reads by itself what has not`, async () => {
    const { bulk, box, end } = await made(400);
    let at = 1;
    const reading = box.reading?.(part, AHEAD_START, () => uidsFrom(box, at)());
    assert(reading);
    const want = part === "whole" ? (uid: number) => canonical(uid) : headerOf;
    const get = (uid: number) => shown(part === "whole" ? reading.contentNow(uid) : reading.headerNow(uid));
    let waited = 0;
    for (let uid = 1; uid <= 400; uid++) {
      at = uid;
      const coming = reading.comes(uid);
      if (coming) {
        waited++;
        void bulk.answer(1);
        await coming;
      }
      assertEquals(get(uid), want(uid), `${uid}`);
      assert(bulk.waiting <= AHEAD_BATCHES);
      if (uid === 40) await settle(2);
    }
    assert(waited > 0 && bulk.asked.length > 100, `${waited}, ${bulk.asked.length}`);
    reading.close();
    reading.close();
    await bulk.answer();
    await end();
  });
}

Deno.test("reading() is right about messages that are renamed, removed, large or of another kind meanwhile", async () => {
  const { bulk, box, fs, end } = await made(60, 20_000);
  const dir = "/mail/example.test/alice/cur";
  const { contentNow } = await ahead();
  // 1 and 2 were read; 3 gets other flags, 4 is gone.
  async function ahead() {
    const warm = box.reading?.("whole", AHEAD_START, uidsFrom(box));
    warm?.comes(1);
    await settle(2);
    warm?.close();
    const reading = box.reading?.("whole", AHEAD_START, uidsFrom(box));
    assert(reading);
    reading.comes(1);
    await box.setFlags([3], 0, SEEN, null);
    const gone = (await fs.list(dir)).map((e) => e.name).find((n) =>
      n.startsWith(bulk.asked[3]?.slice(4) ?? "-")
    );
    await fs.remove(`${dir}/${gone}`);
    await bulk.answer();
    return {
      contentNow: async (uid: number) => {
        const coming = reading.comes(uid);
        void bulk.answer();
        if (coming) await coming;
        const text = shown(reading.contentNow(uid));
        if (uid === 60) reading.close();
        return text;
      },
    };
  }
  for (let uid = 1; uid <= 60; uid++) {
    assertEquals(await contentNow(uid) === (uid === 4 ? null : canonical(uid, 20_000)), true, `${uid}`);
  }
  await bulk.answer();
  await end();
});

Deno.test("reading() goes on by itself when the thread dies in the middle", async () => {
  const { bulk, box, end } = await made(200);
  const reading = box.reading?.("whole", AHEAD_START, uidsFrom(box));
  assert(reading);
  reading.comes(1);
  await settle(2);
  for (let uid = 1; uid <= 200; uid++) {
    const coming = reading.comes(uid);
    if (coming) {
      if (uid > 100) await bulk.die();
      else await bulk.answer(1);
      await coming;
    }
    assertEquals(shown(reading.contentNow(uid)), canonical(uid));
  }
  assertEquals([bulk.waiting, bulk.out], [0, 0]);
  reading.close();
  await end();
});

Deno.test("reading() is read ahead again after the thread was ended while its reader was slow", async () => {
  const { bulk, box, end } = await made(300, 20_000);
  bulk.ready = true;
  let at = 1;
  const reading = box.reading?.("whole", AHEAD_START, () => uidsFrom(box, at)());
  assert(reading);
  const read = async (last: number) => {
    for (; at <= last; at++) {
      const coming = reading.comes(at);
      await bulk.answer();
      await coming;
      assertEquals(shown(reading.contentNow(at)), canonical(at, 20_000));
      if (at === 1) await settle(2);
    }
  };
  await read(60);
  const before = bulk.asked.length;
  assert(before > 0);
  bulk.ready = false;
  await read(200);
  assert(bulk.asked.length === before);
  bulk.ready = true;
  await read(300);
  assert(bulk.asked.length > before, "ahead again");
  reading.close();
  await bulk.answer();
  await end();
});
