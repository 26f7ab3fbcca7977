import { type Fs, isFsError } from "./fs.ts";
import type { Random } from "./random.ts";

/**
 * Syncs folders, each sync shared by all who ask while the one before is under way (group commit): under load many
 * deliveries to one folder cost one directory sync. Whoever asks is served by a sync that began after it asked.
 */
export class DirSync {
  readonly #fs: Fs;
  readonly #waiting = new Map<string, { readonly done: Promise<void>; next: Promise<void> | null }>();

  constructor(fs: Fs) {
    this.#fs = fs;
  }

  /** Resolves when all that was named in `dir` before the call is on the medium. */
  sync(dir: string): Promise<void> {
    const running = this.#waiting.get(dir);
    if (!running) return this.#start(dir);
    running.next ??= running.done.then(() => {}, () => {}).then(() => this.#start(dir));
    return running.next;
  }

  #start(dir: string): Promise<void> {
    const done = this.#fs.syncDir(dir);
    const entry = { done, next: null as Promise<void> | null };
    this.#waiting.set(dir, entry);
    const ended = () => {
      if (!entry.next && this.#waiting.get(dir) === entry) this.#waiting.delete(dir);
    };
    done.then(ended, ended);
    return done;
  }
}

/** The folder part of a path. */
export function folderOf(path: string): string {
  const at = path.lastIndexOf("/");
  return at <= 0 ? "/" : path.slice(0, at);
}

/**
 * Puts `bytes` in place of the file at `path`, all or nothing, and on the medium when it resolves. `temporary` is a name in the
 * same folder that no one else uses at the time; a left-over of a crash under that name is removed first.
 */
export async function replaceFile(
  fs: Fs,
  path: string,
  bytes: Uint8Array,
  temporary: string = `${path}.new`,
  mode = 0o600,
): Promise<void> {
  await fs.remove(temporary);
  await fs.createWith(temporary, [bytes], mode);
  await fs.rename(temporary, path);
  await fs.syncDir(folderOf(path));
}

/**
 * The contents of a file that is made (0600, durably) when there is none, with what `make` gives: the same for all who ask at once, in this
 * process and others. Throws FsError, also where the file has more than `max` octets.
 */
export async function keptOnce(
  fs: Fs,
  path: string,
  max: number,
  random: Random,
  make: () => Uint8Array,
): Promise<Uint8Array> {
  for (;;) {
    const kept = await fs.readFile(path, max);
    if (kept !== null) return kept;
    const folder = folderOf(path);
    await fs.makeDir(folder);
    const temporary = `${path}.${random.bytes(8).toHex()}`;
    await fs.createWith(temporary, [make()]);
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
