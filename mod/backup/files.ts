import { folderOf } from "../base/durable.ts";
import { type Fs, isFsError } from "../base/fs.ts";
import type { Tally } from "../transfer/tally.ts";
import { copyFile } from "./copying.ts";
import type { FileEntry } from "./manifest.ts";

/**
 * Puts files of the snapshot in `dir` back below `data`; what is there already stays. A message of the queue comes after its journal, without which
 * it would be sent to all again. Throws FsError.
 */
export async function restoreFiles(
  fs: Fs,
  dir: string,
  files: readonly FileEntry[],
  data: string,
  tally: Tally,
): Promise<void> {
  const isMail = (f: FileEntry) => f.path.endsWith(".mail");
  for (const part of [files.filter((f) => !isMail(f)), files.filter(isMail)]) {
    const dirs = new Set<string>();
    for (const entry of part) {
      const to = `${data}/${entry.path.slice("data/".length)}`;
      if (await fs.stat(to)) {
        tally.note("files that are there already were kept as they are");
        continue;
      }
      await fs.makeDir(folderOf(to));
      for (let at = folderOf(to); at.length >= data.length; at = folderOf(at)) dirs.add(at);
      await restoreFile(fs, dir, entry, to, tally);
    }
    for (const at of dirs) await fs.syncDir(at);
  }
}

/** Under another name first: a file that is half there is not there. */
async function restoreFile(fs: Fs, dir: string, entry: FileEntry, to: string, tally: Tally): Promise<void> {
  const temporary = `${to}.restored.tmp`;
  try {
    await fs.remove(temporary);
    const copied = await copyFile(fs, `${dir}/${entry.path}`, temporary);
    if (!copied) return tally.lose("files", entry.path, "is missing in the snapshot");
    if (copied.sha256 !== entry.sha256) {
      await fs.remove(temporary);
      return tally.lose("files", entry.path, "is not what was backed up; it was left out");
    }
    await fs.rename(temporary, to);
  } catch (e) {
    if (!isFsError(e, "io", "denied")) throw e;
    tally.lose("files", entry.path, `cannot be copied (${e.code})`);
  }
}
