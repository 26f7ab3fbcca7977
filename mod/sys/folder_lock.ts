/**
 * A folder locked by the kernel (flock) for one process, until it lets go or ends, however that comes. Nothing is written: a disk that is full
 * or read-only is no obstacle, and nothing is left behind.
 */
export interface FolderLock {
  release(): void;
}

/** Takes the lock; "taken" when another process has it, null where there are no such locks (some network file systems) or no such folder. */
export function lockFolder(path: string): FolderLock | "taken" | null {
  let folder: Deno.FsFile | null = null;
  try {
    folder = Deno.openSync(path, { read: true });
    if (folder.tryLockSync(true)) {
      const held = folder;
      return { release: () => held.close() };
    }
    folder.close();
    return "taken";
  } catch {
    folder?.close();
    return null;
  }
}
