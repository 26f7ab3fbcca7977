import type { Body } from "../../mod/base/body.ts";
import { memoryBody } from "../../mod/base/body.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import { NO_FLAGS } from "../../mod/store/flags.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { FakeClock, settle } from "../support/fake_clock.ts";
import { takesSpace } from "../support/mem_fs.ts";
import { MemFs } from "../support/mem_fs.ts";
import { ALICE, allOf, deliver, machine, opened, ROOT, storeOn } from "./support.ts";

const target = (account: string, mailbox = "INBOX") => ({ account, mailbox, flags: NO_FLAGS });

Deno.test("a delivery is one file with sizes in its name, no UID yet, and few steps", async () => {
  const { fs, store } = storeOn(machine());
  await store.account(ALICE);
  await store.settled();
  fs.calls.clear();
  const file = await deliver(store, "A: b\r\n\r\nbody\r\n");
  assertMatch(file, /^\d+\.M\d+P\d+R[0-9a-f]{4}\.host,S=14,W=14$/);
  assertEquals(fs.tree(`${ROOT}/new`), [`${ROOT}/new/${file}`]);
  assertEquals(fs.statSync(`${ROOT}/dovecot-uidlist`), null);
  assertEquals(
    ["create", "rename", "syncDir", "list", "append", "link"].map((op) => fs.calls.get(op as "create") ?? 0),
    [1, 1, 1, 0, 0, 0],
  );
});

Deno.test("a message for many is written once, with links or without", async () => {
  for (const links of [true, false]) {
    const clock = new FakeClock();
    const fs = new MemFs({ clock, dirs: ["/mail"], links });
    const { store } = storeOn(fs, clock);
    const to = ["a@x.test", "b@x.test", "c@y.test"];
    for (const id of to) await store.account(id);
    fs.calls.clear();
    const outcomes = await store.deliver(to.map((id) => target(id)), memoryBody(utf8("x\r\n")));
    assertEquals(outcomes.map((o) => o.kind), ["delivered", "delivered", "delivered"]);
    const inodes = ["x.test/a", "x.test/b", "y.test/c"].map((p) => {
      const [file] = fs.tree(`/mail/${p}/new`);
      return fs.statSync(file ?? "")?.inode;
    });
    assertEquals(new Set(inodes).size, links ? 1 : 3);
    assertEquals(fs.calls.get("create"), links ? 1 : 3);
    for (const p of ["x.test/a", "x.test/b", "y.test/c"]) {
      assertEquals((await fs.list(`/mail/${p}/tmp`)).length, 0);
    }
    await store.close();
  }
});

Deno.test("each target has an outcome of its own", async () => {
  const { fs, store } = storeOn(machine());
  await store.account("good@x.test");
  await store.account("bad@x.test");
  await store.settled();
  fs.fail((_, path) => path.startsWith("/mail/x.test/bad/"), "io");
  fs.symlink("/etc", "/mail/x.test/link");
  const to = ["bad@x.test", "good@x.test", "link@x.test", "no-domain", "good@x.test"].map((id) => target(id));
  const outcomes = await store.deliver(to, memoryBody(utf8("x\r\n")));
  assertEquals(outcomes.map((o) => o.kind), ["deferred", "delivered", "deferred", "deferred", "delivered"]);
  assertEquals(fs.tree("/mail/x.test/good/new").length, 2);
});

Deno.test("a full disk defers and leaves nothing; the next delivery works", async () => {
  const { fs, store } = storeOn(machine());
  await store.account(ALICE);
  const heal = fs.fail(takesSpace, "full");
  assertEquals(await store.deliver([target(ALICE)], memoryBody(utf8("x\r\n"))), [{
    kind: "deferred",
    why: "disk: full",
  }]);
  heal();
  const fail = fs.fail("syncDir", "io");
  assertEquals((await store.deliver([target(ALICE)], memoryBody(utf8("x\r\n"))))[0]?.kind, "deferred");
  fail();
  for (const part of ["new", "tmp"]) assertEquals((await fs.list(`${ROOT}/${part}`)).length, 0, part);
  await deliver(store, "y\r\n");
});

Deno.test("a large body is streamed, and a stream that breaks leaves nothing", async () => {
  const { fs, store } = storeOn(machine());
  const body = (fail: boolean): Body => ({
    size: 20,
    memory: null,
    async *stream() {
      yield utf8("0123456\r\n\n");
      await settle(1);
      if (fail) throw new Error("spool file went away");
      yield utf8("0123456\r\r\n");
    },
    dispose: () => Promise.resolve(),
  });
  const [failed] = await store.deliver([target(ALICE)], body(true));
  assertEquals([failed?.kind, (await fs.list(`${ROOT}/tmp`)).length], ["deferred", 0]);
  const [done] = await store.deliver([target(ALICE)], body(false));
  assert(done?.kind === "delivered");
  assertMatch(done.file, /,S=20,W=21$/);
  assertEquals(fs.openFiles, 0);
});

Deno.test("missing parts of a folder are made again by the next delivery", async () => {
  const { fs, store } = storeOn(machine());
  await store.account(ALICE);
  await store.settled();
  for (const part of ["new", "tmp"]) await fs.removeDir(`${ROOT}/${part}`);
  await deliver(store, "x\r\n");
  assertEquals((await fs.list(`${ROOT}/new`)).length, 1);
});

Deno.test("deliveries into an open folder are told at once, in one batch where they come together", async () => {
  const { fs, store } = storeOn(machine());
  const box = await opened(store);
  await deliver(store, "0\r\n");
  await store.settled();
  fs.calls.clear();
  let told = 0;
  box.listen((c) => told += c.kind === "added" ? c.messages.length : 0);
  await Promise.all(Array.from({ length: 20 }, (_, i) => deliver(store, `${i + 1}\r\n`)));
  await store.settled();
  assertEquals([told, box.messages.length], [20, 21]);
  assertEquals(fs.calls.get("list") ?? 0, 0);
  assert((fs.calls.get("append") ?? 0) <= 5, `${fs.calls.get("append")} writes of the UID list`);
  await box.refresh();
  assertEquals((await allOf(box)).map(([uid]) => uid), Array.from({ length: 21 }, (_, i) => i + 1));
  box.close();
  await store.close();
});

Deno.test("a folder that another program took away a moment after a delivery defers one, and the next goes to INBOX", async () => {
  const { fs, store } = storeOn(machine());
  const account = await store.account(ALICE);
  assert((await account.create("Lists")).ok);
  const body = memoryBody(utf8("x\r\n"));
  const one = async () => (await store.deliver([target(ALICE, "Lists")], body))[0];
  const mailboxOf = (o: Awaited<ReturnType<typeof one>>) => o?.kind === "delivered" ? o.mailbox : o?.kind;
  assertEquals(mailboxOf(await one()), "Lists");
  await fs.rename(`${ROOT}/.Lists`, `${ROOT}/..gone`);
  assertEquals([mailboxOf(await one()), mailboxOf(await one())], ["deferred", "INBOX"]);
  assertEquals((await fs.list(`${ROOT}/tmp`)).length, 0);
});
