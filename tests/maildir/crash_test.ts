/** The power is cut at every step of every durable operation: nothing acknowledged is lost, nothing doubled, no UID given twice. */
import { FLAGGED, type Mailbox, SEEN } from "../../mod/store/store.ts";
import type { MaildirStore } from "../../mod/maildir/store.ts";
import { KEYWORD_SHIFT } from "../../mod/store/store.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { everyCrash } from "../support/every_crash.ts";
import { FakeClock } from "../support/fake_clock.ts";
import type { MemFs } from "../support/mem_fs.ts";
import { memoryBody } from "../../mod/base/body.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import { NO_FLAGS } from "../../mod/store/flags.ts";
import { ALICE, allOf, append, machine, opened, storeOn } from "./support.ts";

/** What was told to somebody: this text is there (`mailbox`), or is not (null), under this UID, if one was told. */
interface Told {
  readonly text: string;
  readonly mailbox: string | null;
  readonly uid?: number;
  readonly flags?: number;
  readonly keyword?: string;
  /** Where the UID was told, whether or not the message is still there. */
  readonly usedIn?: string;
  /** It is in no other mailbox. */
  readonly nowhereElse?: boolean;
}

const T0 = Date.UTC(2026, 0, 2, 3, 4, 5);

/** An account with a few messages, all on the medium. */
async function prepared(): Promise<MemFs> {
  const fs = machine(new FakeClock(T0));
  const { store } = storeOn(fs, new FakeClock(T0));
  const account = await store.account(ALICE);
  await append(account, "INBOX", "one\r\n", { system: SEEN, keywords: ["old"] });
  await append(account, "INBOX", "two\r\n");
  await deliver(store, "three\r\n");
  (await opened(store)).close();
  await append(account, "Archive", "kept\r\n");
  await store.close();
  return fs;
}

async function everything(
  store: MaildirStore,
): Promise<Map<string, { box: Mailbox; all: (readonly [number, string])[] }>> {
  const found = new Map<string, { box: Mailbox; all: (readonly [number, string])[] }>();
  const account = await store.account(ALICE);
  for (const entry of await account.list()) {
    if (!entry.exists) continue;
    const box = await opened(store, entry.name);
    found.set(entry.name, { box, all: await allOf(box) });
  }
  return found;
}

/** Delivers; never returns where it could not, as the sender would not hear of it. */
async function deliver(
  store: MaildirStore,
  text: string,
  flags = NO_FLAGS,
  mailbox = "INBOX",
): Promise<void> {
  const [outcome] = await store.deliver([{ account: ALICE, mailbox, flags }], memoryBody(utf8(text)));
  if (outcome?.kind !== "delivered") await new Promise(() => {});
}

async function run(
  name: string,
  scenario: (store: MaildirStore, tell: (t: Told) => void) => Promise<void>,
  once: readonly string[] = [],
  make: () => MemFs | Promise<MemFs> = prepared,
): Promise<void> {
  const steps = await everyCrash<Told>(async (fs, acknowledge) => {
    const { store } = storeOn(fs, new FakeClock(T0 + 10_000));
    await scenario(store, acknowledge);
    await store.close();
  }, async (fs, told) => {
    const { store } = storeOn(fs, new FakeClock(T0 + 500_000));
    const found = await everything(store);
    const final = new Map(told.map((t) => [t.text, t]));
    for (const t of final.values()) {
      for (const [mailbox, { box, all }] of found) {
        const here = all.filter(([, text]) => text === t.text);
        if (t.mailbox !== mailbox) {
          if (t.mailbox === null || t.nowhereElse) assertEquals(here, [], `${t.text} is back in ${mailbox}`);
          continue;
        }
        assertEquals(here.length, 1, `${t.text} in ${mailbox}`);
        const uid = here[0]?.[0] ?? 0;
        if (t.uid !== undefined) assertEquals(uid, t.uid, `UID of ${t.text}`);
        const flags = box.messages.find((m) => m.uid === uid)?.flags ?? 0;
        if (t.flags !== undefined) assertEquals(flags & 31, t.flags, `flags of ${t.text}`);
        if (t.keyword !== undefined) {
          const k = box.keywords.indexOf(t.keyword);
          assert(k >= 0 && flags & (1 << (KEYWORD_SHIFT + k)), `keyword of ${t.text}`);
        }
      }
    }
    for (const text of once) {
      const places = [...found].flatMap(([, { all }]) => all.filter(([, other]) => other === text));
      assert(places.length >= 1, `${text} is lost`);
    }
    // UIDs told before the cut are not given to what comes after it.
    for (const [mailbox, { box, all }] of found) {
      for (const [uid, text] of all) {
        const rightful = told.find((t) => t.mailbox === mailbox && t.uid === uid);
        assert(!rightful || rightful.text === text, `UID ${uid} of ${rightful?.text} went to ${text}`);
      }
      const next = await append(await store.account(ALICE), mailbox, "after\r\n");
      assert(
        !told.some((t) => t.uid === next && (t.mailbox === mailbox || t.usedIn === mailbox)),
        `UID ${next} was given before`,
      );
      assertEquals(new Set(box.messages.map((m) => m.uid)).size, box.messages.length);
      box.close();
    }
    await store.close();
  }, { make, seeds: 2 });
  assert(steps > 5, `${name}: only ${steps} steps`);
}

Deno.test("a power cut during deliveries loses and doubles nothing", () =>
  run("deliver", async (store, tell) => {
    await deliver(store, "d1\r\n");
    tell({ text: "d1\r\n", mailbox: "INBOX" });
    await Promise.all(["d2\r\n", "d3\r\n"].map(async (text) => {
      await deliver(store, text);
      tell({ text, mailbox: "INBOX" });
    }));
    await deliver(store, "d4\r\n", { system: FLAGGED, keywords: ["Sieve"] }, "Archive");
    tell({ text: "d4\r\n", mailbox: "Archive", flags: FLAGGED, keyword: "Sieve" });
  }, ["one\r\n", "three\r\n"]));

Deno.test("a power cut during deliveries into an open folder keeps the UIDs it told", () =>
  run("deliver open", async (store, tell) => {
    const box = await opened(store);
    const end = box.listen((change) => {
      if (change.kind !== "added") return;
      box.claimRecent();
      for (const m of change.messages) tell({ text: `told ${m.uid}`, mailbox: "nowhere", uid: m.uid });
    });
    for (const text of ["d1\r\n", "d2\r\n"]) {
      await deliver(store, text);
      tell({ text, mailbox: "INBOX" });
      await store.settled();
      const last = box.messages[box.messages.length - 1];
      tell({ text, mailbox: "INBOX", uid: last?.uid ?? 0 });
    }
    end();
    box.close();
  }));

Deno.test("a power cut during APPEND keeps what was told", () =>
  run("append", async (store, tell) => {
    const account = await store.account(ALICE);
    const uid = await append(account, "Sent", "s1\r\n", { system: SEEN, keywords: ["New"] });
    tell({ text: "s1\r\n", mailbox: "Sent", uid, flags: SEEN, keyword: "New" });
    await Promise.all(["s2\r\n", "s3\r\n", "s4\r\n"].map(async (text) => {
      tell({ text, mailbox: "INBOX", uid: await append(account, "INBOX", text) });
    }));
  }));

Deno.test("a power cut during flag changes keeps those told and the messages", () =>
  run("flags", async (store, tell) => {
    const box = await opened(store);
    box.claimRecent();
    const bits = await box.keywordBits(["Fresh"]);
    const texts = ["one\r\n", "two\r\n", "three\r\n"];
    const uids = box.messages.map((m) => m.uid);
    await box.setFlags(uids, SEEN, FLAGGED | bits, null);
    uids.forEach((uid, i) =>
      tell({ text: texts[i] ?? "", mailbox: "INBOX", uid, flags: FLAGGED, keyword: "Fresh" })
    );
    box.close();
  }, ["one\r\n", "two\r\n", "three\r\n"]));

Deno.test("a power cut while messages leave new/ loses none", () =>
  run("claim", async (store, tell) => {
    const box = await opened(store);
    box.claimRecent();
    await deliver(store, "d1\r\n");
    tell({ text: "d1\r\n", mailbox: "INBOX" });
    await store.settled();
    box.claimRecent();
    await deliver(store, "d2\r\n");
    tell({ text: "d2\r\n", mailbox: "INBOX" });
    await store.settled();
    tell({ text: "three\r\n", mailbox: "INBOX", uid: 3 });
    box.close();
  }, ["one\r\n", "two\r\n", "three\r\n"]));

Deno.test("a power cut during COPY and MOVE leaves every message in at least one place", () =>
  run("copy", async (store, tell) => {
    const box = await opened(store);
    const copied = await box.copy([1, 2], "Junk");
    assert(copied.ok);
    tell({ text: "one\r\n", mailbox: "Junk", uid: copied.value.to[0] ?? 0, flags: SEEN, keyword: "old" });
    tell({ text: "two\r\n", mailbox: "Junk", uid: copied.value.to[1] ?? 0 });
    const moved = await box.move([3], "Archive");
    assert(moved.ok);
    tell({ text: "three\r\n", mailbox: "Archive", uid: moved.value.to[0] ?? 0 });
    box.close();
  }, ["one\r\n", "two\r\n", "three\r\n", "kept\r\n"]));

Deno.test("a power cut during EXPUNGE brings nothing back that was told gone", () =>
  run("expunge", async (store, tell) => {
    const box = await opened(store);
    assertEquals(await box.expunge([1, 3]), [1, 3]);
    tell({ text: "one\r\n", mailbox: null });
    tell({ text: "three\r\n", mailbox: null });
    const account = await store.account(ALICE);
    const brief = await append(account, "INBOX", "brief\r\n");
    tell({ text: "UID of brief", mailbox: "nowhere", usedIn: "INBOX", uid: brief });
    assertEquals(await box.expunge([brief]), [brief]);
    tell({ text: "brief\r\n", mailbox: null });
    const uid = await append(account, "INBOX", "new\r\n");
    tell({ text: "new\r\n", mailbox: "INBOX", uid });
    box.close();
  }, ["two\r\n"]));

Deno.test("a power cut after messages have left new/ brings back none that were removed or moved since", () =>
  run("left new", async (store, tell) => {
    const box = await opened(store);
    box.claimRecent();
    await deliver(store, "d1\r\n");
    await deliver(store, "d2\r\n");
    await box.refresh();
    box.claimRecent();
    await store.settled();
    const [one, two] = box.messages.slice(-2).map((m) => m.uid);
    assertEquals(await box.expunge([3, one ?? 0]), [3, one ?? 0]);
    for (const text of ["three\r\n", "d1\r\n"]) tell({ text, mailbox: null });
    const moved = await box.move([two ?? 0], "Archive");
    assert(moved.ok);
    tell({ text: "d2\r\n", mailbox: "Archive", uid: moved.value.to[0] ?? 0, nowhereElse: true });
    box.close();
  }, ["one\r\n", "two\r\n"]));

Deno.test("a power cut while folders are made, renamed and removed loses no message of others", () =>
  run("folders", async (store, tell) => {
    const account = await store.account(ALICE);
    assert((await account.create("Work.a")).ok);
    tell({ text: "w\r\n", mailbox: "Work.a", uid: await append(account, "Work.a", "w\r\n") });
    assert((await account.remove("Junk")).ok);
    assert((await account.rename("Archive", "Past")).ok);
    tell({ text: "kept\r\n", mailbox: "Past", uid: 1 });
  }, ["one\r\n", "kept\r\n"]));

Deno.test("a power cut while a message too large for memory is appended keeps what was told", () => {
  const large = "x".repeat(1 << 20) + "\r\n";
  return run("large append", async (store, tell) => {
    const uid = await append(await store.account(ALICE), "INBOX", large);
    tell({ text: large, mailbox: "INBOX", uid });
  });
});

Deno.test("a power cut during the first delivery to a new account keeps it, streamed or not", () =>
  run(
    "new account",
    async (store, tell) => {
      await deliver(store, "d1\r\n");
      tell({ text: "d1\r\n", mailbox: "INBOX" });
      const streamed = { ...memoryBody(utf8("d2\r\n")), memory: null };
      const flags = NO_FLAGS;
      const outcomes = await store.deliver([{ account: ALICE, mailbox: "Sent", flags }], streamed);
      if (outcomes[0]?.kind === "delivered") tell({ text: "d2\r\n", mailbox: "Sent" });
    },
    [],
    () => machine(new FakeClock(T0)),
  ));

Deno.test("a power cut while the UID list is written anew keeps all UIDs", () =>
  run(
    "compact",
    async (store, tell) => {
      const box = await opened(store);
      ["one\r\n", "two\r\n", "three\r\n"].forEach((text, i) => tell({ text, mailbox: "INBOX", uid: i + 1 }));
      const uid = await append(await store.account(ALICE), "INBOX", "new\r\n");
      assert(uid > 5000);
      tell({ text: "new\r\n", mailbox: "INBOX", uid });
      box.close();
    },
    [],
    async () => {
      const fs = await prepared();
      const list = await fs.append("/mail/example.test/alice/dovecot-uidlist");
      const dead = Array.from({ length: 1200 }, (_, i) => `${5000 + i} :dead${i}\n`);
      await list.write(utf8(dead.join("")));
      await list.close();
      return fs;
    },
  ));

Deno.test("a power cut while INBOX is renamed leaves every message in the one or the other", () =>
  run("rename inbox", async (store, tell) => {
    const account = await store.account(ALICE);
    assert((await account.rename("INBOX", "Old.mail")).ok);
    for (const text of ["one\r\n", "two\r\n", "three\r\n"]) tell({ text, mailbox: "Old.mail" });
    tell({ text: "new\r\n", mailbox: "INBOX", uid: await append(account, "INBOX", "new\r\n") });
  }, ["one\r\n", "two\r\n", "three\r\n", "kept\r\n"]));

Deno.test("a power cut while a folder is renamed with all below it keeps messages, UIDs and keywords", () =>
  run(
    "rename tree",
    async (store, tell) => {
      const account = await store.account(ALICE);
      assert((await account.rename("Work", "Job")).ok);
      tell({ text: "w\r\n", mailbox: "Job", uid: 1, flags: SEEN, keyword: "mine" });
      tell({ text: "w a\r\n", mailbox: "Job.a", uid: 1 });
      tell({ text: "w a b\r\n", mailbox: "Job.a.b", uid: 1 });
      tell({ text: "new\r\n", mailbox: "Job.a", uid: await append(account, "Job.a", "new\r\n") });
    },
    ["w\r\n", "w a\r\n", "w a b\r\n", "one\r\n"],
    async () => {
      const fs = await prepared();
      const { store } = storeOn(fs, new FakeClock(T0 + 1000));
      const account = await store.account(ALICE);
      for (const name of ["Work", "Work.a", "Work.a.b"]) assert((await account.create(name)).ok);
      await append(account, "Work", "w\r\n", { system: SEEN, keywords: ["mine"] });
      await append(account, "Work.a", "w a\r\n");
      await append(account, "Work.a.b", "w a b\r\n");
      await store.close();
      return fs;
    },
  ));

Deno.test("a power cut while messages are copied and moved within their folder loses none", () =>
  run("same folder", async (store, tell) => {
    const box = await opened(store);
    const copied = await box.copy([2], "INBOX");
    assert(copied.ok);
    tell({ text: "UID of the copy", mailbox: "nowhere", usedIn: "INBOX", uid: copied.value.to[0] ?? 0 });
    const moved = await box.move([1], "INBOX");
    assert(moved.ok);
    tell({ text: "one\r\n", mailbox: "INBOX", uid: moved.value.to[0] ?? 0, flags: SEEN, keyword: "old" });
    box.close();
  }, ["one\r\n", "two\r\n", "three\r\n"]));
