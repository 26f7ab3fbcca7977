/**
 * A client that believes what NOTIFY tells it and what it has done itself, and nothing else, among sessions and other programs that do things at random
 * in all mailboxes of a Maildir: when all has come to rest, it knows how every mailbox is.
 */
import { utf8 } from "../../mod/base/bytes.ts";
import { Indexes } from "../../mod/index/indexes.ts";
import { SEEN } from "../../mod/store/store.ts";
import { append as appendTo, machine, ROOT, storeOn } from "../maildir/support.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock, settle } from "../support/fake_clock.ts";
import { ALICE, ImapClient, imapServer } from "../support/imap_server.ts";
import { IndexBench } from "../support/index_ports.ts";
import { MemStore } from "../support/mem_store.ts";
import { ScriptConn } from "../support/script_conn.ts";
import { serveImap } from "../../mod/imap/serve.ts";
import { SeededRandom } from "../support/seeded_random.ts";

const ALL = "MessageNew MessageExpunge FlagChange MailboxName";

interface Counts {
  messages: number;
  unseen: number;
  uidNext: number;
}

/** What the client believes. */
class Believer {
  readonly client: ImapClient;
  readonly mailboxes = new Map<string, Counts>();
  selected: string | null = null;
  /** Of the selected mailbox, by sequence number: flags, null for not known. */
  flags: (string | null)[] = [];

  constructor(client: ImapClient) {
    this.client = client;
  }

  async run(command: string): Promise<string> {
    await this.listen();
    const lines = await this.client.run(command);
    this.client.conn.written.length = 0;
    for (const line of lines) this.take(line);
    return lines.at(-1) ?? "";
  }

  /** Takes in what came by itself. */
  async listen(): Promise<void> {
    await settle(3);
    const { output } = this.client.conn;
    const end = output.lastIndexOf("\r\n") + 2;
    this.client.conn.written.length = 0;
    for (const line of output.slice(0, end).split("\r\n")) this.take(line);
  }

  take(line: string): void {
    const status = /^\* STATUS (\S+) \((.*)\)$/.exec(line);
    if (status) {
      const counts = this.mailboxes.get(status[1] ?? "") ?? { messages: -1, unseen: -1, uidNext: -1 };
      const value = (item: string) => Number(new RegExp(`${item} (\\d+)`).exec(status[2] ?? "")?.[1] ?? NaN);
      const of = (item: string, before: number) => Number.isNaN(value(item)) ? before : value(item);
      counts.messages = of("MESSAGES", counts.messages);
      counts.unseen = of("UNSEEN", counts.unseen);
      counts.uidNext = of("UIDNEXT", counts.uidNext);
      this.mailboxes.set(status[1] ?? "", counts);
    }
    const list = /^\* LIST \(([^)]*)\) "." (\S+)(?: \("OLDNAME" \((\S+)\)\))?$/.exec(line);
    if (list) this.#listed(list[2] ?? "", list[1] ?? "", list[3]);
    const exists = /^\* (\d+) EXISTS$/.exec(line)?.[1];
    while (exists !== undefined && this.flags.length < Number(exists)) this.flags.push(null);
    const expunge = Number(/^\* (\d+) EXPUNGE$/.exec(line)?.[1] ?? 0);
    if (expunge > 0) {
      assert(expunge <= this.flags.length, line);
      this.flags.splice(expunge - 1, 1);
    }
    const [, seq = 0, flags = ""] = /^\* (\d+) FETCH .*FLAGS \(([^)]*)\)/.exec(line) ?? [];
    if (Number(seq) > 0) {
      assert(Number(seq) <= this.flags.length, line);
      this.flags[Number(seq) - 1] = flags;
    }
    assert(!line.includes("NOTIFICATIONOVERFLOW") && !line.startsWith("* BYE"), line);
  }

  #listed(name: string, attributes: string, oldName: string | undefined): void {
    if (oldName !== undefined) {
      for (const [known, counts] of [...this.mailboxes]) {
        if (known !== oldName && !known.startsWith(`${oldName}.`)) continue;
        this.mailboxes.delete(known);
        this.mailboxes.set(name + known.slice(oldName.length), counts);
      }
    }
    if (attributes.includes("NonExistent")) this.mailboxes.delete(name);
    else if (!this.mailboxes.has(name)) this.mailboxes.set(name, { messages: 0, unseen: 0, uidNext: 1 });
  }

  async select(name: string): Promise<void> {
    await this.leave();
    this.selected = name;
    this.flags = [];
    await this.run(`SELECT ${name}`);
    await this.run("UID FETCH 1:* (FLAGS)");
  }

  async leave(): Promise<void> {
    if (this.selected === null) return;
    await this.listen();
    await this.run("UNSELECT");
    this.remember();
    this.selected = null;
  }

  /** What it has seen of the selected mailbox is what it knows of it. */
  remember(): void {
    const counts = this.mailboxes.get(this.selected ?? "");
    if (!counts) return;
    counts.messages = this.flags.length;
    counts.unseen = this.flags.filter((f) => f !== null && !f.includes("\\Seen")).length;
    counts.uidNext = -1;
  }
}

for (const seed of [1, 2, 3, 4]) {
  Deno.test(`NOTIFY tells the truth in the end, whoever does what (seed ${seed})`, async () => {
    await using bench = await IndexBench.make();
    const index = new Indexes((account) => `${bench.dir}/${account}.sqlite`, bench.ports());
    const random = new SeededRandom(seed);
    const clock = new FakeClock();
    const fs = machine(clock);
    const { store } = storeOn(fs, clock);
    const server = imapServer({ store, index });
    const connect = () => {
      const conn = new ScriptConn({ address: "127.0.0.1", port: 1 }, null);
      void serveImap(conn, { ...server.ports, clock });
      return new ImapClient(conn);
    };
    const others = [connect(), connect()];
    for (const other of others) await other.ok(`LOGIN ${ALICE} secret`);
    const me = new Believer(connect());
    await me.run(`LOGIN ${ALICE} secret`);
    for (const line of await others[0]?.ok('LIST "" *') ?? []) me.take(line);
    await clock.advance(5000);
    const delayed = seed % 2 === 0 ? "-delayed" : "";
    const reply = await me.run(
      `NOTIFY SET STATUS (selected${delayed} (MessageNew (UID FLAGS) MessageExpunge FlagChange)) (personal (${ALL}))`,
    );
    assert(reply.startsWith("OK"), reply);
    let files = 0;
    const pick = <T>(list: readonly T[]): T | undefined => list[random.int(list.length)];
    const account = await store.account(ALICE);
    const act = async () => {
      const names = (await account.list()).filter((e) => e.exists).map((e) => e.name);
      const name = pick(names) ?? "INBOX";
      const other = pick(others);
      const set = `${1 + random.int(6)}:${1 + random.int(9)}`;
      switch (random.int(15)) {
        case 0:
        case 1:
          return await appendTo(account, name, `Subject: ${files++}\r\n\r\n`);
        case 2: {
          const dir = name === "INBOX" ? ROOT : `${ROOT}/.${name}`;
          return await fs.createWith(`${dir}/new/${++files}.foreign.x`, [utf8("Subject: f\r\n\r\n")]).catch(
            () => {},
          );
        }
        case 3:
          return void await other?.run(`SELECT ${pick(["INBOX", "Sent", "Junk"])}`); // nobody removes these
        case 4:
        case 5:
          return void await other?.run(
            `UID STORE ${set} ${pick(["+", "-"])}FLAGS (${pick(["\\Seen", "\\Deleted"])})`,
          );
        case 6:
          return void await other?.run("EXPUNGE");
        case 7:
          return void await other?.run(`UID MOVE ${set} ${pick(names)}`);
        case 8:
          return void await other?.run(`CREATE m${random.int(4)}.${random.int(2)}`);
        case 9:
          if (random.int(3) === 0 && me.selected === null) {
            await other?.run(`RENAME m${random.int(4)} n${files++}`);
          }
          return;
        case 10:
          return void await other?.run(`UID COPY ${set} ${name}`);
        case 11:
          return await me.select(pick(["INBOX", "Sent", "Junk"]) ?? "INBOX");
        case 12:
          return await me.leave();
        case 13:
          return void await me.run(
            pick(["NOOP", "UID FETCH 1 (FLAGS)", "UID STORE 1:3 +FLAGS (\\Seen)"]) ?? "",
          );
        case 14:
          if (random.int(2) === 0) return await clock.advance(random.int(2000));
          return void await other?.run(`DELETE m${random.int(4)}.${random.int(2)}`);
      }
    };
    for (let step = 0; step < 160; step++) {
      await act();
      if (step % 40 !== 39) continue;
      await clock.advance(70_000);
      await me.run("NOOP");
      await me.leave();
      await clock.advance(5000);
      await me.listen();
      const there: Record<string, Counts> = {};
      for (const { name, exists } of await account.list()) {
        const status = exists ? await account.status(name, {}) : null;
        if (!status?.ok) continue;
        const { messages, unseen, uidNext } = status.value;
        there[name] = { messages, unseen, uidNext };
      }
      const believed = Object.fromEntries(
        [...me.mailboxes].filter(([name]) => there[name] || name.length > 0).map(([name, counts]) => [
          name,
          counts.uidNext === -1 ? { ...counts, uidNext: there[name]?.uidNext ?? -1 } : counts,
        ]),
      );
      assertEquals(sorted(believed), sorted(there), `step ${step}`);
    }
    me.client.conn.end();
    for (const other of others) other.conn.end();
    await settle();
    await store.close();
    await index.close();
    assertEquals(store.following, { folders: 0, watched: 0 });
  });
}

function sorted(counts: Record<string, Counts>): [string, Counts][] {
  return Object.entries(counts).sort(([a], [b]) => a < b ? -1 : 1);
}

Deno.test("a client that does not read costs no more than there are mailboxes, and is told how they are then", async () => {
  const store = new MemStore();
  const server = imapServer({ store });
  const account = await store.account(ALICE);
  const client = await ImapClient.loggedIn(server);
  await client.ok(`NOTIFY SET (personal (${ALL}))`);
  let go: () => void = () => {};
  const write = client.conn.write.bind(client.conn);
  client.conn.write = async (bytes) => {
    await new Promise<void>((resolve) => go = resolve);
    await write(bytes);
  };
  client.conn.written.length = 0;
  const sent = account.folder("Sent");
  const one = { bytes: utf8("x"), flags: { system: SEEN, keywords: [] }, internalDate: 0 };
  for (let n = 0; n < 500; n++) await sent?.add([one]);
  await settle();
  go();
  await settle();
  go();
  await settle();
  const told = client.conn.output.split("\r\n").filter((l) => l.startsWith("* STATUS"));
  assert(told.length <= 3, `${told.length}`);
  assert(told.at(-1)?.includes("MESSAGES 500 UIDNEXT 501"), told.at(-1));
  client.conn.write = write;
  client.conn.end();
});
