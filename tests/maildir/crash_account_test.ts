/** The power is cut at every step of what is done to an account beside its messages: what was told done stays so, and nothing is left half-done. */
import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { memoryBody } from "../../mod/base/body.ts";
import { NO_FLAGS } from "../../mod/store/flags.ts";
import { MaildirStore } from "../../mod/maildir/store.ts";
import type { AccountMail, QuotaLimit } from "../../mod/store/store.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { everyCrash } from "../support/every_crash.ts";
import { FakeClock } from "../support/fake_clock.ts";
import type { MemFs } from "../support/mem_fs.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { SeededRandom } from "../support/seeded_random.ts";
import { ALICE, append, machine, opened, ROOT, storeOn, textOf } from "./support.ts";

const T0 = Date.UTC(2026, 0, 2, 3, 4, 5);
const LIMIT: QuotaLimit = { octets: 1000, messages: 20 };

/** Something told done, by what it can be seen; a later promise about the same `subject` takes its place. */
interface Promised {
  readonly subject: string;
  readonly holds: (account: AccountMail) => Promise<void>;
}

type Tell = (subject: string, holds: Promised["holds"]) => void;

function storeWithQuota(fs: MemFs, clock: FakeClock, pid: number): MaildirStore {
  const log = new MemoryLog();
  const random = new SeededRandom(pid);
  return new MaildirStore({
    fs,
    clock,
    log,
    random,
    root: "/mail",
    hostname: "host",
    pid,
    quota: () => LIMIT,
  });
}

async function prepared(): Promise<MemFs> {
  const fs = machine(new FakeClock(T0));
  const { store } = storeOn(fs, new FakeClock(T0));
  const account = await store.account(ALICE);
  await append(account, "INBOX", "one\r\n");
  assert((await account.create("Work")).ok);
  assert((await account.create("Work.a")).ok);
  await append(account, "Work.a", "w\r\n");
  assert((await account.annotate("Work", new Map([["/private/comment", utf8("first")]]))).ok);
  await store.close();
  return fs;
}

async function entryOf(account: AccountMail, name: string) {
  return (await account.list()).find((e) => e.name === name) ?? null;
}

async function textIn(account: AccountMail, name: string): Promise<readonly (string | null)[]> {
  const box = await account.open(name);
  assert(box.ok, name);
  try {
    return await Promise.all(box.value.messages.map((m) => textOf(box.value, m.uid)));
  } finally {
    box.value.close();
  }
}

async function noteOf(account: AccountMail, name: string): Promise<string | null> {
  const notes = await account.annotations(name);
  const value = notes.ok ? notes.value.get("/private/comment") : undefined;
  return value ? fromUtf8(value) : null;
}

/** `sound`: what must be so whatever was told. */
async function run(
  scenario: (account: AccountMail, tell: Tell, store: MaildirStore) => Promise<void>,
  sound: (account: AccountMail, fs: MemFs) => Promise<void> = async () => {},
): Promise<void> {
  const steps = await everyCrash<Promised>(async (fs, acknowledge) => {
    const store = storeWithQuota(fs, new FakeClock(T0 + 10_000), 900);
    await scenario(await store.account(ALICE), (subject, holds) => acknowledge({ subject, holds }), store);
    await store.close();
  }, async (fs, told) => {
    const store = storeWithQuota(fs, new FakeClock(T0 + 500_000), 901);
    const account = await store.account(ALICE);
    for (const { holds } of new Map(told.map((t) => [t.subject, t])).values()) await holds(account);
    assertEquals((await textIn(account, "INBOX"))[0], "one\r\n");
    await sound(account, fs);
    await store.close();
  }, { make: prepared, seeds: 2 });
  assert(steps >= 3, `only ${steps} steps`);
}

Deno.test("a power cut around CREATE and DELETE: what was made is there, what was removed does not come back", () =>
  run(async (account, tell) => {
    assert((await account.create("New.deep", "Archive")).ok);
    tell("New.deep", async (after) => {
      const entry = await entryOf(after, "New.deep");
      assertEquals([entry?.exists, entry?.specialUse], [true, "Archive"]);
    });
    const uid = await append(account, "New.deep", "n\r\n");
    tell("in New.deep", async (after) => assertEquals(await textIn(after, "New.deep"), ["n\r\n"]));
    const box = await account.open("New.deep");
    assert(box.ok);
    const { uidValidity } = box.value;
    box.value.close();
    // From here on it may be gone: only the answer makes it sure.
    tell("in New.deep", async () => {});
    tell("New.deep", async () => {});
    assert((await account.remove("New.deep")).ok);
    tell("New.deep", async (after) => assertEquals(await entryOf(after, "New.deep"), null));
    tell("New.deep", async () => {});
    assert((await account.create("New.deep")).ok);
    tell("New.deep", async (after) => {
      const again = await after.open("New.deep");
      assert(again.ok);
      assertEquals(again.value.messages, []);
      assert(again.value.uidValidity > uidValidity, `UID ${uid} is another message's now`);
      again.value.close();
    });
    assert((await account.remove("Work")).ok);
    tell("Work", async (after) => {
      assertEquals((await entryOf(after, "Work"))?.exists, false);
      assertEquals(await textIn(after, "Work.a"), ["w\r\n"]);
    });
  }));

Deno.test("a power cut around RENAME with children: messages and notes are under the old name or the new, told or not", () =>
  run(async (account, tell) => {
    assert((await account.rename("Work", "Job")).ok);
    tell("renamed", async (after) => {
      assertEquals(await entryOf(after, "Work"), null);
      assertEquals(await noteOf(after, "Job"), "first");
      assertEquals(await textIn(after, "Job.a"), ["w\r\n"]);
    });
  }, async (account) => {
    const children = (await account.list()).filter((e) => e.exists && /^(Work|Job)\.a$/.test(e.name));
    assertEquals(children.length, 1);
    assertEquals(await textIn(account, children[0]?.name ?? ""), ["w\r\n"]);
    const notes = [await noteOf(account, "Work"), await noteOf(account, "Job")];
    assertEquals(notes.filter((n) => n !== null), ["first"]);
  }));

Deno.test("a power cut around SUBSCRIBE and UNSUBSCRIBE: the list is as it was told, and never half", () =>
  run(async (account, tell) => {
    for (const [name, on] of [["Work", true], ["Work.a", true], ["Work", false], ["Sent", false]] as const) {
      // Until it is told it may be either.
      tell(name, async () => {});
      assert((await account.subscribe(name, on)).ok);
      tell(name, async (after) => {
        assertEquals((await after.subscriptions()).includes(name), on, `${name} ${on}`);
        assertEquals((await entryOf(after, name))?.subscribed, on);
      });
    }
  }, async (account) => {
    const names = await account.subscriptions();
    for (const name of ["Drafts", "INBOX", "Junk", "Trash"]) {
      assert(names.includes(name), `${name} in ${names}`);
    }
  }));

Deno.test("a power cut around SETMETADATA: a note has its old value or its new one", () =>
  run(async (account, tell) => {
    const set = async (mailbox: string, value: string | null) => {
      tell(mailbox, async () => {});
      const changes = new Map([["/private/comment", value === null ? null : utf8(value)]]);
      assert((await account.annotate(mailbox, changes)).ok);
      tell(mailbox, async (after) => assertEquals(await noteOf(after, mailbox), value));
    };
    await set("Work", "second\r\nline");
    await set("", "of the account");
    await set("INBOX", "x".repeat(5000));
    await set("INBOX", null);
    await set("Work", "third");
  }, async (account) => {
    const note = await noteOf(account, "Work") ?? "";
    assert(["first", "second\r\nline", "third"].includes(note), note);
  }));

Deno.test("a power cut while a quota is counted and noted never costs mail for long, and never leaves half a count", () =>
  run(async (_account, tell, store) => {
    for (let i = 0; i < 3; i++) {
      const target = { account: ALICE, mailbox: "INBOX", flags: NO_FLAGS };
      const [outcome] = await store.deliver([target], memoryBody(utf8("y".repeat(98) + "\r\n")));
      if (outcome?.kind !== "delivered") return;
    }
    const box = await opened(store);
    assertEquals(await box.expunge([3]), [3]);
    tell("room", async (after) => {
      // What is left of 1000, to the octet: what a line lost in the cut says too much or too little is counted again.
      const { octets = 0 } = (await after.quota())?.used ?? {};
      assert(octets > 0 && octets % 100 <= 8, `${octets}`);
    });
    box.close();
  }, async (account, fs) => {
    const quota = await account.quota();
    assert(quota && quota.used.messages > 0, "mail there is counts");
    const file = fromUtf8(await fs.readFile(`${ROOT}/maildirsize`, 1 << 16) ?? utf8("(none)"));
    assert(/^1000S,20C\n(-?\d+ -?\d+\n)+$/.test(file), JSON.stringify(file));
  }));

Deno.test("a power cut while many folders are looked at for the first time: what STATUS told of them stays true", async () => {
  const names = ["a", "b", "c", "d", "e"];
  const make = async () => {
    const fs = await prepared();
    for (const name of names) {
      for (const part of ["new", "cur", "tmp"]) await fs.makeDir(`${ROOT}/.${name}/${part}`);
    }
    await fs.createWith(`${ROOT}/.a/cur/1.foreign:2,S`, [utf8("x")]);
    await fs.createWith(`${ROOT}/.b/new/1.foreign`, [utf8("x")]);
    return fs;
  };
  interface Identity {
    readonly name: string;
    readonly text: string;
  }
  const identity = async (account: AccountMail, name: string): Promise<Identity> => {
    const status = await account.status(name, {});
    assert(status.ok);
    const { uidValidity, uidNext, objectId, messages } = status.value;
    return { name, text: `${uidValidity} ${uidNext} ${objectId} ${messages}` };
  };
  const steps = await everyCrash<Identity>(
    async (fs, tell) => {
      const account = await storeOn(fs, new FakeClock(T0)).store.account(ALICE);
      await Promise.all(names.map(async (name) => tell(await identity(account, name))));
    },
    async (survivor, told) => {
      const { store } = storeOn(survivor, new FakeClock(T0 + 1000));
      const account = await store.account(ALICE);
      const now = new Map<string, string>();
      for (const name of names) now.set(name, (await identity(account, name)).text);
      for (const { name, text } of told) assertEquals(now.get(name), text, name);
      const validities = [...now.values()].map((text) => text.split(" ")[0]);
      assertEquals(new Set(validities).size, names.length, validities.join());
      await store.close();
    },
    { make },
  );
  assert(steps > 20, `${steps}`);
});
