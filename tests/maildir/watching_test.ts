import { FLAGGED, SEEN } from "../../mod/store/store.ts";
import { assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import type { MemFs } from "../support/mem_fs.ts";
import { machine, opened, ROOT, storeOn } from "./support.ts";

async function made(watch: boolean) {
  const clock = new FakeClock();
  const fs = machine(clock);
  if (!watch) {
    fs.watch = () => {
      throw new Error("no more watchers");
    };
  }
  const { store, log } = storeOn(fs, clock);
  const box = await opened(store);
  const told: number[] = [];
  box.listen((c) => c.kind === "added" && told.push(...c.messages.map((m) => m.uid)));
  return { clock, fs, store, log, box, told };
}

/** Counts the watchers that are open. */
function counted(fs: MemFs): { watchers: number } {
  const watch = fs.watch.bind(fs);
  const open = { watchers: 0 };
  fs.watch = (folders, changed) => {
    const watcher = watch(folders, changed);
    open.watchers++;
    return {
      close: () => {
        open.watchers--;
        watcher.close();
      },
    };
  };
  return open;
}

Deno.test("a foreign delivery into an open folder is told within moments", async () => {
  const { clock, fs, store, box, told } = await made(true);
  await clock.advance(600);
  await fs.createWith(`${ROOT}/new/5.foreign`, []);
  await clock.advance(30);
  assertEquals(told, [1]);
  box.close();
  await fs.createWith(`${ROOT}/new/6.foreign`, []);
  await clock.advance(60_000);
  assertEquals(told, [1]);
  await store.close();
  assertEquals(clock.waiting, 0);
});

Deno.test("what came before the watch began is told when it begins", async () => {
  const { clock, fs, store, box, told } = await made(true);
  await clock.advance(100);
  await fs.createWith(`${ROOT}/new/5.foreign`, []);
  await clock.advance(500);
  assertEquals(told, [1]);
  box.close();
  await store.close();
});

Deno.test("without watchers the folder is looked at now and then, and the log says so once", async () => {
  const { clock, fs, store, log, box, told } = await made(false);
  await clock.advance(1_000);
  await fs.createWith(`${ROOT}/new/5.foreign`, []);
  await clock.advance(30_000);
  assertEquals(told, [1]);
  assertEquals(log.lines.filter((l) => l.event === "cannot watch folders").length, 1);
  box.close();
  await store.close();
});

Deno.test("while very many files are changed here nobody watches, and nothing of others is missed", async () => {
  const { clock, fs, store, box, told } = await made(true);
  const open = counted(fs);
  await clock.advance(600);
  for (let i = 0; i < 60; i++) await fs.createWith(`${ROOT}/cur/${10 + i}.foreign:2,`, []);
  await clock.advance(30);
  assertEquals([open.watchers, told.length], [1, 60]);
  await box.setFlags(told.slice(0, 10), 0, SEEN, null);
  assertEquals(open.watchers, 1);
  await box.setFlags(told.slice(), 0, FLAGGED, null);
  assertEquals(open.watchers, 0);
  await clock.advance(50);
  await fs.createWith(`${ROOT}/new/99.foreign`, []);
  await clock.advance(400);
  assertEquals([open.watchers, told.length], [0, 60]);
  await clock.advance(100);
  assertEquals([open.watchers, told.length], [1, 61]);
  await box.expunge(told.slice(0, 55));
  assertEquals(open.watchers, 0);
  box.close();
  await clock.advance(1000);
  assertEquals(open.watchers, 0);
  await store.close();
});

Deno.test("while many messages are read nobody watches, and nothing of others is missed", async () => {
  const { clock, fs, store, box, told } = await made(true);
  const open = counted(fs);
  await clock.advance(600);
  await fs.createWith(`${ROOT}/new/5.foreign`, []);
  await clock.advance(30);
  assertEquals([open.watchers, told], [1, [1]]);
  const read = (times: number) => {
    for (let i = 0; i < times; i++) box.contentNow(1);
  };
  read(20);
  assertEquals(open.watchers, 1);
  read(20);
  assertEquals(open.watchers, 0);
  await clock.advance(300);
  await fs.createWith(`${ROOT}/new/6.foreign`, []);
  // However long it goes on, others wait no longer than that.
  read(1000);
  await clock.advance(200);
  assertEquals([open.watchers, told], [0, [1, 2]]);
  await clock.advance(300);
  assertEquals(open.watchers, 1);
  read(1000);
  assertEquals(open.watchers, 0);
  box.close();
  await clock.advance(1000);
  assertEquals(open.watchers, 0);
  await store.close();
  assertEquals(clock.waiting, 0);
});

Deno.test("changes without end of very many files keep nobody from hearing of others", async () => {
  const { clock, fs, store, box, told } = await made(true);
  const open = counted(fs);
  await clock.advance(10);
  for (let i = 0; i < 60; i++) await fs.createWith(`${ROOT}/cur/${10 + i}.foreign:2,`, []);
  await clock.advance(600);
  const all = told.slice();
  assertEquals([open.watchers, all.length], [1, 60]);
  for (let i = 0; i < 8; i++) {
    await box.setFlags(all, i % 2 === 0 ? 0 : FLAGGED, i % 2 === 0 ? FLAGGED : 0, null);
    if (i === 1) await fs.createWith(`${ROOT}/new/99.foreign`, []);
    await clock.advance(300);
    assertEquals(open.watchers, 0);
    if (i === 4) assertEquals(told.length, 61);
  }
  await clock.advance(500);
  assertEquals(open.watchers, 1);
  box.close();
  await store.close();
  assertEquals(clock.waiting, 0);
});

Deno.test("what others change in the middle of changes of ours is told when the folder has come to rest", async () => {
  const { clock, fs, store, box, told } = await made(true);
  for (let i = 0; i < 3; i++) await fs.createWith(`${ROOT}/cur/${10 + i}.foreign:2,`, []);
  await clock.advance(5_000);
  assertEquals(told, [1, 2, 3]);
  const rename = fs.renameSync.bind(fs);
  fs.renameSync = (from, to) => {
    rename(from, to);
    fs.renameSync = rename;
    rename(`${ROOT}/cur/12.foreign:2,`, `${ROOT}/cur/12.foreign:2,S`);
  };
  const flagged: number[] = [];
  box.listen((c) => c.kind === "flags" && c.by === null && flagged.push(...c.messages.map((m) => m.uid)));
  await box.setFlags([1], 0, FLAGGED, "us");
  assertEquals(flagged, []);
  await clock.advance(2_500);
  assertEquals(flagged, [3]);
  box.close();
  await store.close();
  assertEquals(clock.waiting, 0);
});
