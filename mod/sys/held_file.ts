/**
 * Files held by a lock of the kernel (flock), which goes with the process that has it. Between processes that use both functions: whoever has
 * the lock of a file is the only one that removes it, and a maker that does not get the lock of what it made was overtaken by a remover.
 */
import { sameBytes } from "../base/bytes.ts";
import type { HeldFile } from "../base/fs.ts";
import { fsError, isNotFound } from "./fs_error.ts";

/** As `Fs.hold`. */
export async function holdFile(path: string, bytes: Uint8Array): Promise<HeldFile | null> {
  let file: Deno.FsFile;
  try {
    // Writable also because NFS gives the lock to none else.
    file = Deno.openSync(path, { read: true, write: true, createNew: true, mode: 0o600 });
  } catch (e) {
    throw fsError(e, "create", path);
  }
  let locked = false;
  try {
    locked = lock(file);
    if (locked) {
      for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
      await file.sync();
      return held(file);
    }
  } catch (e) {
    Deno.removeSync(path);
    file.close();
    throw fsError(e, "write", path);
  }
  try {
    // The lock is not ours: either there is none here, or a remover has it and may be done.
    if (Deno.lstatSync(path).ino === file.statSync().ino) Deno.removeSync(path);
  } catch (e) {
    if (!isNotFound(e)) throw fsError(e, "remove", path);
  } finally {
    file.close();
  }
  return null;
}

/** As `Fs.removeUnheld`. */
export function removeUnheldFile(path: string, bytes: Uint8Array): boolean {
  let file: Deno.FsFile | null = null;
  try {
    const { ino, isFile } = Deno.lstatSync(path);
    if (!isFile) return false;
    file = Deno.openSync(path, { read: true, write: true });
    const { ino: opened, size } = file.statSync();
    if (opened !== ino || size !== bytes.length || !lock(file)) return false;
    const there = new Uint8Array(size + 1);
    const got = file.readSync(there) ?? 0;
    if (!sameBytes(there.subarray(0, got), bytes)) return false;
    // With the lock in hand: whoever had it before may have put something else in its place.
    if (Deno.lstatSync(path).ino !== ino) return false;
    Deno.removeSync(path);
    return true;
  } catch (e) {
    if (isNotFound(e)) return false;
    throw fsError(e, "remove", path);
  } finally {
    file?.close();
  }
}

function held(file: Deno.FsFile): HeldFile {
  let open = true;
  return {
    inode: file.statSync().ino ?? 0,
    close: () => {
      if (open) file.close();
      open = false;
    },
  };
}

/** Whether the lock is ours now. Not where the file system has no such locks. */
function lock(file: Deno.FsFile): boolean {
  try {
    return file.tryLockSync(true);
  } catch {
    return false; // an answer the port provides for
  }
}
