import { folderOf } from "../base/durable.ts";
import { type Fs, isFsError } from "../base/fs.ts";
import type { Random } from "../base/random.ts";

const LENGTH = 32;

/**
 * The secret from which SCRAM salts are made, kept in a file of its own (0600), made when there is none. Losing it is harmless: keys hold
 * their salt; only salts of names that nobody has change then. Throws FsError.
 */
export async function loadSaltSecret(fs: Fs, path: string, random: Random): Promise<Uint8Array> {
  for (;;) {
    const kept = await fs.readFile(path, 4096);
    if (kept !== null) return kept;
    const folder = folderOf(path);
    await fs.makeDir(folder);
    const temporary = `${path}.${random.bytes(8).toHex()}`;
    await fs.createWith(temporary, [random.bytes(LENGTH)]);
    try {
      // Whoever is first makes it: a rename could replace what another process has used already.
      await fs.link(temporary, path);
    } catch (e) {
      if (isFsError(e, "exists")) continue;
      // A file system without links: the short gap is the lesser evil.
      if (!isFsError(e, "io")) throw e;
      await fs.rename(temporary, path);
    } finally {
      await fs.remove(temporary);
    }
    await fs.syncDir(folder);
    // The folder may be new itself.
    await fs.syncDir(folderOf(folder));
  }
}
