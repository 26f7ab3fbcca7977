import { utf8 } from "../../../mod/base/bytes.ts";
import { Indexes } from "../../../mod/index/indexes.ts";
import type { MailIndex } from "../../../mod/store/mail_index.ts";
import { SeededRandom } from "../../support/seeded_random.ts";
import { assert, assertEquals, assertMatch } from "../../support/assert.ts";
import { ImapClient, type ImapServer, imapServer } from "../../support/imap_server.ts";
import { IndexBench } from "../../support/index_ports.ts";
import { fileText, machine, ROOT, storeOn } from "../../maildir/support.ts";

function indexes(bench: IndexBench): Indexes {
  return new Indexes((account) => `${bench.dir}/${account}.sqlite`, bench.ports());
}

function codeOf(lines: readonly string[], code: string): string {
  return new RegExp(`\\[${code} ([^\\]]*)\\]`).exec(lines.join("\n"))?.[1] ?? "";
}

async function withMessages(server: ImapServer, n: number): Promise<ImapClient> {
  const client = await ImapClient.loggedIn(server, "INBOX");
  for (let i = 0; i < n; i++) await client.append("INBOX", `${i}`);
  await client.ok("NOOP");
  return client;
}

Deno.test("CONDSTORE: mod-sequences are told to who uses them, and to nobody else", async () => {
  await using bench = await IndexBench.make();
  const index = indexes(bench);
  const server = imapServer({ index });
  const one = await withMessages(server, 3);
  const two = await ImapClient.loggedIn(server);
  assertMatch((await two.ok("CAPABILITY"))[0] ?? "", / CONDSTORE QRESYNC/);
  const selected = await two.ok("SELECT INBOX (CONDSTORE)");
  const highest = Number(codeOf(selected, "HIGHESTMODSEQ"));
  assert(highest > 0);
  assertEquals(await one.ok("STORE 2 +FLAGS \\Seen"), [
    "* 2 FETCH (FLAGS (\\Seen \\Recent))",
    "OK Store completed",
  ]);
  const [told] = await two.ok("NOOP");
  assertMatch(told ?? "", /^\* 2 FETCH \(FLAGS \(\\Seen\) MODSEQ \(\d+\)\)$/);
  const modSeq = Number(/MODSEQ \((\d+)\)/.exec(told ?? "")?.[1]);
  assert(modSeq > highest);
  assertEquals(await two.ok(`FETCH 1:* (UID) (CHANGEDSINCE ${highest})`), [
    `* 2 FETCH (UID 2 MODSEQ (${modSeq}))`,
    "OK Fetch completed",
  ]);
  assertEquals(await two.ok("FETCH 2 MODSEQ"), [`* 2 FETCH (MODSEQ (${modSeq}))`, "OK Fetch completed"]);
  assertEquals(await two.ok(`FETCH 1:* (FLAGS) (CHANGEDSINCE ${modSeq})`), ["OK Fetch completed"]);
  assertMatch(
    (await two.ok("STATUS INBOX (HIGHESTMODSEQ)"))[0] ?? "",
    new RegExp(`HIGHESTMODSEQ ${modSeq}\\)`),
  );
  await index.close();
});

Deno.test("CONDSTORE: STORE changes only what has not changed since", async () => {
  await using bench = await IndexBench.make();
  const index = indexes(bench);
  const server = imapServer({ index });
  const one = await withMessages(server, 3);
  const two = await ImapClient.loggedIn(server);
  const highest = codeOf(await two.ok("SELECT INBOX (CONDSTORE)"), "HIGHESTMODSEQ");
  await one.ok("STORE 2 +FLAGS.SILENT \\Seen");
  await two.ok("NOOP");
  const lines = await two.ok(`STORE 1:3 (UNCHANGEDSINCE ${highest}) +FLAGS.SILENT (\\Deleted)`);
  assertMatch(lines[0] ?? "", /^\* 1 FETCH \(MODSEQ \(\d+\)\)$/);
  assertMatch(lines[1] ?? "", /^\* 3 FETCH \(MODSEQ \(\d+\)\)$/);
  assertEquals(lines.at(-1), "OK [MODIFIED 2] Some have changed");
  assertEquals((await one.ok("SEARCH DELETED"))[0], "* SEARCH 1 3");
  const none = await two.ok("UID STORE 1:3 (UNCHANGEDSINCE 0) FLAGS ()");
  assertEquals(none.at(-1), "OK [MODIFIED 1:3] Some have changed");
  assertMatch((await two.ok("EXPUNGE")).at(-1) ?? "", /^OK \[HIGHESTMODSEQ \d+\] Expunge/);
  await index.close();
});

Deno.test("SEARCH and SORT by MODSEQ tell what has changed, and the highest", async () => {
  await using bench = await IndexBench.make();
  const index = indexes(bench);
  const client = await withMessages(imapServer({ index }), 4);
  const highest = Number(codeOf(await client.ok("SELECT INBOX (CONDSTORE)"), "HIGHESTMODSEQ"));
  await client.ok("STORE 2 +FLAGS.SILENT \\Seen");
  const [told] = await client.ok("STORE 3 +FLAGS.SILENT \\Seen");
  const top = Number(/MODSEQ \((\d+)\)/.exec(told ?? "")?.[1]);
  assertEquals(
    (await client.ok(`SEARCH MODSEQ ${highest + 1}`))[0],
    `* SEARCH 1 2 3 4 (MODSEQ ${top})`,
    "foreign",
  );
  assertEquals((await client.ok(`SEARCH MODSEQ ${top}`))[0], `* SEARCH 3 (MODSEQ ${top})`);
  assertEquals(
    (await client.ok(`SEARCH SEEN MODSEQ "/flags/\\\\draft" all ${highest}`))[0],
    `* SEARCH 2 3 (MODSEQ ${top})`,
  );
  assertMatch((await client.ok(`SEARCH RETURN (MIN) MODSEQ ${highest} SEEN`))[0] ?? "", / MIN 2 MODSEQ \d+$/);
  assertEquals((await client.ok(`SORT (REVERSE DATE) UTF-8 MODSEQ ${top}`))[0], `* SORT 3 (MODSEQ ${top})`);
  assertEquals(
    (await client.ok(`SEARCH MODSEQ ${top + 64}`))[0],
    "* SEARCH 1 2 3 4 (MODSEQ " + top + ")",
    "never told",
  );
  assertMatch((await client.run('SEARCH MODSEQ "x" all 1')).at(-1) ?? "", /^BAD /);
  assertMatch((await client.run("SEARCH MODSEQ x")).at(-1) ?? "", /^BAD /);
  await index.close();
});

Deno.test("CONDSTORE: enabled while a mailbox is selected, the highest is told", async () => {
  await using bench = await IndexBench.make();
  const index = indexes(bench);
  const client = await withMessages(imapServer({ index }), 1);
  const lines = await client.ok("ENABLE QRESYNC X CONDSTORE");
  assert(Number(codeOf(lines, "HIGHESTMODSEQ")) > 0);
  assertEquals(lines.at(-2), "* ENABLED QRESYNC CONDSTORE");
  assertEquals(await client.ok("ENABLE CONDSTORE"), ["* ENABLED", "OK Enable completed"]);
  await client.ok("STORE 1 +FLAGS.SILENT \\Deleted");
  const gone = await client.ok("EXPUNGE");
  assertEquals(gone[0], "* VANISHED 1");
  await index.close();
});

Deno.test("QRESYNC needs to be enabled, VANISHED too", async () => {
  await using bench = await IndexBench.make();
  const index = indexes(bench);
  const client = await withMessages(imapServer({ index }), 1);
  assertEquals(await client.run("SELECT INBOX (QRESYNC (1 1))"), ["BAD Enable QRESYNC first"]);
  assertEquals(await client.run("UID FETCH 1 FLAGS (CHANGEDSINCE 1 VANISHED)"), [
    "BAD VANISHED needs UID FETCH and QRESYNC",
  ]);
  await index.close();
});

Deno.test("without an index mod-sequences are neither offered nor given", async () => {
  const client = await withMessages(imapServer(), 1);
  assertEquals(/CONDSTORE/.test((await client.ok("CAPABILITY"))[0] ?? ""), false);
  assertEquals(await client.ok("ENABLE CONDSTORE"), ["* ENABLED", "OK Enable completed"]);
  assertMatch((await client.run("FETCH 1 MODSEQ")).at(-1) ?? "", /^NO \[NOMODSEQ\]/);
});

/** What a client that goes off-line keeps. */
class OfflineClient {
  readonly flags = new Map<number, string>();
  uidValidity = 0;
  modSeq = 0;

  /** Takes what a session says. */
  take(lines: readonly string[]): void {
    this.uidValidity = Number(codeOf(lines, "UIDVALIDITY") || this.uidValidity);
    this.modSeq = Number(codeOf(lines, "HIGHESTMODSEQ") || this.modSeq);
    for (const line of lines) {
      const gone = /^\* VANISHED(?: \(EARLIER\))? (.*)$/.exec(line)?.[1];
      for (const range of gone?.split(",") ?? []) {
        const [from = 0, to = from] = range.split(":").map(Number);
        for (let uid = from; uid <= to; uid++) this.flags.delete(uid);
      }
      const [, uid, flags] = /FETCH \(UID (\d+) FLAGS \(([^)]*)\)/.exec(line) ?? [];
      if (uid) this.flags.set(Number(uid), (flags ?? "").replace(/ ?\\Recent/, ""));
    }
  }

  /** Goes on-line for a moment. */
  async sync(server: ImapServer): Promise<void> {
    const session = await ImapClient.loggedIn(server);
    await session.ok("ENABLE QRESYNC");
    const top = Math.max(0, ...this.flags.keys());
    const known = this.modSeq === 0
      ? ""
      : ` (QRESYNC (${this.uidValidity} ${this.modSeq}${top ? ` 1:${top}` : ""}))`;
    this.take(await session.ok(`SELECT INBOX${known}`));
    this.take(await session.ok(`UID FETCH ${top + 1}:* FLAGS`));
    await session.ok("UNSELECT");
    await session.ok("LOGOUT");
  }
}

Deno.test("QRESYNC: a client that was away sees what a full read shows, also after the index was deleted", async () => {
  await using bench = await IndexBench.make();
  const random = new SeededRandom(11);
  let index = indexes(bench);
  let server = imapServer({ index });
  const { store } = server;
  const clients = [new OfflineClient(), new OfflineClient()];
  for (let round = 0; round < 60; round++) {
    const worker = await ImapClient.loggedIn(server, "INBOX");
    for (let step = random.int(5); step > 0; step--) {
      const count = Number(/MESSAGES (\d+)/.exec((await worker.ok("STATUS INBOX (MESSAGES)"))[0] ?? "")?.[1]);
      await worker.ok("NOOP");
      const seq = 1 + random.int(Math.max(1, count));
      if (count === 0 || random.int(3) === 0) await worker.append("INBOX", "x");
      else if (random.int(2) === 0) {
        await worker.ok(`STORE ${seq} ${["+", "-"][random.int(2)]}FLAGS (\\Flagged)`);
      } else {
        await worker.ok(`STORE ${seq} +FLAGS (\\Deleted)`);
        await worker.ok("EXPUNGE");
      }
    }
    await worker.ok("LOGOUT");
    if (random.int(6) === 0) {
      await bench.clock.advance(1);
      await index.close();
      if (random.int(2) === 0) {
        for await (const { name } of Deno.readDir(bench.dir)) await Deno.remove(`${bench.dir}/${name}`);
      }
      index = indexes(bench);
      server = imapServer({ index, store });
    }
    const client = clients[random.int(2)];
    await client?.sync(server);
    const full = new OfflineClient();
    const reader = await ImapClient.loggedIn(server, "INBOX");
    full.take(await reader.ok("UID FETCH 1:* FLAGS"));
    await reader.ok("LOGOUT");
    assertEquals(client?.flags, full.flags, `round ${round}`);
  }
  await bench.clock.advance(1);
  await index.close();
});

Deno.test("QRESYNC: what goes while a mailbox is being selected is told as gone, and nowhere else", async () => {
  await using bench = await IndexBench.make();
  const index = indexes(bench);
  let opening: () => Promise<void> = () => Promise.resolve();
  const slow: MailIndex = {
    open: async (account, mailbox) => {
      const opened = await index.open(account, mailbox);
      await opening();
      return opened;
    },
    keepOnly: (account, names) => index.keepOnly(account, names),
  };
  const server = imapServer({ index: slow });
  const one = await withMessages(server, 3);
  const two = await ImapClient.loggedIn(server);
  await two.ok("ENABLE QRESYNC");
  const first = await two.ok("SELECT INBOX");
  const validity = codeOf(first, "UIDVALIDITY");
  const known = codeOf(first, "HIGHESTMODSEQ");
  await two.ok("UNSELECT");
  opening = async () => {
    opening = () => Promise.resolve();
    await one.ok("STORE 2 +FLAGS (\\Deleted)");
    await one.ok("EXPUNGE");
    await one.append("INBOX", "new");
  };
  const back = await two.ok(`SELECT INBOX (QRESYNC (${validity} ${known} 1:3))`);
  assertEquals(back.filter((l) => /EXISTS|VANISHED|FETCH/.test(l)).map((l) => l.replace(/ MODSEQ.*/, "")), [
    "* 3 EXISTS",
    "* VANISHED (EARLIER) 2",
  ]);
  assertEquals(codeOf(back, "UIDNEXT"), "5");
  assertEquals((await two.ok("UID FETCH 1:* (UID)")).slice(0, -1), [
    "* 1 FETCH (UID 1)",
    "* 2 FETCH (UID 3)",
    "* 3 FETCH (UID 4)",
  ]);
  await index.close();
});

Deno.test("QRESYNC: where it is not known what went when, all that is not there is told, however much that is", async () => {
  await using bench = await IndexBench.make();
  const index = indexes(bench);
  const fs = machine();
  const { store } = storeOn(fs);
  const server = imapServer({ index, store });
  const worker = await withMessages(server, 2);
  await worker.ok("LOGOUT");
  const list = await fileText(fs, `${ROOT}/dovecot-uidlist`);
  await fs.remove(`${ROOT}/dovecot-uidlist`);
  await fs.createWith(`${ROOT}/dovecot-uidlist`, [utf8(list.replace(/ N\d+/, " N4294967290"))]);
  const validity = /V(\d+)/.exec(list)?.[1];
  const client = await ImapClient.loggedIn(server);
  await client.ok("ENABLE QRESYNC");
  const lines = await client.ok(`SELECT INBOX (QRESYNC (${validity} 1))`);
  assertEquals(lines.filter((l) => l.startsWith("* VANISHED")), ["* VANISHED (EARLIER) 3:4294967289"]);
  const some = await client.ok("UID FETCH 2:9,20 (FLAGS) (CHANGEDSINCE 1 VANISHED)");
  assertEquals(some[0], "* VANISHED (EARLIER) 3:9,20");
  await client.ok("LOGOUT");
  await store.close();
  await index.close();
});

Deno.test("CONDSTORE: of two who change a message at once, one is told that it has changed", async () => {
  await using bench = await IndexBench.make();
  const index = indexes(bench);
  const { store, clock } = storeOn(machine());
  const server = imapServer({ index, store });
  const one = await withMessages(server, 1);
  const two = await ImapClient.loggedIn(server);
  const highest = codeOf(await two.ok("SELECT INBOX (CONDSTORE)"), "HIGHESTMODSEQ");
  await clock.advance(10);
  const replies = await Promise.all(
    [one, two].map((c, i) =>
      c.ok(`STORE 1 (UNCHANGEDSINCE ${highest}) +FLAGS.SILENT (${["\\Seen", "\\Flagged"][i]})`)
    ),
  );
  const modified = replies.map((lines) => codeOf(lines, "MODIFIED"));
  assertEquals(modified.sort(), ["", "1"]);
  for (const client of [one, two]) await client.ok("LOGOUT");
  await store.close();
  await index.close();
});
