import { utf8 } from "../../mod/base/bytes.ts";
import { NOTIFY_FOLDERS, NOTIFY_WATCHED } from "../../mod/base/limits.ts";
import type { AccountEvent, AccountWatch } from "../../mod/store/account_watch.ts";
import { DELETED, SEEN } from "../../mod/store/store.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import type { MemFs } from "../support/mem_fs.ts";
import { ALICE, append, deliver, machine, type Made, ROOT, storeOn } from "./support.ts";

type Told = readonly unknown[];

/** Events as they come, in short. */
class Listener {
  readonly told: Told[] = [];
  watch: AccountWatch | null = null;

  static async on(
    { store }: Made,
    follows: ((name: string) => boolean) | null = () => true,
  ): Promise<Listener> {
    const listener = new Listener();
    const account = await store.account(ALICE);
    listener.watch = await account.watch({ follows, listener: (event) => listener.told.push(short(event)) });
    return listener;
  }

  /** What was told since the last time. */
  async since(clock: FakeClock, ms = 100): Promise<Told[]> {
    await clock.advance(ms);
    return this.told.splice(0);
  }
}

function short(event: AccountEvent): Told {
  switch (event.kind) {
    case "counts": {
      const { messages, unseen, uidNext } = event.now;
      return [event.name, event.before?.messages ?? null, messages, unseen, uidNext];
    }
    case "created":
    case "removed":
      return [event.kind, event.name];
    case "renamed":
      return [event.kind, event.from, event.to];
    case "subscribed":
      return [event.kind, event.name, event.on];
    case "annotated":
      return [event.kind, event.mailbox, ...event.entries];
    case "overflow":
      return ["overflow"];
  }
}

/** A store on an empty machine; both go by one clock. */
function fresh(): { readonly fs: MemFs; readonly made: Made } {
  const clock = new FakeClock();
  const fs = machine(clock);
  return { fs, made: storeOn(fs, clock) };
}

/** A folder as another program makes it. */
async function foreignFolder(fs: MemFs, dir: string): Promise<void> {
  for (const part of ["tmp", "new", "cur"]) await fs.makeDir(`${ROOT}/${dir}/${part}`);
}

async function foreignFile(fs: MemFs, path: string): Promise<void> {
  await fs.createWith(`${ROOT}/${path}`, [utf8("Subject: x\r\n\r\n")]);
}

Deno.test("a watch tells of all that this process does to messages, in folders open or not", async () => {
  const made = fresh().made;
  const { store, clock } = made;
  const account = await store.account(ALICE);
  const listener = await Listener.on(made);
  await deliver(store, "1");
  assertEquals(await listener.since(clock), [["INBOX", null, 1, 1, 2]]);
  for (const n of [2, 3]) await append(account, "INBOX", `${n}`);
  assertEquals(await listener.since(clock), [["INBOX", 1, 3, 3, 4]], "one event may stand for several");
  const inbox = await account.open("INBOX");
  assert(inbox.ok);
  await inbox.value.setFlags([1], 0, SEEN, null);
  assertEquals(await listener.since(clock), [["INBOX", 3, 3, 2, 4]]);
  await inbox.value.move([2], "Sent");
  assertEquals(await listener.since(clock), [["Sent", null, 1, 1, 2], ["INBOX", 3, 2, 1, 4]]);
  await inbox.value.expunge([1]);
  assertEquals(await listener.since(clock), [["INBOX", 2, 1, 1, 4]]);
  inbox.value.close();
  await deliver(store, "4", undefined, "Junk");
  assertEquals(await listener.since(clock), [["Junk", null, 1, 1, 2]]);
  listener.watch?.close();
  await deliver(store, "5");
  assertEquals(await listener.since(clock), []);
  await store.close();
  assertEquals(clock.waiting, 0);
});

Deno.test("a watch tells of what other programs do, with notices and without", async () => {
  for (const notices of [true, false]) {
    const { fs, made: machine } = fresh();
    if (!notices) fs.watch = () => ({ close: () => {} });
    const { store, clock } = machine;
    const account = await store.account(ALICE);
    await append(account, "INBOX", "1");
    await clock.advance(5000);
    const listener = await Listener.on(machine);
    const patience = notices ? 2000 : 35_000;
    await clock.advance(patience);
    listener.told.length = 0;
    await foreignFile(fs, "new/1.a.b");
    const ofInbox = async () => (await listener.since(clock, patience)).filter((t) => t[0] === "INBOX");
    assertEquals((await ofInbox()).slice(-1).map((t) => t.slice(2)), [[2, 2, 3]]);
    const [file = ""] = (await fs.list(`${ROOT}/cur`)).map((e) => e.name);
    await clock.advance(5000);
    listener.told.length = 0;
    await fs.rename(`${ROOT}/cur/${file}`, `${ROOT}/cur/${file.replace(/:.*/, ":2,S")}`);
    assertEquals((await ofInbox()).slice(-1).map((t) => t.slice(2)), [[2, 1, 3]]);
    await foreignFolder(fs, ".Made.below");
    assertEquals((await listener.since(clock, patience)).filter((t) => typeof t[1] === "string"), [
      ["created", "Made.below"],
    ]);
    await foreignFile(fs, ".Made.below/new/2.a.b");
    const made = (await listener.since(clock, patience)).filter((t) => t[0] === "Made.below");
    assertEquals(made.slice(-1).map((t) => t.slice(2)), [[1, 1, 2]]);
    await fs.rename(`${ROOT}/.Made.below`, `${ROOT}/.Other`);
    assertEquals((await listener.since(clock, patience)).filter((t) => typeof t[1] === "string"), [
      ["removed", "Made.below"],
      ["created", "Other"],
    ]);
    await fs.remove(`${ROOT}/subscriptions`);
    await fs.createWith(`${ROOT}/subscriptions`, [utf8("V\t2\n\nINBOX\nOther\n")]);
    assertEquals((await listener.since(clock, 35_000)).filter((t) => t[0] === "subscribed").sort(), [
      ["subscribed", "Archive", false],
      ["subscribed", "Drafts", false],
      ["subscribed", "Junk", false],
      ["subscribed", "Other", true],
      ["subscribed", "Sent", false],
      ["subscribed", "Trash", false],
    ]);
    await store.close();
    assertEquals(clock.waiting, 0);
  }
});

Deno.test("a watch looks at nothing twice that has not changed, whether or not anybody ever opened it", async () => {
  const { fs, made } = fresh();
  const { store, clock } = made;
  const account = await store.account(ALICE);
  await foreignFolder(fs, ".foreign");
  await foreignFile(fs, ".foreign/cur/1.a.b:2,");
  await append(account, "Sent", "1");
  await clock.advance(5000);
  const listener = await Listener.on(made);
  assertEquals(await listener.since(clock, 200_000), []);
  assertEquals(fs.statSync(`${ROOT}/.foreign/dovecot-uidlist`), null);
  await store.close();
});

Deno.test("a watch tells of names, subscriptions and annotations that this process changes, once", async () => {
  const made = fresh().made;
  const { store, clock } = made;
  const account = await store.account(ALICE);
  const listener = await Listener.on(made);
  const quiet = await Listener.on(made, null);
  await account.create("a.b");
  await account.subscribe("a.b", true);
  await account.subscribe("a.b", true);
  await account.rename("a", "c");
  await append(account, "c.b", "1");
  await account.annotate("inbox", new Map([["/shared/comment", utf8("x")]]));
  await account.annotate("", new Map([["/shared/comment", null]]));
  await account.annotate("nowhere", new Map([["/shared/comment", null]]));
  await account.rename("INBOX", "kept");
  await account.remove("c.b");
  assertEquals((await listener.since(clock, 40_000)).filter((t) => typeof t[1] === "string"), [
    ["created", "a.b"],
    ["subscribed", "a.b", true],
    ["renamed", "a", "c"],
    ["annotated", "INBOX", "/shared/comment"],
    ["annotated", "", "/shared/comment"],
    ["renamed", "INBOX", "kept"],
    ["removed", "c.b"],
  ]);
  assertEquals((await quiet.since(clock)).filter((t) => t[0] === "annotated").length, 2);
  await append(account, "kept", "1");
  assertEquals((await listener.since(clock)).length, 1, "what was renamed is followed");
  await store.close();
});

Deno.test("a listing for those who watch stays true, and is made anew for names alone", async () => {
  const made = fresh().made;
  const account = await made.store.account(ALICE);
  const { watch } = await Listener.on(made);
  const isTrue = async () => assertEquals([...(await watch?.entries() ?? []).values()], await account.list());
  await isTrue();
  const before = await watch?.entries();
  for (const on of [false, true, false]) {
    await account.subscribe("Sent", on);
    await account.subscribe("nowhere", on);
    await isTrue();
  }
  await account.annotate("Sent", new Map([["/shared/comment", utf8("x")]]));
  assert(await watch?.entries() === before);
  await account.create("a.b");
  await isTrue();
  // One that is under way already.
  await account.create("c");
  const entries = watch?.entries();
  await account.subscribe("c", true);
  await entries;
  await isTrue();
  await account.remove("c");
  await isTrue();
  watch?.close();
  await made.store.close();
});

Deno.test("a watch follows what it is asked to, answers for it, and gives everything back", async () => {
  const made = fresh().made;
  const { store, clock } = made;
  const account = await store.account(ALICE);
  let wanted = new Set(["Sent", "later"]);
  const listener = await Listener.on(made, (name) => wanted.has(name));
  await deliver(store, "1");
  await append(account, "Sent", "1");
  await account.create("later");
  await append(account, "later", "1");
  assertEquals((await listener.since(clock)).map((t) => t[0]), ["created", "Sent", "later"]);
  wanted = new Set(["INBOX"]);
  listener.watch?.changed();
  await clock.advance(1);
  await deliver(store, "2");
  await append(account, "Sent", "2");
  assertEquals((await listener.since(clock)).map((t) => t[0]), ["INBOX"]);
  const other = await Listener.on(made);
  assertEquals((await other.watch?.counts("Sent"))?.messages, 2);
  assertEquals(await other.watch?.counts("nowhere"), null);
  listener.watch?.look("INBOX");
  assertEquals((await listener.since(clock)).map((t) => t[0]).sort(), ["INBOX", "Sent"]);
  assertEquals([store.following.folders > 5, store.following.watched > 5], [true, true]);
  listener.watch?.close();
  other.watch?.close();
  other.watch?.close();
  await clock.advance(1);
  assertEquals(store.following, { folders: 0, watched: 0 });
  await store.close();
  assertEquals(clock.waiting, 0);
});

Deno.test("a watch of too many folders is refused, and notices of the file system are few", async () => {
  const { fs, made } = fresh();
  const { store, clock } = made;
  const account = await store.account(ALICE);
  const paths: number[] = [];
  const watch = fs.watch.bind(fs);
  fs.watch = (folders, changed) => {
    paths.push(folders.length);
    return watch(folders, changed);
  };
  for (let n = 0; n < 100; n++) await foreignFolder(fs, `.m${n}`);
  store.following.folders = 100_000 - 50;
  assertEquals((await Listener.on(made)).watch, null);
  await clock.advance(1);
  assertEquals(store.following.folders, 100_000 - 50);
  store.following.folders = 0;
  const listener = await Listener.on(made);
  assertEquals(store.following, { folders: 106, watched: NOTIFY_WATCHED });
  assertEquals(paths.at(-1), NOTIFY_WATCHED * 2 + 1);
  // Others are noticed by a look.
  await foreignFile(fs, ".m99/new/1.a.b");
  assertEquals(await listener.since(clock, 5000), []);
  assertEquals((await listener.since(clock, 30_000)).slice(-1), [["m99", null, 1, 1, 2]]);
  store.following.folders = 100_000;
  await account.create("more");
  assertEquals((await listener.since(clock)).map((t) => t[0]), ["created", "overflow"]);
  assert(NOTIFY_FOLDERS > 10_000);
  await store.close();
});

Deno.test("a watch is right at the end, whatever happens at once", async () => {
  const { fs, made } = fresh();
  const { store, clock } = made;
  const account = await store.account(ALICE);
  const listener = await Listener.on(made);
  const second = await Listener.on(made);
  const known = new Map<string, Told>();
  let file = 0;
  for (let round = 0; round < 30; round++) {
    const inbox = await account.open("INBOX");
    assert(inbox.ok);
    const uids = inbox.value.messages.map((m) => m.uid);
    await Promise.all([
      deliver(store, "x"),
      append(account, "Sent", "y"),
      foreignFile(fs, `new/${++file}.f.f`),
      inbox.value.setFlags(uids.slice(0, 2), 0, round % 2 ? SEEN : DELETED, null),
      inbox.value.expunge(uids.slice(-1)),
      inbox.value.copy(uids.slice(0, 1), "Junk"),
      round % 3 ? listener.watch?.counts("INBOX") : second.watch?.counts("INBOX"),
    ]);
    inbox.value.close();
    if (round % 5 === 0) await clock.advance(30);
  }
  await clock.advance(40_000);
  for (const who of [listener, second]) {
    for (const told of who.told) known.set(String(told[0]), told.slice(2));
    for (const name of ["INBOX", "Sent", "Junk"]) {
      const status = await account.status(name, {});
      assert(status.ok);
      const { messages, unseen, uidNext } = status.value;
      assertEquals(known.get(name), [messages, unseen, uidNext], name);
    }
  }
  await store.close();
});
