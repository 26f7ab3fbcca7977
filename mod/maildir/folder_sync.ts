/**
 * Brings what is known of a folder in line with what is on disk: files that others put there get UIDs (on disk before anyone hears of
 * them), those gone are told, flags are taken from the names. new/ is listed before cur/, so that a file on its way from one to the
 * other is seen at least once.
 */
import { isFsError } from "../base/fs.ts";
import type { Uid } from "../store/store.ts";
import { indexOfUid } from "../store/uid_set.ts";
import { type Arrival, arrivalIn, baseOf, compareArrivals, flagsOf } from "./file_name.ts";
import { FolderMessage, type FolderState } from "./folder_state.ts";
import { isDir, repairFolder } from "./layout.ts";
import { originIn } from "./object_id.ts";
import { pop3FieldsIn } from "./pop3_fields.ts";
import { inSlices, sortInSlices } from "./slices.ts";
import { MAX_UID, type UidRecord } from "./uid_list.ts";
import type { Listing } from "./watched_dir.ts";

const UNPLACED = 500; // records kept whose files are not there (yet)
const GARBAGE = 1000; // dead lines the UID list may always have

interface Found {
  readonly file: string;
  readonly isNew: boolean;
}

interface Arrived extends Arrival {
  readonly found: Found;
}

/** Whether `syncFolder` has something to look at. A few microseconds. */
export function syncDue(state: FolderState): boolean {
  return !state.loaded || state.newDir.due() || state.curDir.due() || state.uidFile.changed();
}

/** Looks at what may have changed. Inside `state.serial`. `locked` says that the caller holds the lock of the UID list. */
export async function syncFolder(state: FolderState, locked = false): Promise<void> {
  if (!state.gone) await state.holding(() => syncOrRepair(state, locked));
}

async function syncOrRepair(state: FolderState, locked: boolean): Promise<void> {
  try {
    await sync(state, locked);
  } catch (e) {
    if (!isFsError(e, "not-found")) throw e;
    if (!isDir(state.ports.fs, state.curDir.path)) return state.end();
    await repairFolder(state.ports.fs, state.dir);
    await sync(state, locked);
  }
}

async function sync(state: FolderState, locked: boolean): Promise<void> {
  if (await state.keywordFile.refresh()) state.tell({ kind: "keywords" });
  const news = await takeNews(state);
  if (news === "ended") return;
  // Records that others wrote are about files that are there by now, even where a slow clock does not show it.
  const newDue = news === "records" || !state.loaded || state.newDir.due();
  const curDue = news === "records" || !state.loaded || state.curDir.due();
  if (!newDue && !curDue) return;
  const underWay = othersPlace(state, locked);
  const fresh = newDue ? await state.newDir.list() : null;
  let current = curDue ? await state.curDir.list() : null;
  const names = new Set(fresh?.files);
  if (fresh && !current && [...state.fresh].some((m) => !names.has(m.file))) {
    current = await state.curDir.list(); // one has left new/: for cur/, or for good
  }
  await reconcile(state, fresh, current, locked, underWay);
}

/** Whoever holds the lock may be in the middle of it: its records are written, and its files get their names one by one. */
function othersPlace(state: FolderState, locked: boolean): boolean {
  return !locked && state.unplaced.size > 0 && state.uidFile.isLocked();
}

/** Reads what is new in the UID list. */
async function takeNews(state: FolderState): Promise<"nothing" | "records" | "ended"> {
  if (state.loaded && !state.uidFile.changed()) return "nothing";
  const before = state.uidFile.uidValidity;
  if (!state.loaded) state.uidFile.forget();
  const { whole, records } = await state.uidFile.news();
  if (state.loaded && state.uidFile.uidValidity !== before) {
    state.ports.log.warn("UIDVALIDITY changed", { dir: state.dir });
    state.end();
    return "ended";
  }
  const looksAtAll = whole && state.loaded;
  let fresh = false;
  await inSlices(state.ports, state.dir, records, ([base, record]) => {
    if (looksAtAll && indexOfUid(state.messages, record.uid) >= 0) {
      notePop3(state, record); // which another program may have put there since
      return;
    }
    state.unplaced.set(base, record);
    fresh = true;
  });
  return fresh ? "records" : "nothing";
}

function notePop3(state: FolderState, record: UidRecord): void {
  const pop3 = pop3FieldsIn(record.extensions);
  if (pop3 !== null) state.pop3.set(record.uid, pop3);
}

async function reconcile(
  state: FolderState,
  fresh: Listing | null,
  current: Listing | null,
  locked: boolean,
  underWay: boolean,
): Promise<void> {
  const scope = !current ? [...state.fresh] : fresh ? state.messages : state.messages.filter((m) => !m.isNew);
  const known = new Map<string, FolderMessage>();
  await inSlices(state.ports, state.dir, scope, (m) => known.set(m.base, m));
  const seen = new Set<FolderMessage>();
  const flagged: FolderMessage[] = [];
  const strangers = new Map<string, Found>();
  const doubles: Found[] = [];
  const meet = (found: Found) => {
    const base = baseOf(found.file);
    const message = known.get(base);
    if (!message) {
      if (strangers.has(base)) doubles.push(found);
      else strangers.set(base, found);
    } else if (seen.has(message)) doubles.push(found);
    else {
      seen.add(message);
      if (!sameFile(message, found)) flagged.push(...moved(state, message, found));
    }
  };
  // cur/ first: where a file is in both, the one with flags is the message.
  await inSlices(state.ports, state.dir, current?.files ?? [], (file) => meet({ file, isNew: false }));
  await inSlices(state.ports, state.dir, fresh?.files ?? [], (file) => {
    if (!state.pending.has(file)) meet({ file, isNew: true });
  });
  if (!(current && fresh) && strangers.size > 0 && (await state.known(strangers.keys())).size > 0) {
    // A message of the other part has a name in this one, too: only both together tell which it is to keep.
    await state.tellFlags(flagged);
    const inMiddle = othersPlace(state, locked);
    return await reconcile(state, await state.newDir.list(), await state.curDir.list(), locked, inMiddle);
  }
  const stable = (current?.stable ?? true) && (fresh?.stable ?? true);
  if (stable && state.loaded && seen.size < scope.length) {
    const gone = new Set<FolderMessage>();
    await inSlices(state.ports, state.dir, scope, (m) => {
      if (!seen.has(m)) gone.add(m);
    });
    await state.drop(gone);
  }
  await state.tellFlags(flagged);
  await removeDoubles(state, doubles, strangers);
  await admit(state, strangers, locked, underWay);
  // Of whoever is in the middle of it there are records whose files are about to come.
  if (current && fresh && stable && !locked && !underWay) await compact(state);
}

/** Takes out what are messages already. */
async function forgetKnown(state: FolderState, others: Map<string, Found>): Promise<void> {
  if (others.size === 0) return;
  for (const base of await state.known(others.keys())) others.delete(base);
}

function sameFile(message: FolderMessage, found: Found): boolean {
  return message.file === found.file && message.isNew === found.isNew;
}

/** Notes the new name; gives the message if its flags are others now. */
function moved(state: FolderState, message: FolderMessage, found: Found): FolderMessage[] {
  message.file = found.file;
  state.lies(message, found.isNew);
  const flags = found.isNew ? 0 : flagsOf(found.file);
  if (flags === message.flags) return [];
  message.flags = flags;
  return [message];
}

/**
 * Two files with one base: a flag change seen under both names while listing, a move from new/ to cur/ that a crash cut in half (two names of
 * one file), or a copy by hand. The second name of one file is taken away; another file gets a name of its own and is met next time.
 */
async function removeDoubles(
  state: FolderState,
  doubles: readonly Found[],
  strangers: ReadonlyMap<string, Found>,
): Promise<void> {
  const { dirSync, fs, log, names } = state.ports;
  if (doubles.length === 0) return;
  const bases = new Set(doubles.map((d) => baseOf(d.file)));
  const firsts = new Map(
    state.messages.filter((m) => bases.has(m.base)).map((m) => [m.base, state.pathOf(m)]),
  );
  for (const double of doubles) {
    const dir = double.isNew ? state.newDir : state.curDir;
    const path = `${dir.path}/${double.file}`;
    const stranger = strangers.get(baseOf(double.file));
    const first = firsts.get(baseOf(double.file)) ?? (stranger && pathOf(state, stranger));
    const stat = fs.statSync(path);
    const other = first ? fs.statSync(first) : null;
    dir.forget();
    // Both must be there at this very moment: else it was one file under way.
    if (!stat || !other || path === first) continue;
    if (stat.inode === other.inode) {
      // Whoever gave it the other name may not have come to make that durable.
      if (double.isNew) await dirSync.sync(state.curDir.path);
      await fs.remove(path);
      state.newLeft = true;
    } else await fs.rename(path, `${dir.path}/${double.file.replace(/^[^:]*/, () => names.next())}`);
    log.info("second file of one name put right", { path, same: stat.inode === other.inode });
  }
}

function pathOf(state: FolderState, found: Found): string {
  return `${(found.isNew ? state.newDir : state.curDir).path}/${found.file}`;
}

/** Gives the new files their UIDs and takes them in. */
async function admit(
  state: FolderState,
  strangers: ReadonlyMap<string, Found>,
  locked: boolean,
  underWay: boolean,
): Promise<void> {
  const first = !state.loaded;
  const added: FolderMessage[] = [];
  const unknown: [string, Found][] = [];
  const take = (base: string, found: Found, record: UidRecord) => {
    state.unplaced.delete(base);
    added.push(new FolderMessage(record.uid, found.file, found.isNew));
    const origin = originIn(record.extensions);
    if (origin !== null) state.origins.set(record.uid, origin);
    notePop3(state, record);
  };
  await inSlices(state.ports, state.dir, strangers, ([base, found]) => {
    const record = state.unplaced.get(base);
    if (record) take(base, found, record);
    else unknown.push([base, found]);
  });
  if (unknown.length > 0 || state.uidFile.uidValidity === 0 || (underWay && lacksLower(state, added))) {
    const work = () => giveUids(state, strangers, unknown, take, underWay);
    await (locked ? work() : state.uidFile.locked(work));
  }
  if (state.gone) return;
  const sorted = await sortInSlices(state.ports, state.dir, added, (a, b) => a.uid - b.uid);
  await trimUnplaced(state);
  if (!first) {
    await state.add(sorted);
    return;
  }
  const fresh: FolderMessage[] = [];
  await inSlices(state.ports, state.dir, sorted, (m) => {
    if (m.isNew) fresh.push(m);
  });
  state.load(sorted, fresh);
  const recent = Math.min(fresh[0]?.uid ?? Infinity, state.unshown ?? Infinity);
  state.claimed = Math.min(recent, state.uidFile.nextUid) - 1;
  state.unshown = null;
}

/** Whether there are records between what is shown and the highest of these whose files were not seen. */
function lacksLower(state: FolderState, added: readonly FolderMessage[]): boolean {
  const shown = state.messages.at(-1)?.uid ?? 0;
  const highest = added.reduce((most, m) => Math.max(most, m.uid), 0);
  for (const { uid } of state.unplaced.values()) if (uid > shown && uid < highest) return true;
  return false;
}

async function giveUids(
  state: FolderState,
  met: ReadonlyMap<string, Found>,
  unknown: readonly [string, Found][],
  take: (base: string, found: Found, record: UidRecord) => void,
  underWay: boolean,
): Promise<void> {
  // Someone may have given them UIDs between our listing and the lock.
  const news = await takeNews(state);
  if (news === "ended") return;
  if (news === "records" || underWay) await takePlaced(state, met, take);
  const records: UidRecord[] = [];
  let uid: Uid = state.uidFile.nextUid;
  const arrivals: Arrived[] = [];
  await inSlices(state.ports, state.dir, unknown, ([base, found]) => {
    arrivals.push({ ...arrivalIn(base), found });
  });
  const sorted = await sortInSlices(state.ports, state.dir, arrivals, compareArrivals);
  let short = false;
  await inSlices(state.ports, state.dir, sorted, ({ base, found }) => {
    let record = state.unplaced.get(base);
    if (!record && uid > MAX_UID) {
      short = true; // the others can be read all the same
      return;
    }
    if (!record) {
      record = { uid: uid++, extensions: "", base };
      records.push(record);
    }
    take(base, found, record);
  });
  await state.uidFile.append(records);
  if (short) state.uidFile.tellShort();
}

/** Takes files that are not in our listing (`met`) and that others gave UIDs since: these come before those that we are about to give. */
async function takePlaced(
  state: FolderState,
  met: ReadonlyMap<string, Found>,
  take: (base: string, found: Found, record: UidRecord) => void,
): Promise<void> {
  const others = new Map<string, Found>();
  for (const dir of [state.newDir, state.curDir]) {
    const { files } = await dir.list();
    await inSlices(state.ports, state.dir, files, (file) => {
      const base = baseOf(file);
      if (state.unplaced.has(base) && !met.has(base)) others.set(base, { file, isNew: dir === state.newDir });
    });
    dir.forget(); // it may hold more that is new
  }
  await forgetKnown(state, others);
  await inSlices(state.ports, state.dir, others, ([base, found]) => {
    const record = state.unplaced.get(base);
    if (record) take(base, found, record);
  });
}

async function trimUnplaced(state: FolderState): Promise<void> {
  const spare = state.unplaced.size - UNPLACED;
  if (spare <= 0) return;
  await inSlices(state.ports, state.dir, state.unplaced.keys().take(spare), (base) => {
    state.unplaced.delete(base);
  });
}

/** Writes the UID list anew when most of it is about messages long gone. */
async function compact(state: FolderState): Promise<void> {
  if (state.uidFile.lines <= state.messages.length * 2 + GARBAGE) return;
  await state.uidFile.locked(async () => {
    const news = await takeNews(state);
    if (news === "records") {
      // Others were here since the folder was listed: their messages come first, the list another time.
      state.newDir.forget();
      state.curDir.forget();
      await sync(state, true);
    } else if (news === "nothing") {
      await state.uidFile.rewrite((uid) => indexOfUid(state.messages, uid) >= 0);
      state.unplaced.clear();
    }
  });
}
