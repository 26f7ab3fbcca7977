/**
 * Many sessions of two servers, and programs that know nothing of either, at random on one Maildir. Each client follows what it is told
 * alone (`CrowdClient`); now and then all must believe exactly what lies on the disk.
 */
import { utf8 } from "../../mod/base/bytes.ts";
import { Indexes } from "../../mod/index/indexes.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { type ImapServer, imapServer } from "../support/imap_server.ts";
import { IndexBench } from "../support/index_ports.ts";
import type { MemFs } from "../support/mem_fs.ts";
import { SeededRandom } from "../support/seeded_random.ts";
import { fileText, machine, type Made, ROOT, storeOn } from "../maildir/support.ts";
import { Chronicle, CrowdClient, type Said } from "./crowd.ts";

const FLAGS = ["\\Seen", "\\Flagged", "\\Deleted", "\\Answered", "work", "home"];
const LETTERS = ["", "S", "F", "FS", "RS", "T"];
/** Steps between two looks at everything. */
const ROUND = 40;

/** One Maildir and all who use it. */
class World implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly fs: MemFs = machine(this.clock);
  readonly chronicle = new Chronicle();
  readonly clients: CrowdClient[] = [];
  readonly random: SeededRandom;
  readonly #made: Made[] = [];
  readonly #servers: ImapServer[] = [];
  readonly #indexes: Indexes[] = [];
  readonly #benches: IndexBench[] = [];
  #foreign = 0;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
  }

  /** A process more, with its own index, and clients of each kind. */
  async addServer(name: string): Promise<void> {
    const bench = await IndexBench.make();
    const made = storeOn(this.fs, this.clock);
    const index = new Indexes((account) => `${bench.dir}/${account}.sqlite`, {
      ...bench.ports(),
      clock: this.clock,
    });
    const server = imapServer({ store: made.store, index });
    this.#benches.push(bench);
    this.#made.push(made);
    this.#indexes.push(index);
    this.#servers.push(server);
    for (const kind of ["plain", "CONDSTORE", "QRESYNC"] as const) {
      const client = new CrowdClient(server, this.chronicle, `${name}${kind.slice(0, 1)}`, kind);
      this.clients.push(client);
      await this.during(client.begin());
      await this.during(client.select());
    }
  }

  /** Waits for something while time goes by. */
  async during<T>(work: Promise<T>): Promise<T> {
    let done = false;
    const ended = work.finally(() => done = true);
    ended.catch(() => {});
    for (let turn = 0; !done; turn++) {
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
    } else await fs.remove(`${ROOT}/${file}`);
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
    await this.during(Promise.all(this.#indexes.map((i) => i.close())));
    await this.during(Promise.all(this.#made.map((m) => m.store.close())));
    for (const bench of this.#benches) await bench[Symbol.asyncDispose]();
    assertEquals(
      [...this.#servers, ...this.#made].flatMap((s) => s.log.lines.filter((l) => l.level === "error")),
      [],
    );
  }
}

/** A command at random that leaves all numbers as they are. */
function still(random: SeededRandom, client: CrowdClient): Said {
  const count = client.known.length;
  const one = 1 + random.int(count);
  const other = 1 + random.int(count);
  const [low, high] = [Math.min(one, other), Math.max(one, other)];
  const flag = FLAGS[random.int(FLAGS.length)] ?? "";
  const since = client.known[one - 1]?.modSeq ?? 0;
  const sign = ["+", "-", ""][random.int(3)] ?? "";
  const seqs = Array.from({ length: high - low + 1 }, (_, i) => low + i);
  const change = (flags: Set<string>) => {
    if (sign === "") flags.clear();
    if (sign === "-") flags.delete(flag);
    else flags.add(flag);
  };
  const mod = client.kind !== "plain";
  switch (random.int(8)) {
    case 0:
      return { command: `FETCH ${one}:${other} (UID FLAGS)`, mayExpunge: false };
    case 1:
      return { command: `FETCH ${one} (UID FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])`, mayExpunge: false };
    case 2:
      return { command: `FETCH ${one} (UID BODY[])`, mayExpunge: false };
    case 3:
      return { command: `STORE ${one}:${other} ${sign}FLAGS (${flag})`, mayExpunge: false };
    case 4:
      return {
        command: `STORE ${one}:${other} ${sign}FLAGS.SILENT (${flag})`,
        mayExpunge: false,
        silently: { seqs, change },
      };
    case 5:
      return mod
        ? { command: `STORE ${one} (UNCHANGEDSINCE ${since}) ${sign}FLAGS (${flag})`, mayExpunge: false }
        : { command: `SEARCH ${["SEEN", "UNDELETED", "KEYWORD work"][random.int(3)]}`, mayExpunge: false };
    case 6:
      return mod
        ? { command: `FETCH 1:* (UID FLAGS) (CHANGEDSINCE ${since})`, mayExpunge: false }
        : { command: `FETCH 1:* FLAGS`, mayExpunge: false };
    default:
      return { command: `FETCH ${one} (UID${mod ? " MODSEQ" : ""} ENVELOPE)`, mayExpunge: false };
  }
}

/** A command at random after which others' expunges may be told: the last of a batch. */
function moving(random: SeededRandom, client: CrowdClient, n: number): Said {
  const count = client.known.length;
  const uid = client.known[random.int(Math.max(1, count))]?.uid ?? 1;
  const flag = FLAGS[random.int(FLAGS.length)] ?? "";
  const cases = [
    `APPEND INBOX (${flag}) {16+}\r\nSubject: ${`${n}`.padStart(5, "0")}\r\n`,
    `APPEND INBOX {16+}\r\nSubject: ${`${n}`.padStart(5, "0")}\r\n`,
    "NOOP",
    "EXPUNGE",
    `UID EXPUNGE ${uid}:*`,
    `UID FETCH ${uid}:* (FLAGS)`,
    `UID STORE ${uid} +FLAGS (${flag})`,
    `UID SEARCH ${random.int(2) ? "DELETED" : `UID ${uid}:*`}`,
    `UID COPY ${uid} ${random.int(2) ? "INBOX" : "Trash"}`,
    `UID MOVE ${uid} ${random.int(2) ? "INBOX" : "Trash"}`,
    "STATUS INBOX (MESSAGES UIDNEXT UNSEEN)",
    "CHECK",
  ];
  return { command: cases[random.int(cases.length)] ?? "NOOP", mayExpunge: true };
}

async function step(world: World, client: CrowdClient, n: number): Promise<void> {
  const { random } = world;
  if (!client.selected) return await client.select(random.int(6) === 0);
  await client.learn();
  const what = random.int(40);
  if (what === 0) return await client.idle();
  if (what === 1) {
    await client.run({ command: random.int(2) ? "UNSELECT" : "CLOSE", mayExpunge: true });
    client.selected = false;
    return;
  }
  if (what === 2) return await client.return();
  const batch = Array.from(
    { length: random.int(3) },
    () => client.known.length ? still(random, client) : null,
  );
  await client.say([...batch.filter((s) => s !== null), moving(random, client, n)]);
}

for (
  const [what, seed, servers, together] of [
    ["one after the other", 1, 1, false],
    ["at once", 2, 1, true],
    ["of two servers, one after the other", 3, 2, false],
    ["of two servers, at once", 4, 2, true],
  ] as const
) {
  Deno.test(`sessions on one Maildir, ${what}, are told the truth while others change it too`, async () => {
    await using world = new World(seed);
    for (let i = 0; i < servers; i++) await world.addServer(String.fromCharCode(97 + i));
    const { clients, random } = world;
    for (let n = 0; n < 1500; n++) {
      if (random.int(4) === 0) await world.meddle();
      if (random.int(10) === 0) await world.clock.advance(random.int(3000));
      const first = random.int(clients.length);
      const chosen = together
        ? clients.filter((_, i) => i === first || random.int(2) === 0)
        : [clients[first]];
      await world.during(Promise.all(chosen.map((c) => c ? step(world, c, n) : null)));
      if (n % ROUND === ROUND - 1) await world.agree();
    }
    await world.agree();
  });
}
