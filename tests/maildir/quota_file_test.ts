import { memoryBody } from "../../mod/base/body.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import { formatLimit, parseMaildirSize, QuotaFile } from "../../mod/maildir/quota_file.ts";
import { MaildirStore } from "../../mod/maildir/store.ts";
import { NO_FLAGS } from "../../mod/store/flags.ts";
import { DELETED, type QuotaLimit } from "../../mod/store/store.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { SeededRandom } from "../support/seeded_random.ts";
import { ALICE, append, deliver, fileText, machine, opened, portsOn, ROOT } from "./support.ts";

const FILE = `${ROOT}/maildirsize`;

function limited(limit: QuotaLimit | null, clock = new FakeClock(), fs = machine(clock)) {
  const terms = { limit };
  const log = new MemoryLog();
  const store = new MaildirStore({
    fs,
    clock,
    log,
    random: new SeededRandom(7),
    root: "/mail",
    hostname: "host",
    pid: 7,
    quota: () => terms.limit,
  });
  return { fs, clock, log, store, terms };
}

Deno.test("parseMaildirSize() reads what Dovecot, Courier and we write, and nothing else", () => {
  const cases: [string, [number | null, number | null, number, number] | null][] = [
    ["1000S,5C\n10 1\n", [1000, 5, 10, 1]],
    ["1000S\n", [1000, null, 0, 0]],
    ["5C,1000S\n", [1000, 5, 0, 0]],
    ["0S,0C\n1 1\n", [null, null, 1, 1]],
    ["\n7 1\n", [null, null, 7, 1]],
    ["1000S\n         100          1\n         -30         -1\n", [1000, null, 70, 0]],
    ["", null],
    ["1000S", null],
    ["1000S\n10 1", null],
    ["1000X\n", null],
    ["1000S\nten 1\n", null],
    ["1000S\n10\n", null],
    ["1000S\n10 1 1\n", null],
    ["1000S\n\n", null],
  ];
  for (const [text, expected] of cases) {
    const size = parseMaildirSize(text);
    assertEquals(
      size && [size.octets, size.messages, size.used.octets, size.used.messages],
      expected,
      JSON.stringify(text),
    );
  }
  for (const octets of [null, 5]) {
    for (const messages of [null, 7]) {
      assertEquals(parseMaildirSize(`${formatLimit({ octets, messages })}\n`), {
        octets,
        messages,
        used: { octets: 0, messages: 0 },
        lines: 0,
      });
    }
  }
});

Deno.test("MaildirStore lets in what the quota leaves room for, by every way in", async () => {
  const { store, fs } = limited({ octets: 100, messages: null });
  const account = await store.account(ALICE);
  await deliver(store, "x".repeat(60));
  assertEquals((await account.quota())?.used, { octets: 60, messages: 1 });
  const target = { account: ALICE, mailbox: "INBOX", flags: NO_FLAGS };
  const bob = { ...target, account: "bob@example.test" };
  const outcomes = await store.deliver([target, bob, target], memoryBody(utf8("y".repeat(41))));
  assertEquals(outcomes.map((o) => o.kind), ["over-quota", "delivered", "over-quota"]);
  const draft = await account.draft(41);
  await draft.write(utf8("z".repeat(41)));
  assertEquals(await account.commit("INBOX", [{ draft, flags: NO_FLAGS, internalDate: null }]), {
    ok: false,
    error: "over-quota",
  });
  await draft.abort();
  await append(account, "Sent", "z".repeat(40));
  const box = await opened(store);
  assertEquals(await box.copy([1], "Trash"), { ok: false, error: "over-quota" });
  assert((await box.move([1], "Trash")).ok);
  assertEquals((await account.quota())?.used, { octets: 100, messages: 2 });
  box.close();
  const trash = await opened(store, "Trash");
  await trash.setFlags([1], 0, DELETED, null);
  assertEquals((await account.status("Trash", { size: true })).ok, true);
  await trash.expunge([1]);
  assertEquals((await account.quota())?.used, { octets: 40, messages: 1 });
  assertEquals((await fs.list(`${ROOT}/tmp`)).length, 0);
  trash.close();
  await account.remove("Sent");
  assertEquals((await account.quota())?.used, { octets: 0, messages: 0 });
  await store.close();
});

Deno.test("MaildirStore bounds the number of messages, also for many at once", async () => {
  const { store } = limited({ octets: null, messages: 3 });
  const account = await store.account(ALICE);
  const target = { account: ALICE, mailbox: "INBOX", flags: NO_FLAGS };
  const outcomes = await Promise.all(
    Array.from({ length: 10 }, (_, i) => store.deliver([target], memoryBody(utf8(`mail ${i}`)))),
  );
  assertEquals(outcomes.filter(([o]) => o?.kind === "delivered").length, 3);
  assertEquals((await account.quota())?.used.messages, 3);
  await store.close();
});

Deno.test("QuotaFile believes other programs' lines, and counts when it must", async () => {
  const { store, fs, clock, terms } = limited({ octets: 1000, messages: null });
  const account = await store.account(ALICE);
  await deliver(store, "x".repeat(100));
  await account.quota();
  const line = async (text: string) => {
    const file = await fs.append(FILE);
    await file.write(utf8(text));
    await file.close();
  };
  await line("500 2\n");
  assertEquals((await account.quota())?.used, { octets: 600, messages: 3 });
  // What is not believed is counted before mail is refused.
  await line("900 1\n");
  await deliver(store, "y".repeat(50));
  assertEquals((await account.quota())?.used, { octets: 150, messages: 2 });
  // A bound alone says nothing: what a power cut left of a count.
  await fs.remove(FILE);
  await fs.createWith(FILE, [utf8("1000S\n")]);
  assertEquals((await account.quota())?.used, { octets: 150, messages: 2 });
  // A fresh count with nothing after it is believed.
  await fs.remove(FILE);
  await fs.createWith(FILE, [utf8("1000S\n990 9\n")]);
  const target = { account: ALICE, mailbox: "INBOX", flags: NO_FLAGS };
  const more = () => store.deliver([target], memoryBody(utf8("z".repeat(20))));
  assertEquals((await more())[0]?.kind, "over-quota");
  await clock.advance(16 * 60_000);
  assertEquals((await more())[0]?.kind, "delivered");
  for (const bad of ["rubbish\n", "1000S\nx\n", "999S\n1 1\n", "1000S\n" + "1 0\n".repeat(2000), ""]) {
    await fs.remove(FILE);
    await fs.createWith(FILE, [utf8(bad)]);
    assertEquals(
      (await account.quota())?.used,
      { octets: 170, messages: 3 },
      JSON.stringify(bad.slice(0, 20)),
    );
  }
  terms.limit = { octets: 2000, messages: 50 };
  assertEquals((await account.quota())?.used, { octets: 170, messages: 3 });
  assertEquals(await fileText(fs, FILE), "2000S,50C\n170 3\n");
  terms.limit = null;
  assertEquals(await account.quota(), null);
  // No bound of ours, but somebody keeps the file.
  await deliver(store, "w".repeat(30));
  assertEquals(await fileText(fs, FILE), "2000S,50C\n170 3\n30 1\n");
  await store.close();
});

Deno.test("QuotaFile counts names without sizes, and neither links nor folders that are going", async () => {
  const clock = new FakeClock();
  const fs = machine(clock);
  for (const dir of ["/mail/a/cur", "/mail/a/new", "/mail/a/tmp", "/mail/a/.Sent/cur"]) await fs.makeDir(dir);
  for (const dir of ["/mail/a/..roost-removed-1/cur", "/mail/a/.none"]) await fs.makeDir(dir);
  for (
    const [path, n] of [
      ["/mail/a/cur/1.a:2,S", 10],
      ["/mail/a/new/2.b,S=99", 5],
      ["/mail/a/.Sent/cur/3.c,S=x", 7],
      ["/mail/a/..roost-removed-1/cur/4", 1000],
      ["/mail/a/tmp/5", 1000],
    ] as const
  ) await fs.createWith(path, [new Uint8Array(n)]);
  const quota = new QuotaFile(portsOn(fs, clock), "/mail/a", () => ({ octets: 1000, messages: null }));
  assertEquals((await quota.usage())?.used, { octets: 116, messages: 3 });
});

Deno.test("QuotaFile never costs mail: where nothing can be written there is room, and a lost line means a count", async () => {
  const { store, fs, log } = limited({ octets: 1000, messages: null });
  const account = await store.account(ALICE);
  await deliver(store, "x".repeat(10));
  await account.quota();
  const heal = fs.fail((operation, path) => operation === "append" && path === FILE, "full");
  await deliver(store, "x".repeat(20));
  heal();
  assertEquals(fs.statSync(FILE), null);
  const broken = fs.fail((operation, path) => operation === "rename" && path.includes("/tmp/"), "full");
  assertEquals((await account.quota())?.used, { octets: 30, messages: 2 });
  broken();
  await deliver(store, "x".repeat(20));
  assert(log.lines.some((l) => l.event === "quota not written down"));
  assertEquals((await account.quota())?.used, { octets: 50, messages: 3 });
  assertEquals((await fs.list(`${ROOT}/tmp`)).length, 0);
  await store.close();
});

Deno.test("MaildirAccount.hasRoom() says beforehand what would be let in, and sets nothing aside", async () => {
  const { store, fs, terms } = limited({ octets: 100, messages: 2 });
  const account = await store.account(ALICE);
  await deliver(store, "x".repeat(60));
  for (let i = 0; i < 3; i++) assertEquals(await account.hasRoom(40), true);
  assertEquals(await account.hasRoom(41), false);
  await deliver(store, "x");
  assertEquals(await account.hasRoom(1), false);
  terms.limit = null;
  assertEquals(await account.hasRoom(1000), true);
  // Where it cannot be found out mail is not turned away.
  terms.limit = { octets: 1, messages: null };
  await store.settled();
  await fs.rename("/mail", "/unmounted");
  assertEquals(await account.hasRoom(1000), true);
});

Deno.test("hasRoom() takes no room from others who ask at the same time", async () => {
  const { store } = limited({ octets: 1000, messages: null });
  const mail = await store.account(ALICE);
  // All wait for one count.
  const answers = [900, 900, 1001, 900].map((octets) => mail.hasRoom(octets));
  assertEquals(await Promise.all(answers), [true, true, false, true]);
});
