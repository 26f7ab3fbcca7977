/** kill -9 in the midst of COPY, MOVE, REPLACE, STORE and RENAME by several clients: what was acknowledged is so, once; what was not is done or not. */
import { assert, assertEquals } from "../support/assert.ts";
import { RawClient } from "../support/raw_client.ts";
import { RoostProcess } from "../support/roost_process.ts";
import { SeededRandom } from "../support/seeded_random.ts";

const ROUNDS = 5;
const WORKERS = 5;
/** Commands acknowledged in a round before the kill, at least. */
const COMMANDS = 50;

/** A message of a worker, where it is. */
interface Placed {
  readonly subject: string;
  readonly mailbox: string;
  /** 0 where it was not told. */
  readonly uid: number;
  readonly flags: ReadonlySet<string>;
}

/** A command that was not acknowledged: the places it is about, and what may have become of them. */
interface Doing {
  readonly before: readonly Placed[];
  readonly outcomes: readonly (readonly Placed[])[];
}

/** What all sessions were told. */
class Told {
  /** UIDVALIDITY and UID -> subject: for ever. */
  readonly uids = new Map<string, string>();
  acknowledged = 0;
  whenEnough: { readonly count: number; readonly done: () => void } | null = null;

  uid(uidValidity: string, uid: number, subject: string): void {
    const key = `${uidValidity} ${uid}`;
    assertEquals(this.uids.get(key) ?? subject, subject, `UID ${key} was told twice`);
    this.uids.set(key, subject);
  }

  count(): void {
    this.acknowledged++;
    if (this.whenEnough && this.acknowledged >= this.whenEnough.count) this.whenEnough.done();
  }
}

/** One client with messages of its own in folders that all share, and a folder of its own that it renames. */
class Worker {
  places: Placed[] = [];
  doing: Doing | null = null;
  readonly #n: number;
  readonly #told: Told;
  readonly #random: SeededRandom;
  #client: RawClient | null = null;
  #made = 0;
  #tag = 0;
  /** Number of its own folder's name. */
  #box = 0;

  constructor(n: number, told: Told) {
    this.#n = n;
    this.#told = told;
    this.#random = new SeededRandom(n);
  }

  owns(subject: string): boolean {
    return subject.startsWith(`w${this.#n}-`);
  }

  /** Works until the connection breaks. */
  async run(roost: RoostProcess): Promise<void> {
    try {
      this.#client = await RawClient.connect("127.0.0.1", roost.ports.imap);
      await this.#client.line();
      await this.#say("LOGIN alice@example.test secret-alice");
      for (const name of this.#tree(this.#box)) {
        if (this.places.some((p) => p.mailbox === name)) continue;
        await this.#say(`CREATE ${name}`);
        await this.#append(name);
      }
      await this.#say("SELECT INBOX");
      for (;;) await this.#step();
    } catch (e) {
      if ((e as Error).name === "AssertionError") throw e;
      // The kill ends every connection: that is the point.
    }
  }

  /** Holds what is there against what may be, and takes it for what is. */
  check(found: readonly Placed[]): void {
    const mine = found.filter((p) => this.owns(p.subject));
    const { before = [], outcomes = [[]] } = this.doing ?? {};
    const sure = this.places.filter((p) => !before.includes(p));
    const names = (places: readonly Placed[]) =>
      places.map((p) => `${p.subject}@${p.mailbox}`).sort().join(" ");
    const right = outcomes.find((outcome) => names([...sure, ...outcome]) === names(mine));
    assert(right, `${names(mine)} is none of\n${outcomes.map((o) => names([...sure, ...o])).join("\n")}`);
    for (const p of [...sure, ...right]) {
      const there = mine.find((m) => m.subject === p.subject && m.mailbox === p.mailbox);
      assert(there);
      if (p.uid > 0) assertEquals(there.uid, p.uid, `UID of ${p.subject} in ${p.mailbox}`);
      for (const flag of p.flags) assert(there.flags.has(flag), `${p.subject} in ${p.mailbox} lost ${flag}`);
    }
    this.places = mine;
    this.#box = Math.max(this.#box, ...mine.map((p) => Number(/^box\d+-(\d+)/.exec(p.mailbox)?.[1] ?? 0)));
    this.doing = null;
  }

  /** The k-th name of its own folder, and that of the folder below. */
  #tree(k: number): readonly [string, string] {
    const name = `box${this.#n}-${k}`;
    return [name, `${name}.sub`];
  }

  async #step(): Promise<void> {
    const inbox = this.places.filter((p) => p.mailbox === "INBOX" && p.uid > 0);
    const one = inbox[this.#random.int(Math.max(1, inbox.length))];
    const what = this.#random.int(6);
    if (!one || what === 0) await this.#append("INBOX");
    else if (what === 1) await this.#move(one);
    else if (what === 2) await this.#copy(one);
    else if (what === 3) await this.#replace(one);
    else if (what === 4) await this.#store(one);
    else await this.#rename();
  }

  async #append(mailbox: string): Promise<void> {
    const placed = { subject: this.#subject(), mailbox, uid: 0, flags: new Set(["\\Flagged"]) };
    const reply = await this.#do(
      `APPEND ${mailbox} (\\Flagged) ${literal(placed.subject)}`,
      { before: [], outcomes: [[], [placed]] },
    );
    const [, validity = "", uid] = /\[APPENDUID (\d+) (\d+)\]/.exec(reply) ?? [];
    this.#told.uid(validity, Number(uid), placed.subject);
    this.places.push({ ...placed, uid: Number(uid) });
  }

  async #move(one: Placed): Promise<void> {
    // One that a kill doubled stays so: two of a name could not be told apart.
    if (this.places.some((p) => p.subject === one.subject && p.mailbox === "Archive")) return;
    const there = { ...one, mailbox: "Archive", uid: 0 };
    const reply = await this.#do(`UID MOVE ${one.uid} Archive`, {
      before: [one],
      outcomes: [[one], [there], [one, there]],
    });
    this.#replaceBy([one], [{ ...there, uid: this.#copied(reply, one.subject) }]);
  }

  async #copy(one: Placed): Promise<void> {
    const copies = `Copies${this.#random.int(2)}`;
    if (this.places.some((p) => p.subject === one.subject && p.mailbox === copies)) return;
    const copy = { ...one, mailbox: copies, uid: 0 };
    const reply = await this.#do(`UID COPY ${one.uid} ${copies}`, { before: [], outcomes: [[], [copy]] });
    this.places.push({ ...copy, uid: this.#copied(reply, one.subject) });
  }

  async #replace(one: Placed): Promise<void> {
    const next = { subject: this.#subject(), mailbox: "INBOX", uid: 0, flags: new Set(["\\Draft"]) };
    const reply = await this.#do(`UID REPLACE ${one.uid} INBOX (\\Draft) ${literal(next.subject)}`, {
      before: [one],
      outcomes: [[one], [next], [one, next]],
    });
    const [, validity = "", uid] = /\[APPENDUID (\d+) (\d+)\]/.exec(reply) ?? [];
    this.#told.uid(validity, Number(uid), next.subject);
    this.#replaceBy([one], [{ ...next, uid: Number(uid) }]);
  }

  async #store(one: Placed): Promise<void> {
    const flagged = { ...one, flags: new Set([...one.flags, `kw${this.#random.int(5)}`, "\\Seen"]) };
    await this.#do(`UID STORE ${one.uid} +FLAGS.SILENT (${[...flagged.flags].join(" ")})`, {
      before: [one],
      outcomes: [[one]],
    });
    this.#replaceBy([one], [flagged]);
  }

  async #rename(): Promise<void> {
    const [from, below] = this.#tree(this.#box);
    const [to, belowTo] = this.#tree(this.#box + 1);
    const parent = this.places.find((p) => p.mailbox === from);
    const child = this.places.find((p) => p.mailbox === below);
    assert(parent && child);
    const before = [parent, child];
    const renamed = [{ ...parent, mailbox: to }, { ...child, mailbox: belowTo }] as const;
    await this.#do(`RENAME ${from} ${to}`, {
      before,
      outcomes: [before, renamed, [renamed[0], child], [parent, renamed[1]]],
    });
    this.#box++;
    this.#replaceBy(before, renamed);
  }

  /** Says a command during which anything may happen; its answer. */
  async #do(command: string, doing: Doing): Promise<string> {
    this.doing = doing;
    const lines = await this.#say(command);
    this.doing = null;
    this.#told.count();
    return lines;
  }

  async #say(command: string): Promise<string> {
    const tag = `t${++this.#tag}`;
    await this.#client?.say(`${tag} ${command}\r\n`);
    const lines = await this.#client?.tagged(tag) ?? [];
    const reply = lines.at(-1) ?? "";
    // A folder made in a life before is there.
    assert(/^\S+ (OK|NO \[ALREADYEXISTS\])/.test(reply), `${command}: ${reply}`);
    return lines.join("\n");
  }

  #copied(reply: string, subject: string): number {
    const [, validity = "", uid] = /\[COPYUID (\d+) \d+ (\d+)\]/.exec(reply) ?? [];
    this.#told.uid(validity, Number(uid), subject);
    return Number(uid);
  }

  #replaceBy(old: readonly Placed[], now: readonly Placed[]): void {
    this.places = [...this.places.filter((p) => !old.includes(p)), ...now];
  }

  #subject(): string {
    return `w${this.#n}-${++this.#made}`;
  }
}

function literal(subject: string): string {
  const text = `Subject: ${subject}\r\n\r\n${"z".repeat(700)}\r\n`;
  return `{${text.length}+}\r\n${text}`;
}

/** All messages of all folders. */
async function readAll(roost: RoostProcess, told: Told): Promise<Placed[]> {
  const client = await RawClient.connect("127.0.0.1", roost.ports.imap);
  let n = 0;
  const say = async (command: string) => {
    const tag = `r${++n}`;
    await client.say(`${tag} ${command}\r\n`);
    const lines = await client.tagged(tag);
    assert(lines.at(-1)?.startsWith(`${tag} OK`), `${command}: ${lines.at(-1)}`);
    return lines;
  };
  await client.line();
  await say("LOGIN alice@example.test secret-alice");
  const names = (await say('LIST "" "*"')).flatMap((l) =>
    /^\* LIST \(([^)]*)\) "." "?([^"]*)"?$/.exec(l)?.[2] ?? []
  );
  const found: Placed[] = [];
  for (const mailbox of names) {
    const opened = await say(`EXAMINE ${mailbox}`);
    const validity = /UIDVALIDITY (\d+)/.exec(opened.join())?.[1] ?? "";
    const next = Number(/UIDNEXT (\d+)/.exec(opened.join())?.[1]);
    for (const line of await say("FETCH 1:* (UID FLAGS ENVELOPE)").catch(() => [])) {
      const [, uid, flags = "", subject = ""] =
        /UID (\d+) FLAGS \(([^)]*)\) ENVELOPE \(\S+ "(\S+)"/.exec(line) ?? [];
      if (uid === undefined) continue;
      assert(Number(uid) < next);
      told.uid(validity, Number(uid), subject);
      found.push({ subject, mailbox, uid: Number(uid), flags: new Set(flags.split(" ")) });
    }
  }
  client.close();
  return found;
}

/** Resolves when so many more commands were acknowledged; rejects when the work ends before. */
async function enough(told: Told, count: number, work: readonly Promise<void>[]): Promise<void> {
  const reached = new Promise<void>((done) => told.whenEnough = { count: told.acknowledged + count, done });
  const ended = Promise.all(work).then(() => {
    throw new Error(`the work ended at ${told.acknowledged} commands`);
  });
  await Promise.race([reached, ended]);
  ended.catch(() => {});
  told.whenEnough = null;
}

Deno.test("e2e: kill -9 during COPY, MOVE, REPLACE, STORE and RENAME by several clients: what was acknowledged is so, and no message is lost", async () => {
  await using roost = await RoostProcess.start();
  const told = new Told();
  const workers = Array.from({ length: WORKERS }, (_, n) => new Worker(n, told));
  const first = await RawClient.connect("127.0.0.1", roost.ports.imap);
  await first.line();
  await first.say("a LOGIN alice@example.test secret-alice\r\nb CREATE Copies0\r\nc CREATE Copies1\r\n");
  await first.tagged("c");
  first.close();
  let doing = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const work = workers.map((w) => w.run(roost));
    await enough(told, COMMANDS + 13 * round, work);
    await roost.kill();
    await Promise.all(work);
    doing += workers.filter((w) => w.doing).length;
    await roost.launch();
    const found = await readAll(roost, told);
    for (const worker of workers) worker.check(found);
    assertEquals(
      found.filter((p) => !workers.some((w) => w.owns(p.subject))),
      [],
      "nothing came from nowhere",
    );
  }
  console.log(`${told.acknowledged} commands acknowledged over ${ROUNDS} kills, ${doing} cut off`);
});
