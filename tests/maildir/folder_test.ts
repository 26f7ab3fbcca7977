import { DELETED, FLAGGED, SEEN } from "../../mod/store/store.ts";
import { assert, assertEquals, assertRejects } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { isWrite, takesSpace } from "../support/mem_fs.ts";
import { ALICE, append, deliver, machine, opened, ROOT, storeOn, textOf } from "./support.ts";

async function made(count = 3) {
  const clock = new FakeClock();
  const m = storeOn(machine(clock), clock);
  const account = await m.store.account(ALICE);
  for (let i = 1; i <= count; i++) await append(account, "INBOX", `M: ${i}\r\n\r\n`);
  const box = await opened(m.store);
  const end = async () => {
    box.close();
    await m.store.close();
    assertEquals(m.fs.openFiles, 0);
  };
  return { ...m, account, box, end };
}

Deno.test("setFlags(), expunge() and content() find files that others renamed", async () => {
  const { fs, box, end } = await made();
  const names = (await fs.list(`${ROOT}/cur`)).map((e) => e.name).sort();
  for (const name of names) await fs.rename(`${ROOT}/cur/${name}`, `${ROOT}/cur/${name}F`);
  assertEquals(await textOf(box, 1), "M: 1\r\n\r\n");
  for (const name of names) await fs.rename(`${ROOT}/cur/${name}F`, `${ROOT}/cur/${name}FS`);
  const there = await box.setFlags([1, 2, 3], SEEN, DELETED, null);
  assertEquals(there.map((m) => m.flags), [FLAGGED | DELETED, FLAGGED | DELETED, FLAGGED | DELETED]);
  for (const name of names) await fs.rename(`${ROOT}/cur/${name}FT`, `${ROOT}/cur/${name}`);
  assertEquals(await box.expunge([2]), [2]);
  assertEquals((await fs.list(`${ROOT}/cur`)).length, 2);
  await end();
});

Deno.test("what others removed is told gone, once, and is no fault", async () => {
  const { fs, box, end } = await made();
  const log: string[] = [];
  box.listen((c) => c.kind === "expunged" && log.push(`${c.uids}`));
  const [first, second] = (await fs.list(`${ROOT}/cur`)).map((e) => e.name).sort();
  await fs.remove(`${ROOT}/cur/${first}`);
  assertEquals((await box.setFlags([1, 2], 0, SEEN, null)).map((m) => m.uid), [2]);
  await fs.remove(`${ROOT}/cur/${second}S`);
  assertEquals(await box.expunge([2, 3]), [3]);
  assertEquals([log.sort(), box.messages.length], [["1", "2", "3"], 0]);
  assertEquals(await box.content(1), null);
  await end();
});

Deno.test("a full or read-only disk changes nothing, and all works once it is healed", async () => {
  const { fs, account, box, end } = await made();
  await box.keywordBits(["known"]);
  for (const [match, code] of [[takesSpace, "full"], [isWrite, "read-only"]] as const) {
    const heal = fs.fail(match, code);
    await assertRejects(() => append(account, "INBOX", "x\r\n"), code);
    await assertRejects(() => append(account, "Sent", "x\r\n"), code);
    await assertRejects(() => box.keywordBits([`new-${code}`]), code);
    if (code === "read-only") {
      await assertRejects(() => box.setFlags([1], 0, SEEN, null), code);
      await assertRejects(() => box.expunge([1]), code);
      await assertRejects(() => box.copy([1], "Sent"), code);
    }
    heal();
    await box.refresh();
    assertEquals(box.messages.map((m) => [m.uid, m.flags]), [[1, 0], [2, 0], [3, 0]]);
  }
  await box.setFlags([1], 0, SEEN, null);
  const uid = await append(account, "INBOX", "works\r\n");
  assert(uid > 3);
  assertEquals((await fs.list(`${ROOT}/tmp`)).length, 0);
  assertEquals((await box.copy([1, 2], "Sent")).ok, true);
  await end();
});

Deno.test("flags go into the file name in Dovecot's order, new mail leaves new/", async () => {
  const { fs, store, box, end } = await made(0);
  const base = await deliver(store, "D: 1\r\n\r\n");
  await store.settled();
  assertEquals(fs.tree(`${ROOT}/new`), [`${ROOT}/new/${base}`]);
  const bits = await box.keywordBits(["k0", "k1", "k2"]);
  await box.setFlags([1], 0, SEEN | FLAGGED | DELETED | bits, null);
  assertEquals((await fs.list(`${ROOT}/cur`)).map((e) => e.name), [`${base}:2,FSTabc`]);
  assertEquals((await fs.list(`${ROOT}/new`)).length, 0);
  await end();
});

Deno.test("a session that claims recent messages moves them to cur/, one that peeks does not", async () => {
  const { fs, store, box, end } = await made(0);
  for (let i = 0; i < 3; i++) await deliver(store, `D: ${i}\r\n\r\n`);
  await store.settled();
  assertEquals([box.peekRecent?.(), (await fs.list(`${ROOT}/new`)).length], [0, 3]);
  assertEquals(box.claimRecent(), 0);
  await store.settled();
  assertEquals([(await fs.list(`${ROOT}/new`)).length, (await fs.list(`${ROOT}/cur`)).length], [0, 3]);
  assertEquals(box.messages.map((m) => m.uid), [1, 2, 3]);
  assertEquals(await textOf(box, 2), "D: 1\r\n\r\n");
  await end();
});

Deno.test("messages with bare LF and wrong sizes in the name are read canonically", async () => {
  const { fs, clock, box, end } = await made(0);
  await clock.advance(5_000);
  await fs.createWith(`${ROOT}/cur/5.lf,S=4,W=4:2,`, [new TextEncoder().encode("a\nb\n and more\n")]);
  await fs.createWith(`${ROOT}/cur/6.none:2,`, [new TextEncoder().encode("a\nb\n")]);
  await fs.createWith(`${ROOT}/cur/7.zero:2,`, []);
  await box.refresh();
  assertEquals(new TextDecoder().decode(box.headerNow?.(2) ?? undefined), "a\r\nb\r\n");
  const date = box.messages[1]?.internalDate;
  assertEquals([date, box.messages[2]?.internalDate], [fs.statSync(`${ROOT}/cur/6.none:2,`)?.mtime, -1]);
  await box.prepare(box.messages, { size: true, date: true });
  assertEquals(box.messages.slice(1).map((m) => m.size), [6, 0]);
  assertEquals(await textOf(box, 1), "a\r\nb\r\n and more\r\n");
  assertEquals(box.messages[0]?.size, 17);
  assertEquals(new TextDecoder().decode(box.contentNow(2) ?? undefined), "a\r\nb\r\n");
  assertEquals(box.contentNow(3)?.length, 0);
  await end();
});

Deno.test("while very many new messages are told of, UIDNEXT is not above those that are still to come", async () => {
  const { clock, fs, box, end } = await made();
  await clock.advance(10);
  for (let i = 0; i < 2500; i++) await fs.createWith(`${ROOT}/new/${10_000 + i}.foreign`, []);
  const log: number[][] = [];
  box.listen((c) => c.kind === "added" && log.push([box.messages.length, box.uidNext]));
  await box.refresh();
  assertEquals([log, box.uidNext], [[[1003, 1004], [2003, 2004], [2503, 2504]], 2504]);
  await end();
});

Deno.test("UIDNEXT goes on above what was removed, while others are added too", async () => {
  const { clock, fs, box, end } = await made();
  await box.expunge([2, 3]);
  await clock.advance(10);
  await fs.createWith(`${ROOT}/new/10.foreign`, []);
  const seen = new Set<number>();
  const append = fs.append.bind(fs);
  fs.append = async (path) => {
    seen.add(box.uidNext);
    return await append(path);
  };
  const sync = fs.syncDir.bind(fs);
  fs.syncDir = async (path) => {
    seen.add(box.uidNext);
    await sync(path);
  };
  await box.refresh();
  assertEquals([[...seen], box.uidNext], [[4], 5]);
  await end();
});
