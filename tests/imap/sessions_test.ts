/**
 * Several sessions on one folder at random. A model client follows each by what it is told alone; every number in every response must
 * be true for it: the UID and flags told for a sequence number, no EXPUNGE where none may be, EXISTS never less.
 */
import { assert, assertEquals } from "../support/assert.ts";
import { ALICE, ImapClient, type ImapServer, imapServer } from "../support/imap_server.ts";
import type { MemFolder } from "../support/mem_folder.ts";
import { MemAccount } from "../support/mem_store.ts";
import { SeededRandom } from "../support/seeded_random.ts";

interface Known {
  uid: number;
  flags: string;
}

/** What a client believes, from responses only. */
class ModelClient {
  readonly client: ImapClient;
  known: Known[] = [];

  constructor(client: ImapClient) {
    this.client = client;
  }

  async select(): Promise<void> {
    const lines = await this.client.ok("SELECT INBOX");
    this.known = [];
    this.follow(lines, true, "SELECT");
    await this.learn();
  }

  /** Runs a command and follows its responses; gives them. */
  async run(command: string, mayExpunge: boolean): Promise<string[]> {
    const lines = await this.client.run(command);
    this.follow(lines, mayExpunge, command);
    return lines;
  }

  /** Asks for what EXISTS told of. */
  async learn(): Promise<void> {
    while (this.known.some((k) => k.uid === 0)) {
      const from = this.known.findIndex((k) => k.uid === 0) + 1;
      const lines = await this.run(`FETCH ${from}:${this.known.length} (UID FLAGS)`, false);
      const gone = lines.at(-1)?.includes("EXPUNGEISSUED");
      assert(gone || lines.at(-1)?.startsWith("OK"), lines.join("\n"));
    }
  }

  follow(lines: readonly string[], mayExpunge: boolean, command: string): void {
    for (const line of lines) {
      const [, number = "", what = "", rest = ""] =
        line.match(/^\* (\d+) (EXISTS|EXPUNGE|FETCH|RECENT)(.*)$/) ?? [];
      const n = Number(number);
      if (what === "EXPUNGE") {
        assert(mayExpunge, `EXPUNGE during ${command}`);
        assert(n >= 1 && n <= this.known.length, `${line} of ${this.known.length}`);
        this.known.splice(n - 1, 1);
      } else if (what === "EXISTS") {
        assert(n >= this.known.length, `${line} after ${this.known.length}`);
        while (this.known.length < n) this.known.push({ uid: 0, flags: "?" });
      } else if (what === "RECENT") {
        assert(n <= this.known.length);
      } else if (what === "FETCH") {
        this.#fetched(n, rest, line);
      }
    }
  }

  #fetched(n: number, rest: string, line: string): void {
    const mine = this.known[n - 1];
    assert(mine, `${line} of ${this.known.length}`);
    const uid = Number(rest.match(/UID (\d+)/)?.[1] ?? 0);
    if (uid > 0) {
      if (mine.uid > 0) assertEquals(uid, mine.uid, line);
      mine.uid = uid;
    }
    const flags = rest.match(/FLAGS \(([^)]*)\)/)?.[1];
    if (flags !== undefined) mine.flags = flags.replace(/ ?\\Recent/, "").trim();
  }
}

const FLAGS = ["\\Seen", "\\Flagged", "\\Deleted", "work", "home"];

async function step(random: SeededRandom, model: ModelClient, n: number): Promise<void> {
  const count = model.known.length;
  const seq = count > 0 ? 1 + random.int(count) : 0;
  const other = count > 0 ? 1 + random.int(count) : 0;
  const flag = FLAGS[random.int(FLAGS.length)] ?? "";
  const sign = random.int(3) === 0 ? "-" : "+";
  const silent = random.int(2) === 0 ? ".SILENT" : "";
  switch (random.int(12)) {
    case 0:
    case 1:
      await model.run(`APPEND INBOX (${flag}) {16+}\r\nSubject: ${String(n).padStart(5, "0")}\r\n`, true);
      return;
    case 2:
      await model.run("NOOP", true);
      return;
    case 3:
      if (random.int(3) === 0) await model.run("EXPUNGE", true);
      return;
    case 4:
    case 5: {
      if (seq === 0) return;
      const before = model.known.map((k) => k.flags);
      const lines = await model.run(`STORE ${seq}:${other} ${sign}FLAGS${silent} (${flag})`, false);
      if (silent) believe(model, before, seq, other, sign, flag);
      // What was told all the same is nearer to the truth.
      model.follow(lines.filter((l) => l.includes(" FETCH ")), false, "STORE");
      return;
    }
    case 6:
      if (seq > 0) await model.run(`FETCH ${seq}:${other} (UID FLAGS)`, false);
      return;
    case 7:
      if (seq > 0) await model.run(`UID FETCH ${model.known[seq - 1]?.uid}:* (FLAGS)`, true);
      return;
    case 8: {
      const lines = await model.run("SEARCH UNDELETED", false);
      const found = lines.find((l) => l.startsWith("* SEARCH"))?.split(" ").slice(2).map(Number) ?? [];
      assert(found.every((f) => f >= 1 && f <= model.known.length));
      return;
    }
    case 9:
      if (seq > 0) {
        await model.run(
          `${random.int(2) ? "COPY" : "MOVE"} ${seq} ${random.int(2) ? "Trash" : "INBOX"}`,
          true,
        );
      }
      return;
    case 10:
      await idle(model);
      return;
    case 11:
      if (random.int(8) === 0) await model.select();
      return;
  }
}

function believe(
  model: ModelClient,
  before: string[],
  a: number,
  b: number,
  sign: string,
  flag: string,
): void {
  for (let seq = Math.min(a, b); seq <= Math.max(a, b); seq++) {
    const mine = model.known[seq - 1];
    if (!mine) continue;
    const flags = new Set((before[seq - 1] ?? "").split(" ").filter((f) => f !== "" && f !== flag));
    if (sign === "+") flags.add(flag);
    mine.flags = [...flags].join(" ");
  }
}

async function idle(model: ModelClient): Promise<void> {
  const { conn } = model.client;
  conn.written.length = 0;
  conn.feed("i IDLE\r\n");
  await conn.until("+ idling\r\n");
  conn.feed("DONE\r\n");
  const output = await conn.until("\r\ni OK");
  model.follow(output.split("\r\n"), true, "IDLE");
}

/** After a NOOP a client must believe exactly what is so. */
async function compare(server: ImapServer, model: ModelClient): Promise<void> {
  await model.run("NOOP", true);
  await model.learn();
  const account = await server.store.account(ALICE);
  assert(account instanceof MemAccount);
  const inbox = account.folder("INBOX");
  assert(inbox);
  assertEquals(model.known.map((k) => k.uid), inbox.messages.map((m) => m.uid));
  const believed = model.known.map((k) => k.flags.split(" ").sort().join(" "));
  await model.run("FETCH 1:* FLAGS", false);
  assertEquals(believed, model.known.map((k) => k.flags.split(" ").sort().join(" ")));
}

for (const seed of [1, 2, 3]) {
  Deno.test(`three sessions on one folder are told the truth in their own numbers (seed ${seed})`, async () => {
    const server = imapServer();
    const random = new SeededRandom(seed);
    const models: ModelClient[] = [];
    for (let i = 0; i < 3; i++) {
      const model = new ModelClient(await ImapClient.loggedIn(server));
      await model.select();
      models.push(model);
    }
    for (let n = 0; n < 1500; n++) {
      const model = models[random.int(models.length)] ?? models[0];
      assert(model);
      await model.learn();
      await step(random, model, n);
      if (n % 50 === 0) await compare(server, model);
    }
    for (const model of models) await compare(server, model);
    assertEquals(server.log.lines.filter((l) => l.level === "error"), []);
  });
}

for (const seed of [11, 12]) {
  Deno.test(`three sessions at once, their commands overlapping, are told the truth (seed ${seed})`, async () => {
    const server = imapServer();
    const random = new SeededRandom(seed);
    const account = await server.store.account(ALICE);
    assert(account instanceof MemAccount);
    const inbox = account.folder("INBOX");
    assert(inbox);
    slowDown(inbox, random);
    const models: ModelClient[] = [];
    for (let i = 0; i < 3; i++) models.push(new ModelClient(await ImapClient.loggedIn(server)));
    await Promise.all(models.map(async (model) => {
      await model.select();
      for (let n = 0; n < 250; n++) {
        await model.learn();
        if (random.int(6) === 0 && model.known.length > 0) {
          await model.run("FETCH 1:* (FLAGS BODY[] UID)", false);
        } else await step(random, model, n);
      }
    }));
    for (const model of models) await compare(server, model);
    assertEquals(server.log.lines.filter((l) => l.level === "error"), []);
  });
}

/** Makes a folder's operations wait a random number of turns before and after they act. */
function slowDown(folder: MemFolder, random: SeededRandom): void {
  const turns = async () => {
    for (let n = random.int(4); n > 0; n--) await new Promise<void>((r) => setImmediate(r));
  };
  const slow =
    <A extends unknown[], R>(act: (...args: A) => Promise<R>) => async (...args: A): Promise<R> => {
      await turns();
      const result = await act(...args);
      await turns();
      return result;
    };
  Object.assign(folder, {
    contentNow: () => null,
    content: slow((uid: number) => {
      const bytes = folder.messages.find((m) => m.uid === uid)?.bytes;
      if (!bytes) return Promise.resolve(null);
      const read = (start: number, end: number) => Promise.resolve(bytes.subarray(start, end));
      return Promise.resolve({ size: bytes.length, read, close: () => {} });
    }),
    refresh: slow(folder.refresh.bind(folder)),
    setFlags: slow(folder.setFlags.bind(folder)),
    expunge: slow(folder.expunge.bind(folder)),
    copy: slow(folder.copy.bind(folder)),
    move: slow(folder.move.bind(folder)),
    keywordBits: slow(folder.keywordBits.bind(folder)),
  });
}
