/**
 * Notices what other programs do in folders that somebody has open: by the file system's notices, and by looking again now and then, since notices
 * may not come (network file systems, too many watchers). Notices are only asked for when a folder stays open for a while: most POP3 and
 * many IMAP sessions are over before. Nor while we change very many files ourselves, or read them one after the other: there is a notice of each that is opened, too, and
 * these would cost twice what the changes do, and as much as the reading.
 */
import type { Watcher } from "../base/fs.ts";
import type { Folder } from "./folder.ts";
import type { Ports } from "./ports.ts";

const SETTLE = 25; // milliseconds for more changes to come before looking
const STAY = 500; // milliseconds a folder is open before it is watched
const REST = 2_100; // milliseconds after which a folder that did not change counts as at rest (see watched_dir.ts)
const LOOK = 30_000; // milliseconds between looks without notice

interface Watched {
  watcher: Watcher | null;
  cancel: (() => void) | null;
  /** What ends the wait for the folder to come to rest. */
  cancelLater: (() => void) | null;
  /** Whether `cancel` is of the wait before it is watched. */
  waits: boolean;
  /** Monotonic time since which it may be watched. */
  since: number;
}

export class Watching {
  readonly #ports: Ports;
  readonly #folders = new Map<Folder, Watched>();
  #cancelLook: (() => void) | null = null;
  #failed = false;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  /** The folder has users now. */
  start(folder: Folder): void {
    if (this.#folders.has(folder)) return;
    const watched: Watched = { watcher: null, cancel: null, cancelLater: null, waits: false, since: 0 };
    this.#folders.set(folder, watched);
    this.rest(folder);
    this.#cancelLook ??= this.#ports.clock.after(LOOK, () => this.#lookAtAll());
  }

  /** It has none any more. */
  stop(folder: Folder): void {
    const watched = this.#folders.get(folder);
    watched?.cancel?.();
    watched?.cancelLater?.();
    watched?.watcher?.close();
    this.#folders.delete(folder);
    if (this.#folders.size > 0) return;
    this.#cancelLook?.();
    this.#cancelLook = null;
  }

  /** Many of its files are about to be changed by us: it is not watched until some time after the last of it, but looked at as often. */
  rest(folder: Folder): void {
    const watched = this.#folders.get(folder);
    if (!watched) return;
    watched.since = this.#ports.clock.monotonic() + STAY;
    if (!watched.waits) this.#wait(folder, watched, STAY);
  }

  /**
   * Many of its files are being read: it is not watched until some time after the last of it, but looked at as often. To begin with it takes the
   * system 10 ms where there are 100,000.
   */
  pause(folder: Folder): void {
    const watched = this.#folders.get(folder);
    if (watched?.watcher || watched?.waits) this.rest(folder);
  }

  close(): void {
    for (const folder of [...this.#folders.keys()]) this.stop(folder);
  }

  /** What goes on without end does not keep anybody from hearing of others. */
  #wait(folder: Folder, watched: Watched, delay: number): void {
    watched.watcher?.close();
    watched.watcher = null;
    watched.cancel?.();
    watched.waits = true;
    watched.cancel = this.#ports.clock.after(delay, () => {
      watched.waits = false;
      watched.cancel = null;
      const left = watched.since - this.#ports.clock.monotonic();
      if (left <= 0) return this.#watch(folder, watched);
      this.#wait(folder, watched, left);
      this.#look(folder);
    });
  }

  #watch(folder: Folder, watched: Watched): void {
    const { newDir, curDir } = folder.state;
    try {
      watched.watcher = this.#ports.fs.watch([newDir.path, curDir.path], () => {
        watched.cancel ??= this.#ports.clock.after(SETTLE, () => {
          watched.cancel = null;
          this.#lookTwice(folder, watched);
        });
      });
    } catch (e) {
      if (!this.#failed) this.#ports.log.warn("cannot watch folders", { why: String(e) });
      this.#failed = true;
    }
    this.#lookTwice(folder, watched); // what came before the watch began
  }

  #lookAtAll(): void {
    this.#cancelLook = this.#ports.clock.after(LOOK, () => this.#lookAtAll());
    for (const folder of this.#folders.keys()) this.#look(folder);
  }

  /** Now, and when it has come to rest if only then it is certain what there is: what others do in the middle of changes of ours looks like ours. */
  #lookTwice(folder: Folder, watched: Watched): void {
    this.#look(folder);
    watched.cancelLater?.();
    watched.cancelLater = this.#ports.clock.after(REST, () => {
      watched.cancelLater = null;
      if (folder.state.newDir.unsure || folder.state.curDir.unsure) this.#look(folder);
    });
  }

  #look(folder: Folder): void {
    folder.refresh().catch((e) => {
      this.#ports.log.warn("cannot look at a folder", { dir: folder.state.dir, why: String(e) });
    });
  }
}
