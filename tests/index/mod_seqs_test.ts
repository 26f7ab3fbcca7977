import fc from "fast-check";
import { DatabaseError } from "../../mod/base/database.ts";
import { INDEX_PAUSE, INDEX_REST, INDEX_SPANS } from "../../mod/base/limits.ts";
import { Indexes } from "../../mod/index/indexes.ts";
import type { MailboxIndex, ModSeqs } from "../../mod/store/mail_index.ts";
import { FLAGGED, SEEN } from "../../mod/store/store.ts";
import { MemFolder } from "../support/mem_folder.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { IndexBench } from "../support/index_ports.ts";

const ACCOUNT = "alice@example.test";

/** A mailbox with its index, in one process after another. */
class World {
  readonly bench: IndexBench;
  readonly folder = new MemFolder("INBOX", 1000, () => null);
  #indexes: Indexes;
  #index: MailboxIndex | null = null;
  #synced = false;
  /** Nothing can be written. */
  full = false;
  /** What a power cut leaves. */
  kept = new Map<string, Uint8Array>();
  /** A backup of the index, taken some time. */
  #backup = new Map<string, Uint8Array>();
  seqs: ModSeqs | null = null;

  constructor(bench: IndexBench) {
    this.bench = bench;
    this.#indexes = this.#process();
  }

  #process(): Indexes {
    const ports = this.bench.ports();
    const openDatabase = (path: string) => {
      const db = ports.openDatabase(path);
      return Object.assign(Object.create(db), {
        exec: (sql: string) => {
          db.exec(sql);
          // What was written up to here is on the medium.
          if (sql.includes("synchronous = NORMAL")) this.#synced = true;
        },
        prepare: (sql: string) => db.prepare(sql),
        transaction: (work: () => unknown) => {
          if (this.full) throw new DatabaseError("unusable", path);
          return db.transaction(work);
        },
        close: () => db.close(),
      });
    };
    return new Indexes(() => `${this.bench.dir}/alice.sqlite`, { ...ports, openDatabase });
  }

  /** What a client is told that does not ask for mod-sequences. */
  async known(): Promise<number> {
    this.#index ??= await this.#indexes.open(ACCOUNT, this.folder);
    const known = this.#index.highestKnown();
    if (this.#synced) await this.save();
    this.#synced = false;
    return known ?? 0;
  }

  async select(): Promise<ModSeqs> {
    if (this.seqs) return this.seqs;
    this.#index ??= await this.#indexes.open(ACCOUNT, this.folder);
    const seqs = this.#index.modSeqs();
    await this.bench.clock.advance(0);
    this.seqs = await seqs;
    if (!this.seqs) throw new Error("no mod-sequences");
    if (this.#synced) await this.save();
    this.#synced = false;
    return this.seqs;
  }

  async leave(): Promise<void> {
    this.#index?.close();
    this.#index = null;
    this.seqs = null;
    await this.bench.clock.advance(1);
  }

  async restart(): Promise<void> {
    await this.leave();
    await this.#indexes.close();
    this.#indexes = this.#process();
  }

  /** The process ends, and the disk has what was saved last. */
  async crash(): Promise<void> {
    await this.restart();
    for await (const { name } of Deno.readDir(this.bench.dir)) await Deno.remove(`${this.bench.dir}/${name}`);
    for (const [name, bytes] of this.kept) await Deno.writeFile(`${this.bench.dir}/${name}`, bytes);
  }

  async save(): Promise<void> {
    this.kept = await this.#files();
  }

  async backUp(): Promise<void> {
    this.#backup = await this.#files();
  }

  /** Somebody puts the index of back then in the place of today's. */
  async restore(): Promise<void> {
    this.kept = this.#backup;
    await this.crash();
  }

  async #files(): Promise<Map<string, Uint8Array>> {
    const files = new Map<string, Uint8Array>();
    for await (const { name } of Deno.readDir(this.bench.dir)) {
      files.set(name, await Deno.readFile(`${this.bench.dir}/${name}`));
    }
    return files;
  }

  add(): Promise<unknown> {
    const part = { bytes: new Uint8Array(1), flags: { system: 0, keywords: [] }, internalDate: 0 };
    return this.folder.add([part]);
  }
}

/** What a client knows that was told everything up to a mod-sequence. */
class Client {
  flags = new Map<number, number>();
  modSeq = 0;
  /** What it was told by last: it hears from it until that ends. */
  #by: ModSeqs | null = null;

  /** Reads all. */
  full(world: World, modSeq: number): void {
    this.flags = new Map(world.folder.messages.map((m) => [m.uid, m.flags]));
    this.modSeq = modSeq;
  }

  /** Is told of a message of which it knows, by the way: its mod-sequence stays. */
  hear(world: World, uid: number): void {
    const message = world.folder.messages.find((m) => m.uid === uid);
    if (message && world.seqs && this.#by === world.seqs) this.flags.set(uid, message.flags);
  }

  /** Takes only what the mod-sequences say has changed. */
  resync(world: World, seqs: ModSeqs): void {
    this.#by = seqs;
    const vanished = seqs.vanishedSince(this.modSeq);
    if (vanished) { for (const uid of vanished) this.flags.delete(uid); }
    else {for (const uid of [...this.flags.keys()]) {
        if (!world.folder.messages.some((m) => m.uid === uid)) this.flags.delete(uid);
      }}
    for (const m of world.folder.messages) {
      if (seqs.changedSince(m, this.modSeq)) this.flags.set(m.uid, m.flags);
    }
    this.modSeq = seqs.highest;
  }
}

Deno.test("mod-sequences: a client that asks only for what changed knows all, over restarts and power cuts", async () => {
  const step = fc.constantFrom(
    "add",
    "flag",
    "flag",
    "expunge",
    "leave",
    "restart",
    "later",
    "back",
    "crash",
    "wait",
    "save",
    "known",
    "backup",
    "restore",
    "hear",
    "hear",
    "sync",
    "sync",
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(step, fc.nat(1000), fc.nat(2)), { minLength: 20, maxLength: 80 }),
      async (steps) => {
        await using bench = await IndexBench.make();
        const world = new World(bench);
        const clients = [new Client(), new Client(), new Client()];
        const seen = new Map<number, string>();
        for (const [what, n, who] of steps) {
          const { messages } = world.folder;
          const uid = messages[n % Math.max(1, messages.length)]?.uid;
          const client = clients[who] ?? clients[0];
          if (what === "add") await world.add();
          else if (what === "flag" && uid) {
            // Back and forth: a message may look as it did long ago, and a client know what was in between.
            await world.folder.setFlags([uid], n % 2 ? SEEN : FLAGGED, n % 4 < 2 ? SEEN : 0, null);
          } else if (what === "expunge" && uid) await world.folder.expunge([uid]);
          else if (what === "leave") await world.leave();
          else if (what === "restart") await world.restart();
          else if (what === "crash") await world.crash();
          else if (what === "later") await bench.clock.advance(100);
          else if (what === "back") bench.clock.behind += n;
          else if (what === "wait") await bench.clock.advance(INDEX_REST);
          else if (what === "save") await world.save();
          else if (what === "backup") await world.backUp();
          else if (what === "restore") await world.restore();
          else if (what === "hear" && client && uid) client.hear(world, uid);
          else if (what === "known" && client) {
            client.full(world, await world.known());
          } else if (what === "sync" && client) {
            const seqs = await world.select();
            client.resync(world, seqs);
            assertEquals(client.flags, new Map(world.folder.messages.map((m) => [m.uid, m.flags])));
            // The same state twice may have two values, two states never one.
            const state = JSON.stringify([...client.flags].sort(([a], [b]) => a - b));
            assertEquals(seen.get(seqs.highest) ?? state, state, "a mod-sequence told twice");
            seen.set(seqs.highest, state);
          }
        }
        await world.restart();
      },
    ),
    { numRuns: 60, endOnFailure: true },
  );
});

/** What happens between a client's reading of all, while message 1 is \\Seen, and its return, when it is not: as it was at first. */
const BACK_AND_FORTH: { readonly [what: string]: (world: World, client: Client) => Promise<void> } = {
  "and a power cut takes what was written down": async (world, client) => {
    await world.select();
    await world.leave();
    await world.select();
    await world.backUp();
    await seen(world, true);
    client.full(world, (await world.select()).highest);
    await seen(world, false);
    await world.restore();
  },
  "and an older copy of the index takes its place, twice": async (world, client) => {
    await world.select();
    await world.leave();
    await world.backUp();
    await seen(world, true);
    client.full(world, (await world.select()).highest);
    await world.leave();
    await seen(world, false);
    await world.restore();
    await world.select();
    await world.restart();
  },
  "and it could not be written down": async (world, client) => {
    await world.select();
    await world.leave();
    await world.select();
    await seen(world, true);
    client.full(world, (await world.select()).highest);
    await seen(world, false);
    world.full = true;
    await world.leave();
    world.full = false;
    await world.bench.clock.advance(INDEX_PAUSE);
  },
  "and it hears of it by the way before a power cut": async (world, client) => {
    await world.select();
    await world.leave();
    client.resync(world, await world.select());
    await world.save();
    await seen(world, true);
    client.hear(world, 1);
    await seen(world, false);
    await world.crash();
  },
  "and nobody asked for mod-sequences meanwhile": async (world, client) => {
    await world.select();
    await world.leave();
    await seen(world, true);
    client.full(world, await world.known());
    await seen(world, false);
  },
  "and somebody asked for mod-sequences in another session": async (world, client) => {
    await world.select();
    await world.leave();
    await seen(world, true);
    client.full(world, await world.known());
    await world.leave();
    await seen(world, false);
  },
};

async function seen(world: World, on: boolean): Promise<void> {
  await world.folder.setFlags([1], SEEN, on ? SEEN : 0, null);
}

for (const [what, happens] of Object.entries(BACK_AND_FORTH)) {
  Deno.test(`mod-sequences: flags change back and forth, ${what}: the client learns it`, async () => {
    await using bench = await IndexBench.make();
    const world = new World(bench);
    for (let i = 0; i < 3; i++) await world.add();
    const client = new Client();
    await happens(world, client);
    assertEquals(client.flags.get(1), SEEN);
    client.resync(world, await world.select());
    assertEquals(client.flags, new Map([[1, 0], [2, 0], [3, 0]]));
    await world.restart();
  });
}

Deno.test("mod-sequences: what a client was told that had not asked for them serves it as long as nothing changes", async () => {
  await using bench = await IndexBench.make();
  const world = new World(bench);
  for (let i = 0; i < 3; i++) await world.add();
  await world.select();
  await world.leave();
  const told = [await world.known(), await world.known()];
  const seqs = await world.select();
  assert((told[0] ?? 0) < (told[1] ?? 0) && (told[1] ?? 0) < seqs.highest);
  for (const value of told) {
    assertEquals(world.folder.messages.map((m) => seqs.changedSince(m, value)), [false, false, false]);
  }
  await seen(world, true);
  assertEquals(world.folder.messages.map((m) => seqs.changedSince(m, told[0] ?? 0)), [true, false, false]);
  await world.restart();
});

Deno.test("mod-sequences of before a clean end are known after it, however often it began anew", async () => {
  await using bench = await IndexBench.make();
  const world = new World(bench);
  for (let i = 0; i < 3; i++) await world.add();
  const told: number[] = [];
  for (let i = 0; i < INDEX_SPANS; i++) {
    told.push((await world.select()).highest);
    await world.restart();
  }
  const seqs = await world.select();
  for (const value of told) {
    assertEquals(world.folder.messages.map((m) => seqs.changedSince(m, value)), [false, false, false]);
    assertEquals(seqs.vanishedSince(value), []);
  }
  await world.restart();
  const later = await world.select();
  assertEquals(
    told.map((value) => later.vanishedSince(value) === null).indexOf(false),
    1,
    "the oldest is forgotten",
  );
  await world.restart();
});

Deno.test("mod-sequences only grow, also for the client of an index that was deleted", async () => {
  await using bench = await IndexBench.make();
  const world = new World(bench);
  const client = new Client();
  for (let i = 0; i < 5; i++) await world.add();
  client.full(world, (await world.select()).highest);
  const before = client.modSeq;
  await world.folder.expunge([2]);
  await world.restart();
  await bench.clock.advance(10_000);
  world.kept.clear();
  await world.crash();
  const seqs = await world.select();
  assert(seqs.highest > before, "higher than before");
  assertEquals(seqs.vanishedSince(before), null);
  assert(world.folder.messages.every((m) => seqs.changedSince(m, before)));
  client.resync(world, seqs);
  assertEquals([...client.flags.keys()], [1, 3, 4, 5]);
  await world.restart();
});

Deno.test("mod-sequences: a message has that of its last change, and only it", async () => {
  await using bench = await IndexBench.make();
  const world = new World(bench);
  for (let i = 0; i < 3; i++) await world.add();
  const seqs = await world.select();
  const told = seqs.highest;
  const [first, second] = world.folder.messages;
  assert(first && second);
  await world.folder.setFlags([1], 0, SEEN, null);
  assertEquals([seqs.changedSince(first, told), seqs.changedSince(second, told)], [true, false]);
  assert(seqs.of(first) > told && seqs.of(first) === seqs.highest);
  assert(seqs.of(second) <= told);
  await world.folder.expunge([2]);
  assertEquals(seqs.vanishedSince(told), [2]);
  assertEquals(seqs.vanishedSince(seqs.highest), []);
  assertEquals(seqs.vanishedSince(seqs.highest + 64), null, "never told");
  assertEquals(seqs.vanishedSince(seqs.highest + 1), null, "another index's");
  await world.restart();
});

Deno.test("mod-sequences: what vanished is read again, also where it is very much at once", async () => {
  await using bench = await IndexBench.make();
  const world = new World(bench);
  const message = { bytes: new Uint8Array(1), flags: { system: 0, keywords: [] }, internalDate: 0 };
  const uids = await world.folder.add(Array.from({ length: 5000 }, () => message));
  const told = (await world.select()).highest;
  // More of one count than are read at a time, and some of another.
  await world.folder.expunge(uids.slice(0, 4500));
  const between = (await world.select()).highest;
  await world.folder.expunge(uids.slice(4500, 4900));
  await world.restart();
  const seqs = await world.select();
  assertEquals(seqs.vanishedSince(told), uids.slice(0, 4900));
  assertEquals(seqs.vanishedSince(between), uids.slice(4500, 4900));
  await world.restart();
});
