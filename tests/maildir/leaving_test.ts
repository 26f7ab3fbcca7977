import { Folder } from "../../mod/maildir/folder.ts";
import { Leaving } from "../../mod/maildir/leaving.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { ALICE, deliver, machine, opened, ROOT, storeOn } from "./support.ts";

async function filled(count: number) {
  const clock = new FakeClock();
  const m = storeOn(machine(clock), clock);
  await m.store.account(ALICE);
  for (let i = 0; i < count; i++) await deliver(m.store, `D: ${i}\r\n\r\n`);
  const box = await opened(m.store);
  assert(box instanceof Folder);
  const fresh = async () => (await m.fs.list(`${ROOT}/new`)).length;
  return { ...m, clock, box, fresh };
}

Deno.test("messages leave new/ in parts with rests between them, and at once when asked", async () => {
  const { store, box, fresh } = await filled(600);
  assertEquals(await fresh(), 600);
  box.claimRecent();
  const { state } = box;
  while (await fresh() > 350) await state.serial.run(() => Promise.resolve());
  assert(box.busy);
  assertEquals(await fresh(), 350);
  await store.settled();
  assertEquals([await fresh(), box.busy], [0, false]);
  assertEquals(box.messages.filter((m) => m.isNew).length, 0);
  box.close();
  await store.close();
});

Deno.test("messages that are gone from new/ by the time it is their turn are let be", async () => {
  const { store, box, fresh } = await filled(300);
  const faults: unknown[] = [];
  const leaving = new Leaving(box.state, (why) => faults.push(why));
  leaving.start(box.messages);
  const last = box.messages.slice(-40).map((m) => m.uid);
  assertEquals((await box.expunge(last)).length, 40);
  await leaving.settled();
  assertEquals([await fresh(), box.messages.length, faults.length], [0, 260, 0]);
  leaving.start(box.messages);
  await leaving.settled();
  box.close();
  await store.close();
});

Deno.test("what cannot leave new/ stays there, and who asked is told", async () => {
  const { fs, store, box, fresh } = await filled(3);
  const faults: unknown[] = [];
  const leaving = new Leaving(box.state, (why) => faults.push(why));
  const heal = fs.fail((op) => op === "link" || op === "rename", "full");
  leaving.start(box.messages);
  await leaving.settled();
  heal();
  assertEquals([await fresh(), faults.length, leaving.busy], [3, 1, false]);
  box.close();
  await store.close();
});

Deno.test("messages wait in new/ while one after the other is read, but not for ever", async () => {
  const { store, clock, box, fresh } = await filled(900);
  let reads = 0;
  let reading = true;
  const leaving = new Leaving(box.state, (why) => Promise.reject(why), () => reading ? ++reads : reads);
  const after = async (ms: number) => {
    await clock.advance(ms);
    await box.state.serial.run(() => Promise.resolve());
    return await fresh();
  };
  leaving.start(box.messages);
  assertEquals(await after(0), 650, "the first part needs not wait");
  assertEquals([await after(500), await after(400)], [650, 650]);
  assertEquals(await after(200), 400, "a second is enough");
  reading = false;
  assertEquals(await after(20), 150, "nobody reads any more");
  await leaving.settled();
  assertEquals(await fresh(), 0);
  box.close();
  await store.close();
});

Deno.test("who reads one message after the other in a folder has it to himself", async () => {
  const { store, clock, box, fresh } = await filled(600);
  box.claimRecent();
  while (await fresh() > 350) await box.state.serial.run(() => Promise.resolve());
  for (const { uid } of box.messages.slice(0, 50)) {
    assert(uid % 2 ? box.contentNow(uid) : box.headerNow(uid));
    await clock.advance(15);
  }
  assertEquals(await fresh(), 350);
  await clock.advance(100);
  assertEquals(await fresh(), 0);
  box.close();
  await store.close();
});
