/**
 * Many sessions of two servers, and programs that know nothing of either, at random on one Maildir. Each client follows what it is told
 * alone (`CrowdClient`); now and then all must believe exactly what lies on the disk.
 */
import { assert } from "../support/assert.ts";
import type { SeededRandom } from "../support/seeded_random.ts";
import type { CrowdClient, Said } from "./crowd.ts";
import { INDEX_STATES, type IndexState, World } from "./crowd_world.ts";

const FLAGS = ["\\Seen", "\\Flagged", "\\Deleted", "\\Answered", "work", "home"];
/** Steps between two looks at everything. */
const ROUND = 40;

/** The same for a client that goes by UIDs. */
function stillByUid(random: SeededRandom, client: CrowdClient): Said {
  const uid = () => client.known[random.int(client.known.length)]?.uid ?? 1;
  const [one, other] = [uid(), uid()];
  const flag = FLAGS[random.int(FLAGS.length)] ?? "";
  const say = (command: string): Said => ({ command: `UID ${command}`, mayExpunge: true });
  switch (random.int(6)) {
    case 0:
      return say(`FETCH ${one}:${other} (FLAGS)`);
    case 1:
      return say(`FETCH ${one} (FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])`);
    case 2:
      return say(`FETCH ${one} (BODY[])`);
    case 3:
      return say(`STORE ${one}:${other} ${random.int(2) ? "+" : "-"}FLAGS (${flag})`);
    case 4: {
      // Who is told at any time cannot know whether it was told before or after.
      if (client.kind === "NOTIFY") return say(`SEARCH ${one}:*`);
      const of = (_: number, uid: number) => uid === one;
      return { ...say(`STORE ${one} +FLAGS.SILENT (${flag})`), silently: { of, change: (f) => f.add(flag) } };
    }
    default:
      return say(`FETCH ${one} (ENVELOPE)`);
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
  const of = (seq: number) => seq >= low && seq <= high;
  const change = (flags: Set<string>) => {
    if (sign === "") flags.clear();
    if (sign === "-") flags.delete(flag);
    else flags.add(flag);
  };
  const mod = client.counts;
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
        silently: { of, change },
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
    count
      ? `${
        client.byUid ? `UID REPLACE ${uid}` : `REPLACE ${1 + random.int(count)}`
      } INBOX (${flag}) {16+}\r\nSubject: ${`${n}`.padStart(5, "0")}\r\n`
      : "NOOP",
    `APPEND INBOX {3+}\r\na\r\n (${flag}) {3+}\r\nb\r\n`,
    random.int(8) ? "NOOP" : `RENAME INBOX Old.${n}${client.name}`,
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
    () => client.known.length ? (client.byUid ? stillByUid : still)(random, client) : null,
  );
  await client.say([...batch.filter((s) => s !== null), moving(random, client, n)]);
}

/** A step of some clients, in which others do what is not said in IMAP. */
async function steps(world: World, n: number, together: boolean): Promise<void> {
  const { clients, random } = world;
  if (random.int(4) === 0) await world.meddle();
  if (random.int(20) === 0) await world.deliver();
  if (random.int(30) === 0) await world.during(world.takeAway());
  if (random.int(10) === 0) await world.clock.advance(random.int(3000));
  const first = random.int(clients.length);
  const chosen = clients.filter((_, i) => i === first || (together && random.int(2) === 0));
  await world.during(Promise.all(chosen.map((c) => step(world, c, n))));
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
    for (let n = 0; n < 1000; n++) {
      await steps(world, n, together);
      if (n % ROUND === ROUND - 1) await world.agree();
    }
    await world.agree();
  });
}

/** Indexes as the next processes find them, at random. */
function fates(random: SeededRandom): IndexState[] {
  return [0, 1].map(() => INDEX_STATES[random.int(INDEX_STATES.length)] ?? "kept");
}

for (const [seed, together] of [[5, false], [6, true]] as const) {
  Deno.test(`sessions are told the truth over restarts and power cuts, whatever becomes of the index (seed ${seed})`, async () => {
    await using world = new World(seed);
    for (const name of ["a", "b"]) await world.addServer(name);
    const { random } = world;
    await world.backUp();
    for (let round = 0; round < 12; round++) {
      const cut = round % 2 === 1;
      if (cut) world.fs.crashAt(1 + random.int(150));
      let before = world.remember();
      try {
        for (let n = 0; n < (cut ? 1000 : 25); n++) {
          before = world.remember();
          await steps(world, round * 1000 + n, together);
        }
        assert(!cut, "the power was cut");
      } catch (e) {
        // Nobody has heard what was said about it.
        if (world.fs.cut === null) throw e;
        before();
      }
      if (random.int(3) === 0) await world.backUp();
      if (cut) await world.powerCut(random.int(2) ? { seed: round } : "synced-only", fates(random));
      else await world.restart(fates(random));
      for (const client of world.clients) await world.during(client.return());
      await world.agree();
    }
  });
}
