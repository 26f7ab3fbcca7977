/**
 * Many watched folders over few kernel watchers. Each kernel watcher costs an inotify instance (128 a user, usually) and a thread, and
 * takes no folders later. So a new one is opened for each call, and when there are too many, one for everything takes their place,
 * opened before the others are closed so that nothing is missed.
 */
import type { Log } from "../base/log.ts";

/** A watcher of the runtime's: events until it is closed. */
export interface KernelWatcher extends AsyncIterable<{ readonly paths: readonly string[] }> {
  close(): void;
}

interface Open {
  readonly watcher: KernelWatcher;
  readonly folders: ReadonlySet<string>;
}

/** Kernel watchers at once. */
const WATCHERS = 8;

type Listener = (folder: string) => void;

export class WatchPool {
  readonly #open: (folders: string[]) => KernelWatcher;
  readonly #log: Log;
  readonly #listeners = new Map<string, Set<Listener>>();
  #watchers: Open[] = [];
  #told = false;

  /** `open` starts a kernel watcher on folders that are there; it throws if one is not, or the kernel has no more. */
  constructor(open: (folders: string[]) => KernelWatcher, log: Log) {
    this.#open = open;
    this.#log = log;
  }

  /** Kernel watchers open now. */
  get size(): number {
    return this.#watchers.length;
  }

  /** Calls `changed` after changes in `folders`. What cannot be watched is left out. The result ends it. */
  watch(folders: readonly string[], changed: Listener): () => void {
    const listener: Listener = (folder) => changed(folder); // one of its own, should `changed` be given twice
    for (const folder of folders) {
      const all = this.#listeners.get(folder) ?? new Set();
      all.add(listener);
      this.#listeners.set(folder, all);
    }
    const covered = (folder: string) => this.#watchers.some((w) => w.folders.has(folder));
    this.#start(folders.filter((folder) => !covered(folder)));
    if (this.#watchers.length > WATCHERS) this.#merge();
    return () => this.#unwatch(folders, listener);
  }

  #unwatch(folders: readonly string[], listener: Listener): void {
    for (const folder of folders) {
      const all = this.#listeners.get(folder);
      all?.delete(listener);
      if (all?.size === 0) this.#listeners.delete(folder);
    }
    const wanted = (w: Open) => [...w.folders].some((folder) => this.#listeners.has(folder));
    for (const w of this.#watchers.filter((w) => !wanted(w))) this.#end(w);
  }

  #merge(): void {
    const before = [...this.#watchers];
    const folders = [...this.#listeners.keys()].filter((folder) => before.some((w) => w.folders.has(folder)));
    this.#start(folders);
    for (const w of before) this.#end(w);
  }

  #start(folders: readonly string[]): void {
    if (folders.length === 0) return;
    const opened = this.#tryOpen(folders) ?? this.#tryOpen(folders.filter((folder) => this.#alone(folder)));
    if (!opened) return;
    this.#watchers.push(opened);
    void this.#listen(opened);
  }

  #tryOpen(folders: readonly string[]): Open | null {
    if (folders.length === 0) return null;
    try {
      return { watcher: this.#open([...folders]), folders: new Set(folders) };
    } catch (e) {
      if (!(e instanceof Deno.errors.NotFound)) this.#tell(e);
      return null;
    }
  }

  /** Whether a folder can be watched at all: one that is not there must not keep the others from it. */
  #alone(folder: string): boolean {
    try {
      this.#open([folder]).close();
      return true;
    } catch {
      return false; // told by #tryOpen, unless it is just not there
    }
  }

  async #listen(opened: Open): Promise<void> {
    try {
      for await (const { paths } of opened.watcher) {
        const folders = new Set<string>();
        for (const path of paths) {
          const folder = opened.folders.has(path) ? path : path.slice(0, path.lastIndexOf("/")) || "/";
          if (opened.folders.has(folder)) folders.add(folder);
        }
        for (const folder of folders) for (const tell of this.#listeners.get(folder) ?? []) tell(folder);
      }
    } catch (e) {
      this.#tell(e);
      this.#end(opened);
    }
  }

  #end(opened: Open): void {
    if (!this.#watchers.includes(opened)) return;
    this.#watchers = this.#watchers.filter((w) => w !== opened);
    opened.watcher.close();
  }

  /** Once: the reason stays the same, and callers look again by themselves. */
  #tell(error: unknown): void {
    if (this.#told) return;
    this.#told = true;
    this.#log.warn("folders not watched", {
      why: error instanceof Error ? error.message : String(error),
      effect: "changes by other programs are seen later",
      fix: "raise fs.inotify.max_user_instances and max_user_watches",
    });
  }
}
