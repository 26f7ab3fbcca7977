/**
 * Lock files as Dovecot makes them: `PATH.lock`, made only where there is none, holding "pid:host". Whoever dies with one leaves it behind.
 * Invariants:
 * - Every lock of this process is a link to one file of its own, `.roost-PID-RANDOM` in the mail root, which it holds (`Fs.hold`) for as long as
 *   it lives. So a lock is there whole or not at all, and others of this machine know for certain whether its process lives: also in
 *   containers, where process numbers mean nothing outside. A zero before the number tells them so; to Dovecot it is the same number.
 * - Where there are no links, each lock is a held file itself; where there are no holds, a plain one. On a full disk it is empty.
 * - All others (Dovecot's, other machines') count as stale when they were not touched for long, as Dovecot has it. A holder touches its own, so
 *   a slow disk does not cost it the lock. Machines on a shared file system must differ in their host name.
 */
import { EMPTY, fromAscii, sameBytes, utf8 } from "../base/bytes.ts";
import { type FileStat, FsError, type HeldFile, isFsError } from "../base/fs.ts";
import type { Ports } from "./ports.ts";

export type LockPorts = Pick<Ports, "fs" | "clock" | "random" | "hostname" | "pid" | "log">;

const STALE = 120_000; // Dovecot's own for dovecot-uidlist.lock
const TOUCH = 20_000;
const PATIENCE = 130_000; // longer than STALE, so that a left-over never makes an operation fail
const POLL = 20;
const LOCK_SIZE = 64 * 1024; // of a lock file; what is longer is nobody's

/** Gives a lock back. */
export type Unlock = () => Promise<void>;

interface OwnFile {
  readonly path: string;
  readonly held: HeldFile;
  /** How many locks are links to it now. */
  locks: number;
  /** A lock went elsewhere with its folder, and looks held for as long as this is: there will be no more of them. */
  retired: boolean;
}

/** A lock that was just made. */
interface Made {
  /** Of its file, where that is known. */
  readonly inode: number | null;
  /** To be called after its file is no longer there: `gone` tells that it was not where it was made. */
  letGo(gone: boolean): Promise<void>;
}

/** The lock files of this process. */
export class Locks {
  readonly #ports: LockPorts;
  readonly #home: string;
  readonly #mark: Uint8Array;
  readonly #held = new Set<string>();
  #own: Promise<OwnFile | null> | null = null;

  /** `home` is a folder on the file system where the locks will be. */
  constructor(ports: LockPorts, home: string) {
    this.#ports = ports;
    this.#home = home;
    this.#mark = utf8(`0${ports.pid}:${ports.hostname}`);
  }

  /** Waits for the lock at `path`. Throws FsError "io" when someone else holds it for too long. */
  async take(path: string): Promise<Unlock> {
    const { clock, random } = this.#ports;
    const began = clock.monotonic();
    for (;;) {
      const unlock = await this.tryTake(path);
      if (unlock) return unlock;
      if (clock.monotonic() - began > PATIENCE) throw new FsError("io", "lock", path);
      await clock.sleep(POLL + random.int(POLL));
    }
  }

  /** Takes the lock at `path` unless someone else has it. */
  async tryTake(path: string): Promise<Unlock | null> {
    if (this.#held.has(path)) return null;
    this.#held.add(path);
    try {
      const made = await this.#make(path) ?? (await this.#removeStale(path) ? await this.#make(path) : null);
      if (made) return this.#holding(path, made);
    } catch (e) {
      this.#held.delete(path);
      throw e;
    }
    this.#held.delete(path);
    return null;
  }

  /** Takes away the file of this process, when no lock is held any more. */
  async close(): Promise<void> {
    const own = await this.#own;
    this.#own = null;
    if (!own) return;
    try {
      await this.#ports.fs.remove(own.path);
    } finally {
      own.held.close();
    }
  }

  /** Makes the lock file; null when there is one. */
  async #make(path: string): Promise<Made | null> {
    const { fs } = this.#ports;
    try {
      const own = await this.#link(path);
      if (own) return { inode: own.held.inode, letGo: (gone) => this.#letGo(own, gone) };
      const held = await this.#hold(path);
      if (held) return { inode: held.inode, letGo: () => Promise.resolve(held.close()) };
      const file = await fs.create(path);
      try {
        await file.write(this.#mark.subarray(1));
      } catch (e) {
        if (!isFsError(e, "full")) throw e;
      } finally {
        await file.close();
      }
      return { inode: null, letGo: () => Promise.resolve() };
    } catch (e) {
      if (isFsError(e, "exists")) return null;
      throw e;
    }
  }

  /** On a full disk an empty file has room where a word has none; whoever deletes mail to make room needs the lock first. */
  async #hold(path: string): Promise<HeldFile | null> {
    const { fs } = this.#ports;
    try {
      return await fs.hold(path, this.#mark);
    } catch (e) {
      if (!isFsError(e, "full")) throw e;
      return await fs.hold(path, EMPTY);
    }
  }

  /** Null where locks cannot be links, at least not now. */
  async #link(path: string): Promise<OwnFile | null> {
    const { fs } = this.#ports;
    const own = await (this.#own ??= this.#makeOwn());
    if (!own || own.retired) return null;
    try {
      own.locks++;
      await fs.link(own.path, path);
      return own;
    } catch (e) {
      await this.#letGo(own, false);
      if (isFsError(e, "io", "denied")) return null;
      if (!isFsError(e, "not-found") || (await fs.stat(own.path))?.inode === own.held.inode) throw e;
      // Somebody tidied it away: the next lock has a new one.
      await this.#retire(own);
      return null;
    }
  }

  async #letGo(own: OwnFile, gone: boolean): Promise<void> {
    own.locks--;
    if (own.retired && own.locks === 0) own.held.close();
    if (gone) await this.#retire(own);
  }

  /** The next lock has a new file; this one is held until the last of its locks is given back. */
  async #retire(own: OwnFile): Promise<void> {
    if (own.retired) return;
    own.retired = true;
    this.#own = null;
    if (own.locks === 0) own.held.close();
    try {
      await this.#ports.fs.remove(own.path);
    } catch (e) {
      if (!isFsError(e)) throw e; // it is swept when a process starts
    }
  }

  async #makeOwn(): Promise<OwnFile | null> {
    const { fs, pid, random, log } = this.#ports;
    const name = [...random.bytes(6)].map((b) => b.toString(16).padStart(2, "0")).join("");
    const path = `${this.#home}/.roost-${pid}-${name}`;
    try {
      await this.#sweep();
      const held = await fs.hold(path, this.#mark);
      return held && { path, held, locks: 0, retired: false };
    } catch (e) {
      if (!isFsError(e, "denied", "not-found")) {
        this.#own = null; // the next lock tries again
        if (isFsError(e, "full")) return null;
        throw e;
      }
      log.warn("locks without a file of this process", { path, why: e.code });
      return null;
    }
  }

  /** Takes away what processes of this machine left that were killed. */
  async #sweep(): Promise<void> {
    const { fs } = this.#ports;
    for (const { name, kind } of await fs.list(this.#home)) {
      if (kind !== "file" || !/^\.roost-\d+-[0-9a-f]+$/.test(name)) continue;
      const path = `${this.#home}/${name}`;
      const bytes = await fs.readFile(path, LOCK_SIZE);
      if (bytes && this.#isOfHere(bytes)) await fs.removeUnheld(path, bytes);
    }
  }

  /** Removes the lock file if its holder is gone; true when there is none now. */
  async #removeStale(path: string): Promise<boolean> {
    const { fs, clock, log } = this.#ports;
    const stat = await fs.stat(path);
    if (!stat) return true;
    const bytes = stat.size > LOCK_SIZE ? null : await fs.readFile(path, LOCK_SIZE);
    const holder = fromAscii(bytes ?? new Uint8Array()).slice(0, 80);
    const age = Math.round(clock.now() - Math.max(stat.mtime, stat.ctime));
    if (stat.inode === (await this.#own)?.held.inode) {
      // Ours, and given back: it could not be removed, or its folder was renamed meanwhile. Nobody else can remove it while we live.
    } else if (bytes && this.#isOfHere(bytes)) {
      const removed = await fs.removeUnheld(path, bytes);
      if (removed) log.warn("stale lock removed", { path, holder, age });
      return removed;
    } else if (age < STALE) return false;
    const still = await fs.stat(path);
    if (still && (still.inode !== stat.inode || still.mtime !== stat.mtime)) return false;
    log.warn("stale lock removed", { path, holder, age });
    await fs.remove(path);
    return true;
  }

  /** Whether a process of this machine made it and the kernel knows whether it is held. */
  #isOfHere(bytes: Uint8Array): boolean {
    const [, host] = /^0\d{1,10}:(.+)$/s.exec(fromAscii(bytes)) ?? [];
    return host === this.#ports.hostname;
  }

  /** Whether there is another's lock where one of ours was made: its folder was renamed and made again, or somebody broke ours. */
  async #isOthers(path: string, { size }: FileStat): Promise<boolean> {
    // Not all file systems have the same number for all links to a file.
    const bytes = size > LOCK_SIZE ? EMPTY : await this.#ports.fs.readFile(path, LOCK_SIZE);
    return bytes !== null && !sameBytes(bytes, this.#mark);
  }

  #holding(path: string, made: Made): Unlock {
    const { fs, clock } = this.#ports;
    let held = true;
    const touch = () => {
      if (!held) return;
      fs.setTime(path, clock.now()).catch(() => {
        // Someone broke the lock: nothing to do about it here, the holder's work is short.
      });
      cancel = clock.after(TOUCH, touch);
    };
    let cancel = clock.after(TOUCH, touch);
    return async () => {
      if (!held) return;
      held = false;
      cancel();
      let gone = false;
      try {
        const there = made.inode === null ? null : fs.statSync(path);
        const other = there !== null && there.inode !== made.inode && await this.#isOthers(path, there);
        gone = other || !await fs.remove(path);
      } finally {
        this.#held.delete(path);
        await made.letGo(gone);
      }
    };
  }
}
