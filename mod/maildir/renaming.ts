/**
 * Changes of files already in a folder: flags (a new name), the way from new/ to cur/, removal. All run inside `state.serial`; what they do is
 * durable once the folder was synced, which the caller does after.
 */
import { isFsError } from "../base/fs.ts";
import type { FlagBits } from "../store/store.ts";
import { withFlags } from "./file_name.ts";
import type { FolderMessage, FolderState } from "./folder_state.ts";
import { inParallel, Turns } from "./slices.ts";

const BATCH = 16; // renames between two looks at the clock
const SLOW = 12; // milliseconds a batch may take before the disk counts as slow
const WIDTH = 8;
const CHUNK = 500;

interface Rename {
  readonly message: FolderMessage;
  readonly file: string;
  readonly flags: FlagBits;
}

/** Gives files in cur/ the names that say these flags. Gives the messages whose file was not where it should be. */
export async function renameAll(
  state: FolderState,
  messages: readonly FolderMessage[],
  flagsFor: (message: FolderMessage) => FlagBits,
): Promise<FolderMessage[]> {
  const lost: FolderMessage[] = [];
  const renames = messages.map((message): Rename => {
    const flags = flagsFor(message);
    return { message, flags, file: withFlags(message.file, flags) };
  });
  state.stir(renames.length);
  await state.curDir.own(async () => {
    const rest = await renameAtOnce(state, renames, lost);
    await inParallel(rest, WIDTH, async (r) => {
      try {
        await state.ports.fs.rename(...pathsOf(state, r));
        done(r);
      } catch (e) {
        if (!isFsError(e, "not-found")) throw e;
        lost.push(r.message);
      }
    }, new Turns(state.ports, state.dir));
  });
  return lost;
}

/** The fast way, as long as the disk is; gives what is left to do. */
async function renameAtOnce(
  state: FolderState,
  renames: readonly Rename[],
  lost: FolderMessage[],
): Promise<readonly Rename[]> {
  const { fs, clock } = state.ports;
  const turns = new Turns(state.ports, state.dir);
  if (renames.length > BATCH) await fs.stat(state.dir); // what went before may have taken as long as a slice
  for (let at = 0; at < renames.length; at += BATCH) {
    const began = clock.monotonic();
    for (const r of renames.slice(at, at + BATCH)) {
      try {
        fs.renameSync(...pathsOf(state, r));
        done(r);
      } catch (e) {
        if (!isFsError(e, "not-found")) throw e;
        lost.push(r.message);
      }
    }
    const now = clock.monotonic();
    if (now - began > SLOW) return renames.slice(at + BATCH);
    if (turns.worked(BATCH * 2)) await turns.pass();
  }
  return [];
}

function pathsOf(state: FolderState, r: Rename): [string, string] {
  return [`${state.curDir.path}/${r.message.file}`, `${state.curDir.path}/${r.file}`];
}

function done(r: Rename): void {
  r.message.file = r.file;
  r.message.flags = r.flags;
}

/**
 * Brings files from new/ to cur/. Between folders a rename is not one change on every medium, and a sync of new/ alone (there is one with every
 * delivery) could make the file vanish: so it is linked, cur/ is synced, and only then the name in new/ goes.
 */
export async function leaveNew(
  state: FolderState,
  messages: readonly FolderMessage[],
  flagsFor: (message: FolderMessage) => FlagBits,
): Promise<FolderMessage[]> {
  const lost: FolderMessage[] = [];
  for (let at = 0; at < messages.length; at += CHUNK) {
    await leaveChunk(state, messages.slice(at, at + CHUNK), flagsFor, lost);
  }
  return lost;
}

async function leaveChunk(
  state: FolderState,
  messages: readonly FolderMessage[],
  flagsFor: (message: FolderMessage) => FlagBits,
  lost: FolderMessage[],
): Promise<void> {
  const { fs, dirSync } = state.ports;
  const turns = new Turns(state.ports, state.dir);
  const old: string[] = [];
  state.stir(messages.length);
  await state.curDir.own(async () => {
    await inParallel(messages, WIDTH, async (message) => {
      const from = `${state.newDir.path}/${message.file}`;
      const flags = flagsFor(message);
      const file = withFlags(message.file, flags);
      try {
        await linkOrRename(state, from, `${state.curDir.path}/${file}`);
      } catch (e) {
        if (!isFsError(e, "not-found")) throw e;
        lost.push(message);
        return;
      }
      old.push(from);
      message.file = file;
      message.flags = flags;
      state.lies(message, false);
    }, turns);
  });
  await dirSync.sync(state.curDir.path);
  await state.newDir.own(() => inParallel(old, WIDTH, async (path) => void await fs.remove(path), turns));
}

async function linkOrRename(state: FolderState, from: string, to: string): Promise<void> {
  try {
    await state.ports.fs.link(from, to);
  } catch (e) {
    if (isFsError(e, "exists")) return; // a move that was cut in half before
    if (!isFsError(e, "io", "denied")) throw e;
    await state.ports.fs.rename(from, to); // no hard links here
  }
}

/** Removes the messages' files. Gives the messages whose file was not where it should be. */
export async function removeFiles(
  state: FolderState,
  messages: readonly FolderMessage[],
): Promise<FolderMessage[]> {
  const lost: FolderMessage[] = [];
  state.stir(messages.length);
  const turns = new Turns(state.ports, state.dir);
  const remove = (some: readonly FolderMessage[]) =>
    inParallel(some, WIDTH, async (m) => {
      if (!(await state.ports.fs.remove(state.pathOf(m)))) lost.push(m);
    }, turns);
  const fresh = messages.filter((m) => m.isNew);
  if (fresh.length > 0) await state.newDir.own(() => remove(fresh));
  await state.curDir.own(() => remove(messages.filter((m) => !m.isNew)));
  return lost;
}
