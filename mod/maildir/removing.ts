/** Removal of messages, for good: durable before anybody is told. */
import type { FlagBits, Uid } from "../store/store.ts";
import type { FolderMessage, FolderState } from "./folder_state.ts";
import { syncFolder } from "./folder_sync.ts";
import { removeFiles } from "./renaming.ts";
import { listsOf } from "./slices.ts";

const ATTEMPTS = 3; // looks for a file that other programs keep renaming
const AT_ONCE = 1000; // files removed before the next are looked for

/** Removes messages of a folder, of those only that have all of `flags` when their turn comes; gives the UIDs that this call removed, ascending. */
export async function removeMessages(
  state: FolderState,
  uids: readonly Uid[],
  flags: FlagBits = 0,
): Promise<readonly Uid[]> {
  const removed = new Set<FolderMessage>();
  const dirs = new Set<string>();
  const gone: Uid[] = [];
  try {
    await state.serial.run(async () => {
      const takeOut = async () => {
        for (const uid of await state.takeOut(removed)) gone.push(uid);
      };
      for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
        // Nobody changes them meanwhile but other programs, whose new names are looked at in the next attempt.
        const due = state.all(uids).filter((m) => !removed.has(m) && (m.flags & flags) === flags);
        if (due.length === 0) break;
        let lost = 0;
        for (const some of listsOf(due, AT_ONCE)) lost += await remove(state, some, removed, dirs);
        if (lost === 0) break;
        // Renamed or removed by another program: what is gone without us is told by the look at the folder.
        await takeOut();
        state.forgetDirs();
        await syncFolder(state);
      }
      await takeOut();
      // Else what was there before it went to cur/ could come back.
      if (removed.size > 0 && state.newLeft) dirs.add(state.newDir.path);
      if (dirs.has(state.newDir.path)) state.newLeft = false;
    });
    try {
      await Promise.all([...dirs].map((dir) => state.ports.dirSync.sync(dir)));
    } catch (e) {
      state.newLeft = true;
      throw e;
    }
  } catch (e) {
    state.forgetDirs(); // some may be gone of which we do not know
    throw e;
  } finally {
    // Also where it failed half-way: they are not among the messages any more, and no look at the folder would tell of them.
    gone.sort((a, b) => a - b);
    await state.tellExpunged(gone);
  }
  return gone;
}

/** Removes files; adds to `removed` and the folders they were in. Gives how many were not there. */
async function remove(
  state: FolderState,
  due: readonly FolderMessage[],
  removed: Set<FolderMessage>,
  dirs: Set<string>,
): Promise<number> {
  for (const m of due) dirs.add(m.isNew ? state.newDir.path : state.curDir.path);
  const lost = new Set(await removeFiles(state, due));
  for (const m of due) if (!lost.has(m)) removed.add(m);
  return lost.size;
}
