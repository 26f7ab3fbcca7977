/**
 * Folders kept open to be synced: opening one costs a look at each part of its path (Deno checks where it leads) and four system calls. A handle
 * is only used while its path still leads to the very folder it was opened for. The longest unused go first.
 */
interface Handle {
  readonly file: Deno.FsFile;
  readonly inode: number | null;
  readonly device: number;
  users: number;
}

export class DirHandles {
  readonly #max: number;
  readonly #handles = new Map<string, Handle>();

  /** `max` is how many may stay open while nobody uses them; 0 for none. */
  constructor(max: number) {
    this.#max = max;
  }

  /** How many are open. */
  get size(): number {
    return this.#handles.size;
  }

  /** Syncs the folder. Throws what the system says. */
  async sync(path: string): Promise<void> {
    const handle = this.#handle(path);
    handle.users++;
    try {
      await handle.file.sync();
    } finally {
      handle.users--;
      if (this.#handles.get(path) === handle) this.#trim();
      else if (handle.users === 0) handle.file.close(); // its path leads elsewhere by now
    }
  }

  /** Closes those that nobody uses. */
  close(): void {
    for (const [path, handle] of this.#handles) if (handle.users === 0) this.#drop(path, handle);
  }

  #handle(path: string): Handle {
    const known = this.#handles.get(path);
    if (known) {
      this.#handles.delete(path);
      if (leadsTo(path, known)) {
        this.#handles.set(path, known); // now the last used
        return known;
      }
      if (known.users === 0) known.file.close();
    }
    const file = Deno.openSync(path, { read: true });
    try {
      const { ino, dev } = file.statSync();
      const handle = { file, inode: ino, device: dev, users: 0 };
      this.#handles.set(path, handle);
      return handle;
    } catch (e) {
      file.close();
      throw e;
    }
  }

  #trim(): void {
    for (const [path, handle] of this.#handles) {
      if (this.#handles.size <= this.#max) return;
      if (handle.users === 0) this.#drop(path, handle);
    }
  }

  #drop(path: string, handle: Handle): void {
    this.#handles.delete(path);
    handle.file.close();
  }
}

function leadsTo(path: string, handle: Handle): boolean {
  try {
    const { ino, dev } = Deno.lstatSync(path);
    return ino === handle.inode && dev === handle.device;
  } catch {
    return false; // opening it tells why
  }
}
