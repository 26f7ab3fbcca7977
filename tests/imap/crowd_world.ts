/**
 * Processes with their indexes and clients on one Maildir, for tests at random: programs that know nothing of either meddle, processes end, the
 * power is cut, and what becomes of the indexes is anybody's guess.
 */
import { memoryBody } from "../../mod/base/body.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import { Indexes } from "../../mod/index/indexes.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { ALICE, type ImapServer, imapServer } from "../support/imap_server.ts";
import { IndexBench } from "../support/index_ports.ts";
import { type CrashMode, type MemFs, PowerCut } from "../support/mem_fs.ts";
import { SeededRandom } from "../support/seeded_random.ts";
import { fileText, machine, type Made, ROOT, storeOn } from "../maildir/support.ts";
import { Chronicle, CrowdClient, type CrowdKind } from "./crowd.ts";
import { PieceCompression } from "./crowd_wire.ts";

const LETTERS = ["", "S", "F", "FS", "RS", "T"];
/** Between two processes: more than counts of mod-sequences ever run ahead of the clock. */
const HOURS = 2 * 3600_000;

/** What a process finds of the index of the one before. */
export const INDEX_STATES = ["kept", "absent", "older", "garbage", "unwritable"] as const;
export type IndexState = typeof INDEX_STATES[number];

/** A process, and those after it with the same clients. */
class Slot {
  readonly name: string;
  readonly bench: IndexBench;
  made: Made;
  index: Indexes;
  current: ImapServer;
  /** Where its index lies. */
  dir: string;
  /** Files of the index as they were some time. */
  backup = new Map<string, Uint8Array>();

  constructor(name: string, bench: IndexBench, fs: MemFs, clock: FakeClock) {
    this.name = name;
    this.bench = bench;
    this.dir = `${bench.dir}/0`;
    ({ made: this.made, index: this.index, server: this.current } = this.#start(fs, clock));
  }

  /** For clients: whichever process there is. */
  get server(): ImapServer {
    const connect: ImapServer["connect"] = (options) => this.current.connect(options);
    return { ...this.current, connect };
  }

  start(fs: MemFs, clock: FakeClock): void {
    ({ made: this.made, index: this.index, server: this.current } = this.#start(fs, clock));
  }

  async files(): Promise<Map<string, Uint8Array>> {
    const files = new Map<string, Uint8Array>();
    const { dir } = this;
    if (!(await Deno.stat(dir).catch(() => null))?.isDirectory) return files;
    for await (const { name } of Deno.readDir(dir)) files.set(name, await Deno.readFile(`${dir}/${name}`));
    return files;
  }

  /** A folder of its own for the next process's index, in this state. */
  async prepare(state: IndexState, number: number): Promise<void> {
    const files = state === "older" ? this.backup : await this.files();
    this.dir = `${this.bench.dir}/${number}`;
    if (state === "unwritable") {
      await Deno.writeTextFile(this.dir, "no folder can be made here");
      return;
    }
    await Deno.mkdir(this.dir);
    if (state === "absent") return;
    for (const [name, bytes] of files) {
      await Deno.writeFile(`${this.dir}/${name}`, state === "garbage" ? spoilt(bytes, number) : bytes);
    }
  }

  #start(fs: MemFs, clock: FakeClock) {
    const made = storeOn(fs, clock);
    const { dir } = this;
    const index = new Indexes((account) => `${dir}/${account}.sqlite`, {
      ...this.bench.ports(),
      clock,
    });
    const compression = () => Promise.resolve(new PieceCompression());
    return { made, index, server: imapServer({ store: made.store, index, compression }) };
  }
}

/** What becomes of a file on a bad disk: other octets, or half of it. */
function spoilt(bytes: Uint8Array, number: number): Uint8Array {
  return number % 2 ? bytes.map((b, i) => i % 7 === 0 ? b ^ 0x55 : b) : bytes.slice(0, bytes.length / 2);
}

/** One Maildir and all who use it. */
export class World implements AsyncDisposable {
  clock = new FakeClock();
  fs: MemFs;
  readonly chronicle = new Chronicle();
  readonly clients: CrowdClient[] = [];
  readonly random: SeededRandom;
  readonly #slots: Slot[] = [];
  #processes = 0;
  #foreign = 0;

  constructor(seed: number, fs?: MemFs) {
    this.random = new SeededRandom(seed);
    this.fs = fs ?? machine(this.clock);
  }

  /** A process more, with its own index, and clients of each kind. */
  async addServer(
    name: string,
    kinds: readonly CrowdKind[] = ["plain", "CONDSTORE", "QRESYNC", "UIDONLY", "NOTIFY"],
  ): Promise<void> {
    const bench = await IndexBench.make();
    const slot = new Slot(name, bench, this.fs, this.clock);
    this.#slots.push(slot);
    for (const [i, kind] of kinds.entries()) {
      const compressed = (i + this.#slots.length) % 2 === 0;
      const client = new CrowdClient(
        slot.server,
        this.chronicle,
        `${name}${kind.slice(0, 1)}`,
        kind,
        compressed,
      );
      this.clients.push(client);
      await this.during(client.begin());
      await this.during(client.select());
    }
  }

  /** What all clients know now, to be gone back to. */
  remember(): () => void {
    const back = this.clients.map((client) => client.remember());
    return () => back.forEach((b) => b());
  }

  /** Keeps a copy of all indexes as they are. */
  async backUp(): Promise<void> {
    for (const slot of this.#slots) slot.backup = await slot.files();
  }

  /** All processes end as they should, and others begin. `states`: what those find of their indexes, in turn. */
  async restart(states: readonly IndexState[]): Promise<void> {
    for (const client of this.clients) client.leave();
    await this.clock.advance(100);
    for (const slot of this.#slots) await this.#end(slot);
    await this.clock.advance(HOURS);
    await this.#begin(states);
  }

  /** The power is cut (or was before). Clients are to go back to what they had heard by then. */
  async powerCut(mode: CrashMode, states: readonly IndexState[]): Promise<void> {
    const before = this.clock;
    const old = [...this.#slots.map(({ index }) => index)];
    this.clock = new FakeClock(before.now() + HOURS);
    this.fs = this.fs.afterCrash(mode);
    await this.#begin(states);
    // What the dead go on doing nobody sees; but their databases are to be closed.
    let done = false;
    const closed = Promise.all(old.map((index) => index.close())).finally(() => done = true);
    while (!done) await before.advance(100);
    await closed;
  }

  async #begin(states: readonly IndexState[]): Promise<void> {
    this.chronicle.recent.clear();
    for (const [i, slot] of this.#slots.entries()) {
      await slot.prepare(states[i % states.length] ?? "kept", ++this.#processes);
      slot.start(this.fs, this.clock);
    }
  }

  async #end(slot: Slot): Promise<void> {
    await this.during(slot.index.close());
    await this.during(slot.made.store.close());
    const lines = [slot.current, slot.made].flatMap((s) => s.log.lines);
    assertEquals(lines.filter((l) => l.level === "error"), []);
  }

  /** Mail comes in by one of the processes. */
  async deliver(): Promise<void> {
    const slot = this.#slots[this.random.int(this.#slots.length)];
    const body = memoryBody(utf8(`Subject: mail ${++this.#foreign}\r\n\r\nx\r\n`));
    const target = { account: ALICE, mailbox: "INBOX", flags: { system: 0, keywords: [] } };
    const [outcome] = await slot?.made.store.deliver([target], body) ?? [];
    assertEquals(outcome?.kind, "delivered");
  }

  /** Someone without mod-sequences or numbers removes mail by one of the processes, as POP3 does. */
  async takeAway(): Promise<void> {
    const slot = this.#slots[this.random.int(this.#slots.length)];
    const box = await (await slot?.made.store.account(ALICE))?.open("INBOX");
    if (!box?.ok) return;
    const { messages } = box.value;
    const uid = messages[this.random.int(Math.max(1, messages.length))]?.uid;
    if (uid !== undefined) await box.value.expunge([uid]);
    box.value.close();
  }

  /** Waits for something while time goes by. */
  async during<T>(work: Promise<T>): Promise<T> {
    let done = false;
    const ended = work.finally(() => done = true);
    ended.catch(() => {});
    for (let turn = 0; !done; turn++) {
      if (this.fs.cut !== null) throw new PowerCut(this.fs.cut);
      await new Promise<void>((r) => setImmediate(r));
      if (turn % 20 === 19) await this.clock.advance(10);
    }
    return await ended;
  }

  /** Another program changes the Maildir. */
  async meddle(): Promise<void> {
    const { fs, random } = this;
    const lists = await Promise.all(["new", "cur"].map(async (d) => {
      return (await fs.list(`${ROOT}/${d}`)).map((e) => `${d}/${e.name}`);
    }));
    const files = lists.flat();
    const file = files[random.int(files.length)];
    const letters = LETTERS[random.int(LETTERS.length)] ?? "";
    const what = random.int(5);
    if (what < 2 || !file) {
      const name = `${1700000000 + this.#foreign}.M${++this.#foreign}P1.foreign`;
      const path = random.int(2) ? `new/${name}` : `cur/${name}:2,${letters}`;
      await fs.createWith(`${ROOT}/${path}`, [utf8(`Subject: foreign ${this.#foreign}\r\n\r\nx\r\n`)]);
    } else if (what < 4) {
      const base = file.replace(/^.*\//, "").replace(/:2,.*$/, "");
      await fs.rename(`${ROOT}/${file}`, `${ROOT}/cur/${base}:2,${letters}`).catch(() => {});
    } else {
      await fs.remove(`${ROOT}/${file}`);
      // Else a power cut would bring back, under its UID, what all were told is gone: that is for who removes it to see to.
      await fs.syncDir(`${ROOT}/${file.slice(0, 3)}`);
    }
  }

  /** What lies on the disk: UIDs with their flags. */
  async truth(): Promise<Record<number, string>> {
    const list = await fileText(this.fs, `${ROOT}/dovecot-uidlist`);
    const uids = new Map(
      list.split("\n").slice(1).flatMap((l) => {
        const [, uid = "", base = ""] = /^(\d+) [^:]*:(.*)$/.exec(l) ?? [];
        return uid ? [[base, Number(uid)] as const] : [];
      }),
    );
    const keywords = (await fileText(this.fs, `${ROOT}/dovecot-keywords`)).split("\n").map((l) =>
      l.split(" ")[1]
    );
    const names: Record<string, string> = {
      S: "\\Seen",
      F: "\\Flagged",
      T: "\\Deleted",
      R: "\\Answered",
      D: "\\Draft",
    };
    const found: [number, string][] = [];
    for (const dir of ["new", "cur"]) {
      for (const { name } of await this.fs.list(`${ROOT}/${dir}`)) {
        const [base = "", letters = ""] = name.split(":2,");
        const uid = uids.get(base);
        assert(uid !== undefined, `${dir}/${name} has a UID`);
        const flags = [...letters].map((l) => names[l] ?? keywords[l.charCodeAt(0) - 97] ?? l);
        found.push([uid, flags.sort().join(" ")]);
      }
    }
    return Object.fromEntries(found.sort(([a], [b]) => a - b));
  }

  /** Everybody looks, and believes what is there. */
  async agree(): Promise<void> {
    for (let look = 0; look < 2; look++) {
      await this.clock.advance(5000);
      for (const client of this.clients) {
        if (!client.selected) await this.during(client.select());
        await this.during(client.run({ command: "NOOP", mayExpunge: true }));
        await this.during(client.learn());
      }
    }
    const truth = await this.truth();
    for (const client of this.clients) assertEquals(client.belief(), truth, client.name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.clients) client.leave();
    await this.clock.advance(100);
    for (const slot of this.#slots) await this.#end(slot);
    for (const { bench } of this.#slots) await bench[Symbol.asyncDispose]();
  }
}
