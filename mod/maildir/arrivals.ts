/**
 * When messages came into a folder, as far as their files tell: the time in the name, which is when a delivery or a copy made it, and the time of
 * the last change of name or contents, since other programs may move files and keep their names. The later of the two counts, so a message may
 * have been there for longer than it seems, never shorter.
 */
import type { Uid } from "../store/store.ts";
import { arrivalOf } from "./file_name.ts";
import type { FolderState } from "./folder_state.ts";

/** UIDs, ascending, of messages that were there before `time` (milliseconds since 1970) for certain. */
export async function arrivedBefore(state: FolderState, time: number): Promise<readonly Uid[]> {
  const old: Uid[] = [];
  for (const message of state.messages) {
    if ((arrivalOf(message.file) ?? -Infinity) >= time) continue;
    const stat = await state.ports.fs.stat(state.pathOf(message));
    if (stat && stat.ctime < time) old.push(message.uid);
  }
  return old;
}
