/**
 * The power is cut in the middle of work on very many messages, which is done in slices: what was told by then holds, what was not may have happened
 * or not, and no message is there by half, under two UIDs, or under one that was another's.
 */
import type { MaildirStore } from "../../mod/maildir/store.ts";
import { FLAGGED, type Mailbox, type Uid } from "../../mod/store/store.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { everyCrash } from "../support/every_crash.ts";
import { FakeClock, settle } from "../support/fake_clock.ts";
import { MemFs } from "../support/mem_fs.ts";
import { ALICE, allOf, append, opened, ROOT, storeOn } from "./support.ts";

const T0 = Date.UTC(2026, 0, 2, 3, 4, 5);

/** Each look at it takes `tick` milliseconds, so that slices are as short as can be; who rests has had it at once. */
class HastyClock extends FakeClock {
  rests = 0;
  readonly #tick: number;
  #ticked = 0;

  constructor(tick: number) {
    super(T0);
    this.#tick = tick;
  }

  override monotonic(): number {
    return super.monotonic() + (this.#ticked += this.#tick);
  }

  override sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (ms > 0) return super.sleep(ms, signal);
    this.rests++;
    return settle(1);
  }
}

/** What somebody was told of a message in a mailbox. */
interface Told {
  readonly mailbox: string;
  readonly uid: Uid;
  readonly text: string;
  readonly flags?: number;
  /** Else it is there. Unsure of what was asked for and not told yet. */
  readonly fate?: "gone" | "unsure";
}

const textOf = (i: number) => `message ${i}\r\n${"x".repeat(i % 7)}\r\n`;

/** A machine with so many messages in INBOX, all on the medium; the first `fresh` lie in new/. */
function filled(count: number, fresh = 0): MemFs {
  const lines = [`3 V1700000000 N${count + 1} G${"5".repeat(32)}\n`];
  const files: Record<string, string> = {};
  for (let i = 1; i <= count; i++) {
    const base = `17000${String(i).padStart(5, "0")}.M1P1.host`;
    lines.push(`${i} :${base}\n`);
    files[`${ROOT}/${i <= fresh ? `new/${base}` : `cur/${base}:2,`}`] = textOf(i);
  }
  files[`${ROOT}/dovecot-uidlist`] = lines.join("");
  files[`${ROOT}/dovecot-keywords`] = "0 many\n";
  const dirs = ["cur", "new", "tmp", ".Archive/cur", ".Archive/new", ".Archive/tmp"].map((d) =>
    `${ROOT}/${d}`
  );
  return new MemFs({ clock: new FakeClock(T0 - 1000), files, dirs: ["/mail", ...dirs] });
}

/** Tells all that this session hears of its mailbox, where UIDs are as at the start. */
function hear(box: Mailbox, tell: (t: Told) => void): void {
  box.listen((change) => {
    if (change.kind === "expunged") {
      for (const uid of change.uids) tell({ mailbox: box.name, uid, text: textOf(uid), fate: "gone" });
    }
    if (change.kind === "flags") {
      for (const { uid, flags } of change.messages) {
        tell({ mailbox: box.name, uid, text: textOf(uid), flags });
      }
    }
  });
}

interface Found {
  readonly mailbox: string;
  readonly uid: Uid;
  readonly text: string;
  readonly flags: number;
}

async function everything(store: MaildirStore): Promise<Found[]> {
  const found: Found[] = [];
  for (const mailbox of ["INBOX", "Archive"]) {
    const box = await opened(store, mailbox);
    for (const [i, [uid, text]] of (await allOf(box)).entries()) {
      found.push({ mailbox, uid, text, flags: box.messages[i]?.flags ?? 0 });
    }
    box.close();
  }
  return found;
}

interface Plan {
  readonly count: number;
  readonly fresh?: number;
  readonly tick: number;
  readonly scenario: (inbox: Mailbox, tell: (t: Told) => void, store: MaildirStore) => Promise<void>;
  /** Of which it is sure that they are still somewhere, whatever was told. */
  readonly kept: (uid: Uid) => boolean;
  /** Whether a copy may have begun anew: what it was about to take back then may be there as well. */
  readonly anew?: boolean;
  /** The steps to try, of so many. */
  readonly at?: (steps: number) => readonly number[];
}

async function judge(survivor: MemFs, told: readonly Told[], plan: Plan): Promise<void> {
  const { store } = storeOn(survivor, new FakeClock(T0 + 500_000));
  const found = await everything(store);
  const originals = new Set(Array.from({ length: plan.count }, (_, i) => textOf(i + 1)));
  const places = new Map<string, Found>();
  for (const f of found) {
    assert(originals.has(f.text), `half a message: UID ${f.uid} in ${f.mailbox}: ${JSON.stringify(f.text)}`);
    const key = `${f.mailbox} ${f.text}`;
    assert(plan.anew || !places.has(key), `two UIDs in ${f.mailbox}: ${places.get(key)?.uid} and ${f.uid}`);
    if (!places.has(key) || told.some((t) => t.mailbox === f.mailbox && t.uid === f.uid)) places.set(key, f);
  }
  const final = new Map<string, Told>();
  for (const t of told) {
    const before = final.get(`${t.mailbox} ${t.uid}`);
    assert(!before || before.text === t.text, `UID ${t.uid} in ${t.mailbox} was told twice`);
    final.set(`${t.mailbox} ${t.uid}`, t);
  }
  for (const t of final.values()) {
    const here = places.get(`${t.mailbox} ${t.text}`);
    if (t.fate === "gone") assert(!here, `UID ${t.uid} is back in ${t.mailbox}`);
    if (t.fate || (t.mailbox === "INBOX" && !plan.kept(t.uid))) continue;
    assertEquals(here?.uid, t.uid, `UID of ${JSON.stringify(t.text)} in ${t.mailbox}`);
    if (t.flags !== undefined) assertEquals(here?.flags, t.flags, `flags of UID ${t.uid}`);
  }
  const anywhere = new Set(found.map((f) => f.text));
  for (let i = 1; i <= plan.count; i++) {
    assert(!plan.kept(i) || anywhere.has(textOf(i)), `lost: message ${i}`);
  }
  // Messages told of have the UIDs they had; a further one gets none of them.
  for (const mailbox of ["INBOX", "Archive"]) {
    const uid = await append(await store.account(ALICE), mailbox, "after\r\n");
    for (const t of [...told, ...found]) {
      assert(t.mailbox !== mailbox || t.uid < uid, `UID ${uid} in ${mailbox} was given before`);
    }
  }
  await store.close();
  // What was told after the cut holds after the next.
  const again = storeOn(survivor.afterCrash("synced-only"), new FakeClock(T0 + 900_000)).store;
  assertEquals((await everything(again)).filter((f) => f.text !== "after\r\n"), found);
  await again.close();
}

/** Gives how many slices there were in the scenario run to its end. */
async function run(plan: Plan): Promise<number> {
  const before = filled(plan.count, plan.fresh);
  const make = () => before.afterCrash("all");
  let rests = 0;
  const scenario = async (fs: MemFs, tell: (t: Told) => void) => {
    const clock = new HastyClock(plan.tick);
    const { store } = storeOn(fs, clock);
    const inbox = await opened(store);
    await plan.scenario(inbox, tell, store);
    await store.close();
    rests = clock.rests;
  };
  const whole = make();
  await scenario(whole, () => {});
  const some = plan.at
    ? { at: plan.at(whole.steps).filter((n) => n <= whole.steps), seeds: 0 }
    : { seeds: 1 };
  await everyCrash<Told>(scenario, (survivor, told) => judge(survivor, told, plan), { make, ...some });
  return rests;
}

const uidsOf = (box: Mailbox) => box.messages.map((m) => m.uid);
const isFifth = (uid: Uid) => uid % 5 === 0;

async function expunge(box: Mailbox, tell: (t: Told) => void): Promise<void> {
  hear(box, tell);
  const due = uidsOf(box).filter((uid) => !isFifth(uid));
  assertEquals(await box.expunge(due), due);
  for (const uid of due) tell({ mailbox: "INBOX", uid, text: textOf(uid), fate: "gone" });
}

async function store(box: Mailbox, tell: (t: Told) => void): Promise<void> {
  hear(box, tell);
  const set = FLAGGED | await box.keywordBits(["many"]) | await box.keywordBits(["new"]);
  const changed = await box.setFlags(uidsOf(box), 0, set, null);
  for (const { uid, flags } of changed) {
    assertEquals(flags, set);
    tell({ mailbox: "INBOX", uid, text: textOf(uid), flags });
  }
}

async function copy(box: Mailbox, tell: (t: Told) => void): Promise<void> {
  const copied = await box.copy(uidsOf(box), "Archive");
  assert(copied.ok);
  const { from, to } = copied.value;
  for (const [i, uid] of to.entries()) tell({ mailbox: "Archive", uid, text: textOf(from[i] ?? 0) });
}

/** Somebody else has the target open, is told of what comes, and removes one of them. */
async function copyWatched(box: Mailbox, tell: (t: Told) => void, store: MaildirStore): Promise<void> {
  const target = await opened(store, "Archive");
  target.listen((change) => {
    if (change.kind !== "added") return;
    for (const { uid } of change.messages) tell({ mailbox: "Archive", uid, text: textOf(uid) });
  });
  await copy(box, tell);
  const seventh = { mailbox: "Archive", uid: 7, text: textOf(7) };
  tell({ ...seventh, fate: "unsure" });
  assertEquals(await target.expunge([7]), [7]);
  tell({ ...seventh, fate: "gone" });
}

async function move(box: Mailbox, tell: (t: Told) => void): Promise<void> {
  hear(box, tell);
  const moved = await box.move(uidsOf(box), "Archive");
  assert(moved.ok);
  const { from, to } = moved.value;
  for (const [i, uid] of to.entries()) tell({ mailbox: "Archive", uid, text: textOf(from[i] ?? 0) });
}

/** Three clients at once. */
async function together(box: Mailbox, tell: (t: Told) => void): Promise<void> {
  hear(box, tell);
  await Promise.all([
    copy(box, tell),
    box.setFlags(uidsOf(box).filter((uid) => uid % 3 === 0), 0, FLAGGED, null),
    box.expunge(uidsOf(box).filter((uid) => !isFifth(uid))),
  ]);
}

const ALL = () => true;

for (
  const [name, scenario, kept] of [
    ["EXPUNGE", expunge, isFifth],
    ["STORE", store, ALL],
    ["COPY", copyWatched, ALL],
    ["MOVE", move, ALL],
    ["EXPUNGE, STORE and COPY at once", together, isFifth],
  ] as const
) {
  Deno.test(`a power cut at every step of ${name} of many messages, in slices`, async () => {
    // With a slow disk names are changed another way.
    for (const tick of name === "STORE" ? [5, 20] : [5]) {
      const rests = await run({ count: 48, fresh: 8, tick, scenario, kept, anew: scenario === together });
      assert(rests >= 2, `${rests} rests`);
    }
  });

  Deno.test(`a power cut around the thousandth message of ${name}`, async () => {
    const at = (steps: number) => [3, 1000, 1003, steps - 12, steps - 5, steps - 1];
    await run({ count: 1300, tick: 0, scenario, kept, anew: scenario === together, at });
  });
}
