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
  let fd = -1;
  try {
    const { isFile, isSymlink, size, mtime } = Deno.lstatSync(path);
    if (stat) stat.mtime = mtime?.getTime() ?? 0;
    if (!isFile) throw new FsError(isSymlink ? "denied" : "io", "read what is not a file", path);
    if (whole && size > into.length) return size;
    fd = node.openSync(path, READ);
    // It may have grown since; all of `into` is offered, and what is read counts.
    return into.length > 0 ? node.readSync(fd, into, 0, into.length, 0) : 0;
  } catch (e) {
    if (isNotFound(e)) return null;
    throw fsError(e, "read", path);
  } finally {
    if (fd >= 0) node.closeSync(fd);
  }
}
