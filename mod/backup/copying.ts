import { createHash } from "node:crypto";
import { readFileStream } from "../base/file_stream.ts";
import { type Fs, isFsError } from "../base/fs.ts";
import { BODY_IN_MEMORY } from "../base/limits.ts";

/** What was copied. */
export interface CopiedFile {
  readonly size: number;
  readonly time: number;
  readonly sha256: string;
}

/**
 * Copies a file's contents and time to a new name, on the medium when it resolves; null when it is gone. Throws FsError, "exists" among them. A file
 * that grows meanwhile is copied up to where it was.
 */
export async function copyFile(fs: Fs, from: string, to: string): Promise<CopiedFile | null> {
  const stat = await fs.stat(from);
  if (!stat || stat.kind !== "file") return null;
  const hash = createHash("sha256");
  const small = stat.size <= BODY_IN_MEMORY;
  const chunks: Uint8Array[] = [];
  const file = small ? null : await fs.create(to);
  try {
    for await (const chunk of readFileStream(fs, from, 0, stat.size)) {
      hash.update(chunk);
      if (file) await file.write(chunk);
      else chunks.push(chunk.slice());
    }
    if (file) {
      await fs.setTime(to, stat.mtime);
      await file.sync();
    }
  } catch (e) {
    if (file) await fs.remove(to).catch(() => false); // the first fault is what counts
    if (isFsError(e, "not-found") && !await fs.stat(from)) return null;
    throw e;
  } finally {
    await file?.close();
  }
  if (!file) await fs.createWith(to, chunks, 0o600, stat.mtime);
  return { size: stat.size, time: stat.mtime, sha256: hash.digest("hex") };
}
