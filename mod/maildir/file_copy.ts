import { isFsError, type WritableFile } from "../base/fs.ts";
import type { Ports } from "./ports.ts";

const CHUNK = 256 * 1024;

/**
 * Gives the file at `from` the name `to` as well: a hard link, or, where the file system has none (or no more), a copy of its own with contents
 * and time, made at `temporary` and synced before it gets its name. Throws `not-found` when `from` is gone.
 */
export async function linkOrCopy(
  ports: Pick<Ports, "fs">,
  from: string,
  to: string,
  temporary: string,
): Promise<void> {
  try {
    return await ports.fs.link(from, to);
  } catch (e) {
    if (!isFsError(e, "io", "denied")) throw e;
  }
  const stat = await ports.fs.stat(from);
  const source = await ports.fs.open(from);
  try {
    const file = await ports.fs.create(temporary);
    try {
      await pour(source, file);
      if (stat) await ports.fs.setTime(temporary, stat.mtime);
      await file.sync();
    } finally {
      await file.close();
    }
    await ports.fs.rename(temporary, to);
  } catch (e) {
    if (isFsError(e)) await ports.fs.remove(temporary).catch(() => false); // the first fault is what counts
    throw e;
  } finally {
    source.close();
  }
}

async function pour(
  source: { readAt(into: Uint8Array, at: number): Promise<number> },
  file: WritableFile,
): Promise<void> {
  const chunk = new Uint8Array(CHUNK);
  for (let at = 0;;) {
    const got = await source.readAt(chunk, at);
    if (got === 0) return;
    await file.write(chunk.subarray(0, got));
    at += got;
  }
}
