import fc from "fast-check";
import { EXPIRY_EVERY } from "../../mod/base/limits.ts";
import { Expiring } from "../../mod/maildir/expiring.ts";
import { MaildirStore } from "../../mod/maildir/store.ts";
import { SEEN } from "../../mod/store/store.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { MemFs } from "../support/mem_fs.ts";
import { takesSpace } from "../support/mem_fs_faults.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { SeededRandom } from "../support/seeded_random.ts";
import { WrongClock } from "../support/wrong_clock.ts";
import { ALICE, append, deliver, opened, ROOT } from "./support.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;
const FILE = "/mail/expiry_time";

/** A server's part that expires mail; `restart` is a new process on the same disk. */
class Bench {
  readonly clock = new WrongClock();
  readonly log = new MemoryLog();
  fs = new MemFs({ clock: this.clock, dirs: ["/mail"] });
  rules = new Map([["Trash", 30 * DAY]]);
  store = this.#store();
  expiring = this.#expiring();
  #written = this.clock.now();

  async restart(fs: MemFs = this.fs): Promise<void> {
    if (fs === this.fs) await this.store.close();
    this.fs = fs;
    this.store = this.#store();
    this.expiring = this.#expiring();
  }

  /** Time goes by, with a look each hour, or now and then. */
  async pass(ms: number): Promise<void> {
    const step = ms > DAY ? 8 * HOUR : HOUR;
    for (let gone = 0; gone < ms; gone += step) {
      await this.clock.pass(step);
      await this.look();
    }
  }

  /** One look, to its end. */
  async look(): Promise<void> {
    let done = false;
    const looked = this.expiring.look(new AbortController().signal).finally(() => done = true);
    while (!done) await this.clock.pass(50);
    await looked;
  }

  async count(name: string): Promise<number> {
    const box = await opened(this.store, name);
    const { length } = box.messages;
    box.close();
    return length;
  }

  #store(): MaildirStore {
    return new MaildirStore({
      ...{ fs: this.fs, clock: this.clock, log: this.log, random: new SeededRandom(3) },
      ...{ root: "/mail", hostname: "host", pid: 5 },
      quota: () => ({ octets: 1_000_000, messages: null }),
    });
  }

  #expiring(): Expiring {
    return new Expiring({
      ...{ fs: this.fs, clock: this.clock, log: this.log, store: this.store, root: "/mail", file: FILE },
      accounts: () => [ALICE, "nobody@example.test"],
      rules: () => this.rules,
      written: () => Promise.resolve(this.#written),
    });
  }
}

Deno.test("Expiring removes what lies in a named folder for too long, tells sessions, and frees the quota", async () => {
  const b = new Bench();
  const mail = await b.store.account(ALICE);
  for (const folder of ["INBOX", "Trash", "Archive"]) await append(mail, folder, "Subject: old\r\n\r\nx\r\n");
  await b.pass(20 * DAY);
  await append(mail, "Trash", "Subject: young\r\n\r\nx\r\n");
  const box = await opened(b.store, "Trash");
  const told: string[] = [];
  const end = box.listen((c) => c.kind === "expunged" && told.push(...c.uids.map(String)));
  const before = await mail.quota();
  await b.pass(9 * DAY);
  assertEquals(box.messages.length, 2);
  await b.pass(2 * DAY);
  assertEquals([box.messages.map((m) => m.uid), told], [[2], ["1"]]);
  assertEquals((await mail.quota())?.used.messages, (before?.used.messages ?? 0) - 1);
  assertEquals([await b.count("INBOX"), await b.count("Archive")], [1, 1]);
  const removed = b.log.lines.find((l) => l.event === "old mail removed");
  assertEquals(removed?.fields, { account: ALICE, mailbox: "Trash", messages: 1 });
  end();
  box.close();
  // Nobody's folders are made for it.
  assertEquals(await b.fs.stat("/mail/example.test/nobody"), null);
});

Deno.test("Expiring counts from when a file came, whoever put it there, and touches INBOX only by name", async () => {
  const b = new Bench();
  const base = await deliver(b.store, "Subject: x\r\n\r\nx\r\n");
  await b.pass(29 * DAY);
  // Another program moves it and keeps its name.
  await b.fs.rename(`${ROOT}/new/${base}`, `${ROOT}/.Trash/cur/${base}:2,S`);
  await b.pass(10 * DAY);
  assertEquals(await b.count("Trash"), 1);
  await b.pass(21 * DAY);
  assertEquals(await b.count("Trash"), 0);

  await deliver(b.store, "Subject: x\r\n\r\nx\r\n");
  b.rules = new Map([["inbox", 2 * DAY]]);
  const release = await (await b.store.account(ALICE)).lockForPop();
  await b.pass(4 * DAY);
  assertEquals(await b.count("INBOX"), 1);
  release?.();
  await b.pass(2 * DAY);
  assertEquals(await b.count("INBOX"), 0);
});

Deno.test("Expiring counts the mail of a folder that gets the name later from then on, whoever renames it", async () => {
  const b = new Bench();
  b.rules = new Map([["Trash", 30 * DAY], ["Attic", 30 * DAY]]);
  const mail = await b.store.account(ALICE);
  for (const name of ["One", "Two"]) {
    assert((await mail.create(name)).ok);
    await append(mail, name, "Subject: old\r\n\r\nx\r\n");
  }
  await b.pass(100 * DAY);
  assert((await mail.remove("Trash")).ok && (await mail.rename("One", "Trash")).ok);
  // There was none, and it is another program that renames.
  await b.fs.rename(`${ROOT}/.Two`, `${ROOT}/.Attic`);
  await b.pass(29 * DAY);
  assertEquals([await b.count("Trash"), await b.count("Attic")], [1, 1]);
  await b.pass(3 * DAY);
  assertEquals([await b.count("Trash"), await b.count("Attic")], [0, 0]);
});

Deno.test("Expiring: by a clock that is years off at the start nothing goes, nor what came meanwhile, once it is right", async () => {
  for (const wrongBy of [YEAR, 20 * YEAR, -YEAR, -60 * YEAR]) {
    for (const remembered of [true, false]) {
      const b = new Bench();
      const mail = await b.store.account(ALICE);
      await append(mail, "Trash", "Subject: x\r\n\r\nx\r\n");
      if (remembered) await b.pass(2 * DAY);
      b.clock.wrongBy = wrongBy;
      await b.restart();
      await b.pass(5 * HOUR);
      await append(await b.store.account(ALICE), "Trash", "Subject: by a wrong clock\r\n\r\nx\r\n");
      await b.pass(5 * HOUR);
      b.clock.wrongBy = 0;
      await b.pass(20 * DAY);
      // Of what came while nothing was known of the folder, files alone tell.
      const known = remembered || wrongBy > 0;
      assertEquals(await b.count("Trash"), known ? 2 : 1, `${wrongBy} ${remembered}`);
    }
  }
});

Deno.test("Expiring removes nothing before its time, whatever the clock does", async () => {
  const leg = fc.record({
    wrong: fc.constantFrom(0, 0, 0, -400, -20, -2, 2, 20, 400),
    days: fc.integer({ min: 1, max: 25 }),
    restart: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(leg, { minLength: 1, maxLength: 6 }), async (legs) => {
      const b = new Bench();
      await b.store.account(ALICE);
      await b.look();
      const came = new Map<number, number>();
      for (const { wrong, days, restart } of legs) {
        b.clock.wrongBy = wrong * DAY;
        if (restart) await b.restart();
        for (let day = 0; day < days; day++) {
          const uid = await append(await b.store.account(ALICE), "Trash", "x\r\n\r\n");
          came.set(uid, b.clock.truth());
          await b.clock.pass(DAY);
          await b.look();
          const box = await opened(b.store, "Trash");
          const there = new Set(box.messages.map((m) => m.uid));
          box.close();
          for (const [uid, at] of came) {
            if (there.has(uid)) continue;
            came.delete(uid);
            const stayed = b.clock.truth() - at;
            assert(stayed >= 30 * DAY, `${uid} stayed ${stayed / DAY} days`);
          }
        }
      }
    }),
    { numRuns: 10 },
  );
});

Deno.test("Expiring: a power cut in the middle leaves messages whole or gone, and the next round ends it", async () => {
  for (let n = 1;; n += 7) {
    const b = new Bench();
    b.rules = new Map([["Trash", DAY]]);
    const mail = await b.store.account(ALICE);
    for (let i = 0; i < 5; i++) await append(mail, "Trash", `Subject: ${i}\r\n\r\nx\r\n`);
    await b.look();
    await b.clock.pass(2 * DAY + EXPIRY_EVERY);
    b.fs.syncAll();
    b.fs.crashAt(n);
    await b.look();
    const { cut } = b.fs;
    await b.restart(b.fs.afterCrash("synced-only"));
    for (const m of (await opened(b.store, "Trash")).messages) assert(m.uid >= 1 && m.uid <= 5);
    await b.pass(2 * DAY);
    assertEquals(await b.count("Trash"), 0, `cut at ${cut}`);
    if (cut === null) break;
  }
});

Deno.test("Expiring makes room on a full disk, and removes nothing of a folder it has never seen there", async () => {
  const b = new Bench();
  const mail = await b.store.account(ALICE);
  await append(mail, "Trash", "Subject: x\r\n\r\nx\r\n");
  await append(mail, "Junk", "Subject: x\r\n\r\nx\r\n");
  await b.pass(29 * DAY);
  b.fs.fail(takesSpace, "full");
  b.rules = new Map([["Trash", 30 * DAY], ["Junk", 20 * DAY], ["None", DAY]]);
  await b.pass(3 * DAY);
  assertEquals([await b.count("Trash"), await b.count("Junk")], [0, 1]);
  // Nothing is said of folders that are not there.
  assertEquals(b.log.lines.filter((l) => l.level === "warn" && l.fields?.["mailbox"] === "None"), []);
});

Deno.test("Expiring goes on after what it cannot remove, and keeps no time that it cannot write", async () => {
  const b = new Bench();
  b.rules = new Map([["no/such", DAY], ["..", DAY], ["~", DAY], ["\u0000", DAY], ["Trash", DAY]]);
  const box = await opened(b.store, "Trash");
  const uid = await append(await b.store.account(ALICE), "Trash", "Subject: x\r\n\r\nx\r\n");
  await b.pass(20 * HOUR);
  await box.setFlags([uid], 0, SEEN, null);
  box.close();
  await b.pass(3 * DAY);
  assertEquals(await b.count("Trash"), 0);
  assertEquals(b.log.lines.filter((l) => l.level === "error").length, 0);
  await b.fs.remove(FILE);
  await b.fs.makeDir(FILE);
  await b.look();
  assertEquals(b.log.lines.filter((l) => l.level === "error").length, 1);
});
