/** Small files read at once, by sync calls. What `fs.ts` says of symbolic links holds here. */
import * as node from "node:fs";
import { FsError, type HeadStat } from "../base/fs.ts";
import { fsError, isNotFound } from "./fs_error.ts";

/** A link is not followed, a pipe not waited for. */
export const READ: number = node.constants.O_RDONLY | node.constants.O_NOFOLLOW | node.constants.O_NONBLOCK;

/**
 * Reads a plain file from its start, as far as it or `into` goes; gives how many octets. With `whole`, a file that is larger is not read, and its
 * size given. null when there is none. Throws FsError.
 */
export function readNow(path: string, into: Uint8Array, whole: boolean, stat?: HeadStat): number | null {
  try {
    const { isFile, isSymlink, size, mtime } = Deno.lstatSync(path);
    if (stat) stat.mtime = mtime?.getTime() ?? 0;
    if (!isFile) throw new FsError(isSymlink ? "denied" : "io", "read what is not a file", path);
    if (whole && size > into.length) return size;
    // It may have grown since; all of `into` is offered, and what is read counts.
    return octetsOf(path, into);
  } catch (e) {
    if (isNotFound(e)) return null;
    throw fsError(e, "read", path);
  }
}

/** The same without a look at what it is before: of a folder nothing is read, and what else it may be shows in what is read. */
export function readStart(path: string, into: Uint8Array): number | null {
  try {
    return octetsOf(path, into);
  } catch (e) {
    if (isNotFound(e)) return null;
    throw fsError(e, "read", path);
  }
}

function octetsOf(path: string, into: Uint8Array): number {
  const fd = node.openSync(path, READ);
  try {
    return into.length > 0 ? node.readSync(fd, into, 0, into.length, 0) : 0;
  } finally {
    node.closeSync(fd);
  }
}
