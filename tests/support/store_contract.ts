import { memoryBody } from "../../mod/base/body.ts";
import { concat, fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { NO_FLAGS } from "../../mod/store/flags.ts";
import {
  type AccountMail,
  DELETED,
  FLAGGED,
  KEYWORD_SHIFT,
  type Mailbox,
  type MailboxChange,
  type NamedFlags,
  SEEN,
  type Store,
} from "../../mod/store/store.ts";
import { assert, assertEquals } from "./assert.ts";

/** A store to test, and what lets its background work end (notices of deliveries may come after `deliver` resolves). */
export interface StoreUnderTest {
  readonly store: Store;
  settled(): Promise<void>;
  end(): Promise<void>;
}

const MAIL = "Subject: hello\r\n\r\nbody\r\n";
const DATE = Date.UTC(2020, 4, 6, 7, 8, 9);

async function append(
  account: AccountMail,
  mailbox: string,
  text = MAIL,
  flags: NamedFlags = NO_FLAGS,
  internalDate: number | null = DATE,
): Promise<number> {
  const draft = await account.draft(text.length);
  await draft.write(utf8(text.slice(0, 5)));
  await draft.write(utf8(text.slice(5)));
  const done = await account.commit(mailbox, [{ draft, flags, internalDate }]);
  assert(done.ok);
  return done.value.uids[0] ?? 0;
}

async function opened(account: AccountMail, name: string): Promise<Mailbox> {
  const box = await account.open(name);
  assert(box.ok, `no mailbox ${name}`);
  await box.value.refresh();
  return box.value;
}

async function read(box: Mailbox, uid: number): Promise<string | null> {
  const content = await box.content(uid);
  if (!content) return null;
  const middle = Math.floor(content.size / 2);
  const parts = [await content.read(0, middle), await content.read(middle, content.size + 10)];
  const text = fromUtf8(concat(parts.map((p) => p.slice())));
  content.close();
  return text;
}

type Case = readonly [string, (t: StoreUnderTest, account: AccountMail) => Promise<void>];

const FOLDERS: readonly Case[] = [
  ["makes INBOX and the special folders, subscribed", async (_t, account) => {
    const list = await account.list();
    assertEquals(list.map((e) => [e.name, e.specialUse, e.exists, e.subscribed]), [
      ["INBOX", null, true, true],
      ["Archive", "Archive", true, true],
      ["Drafts", "Drafts", true, true],
      ["Junk", "Junk", true, true],
      ["Sent", "Sent", true, true],
      ["Trash", "Trash", true, true],
    ]);
  }],
  ["creates, lists levels, renames with children, removes", async (t, account) => {
    const s = t.store.separator;
    assertEquals(await account.create(`Büro${s}A&B${s}c`), { ok: true, value: undefined });
    assertEquals(await account.create(`Büro${s}A&B${s}c`), { ok: false, error: "exists" });
    const named = async (prefix: string) =>
      (await account.list()).filter((e) => e.name.startsWith(prefix))
        .map((e) => [e.name, e.exists, e.hasChildren]);
    assertEquals(await named("Büro"), [
      ["Büro", false, true],
      [`Büro${s}A&B`, false, true],
      [`Büro${s}A&B${s}c`, true, false],
    ]);
    await append(account, `Büro${s}A&B${s}c`);
    assertEquals(await account.remove("Büro"), { ok: false, error: "has-children" });
    assertEquals(await account.rename("Büro", "Amt"), { ok: true, value: undefined });
    assertEquals(await named("Büro"), []);
    assertEquals(await named("Amt"), [
      ["Amt", false, true],
      [`Amt${s}A&B`, false, true],
      [`Amt${s}A&B${s}c`, true, false],
    ]);
    const status = await account.status(`Amt${s}A&B${s}c`, { size: true });
    assert(status.ok);
    assertEquals([status.value.messages, status.value.size], [1, MAIL.length]);
    assertEquals(await account.remove(`Amt${s}A&B${s}c`), { ok: true, value: undefined });
    assertEquals(await named("Amt"), []);
    assertEquals(await account.remove("Amt"), { ok: false, error: "no-mailbox" });
  }],
  ["refuses names that are not allowed and changes to what must stay", async (t, account) => {
    const s = t.store.separator;
    const bad = [
      "",
      s,
      `${s}a`,
      `a${s}`,
      `a${s}${s}b`,
      "a\0b",
      "a\nb",
      "..",
      "../x",
      "a/../b",
      "x".repeat(256),
    ];
    for (const name of [...bad, "\ud800", "a%", "a*"]) {
      assertEquals(await account.create(name), { ok: false, error: "bad-name" }, JSON.stringify(name));
      assertEquals(
        await account.rename("Sent", name),
        { ok: false, error: "bad-name" },
        JSON.stringify(name),
      );
      assert(!(await account.open(name)).ok);
    }
    assertEquals(await account.create("inbox"), { ok: false, error: "exists" });
    assertEquals(await account.remove("InBox"), { ok: false, error: "inbox" });
    assertEquals(await account.rename("Sent", "Trash"), { ok: false, error: "exists" });
    assertEquals(await account.rename("Sent", `Sent${s}x`), { ok: false, error: "bad-name" });
    assertEquals(await account.rename("None", "Other"), { ok: false, error: "no-mailbox" });
    assertEquals(await account.status("None", {}), { ok: false, error: "no-mailbox" });
  }],
  ["names are in NFC", async (_t, account) => {
    assertEquals((await account.create("Cafe\u0301")).ok, true);
    assertEquals(await account.create("Caf\u00e9"), { ok: false, error: "exists" });
    assert((await account.list()).some((e) => e.name === "Caf\u00e9"));
  }],
  ["subscriptions outlive their folder", async (_t, account) => {
    assertEquals(await account.subscribe("Ghost", true), { ok: false, error: "no-mailbox" });
    assert((await account.create("Ghost")).ok);
    assert((await account.subscribe("Ghost", true)).ok);
    assert((await account.remove("Ghost")).ok);
    assert((await account.subscriptions()).includes("Ghost"));
    assert((await account.subscribe("Ghost", false)).ok);
    assert(!(await account.subscriptions()).includes("Ghost"));
  }],
  ["a chosen special use goes before the name", async (_t, account) => {
    assert((await account.create("Gesendet", "Sent")).ok);
    const uses = (await account.list()).filter((e) => e.specialUse === "Sent").map((e) => e.name);
    assertEquals(uses, ["Gesendet"]);
  }],
  ["renaming INBOX moves its messages", async (_t, account) => {
    await append(account, "INBOX", MAIL, { system: SEEN, keywords: ["one"] });
    const box = await opened(account, "INBOX");
    assertEquals(await account.rename("INBOX", "Old"), { ok: true, value: undefined });
    assertEquals(box.messages.length, 0);
    const old = await opened(account, "Old");
    assertEquals(old.messages.map((m) => m.flags & SEEN), [SEEN]);
    assertEquals(old.keywords.includes("one"), true);
    box.close();
    old.close();
  }],
  ["removing and renaming an open folder is told", async (_t, account) => {
    for (const act of [() => account.remove("Work"), () => account.rename("Work", "Play")]) {
      await account.create("Work");
      const box = await opened(account, "Work");
      const kinds: string[] = [];
      const end = box.listen((c) => kinds.push(c.kind));
      assert((await act()).ok);
      assertEquals(kinds, ["gone"]);
      end();
      box.close();
    }
  }],
  ["a folder made again has another UIDVALIDITY", async (_t, account) => {
    const seen = new Set<number>();
    for (let i = 0; i < 3; i++) {
      assert((await account.create("Again")).ok);
      const status = await account.status("Again", {});
      assert(status.ok);
      seen.add(status.value.uidValidity);
      assert((await account.remove("Again")).ok);
    }
    assertEquals(seen.size, 3);
  }],
  ["one POP3 session at a time", async (_t, account) => {
    const give = await account.lockForPop();
    assert(give);
    assertEquals(await account.lockForPop(), null);
    give();
    give();
    const again = await account.lockForPop();
    assert(again);
    again();
  }],
];

const MESSAGES: readonly Case[] = [
  ["appends with flags, keywords and date", async (_t, account) => {
    const a = await append(account, "INBOX");
    const b = await append(account, "INBOX", "A: b\r\n\r\n", {
      system: SEEN | FLAGGED,
      keywords: ["$Work", "x"],
    });
    assert(b > a);
    const box = await opened(account, "inbox");
    await box.prepare(box.messages, { size: true, date: true });
    const flags = SEEN | FLAGGED | 1 << KEYWORD_SHIFT | 2 << KEYWORD_SHIFT;
    assertEquals(box.messages.map((m) => [m.uid, m.size, m.internalDate, m.flags]), [
      [a, MAIL.length, DATE, 0],
      [b, 8, DATE, flags],
    ]);
    assertEquals(box.keywords.slice(0, 2), ["$Work", "x"]);
    assertEquals(await read(box, a), MAIL);
    assertEquals(fromUtf8(box.contentNow(b) ?? utf8("none")), "A: b\r\n\r\n");
    assertEquals(await box.content(b + 1), null);
    assertEquals(box.contentNow(b + 1), null);
    assertEquals(box.uidNext, b + 1);
    box.close();
  }],
  ["commits several drafts together and drops aborted ones", async (_t, account) => {
    const drafts = [await account.draft(1), await account.draft(1), await account.draft(1)];
    for (const d of drafts) await d.write(utf8("x"));
    await drafts[2]?.abort();
    await drafts[2]?.abort();
    const two = drafts.slice(0, 2).map((draft) => ({ draft, flags: NO_FLAGS, internalDate: null }));
    const done = await account.commit("Drafts", two);
    assert(done.ok);
    assertEquals(done.value.uids.length, 2);
    const status = await account.status("Drafts", {});
    assert(status.ok);
    assertEquals([status.value.messages, status.value.uidValidity], [2, done.value.uidValidity]);
    const lost = await account.draft(1);
    assertEquals(
      await account.commit("Nowhere", [{ draft: lost, flags: NO_FLAGS, internalDate: null }]),
      { ok: false, error: "no-mailbox" },
    );
    await lost.abort();
  }],
  ["delivers to several targets, falling back to INBOX", async (t, account) => {
    const body = memoryBody(utf8("Subject: d\r\n"), utf8("\r\ntext\r\n"));
    const target = (id: string, mailbox: string, flags: NamedFlags = NO_FLAGS) => ({
      account: id,
      mailbox,
      flags,
    });
    const flags = { system: FLAGGED, keywords: ["Rule"] };
    const outcomes = await t.store.deliver([
      target("bob@example.test", "INBOX"),
      target("alice@example.test", "Junk", flags),
      target("alice@example.test", "No such"),
    ], body);
    assertEquals(outcomes.map((o) => o.kind === "delivered" ? o.mailbox : o.kind), [
      "INBOX",
      "Junk",
      "INBOX",
    ]);
    const bob = await opened(await t.store.account("bob@example.test"), "INBOX");
    const junk = await opened(account, "Junk");
    const inbox = await opened(account, "INBOX");
    for (const box of [bob, junk, inbox]) {
      assertEquals(box.messages.length, 1);
      assertEquals(await read(box, box.messages[0]?.uid ?? 0), "Subject: d\r\n\r\ntext\r\n");
      box.close();
    }
    assertEquals(junk.messages[0]?.flags, FLAGGED | 1 << KEYWORD_SHIFT);
    assertEquals(junk.keywords[0], "Rule");
    await body.dispose();
  }],
  ["tells listeners of all changes", async (t, account) => {
    const box = await opened(account, "INBOX");
    const log: string[] = [];
    const token = {};
    const end = box.listen((c: MailboxChange) => {
      if (c.kind === "added") log.push(`added ${c.messages.map((m) => m.uid)}`);
      else if (c.kind === "flags") log.push(`flags ${c.messages.map((m) => m.flags)} ${c.by === token}`);
      else if (c.kind === "expunged") log.push(`expunged ${c.uids}`);
      else log.push(c.kind);
    });
    const a = await append(account, "INBOX");
    await t.store.deliver(
      [{ account: "alice@example.test", mailbox: "INBOX", flags: NO_FLAGS }],
      memoryBody(utf8(MAIL)),
    );
    await t.settled();
    const b = box.messages[1]?.uid ?? 0;
    assertEquals(log.splice(0), [`added ${a}`, `added ${b}`]);
    const there = await box.setFlags([a, b, 999], DELETED, SEEN, token);
    assertEquals(there.map((m) => [m.uid, m.flags]), [[a, SEEN], [b, SEEN]]);
    await box.setFlags([a, b], 0, SEEN, token);
    assertEquals(log.splice(0), ["flags 1,1 true"]);
    const asked: number[] = [];
    const only = (m: { readonly uid: number }) => asked.push(m.uid) > 1;
    assertEquals((await box.setFlags([a, b], SEEN, 0, token, only)).map((m) => m.flags), [SEEN, 0]);
    assertEquals(asked, [a, b]);
    await box.setFlags([b], 0, SEEN, token);
    assertEquals(log.splice(0), ["flags 0 true", "flags 1 true"]);
    const work = await box.keywordBits(["work"]);
    assertEquals(work, 1 << KEYWORD_SHIFT);
    assertEquals(await box.keywordBits(["WORK"]), work);
    assertEquals(log.splice(0), ["keywords"]);
    await box.setFlags([b], SEEN, work, null);
    assertEquals(box.messages.map((m) => m.flags), [SEEN, work]);
    assertEquals(await box.expunge([a, 999]), [a]);
    assertEquals(log.splice(0), [`flags ${work} false`, `expunged ${a}`]);
    assertEquals(box.messages.map((m) => m.uid), [b]);
    end();
    await box.expunge([b]);
    assertEquals([log, box.messages.length, box.uidNext], [[], 0, b + 1]);
    box.close();
  }],
  ["copies and moves, keeping flags, keywords and dates", async (_t, account) => {
    for (const k of ["other", "more"]) await append(account, "Archive", MAIL, { system: 0, keywords: [k] });
    const a = await append(account, "INBOX", "One: 1\r\n\r\n", { system: SEEN, keywords: ["k"] });
    const b = await append(account, "INBOX", "Two: 2\r\n\r\n");
    const box = await opened(account, "INBOX");
    const archive = await opened(account, "Archive");
    assertEquals(await box.copy([a], "None"), { ok: false, error: "no-mailbox" });
    const copied = await box.copy([a, 77, b], "Archive");
    assert(copied.ok);
    assertEquals([copied.value.from, copied.value.uidValidity], [[a, b], archive.uidValidity]);
    await archive.prepare(archive.messages, { size: true, date: true });
    assertEquals(archive.messages.slice(2).map((m) => [m.uid, m.size, m.internalDate, m.flags]), [
      [copied.value.to[0], 10, DATE, SEEN | 1 << (KEYWORD_SHIFT + 2)],
      [copied.value.to[1], 10, DATE, 0],
    ]);
    assertEquals(archive.keywords.slice(0, 3), ["other", "more", "k"]);
    const moved = await box.move([b], "Archive");
    assert(moved.ok);
    assertEquals([box.messages.map((m) => m.uid), archive.messages.length], [[a], 5]);
    assertEquals(await read(archive, moved.value.to[0] ?? 0), "Two: 2\r\n\r\n");
    const own = await box.copy([a], "INBOX");
    assert(own.ok);
    assertEquals(box.messages.length, 2);
    assertEquals(await read(box, own.value.to[0] ?? 0), "One: 1\r\n\r\n");
    box.close();
    archive.close();
  }],
  ["copies and moves between accounts, with the flags that may go along", async (t, account) => {
    const bob = await t.store.account("bob@example.test");
    const flags = { system: SEEN | FLAGGED, keywords: ["k", "other"] };
    const [a, b] = [await append(account, "INBOX", MAIL, flags), await append(account, "INBOX", MAIL, flags)];
    const box = await opened(account, "INBOX");
    const target = await opened(bob, "Sent");
    const keep = (f: NamedFlags) => ({
      system: f.system & SEEN,
      keywords: f.keywords.filter((k) => k === "k"),
    });
    assertEquals(await bob.transfer(box, [a], "None", { move: false, keep }), {
      ok: false,
      error: "no-mailbox",
    });
    const copied = await bob.transfer(box, [a, 77], "Sent", { move: false, keep });
    const moved = await bob.transfer(box, [b], "Sent", { move: true, keep: (f) => f });
    assert(copied.ok && moved.ok);
    assertEquals([copied.value.from, moved.value.from, box.messages.map((m) => m.uid)], [[a], [b], [a]]);
    await target.refresh();
    assertEquals(target.keywords.slice(0, 2), ["k", "other"]);
    const bits = (n: number) => target.messages[n]?.flags;
    assertEquals([bits(0), bits(1)], [SEEN | 1 << KEYWORD_SHIFT, SEEN | FLAGGED | 3 << KEYWORD_SHIFT]);
    assertEquals(await read(target, moved.value.to[0] ?? 0), MAIL);
    await account.transfer(target, [copied.value.to[0] ?? 0], "INBOX", { move: true, keep });
    assertEquals([box.messages.length, target.messages.length], [2, 1]);
    box.close();
    target.close();
  }],
  ["recent messages belong to the first session", async (_t, account) => {
    await append(account, "INBOX");
    const box = await opened(account, "INBOX");
    const status = await account.status("INBOX", {});
    assert(status.ok);
    assertEquals([status.value.recent, status.value.unseen], [1, 1]);
    const from = box.claimRecent();
    assertEquals(box.messages.filter((m) => m.uid > from).length, 1);
    assertEquals(box.messages.filter((m) => m.uid > box.claimRecent()).length, 0);
    const after = await account.status("INBOX", {});
    assertEquals(after.ok && after.value.recent, 0);
    box.close();
  }],
  ["two users share one mailbox", async (_t, account) => {
    const one = await opened(account, "INBOX");
    const two = await opened(account, "INBOX");
    assert(one === two);
    one.close();
    const uid = await append(account, "INBOX");
    assertEquals(two.messages.map((m) => m.uid), [uid]);
    two.close();
    const again = await opened(account, "INBOX");
    assertEquals(again.messages.map((m) => m.uid), [uid]);
    again.close();
  }],
];

/** Registers the tests every implementation of the store port passes. */
export function storeContract(what: string, make: (separator: string) => Promise<StoreUnderTest>): void {
  for (const separator of [".", "/"]) {
    for (const [name, run] of [...FOLDERS, ...MESSAGES]) {
      Deno.test(`${what} ("${separator}") ${name}`, async () => {
        const t = await make(separator);
        try {
          await run(t, await t.store.account("alice@example.test"));
        } finally {
          await t.end();
        }
      });
    }
  }
}
