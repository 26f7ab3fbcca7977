/**
 * Two Roost processes and Dovecot on one mail root, all at work at once: they make, rename and remove folders, append, copy and move. No UIDVALIDITY
 * is given to two folders or falls, no UID of a folder is told of two messages, and in the end all three show what was acknowledged, and no more.
 */
import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { Dovecot } from "../support/dovecot.ts";
import { must } from "../support/programs.ts";
import { RawClient } from "../support/raw_client.ts";
import { RoostProcess } from "../support/roost_process.ts";
import { SeededRandom } from "../support/seeded_random.ts";

const ALICE = "alice@example.test";
/** Steps of each worker. */
const STEPS = 50;
/** Folders that all try to make. */
const SHARED = ["All.one", "All.two", "All.three"];

/** Lines to and from a server. */
interface Wire {
  say(text: string): Promise<void>;
  line(): Promise<string>;
  close(): Promise<void>;
}

/** A session that is logged in. */
class Session {
  readonly #wire: Wire;
  #n = 0;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  /** All lines of an answer, the tagged one last and without its tag. */
  async ask(command: string): Promise<string[]> {
    const tag = `t${++this.#n}`;
    await this.#wire.say(`${tag} ${command}\r\n`);
    const lines: string[] = [];
    for (;;) {
      const line = await this.#wire.line();
      if (line.startsWith(`${tag} `)) return [...lines, line.slice(tag.length + 1)];
      lines.push(line);
    }
  }

  /** The tagged line. */
  async end(command: string): Promise<string> {
    return (await this.ask(command)).at(-1) ?? "";
  }

  close(): Promise<void> {
    return this.#wire.close();
  }
}

async function roostSession(roost: RoostProcess): Promise<Session> {
  const client = await RawClient.connect("127.0.0.1", roost.ports.imap);
  await client.line();
  const session = new Session({
    say: (text) => client.say(text),
    line: () => client.line(),
    close: () => Promise.resolve(client.close()),
  });
  assertMatch(await session.end(`LOGIN ${ALICE} secret-alice`), /^OK/);
  return session;
}

async function dovecotSession(dovecot: Dovecot, dir: string): Promise<Session> {
  const pipes = { stdin: "piped", stdout: "piped", stderr: "null" } as const;
  const child = new Deno.Command("sh", { args: ["-c", `exec ${dovecot.tunnel}`], cwd: dir, ...pipes })
    .spawn();
  const writer = child.stdin.getWriter();
  const chunks = child.stdout.getReader();
  let rest = "";
  const wire: Wire = {
    say: (text) => writer.write(utf8(text)),
    line: async () => {
      while (!rest.includes("\r\n")) {
        const { value } = await chunks.read();
        if (!value) throw new Error("Dovecot ended");
        rest += fromUtf8(value);
      }
      const [line = ""] = rest.split("\r\n", 1);
      rest = rest.slice(line.length + 2);
      return line;
    },
    close: async () => {
      await writer.close();
      await chunks.cancel();
      await child.status;
    },
  };
  assertMatch(await wire.line(), /PREAUTH/);
  return new Session(wire);
}

/** What was acknowledged. */
class Told {
  /** "UIDVALIDITY UID" of each message ever told, and its subject. */
  readonly subjects = new Map<string, string>();
  /** Those that are still there. */
  readonly places = new Set<string>();
  /** UIDVALIDITYs of folders that are gone. */
  readonly removed = new Set<string>();

  put(key: string, subject: string): void {
    const before = this.subjects.get(key);
    assert(before === undefined, `${key} was told of ${before} and of ${subject}`);
    this.subjects.set(key, subject);
    this.places.add(key);
  }

  left(): string[] {
    const there = [...this.places].filter((key) => !this.removed.has(key.split(" ")[0] ?? ""));
    return there.map((key) => `${key} ${this.subjects.get(key)}`).sort();
  }
}

class Worker {
  readonly #name: string;
  readonly #session: Session;
  readonly #told: Told;
  readonly #others: readonly string[];
  readonly #random: SeededRandom;
  /** The last UIDVALIDITY seen of each folder. */
  readonly #validities = new Map<string, number>();
  /** UIDs of own messages in INBOX. */
  readonly #inbox: number[] = [];
  #inboxValidity = "";
  #made = 0;
  #k = 0;
  readonly counts = new Map<string, number>();
  readonly #isRoost: boolean;

  constructor(n: number, others: readonly string[], session: Session, told: Told, isRoost: boolean) {
    this.#isRoost = isRoost;
    this.#name = `w${n}`;
    this.#others = others;
    this.#session = session;
    this.#told = told;
    this.#random = new SeededRandom(n + 1);
  }

  get #own(): string {
    return `${this.#name}.${this.#k}`;
  }

  async run(): Promise<void> {
    this.#inboxValidity =
      /UIDVALIDITY (\d+)/.exec((await this.#session.ask("SELECT INBOX")).join("\n"))?.[1] ?? "";
    for (let i = 0; i < STEPS; i++) await this.#step();
  }

  async #step(): Promise<void> {
    const uid = this.#inbox[0];
    const what = this.#random.int(8);
    if (what === 0) return await this.#create();
    if (what === 1) return await this.#rename();
    // Dovecot's own CREATE after its DELETE fails now and then where others use the folder, other Dovecots alone, too.
    if (what === 2) return this.#isRoost ? await this.#makeAgain() : await this.#rename();
    if (what === 3) return void await this.#look(this.#anywhere());
    if (what === 4 || uid === undefined) return await this.#append("INBOX");
    if (what === 5) return await this.#append(this.#anywhere());
    await this.#transfer(what === 6 ? "COPY" : "MOVE", uid, this.#anywhere());
  }

  #anywhere(): string {
    const names = ["INBOX", ...SHARED, ...this.#others.map((w) => `${w}.${this.#k}`), this.#own];
    return names[this.#random.int(names.length)] ?? "INBOX";
  }

  #count(what: string, answer: string): void {
    const key = `${what} ${answer.split(" ")[0]}`;
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }

  async #create(): Promise<void> {
    const answer = await this.#session.end(`CREATE ${SHARED[this.#random.int(SHARED.length)]}`);
    assertMatch(answer, /^(OK|NO)/);
    this.#count("CREATE", answer);
  }

  async #rename(): Promise<void> {
    const from = this.#own;
    const before = await this.#look(from);
    this.#k++;
    const answer = await this.#session.end(`RENAME ${from} ${this.#own}`);
    assertMatch(answer, /^OK/);
    assertEquals(await this.#look(this.#own), before);
  }

  async #makeAgain(): Promise<void> {
    const before = await this.#look(this.#own);
    assertMatch(await this.#session.end(`DELETE ${this.#own}`), /^OK/);
    this.#told.removed.add(String(before));
    assertMatch(await this.#session.end(`CREATE ${this.#own}`), /^OK/);
    const after = await this.#look(this.#own);
    assert(after > before, `${this.#own} had UIDVALIDITY ${before} and has ${after}`);
  }

  /** Gives the UIDVALIDITY; 0 where there is no such folder (any more). */
  async #look(mailbox: string): Promise<number> {
    const lines = await this.#session.ask(`STATUS ${mailbox} (UIDVALIDITY)`);
    const validity = Number(/UIDVALIDITY (\d+)/.exec(lines.join("\n"))?.[1] ?? 0);
    const before = this.#validities.get(mailbox) ?? 0;
    assert(
      validity === 0 || validity >= before,
      `UIDVALIDITY of ${mailbox} was ${before} and is ${validity}`,
    );
    if (validity > 0) this.#validities.set(mailbox, validity);
    return validity;
  }

  async #append(mailbox: string): Promise<void> {
    const subject = `${this.#name}-${++this.#made}`;
    const message = `Subject: ${subject}\r\n\r\n${"x".repeat(this.#random.int(300))}\r\n`;
    const answer = await this.#session.end(`APPEND ${mailbox} {${message.length}+}\r\n${message}`);
    this.#count("APPEND", answer);
    const [, validity = "", uid = ""] = /^OK \[APPENDUID (\d+) (\d+)\]/.exec(answer) ?? [];
    if (uid !== "") this.#told.put(`${validity} ${uid}`, subject);
    else assertMatch(answer, /^NO /);
    if (mailbox === "INBOX") this.#inbox.push(Number(uid));
  }

  async #transfer(verb: "COPY" | "MOVE", uid: number, mailbox: string): Promise<void> {
    const lines = await this.#session.ask(`UID ${verb} ${uid} ${mailbox}`);
    this.#count(verb, lines.at(-1) ?? "");
    const [, validity = "", to = ""] = /\[COPYUID (\d+) \d+ (\d+)\]/.exec(lines.join("\n")) ?? [];
    if (to === "") return assertMatch(lines.at(-1) ?? "", /^NO /);
    const from = `${this.#inboxValidity} ${uid}`;
    this.#told.put(`${validity} ${to}`, this.#told.subjects.get(from) ?? "");
    if (verb === "COPY") return;
    this.#told.places.delete(from);
    this.#inbox.shift();
  }
}

/** All messages as a session sees them: "UIDVALIDITY UID subject". */
async function view(session: Session): Promise<{ readonly folders: string[]; readonly messages: string[] }> {
  const folders: string[] = [];
  const messages: string[] = [];
  for (const line of await session.ask('LIST "" *')) {
    const name = /^\* LIST \((?!.*\\(?:NoSelect|NonExistent))[^)]*\) \S+ "?([^"]+)"?$/i.exec(line)?.[1];
    if (name === undefined) continue;
    const opened = await session.ask(`EXAMINE "${name}"`);
    const validity = /UIDVALIDITY (\d+)/.exec(opened.join("\n"))?.[1] ?? "";
    folders.push(`${validity} ${name}`);
    let uid = "";
    for (const text of await session.ask("UID FETCH 1:* BODY.PEEK[HEADER.FIELDS (SUBJECT)]")) {
      uid = /^\* \d+ FETCH \(UID (\d+)/.exec(text)?.[1] ?? uid;
      const subject = /^Subject: (.*)/.exec(text)?.[1];
      if (subject !== undefined) messages.push(`${validity} ${uid} ${subject}`);
    }
  }
  await session.close();
  return { folders: folders.sort(), messages: messages.sort() };
}

/** The mail of the one is that of the other, too. Needs root. */
async function shareMail(one: RoostProcess, other: RoostProcess): Promise<AsyncDisposable> {
  await other.stop();
  const [mine, theirs] = [`${one.dir}/data/mail`, `${other.dir}/data/mail`];
  await Deno.mkdir(theirs, { recursive: true });
  await must("mount", ["--bind", mine, theirs]);
  await other.launch();
  return {
    [Symbol.asyncDispose]: async () => {
      await other.stop();
      await must("umount", ["-l", theirs]);
    },
  };
}

Deno.test("two Roost processes and Dovecot at work on one mail root at once lose, double and mistake nothing", async () => {
  await using one = await RoostProcess.start();
  await using other = await RoostProcess.start();
  const names = Array.from({ length: 6 }, (_, i) => `w${i}`);
  const first = await roostSession(one);
  for (const name of names) assertMatch(await first.end(`CREATE ${name}.0`), /^OK/);
  await first.close();
  await using _shared = await shareMail(one, other);
  await Deno.chmod(one.dir, 0o755);
  const dovecot = new Dovecot(one.dir, one.maildir(ALICE), "", "alice", true);
  const open = [
    () => roostSession(one),
    () => roostSession(other),
    () => dovecotSession(dovecot, one.dir),
  ];
  const told = new Told();
  const sessions: Session[] = [];
  const workers: Worker[] = [];
  for (const i of names.keys()) {
    const session = await open[i % open.length]?.();
    assert(session);
    sessions.push(session);
    workers.push(new Worker(i, names.filter((_, j) => j !== i), session, told, i % 3 < 2));
  }
  const ends = await Promise.allSettled(workers.map((worker) => worker.run()));
  for (const session of sessions) await session.close();
  for (const end of ends) if (end.status === "rejected") throw end.reason;
  for (const what of ["CREATE OK", "APPEND OK", "APPEND NO", "COPY OK", "MOVE OK", "MOVE NO"]) {
    assert(workers.some((worker) => worker.counts.has(what)), `no ${what}`);
  }
  const views = [];
  for (const begin of open) views.push(await view(await begin()));
  const [ours, theirs, dovecots] = views;
  assert(ours);
  assertEquals(theirs, ours);
  assertEquals(dovecots, ours);
  assertEquals(ours.messages, told.left());
  const validities = ours.folders.map((folder) => folder.split(" ")[0]);
  assertEquals(new Set(validities).size, validities.length, ours.folders.join("\n"));
});
