/**
 * The fs port on the machine's own files.
 *
 * Small files are opened, written, renamed, linked and removed by sync calls and only the fsync is given to a thread: measured at 4 KB against async calls
 * throughout, 20 % more files a second one at a time, and a third less processor time under load, because each thread hop costs as much
 * as the call it carries. Should a sync call ever take long (an SD card, a full journal), the async way is taken for a while.
 *
 * Symbolic links: O_NOFOLLOW alone is not enough. Unless it runs with every right, Deno 2.9.6 resolves a path that is opened for reading or
 * appending before the system sees it, and follows links out of the folders it was given. So the name is looked at first (lstat), and
 * `open` and `append` then compare the inode of what they got. `readInto` does not (it would cost as much again as the open): who can write
 * to the folder and swap names within microseconds could have it follow a link. Files are made with O_EXCL, which follows none.
 * O_NONBLOCK keeps a FIFO that someone put into a mail folder from stopping the server.
 */
import * as node from "node:fs";
import {
  type DirEntry,
  type FileKind,
  type FileStat,
  type Fs,
  FsError,
  type HeadStat,
  type HeldFile,
  isFsError,
  type ReadableFile,
  type Space,
  type Watcher,
  type WritableFile,
} from "../base/fs.ts";
import { concat } from "../base/bytes.ts";
import type { Log } from "../base/log.ts";
import { DirHandles } from "./dir_handles.ts";
import { fsError, isNotFound } from "./fs_error.ts";
import { holdFile, removeUnheldFile } from "./held_file.ts";
import { READ, readNow, readStart } from "./read_now.ts";
import { WatchPool } from "./watch_pool.ts";

const APPEND = node.constants.O_WRONLY | node.constants.O_APPEND | node.constants.O_NOFOLLOW |
  node.constants.O_NONBLOCK;
const CREATE_TO_APPEND = APPEND | node.constants.O_CREAT | node.constants.O_EXCL;
/** How often a file is opened anew because its name came to stand for another one meanwhile. */
const OPEN_TRIES = 5;

/** Octets that are written or removed by one sync call. */
const SMALL_FILE = 64 * 1024;
/** Octets that are put together for one write, and of a new file written by one sync call: a tenth of a millisecond. */
const WRITE_SIZE = 256 * 1024;
/** Octets of a folder's own file up to which it is listed by a sync call: about 3,000 names on ext4, 2 ms. */
const SMALL_FOLDER = 192 * 1024;
/** A sync call that takes longer, in milliseconds, is one too many. */
const SLOW = 5;
/** How long the async way is taken after that, in milliseconds. */
const SLOW_FOR = 2000;

export class DenoFs implements Fs {
  readonly #watches: WatchPool;
  readonly #dirs: DirHandles;
  #slowUntil = -Infinity;
  #scratch = new Uint8Array(0);

  /** `keptDirs` is how many folders stay open between two syncs of them. */
  constructor(log: Log, options: { readonly keptDirs?: number } = {}) {
    this.#dirs = new DirHandles(options.keptDirs ?? 0);
    this.#watches = new WatchPool((folders) => Deno.watchFs(folders, { recursive: false }), log);
  }

  async stat(path: string): Promise<FileStat | null> {
    try {
      return statOf(await Deno.lstat(path));
    } catch (e) {
      if (isNotFound(e)) return null;
      throw fsError(e, "stat", path);
    }
  }

  statSync(path: string): FileStat | null {
    try {
      return statOf(Deno.lstatSync(path));
    } catch (e) {
      if (isNotFound(e)) return null;
      throw fsError(e, "stat", path);
    }
  }

  async realPath(path: string): Promise<string | null> {
    try {
      return await Deno.realPath(path);
    } catch (e) {
      if (isNotFound(e)) return null;
      throw fsError(e, "follow", path);
    }
  }

  async list(path: string): Promise<DirEntry[]> {
    try {
      const entries: DirEntry[] = [];
      const add = (e: Deno.DirEntry) => entries.push({ name: e.name, kind: kindOf(e) });
      if (this.#quick() && Deno.lstatSync(path).size <= SMALL_FOLDER) {
        this.#timed(() => {
          for (const e of Deno.readDirSync(path)) add(e);
        });
      } else {
        for await (const e of Deno.readDir(path)) add(e);
      }
      return entries;
    } catch (e) {
      throw fsError(e, "list", path);
    }
  }

  async makeDir(path: string, mode = 0o700): Promise<void> {
    try {
      await Deno.mkdir(path, { recursive: true, mode });
    } catch (e) {
      throw fsError(e, "make folder", path);
    }
  }

  async create(path: string, mode = 0o600): Promise<WritableFile> {
    try {
      return writable(await Deno.open(path, { write: true, createNew: true, mode }), path);
    } catch (e) {
      throw fsError(e, "create", path);
    }
  }

  async append(path: string): Promise<WritableFile> {
    try {
      const { fd } = await openFile(path, APPEND, (flags) => this.#openNow(path, flags));
      return appendable(fd, path, (bytes) => this.#writeNow(fd, bytes));
    } catch (e) {
      throw fsError(e, "append to", path);
    }
  }

  async createWith(path: string, chunks: readonly Uint8Array[], mode = 0o600, time?: number): Promise<void> {
    let size = 0;
    for (const chunk of chunks) size += chunk.length;
    const options = { write: true, createNew: true, mode };
    let file: Deno.FsFile;
    try {
      file = this.#quick() ? this.#timed(() => Deno.openSync(path, options)) : await Deno.open(path, options);
    } catch (e) {
      throw fsError(e, "create", path);
    }
    try {
      if (size <= WRITE_SIZE && this.#quick()) {
        const bytes = this.#joined(chunks, size);
        this.#timed(() => {
          for (let at = 0; at < size;) at += file.writeSync(at === 0 ? bytes : bytes.subarray(at));
        });
      } else {
        for (const bytes of pieces(chunks)) await writeAll(file, bytes);
      }
      if (time !== undefined) file.utimeSync(new Date(time), new Date(time));
      await file.sync();
      file.close();
    } catch (e) {
      file.close();
      // The fault that counts is the one that brought us here; a left-over is removed at the next start.
      await Deno.remove(path).catch(() => {});
      throw fsError(e, "write", path);
    }
  }

  hold(path: string, bytes: Uint8Array): Promise<HeldFile | null> {
    return holdFile(path, bytes);
  }

  removeUnheld(path: string, bytes: Uint8Array): Promise<boolean> {
    return new Promise((resolve) => resolve(removeUnheldFile(path, bytes)));
  }

  async open(path: string): Promise<ReadableFile> {
    try {
      const { fd, size } = await openFile(path, READ);
      return readable(fd, size, path);
    } catch (e) {
      throw fsError(e, "open", path);
    }
  }

  async readFile(path: string, max: number): Promise<Uint8Array | null> {
    let file: ReadableFile;
    try {
      file = await this.open(path);
    } catch (e) {
      if (isFsError(e, "not-found")) return null;
      throw e;
    }
    try {
      if (file.size > max) throw new FsError("io", `read more than ${max} octets of`, path);
      const bytes = new Uint8Array(file.size);
      let at = 0;
      while (at < bytes.length) {
        const n = await file.readAt(bytes.subarray(at), at);
        if (n === 0) break;
        at += n;
      }
      return bytes.subarray(0, at);
    } finally {
      file.close();
    }
  }

  readInto(path: string, into: Uint8Array): number | null {
    return readNow(path, into, true);
  }

  readHead(path: string, into: Uint8Array, stat?: HeadStat): number | null {
    return readNow(path, into, false, stat);
  }

  readStart(path: string, into: Uint8Array): number | null {
    return readStart(path, into);
  }

  async rename(from: string, to: string): Promise<void> {
    try {
      if (this.#quick()) this.#timed(() => Deno.renameSync(from, to));
      else await Deno.rename(from, to);
    } catch (e) {
      throw fsError(e, "rename", from);
    }
  }

  renameSync(from: string, to: string): void {
    try {
      Deno.renameSync(from, to);
    } catch (e) {
      throw fsError(e, "rename", from);
    }
  }

  async link(from: string, to: string): Promise<void> {
    try {
      if (this.#quick()) this.#timed(() => Deno.linkSync(from, to));
      else await Deno.link(from, to);
    } catch (e) {
      throw fsError(e, "link", to);
    }
  }

  async remove(path: string): Promise<boolean> {
    // Deno.remove takes empty folders too.
    const stat = this.statSync(path);
    if (!stat) return false;
    if (stat.kind === "dir") throw new FsError("io", "remove folder", path);
    try {
      if (stat.size <= SMALL_FILE && this.#quick()) this.#timed(() => Deno.removeSync(path));
      else await Deno.remove(path);
      return true;
    } catch (e) {
      if (isNotFound(e)) return false;
      throw fsError(e, "remove", path);
    }
  }

  async removeDir(path: string): Promise<void> {
    try {
      await node.promises.rmdir(path);
    } catch (e) {
      throw fsError(e, "remove folder", path);
    }
  }

  async setTime(path: string, time: number): Promise<void> {
    try {
      await node.promises.lutimes(path, time / 1000, time / 1000);
    } catch (e) {
      throw fsError(e, "set the time of", path);
    }
  }

  async syncDir(path: string): Promise<void> {
    if (Deno.build.os === "windows") return; // no folder can be opened there; NTFS keeps names in its journal
    try {
      await this.#dirs.sync(path);
    } catch (e) {
      throw fsError(e, "sync", path);
    }
  }

  async space(path: string): Promise<Space> {
    try {
      const { bsize, bavail, blocks, files, ffree } = await node.promises.statfs(path);
      const space = { free: bsize * bavail, total: bsize * blocks };
      // Btrfs and others make room for as many as there are.
      return files > 0 ? { ...space, freeFiles: ffree, totalFiles: files } : space;
    } catch {
      return { free: null, total: null }; // an answer the port provides for
    }
  }

  watch(folders: readonly string[], changed: (folder: string) => void): Watcher {
    const close = this.#watches.watch(folders, changed);
    return { close };
  }

  /** Lets go of folders that were kept open. */
  close(): void {
    this.#dirs.close();
  }

  async #openNow(path: string, flags: number): Promise<number> {
    if (!this.#quick()) return await openFd(path, flags);
    return this.#timed(() => node.openSync(path, flags, 0o600));
  }

  /** Writes a few octets at once; gives how many: none where that may take long. */
  #writeNow(fd: number, bytes: Uint8Array): number {
    if (bytes.length === 0 || bytes.length > SMALL_FILE || !this.#quick()) return 0;
    return this.#timed(() => node.writeSync(fd, bytes));
  }

  /** Chunks put together, valid until the next call: memory that is used again and again costs the system nothing. */
  #joined(chunks: readonly Uint8Array[], size: number): Uint8Array {
    if (chunks.length === 1 && chunks[0]) return chunks[0];
    if (this.#scratch.length < size) {
      this.#scratch = new Uint8Array(size > SMALL_FILE ? WRITE_SIZE : SMALL_FILE);
    }
    let at = 0;
    for (const chunk of chunks) {
      this.#scratch.set(chunk, at);
      at += chunk.length;
    }
    return this.#scratch.subarray(0, size);
  }

  #quick(): boolean {
    return performance.now() >= this.#slowUntil;
  }

  #timed<T>(call: () => T): T {
    const start = performance.now();
    const result = call();
    const end = performance.now();
    if (end - start > SLOW) this.#slowUntil = end + SLOW_FOR;
    return result;
  }
}

function kindOf(entry: { isFile: boolean; isDirectory: boolean; isSymlink: boolean }): FileKind {
  if (entry.isFile) return "file";
  if (entry.isDirectory) return "dir";
  return entry.isSymlink ? "symlink" : "other";
}

function statOf(info: Deno.FileInfo): FileStat {
  return {
    kind: kindOf(info),
    size: info.size,
    mtime: info.mtime?.getTime() ?? 0,
    ctime: info.ctime?.getTime() ?? info.mtime?.getTime() ?? 0,
    inode: info.ino ?? 0,
    links: info.nlink ?? 1,
    mode: (info.mode ?? 0o600) & 0o7777,
  };
}

/** Chunks put together to pieces that are worth a call each. */
function* pieces(chunks: readonly Uint8Array[]): Generator<Uint8Array> {
  let batch: Uint8Array[] = [];
  let size = 0;
  for (const chunk of chunks) {
    if (size > 0 && size + chunk.length > WRITE_SIZE) {
      yield concat(batch);
      batch = [];
      size = 0;
    }
    batch.push(chunk);
    size += chunk.length;
  }
  if (size > 0) yield concat(batch);
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}

function writable(file: Deno.FsFile, path: string): WritableFile {
  let closed = false;
  return {
    write: (bytes) => writeAll(file, bytes).catch((e) => Promise.reject(fsError(e, "write to", path))),
    sync: () => file.sync().catch((e) => Promise.reject(fsError(e, "sync", path))),
    close: () => {
      if (!closed) file.close();
      closed = true;
      return Promise.resolve();
    },
  };
}

/** Opens the file that has this very name, making it when it is opened to append. */
async function openFile(
  path: string,
  flags: number,
  open: (flags: number) => Promise<number> = (flags) => openFd(path, flags),
): Promise<{ readonly fd: number; readonly size: number }> {
  for (let tries = 0; tries < OPEN_TRIES; tries++) {
    let name: Deno.FileInfo;
    try {
      name = Deno.lstatSync(path);
    } catch (e) {
      if (flags !== APPEND || !isNotFound(e)) throw e;
      try {
        return { fd: await open(CREATE_TO_APPEND), size: 0 };
      } catch (raced) {
        if (fsError(raced, "create", path).code === "exists") continue;
        throw raced;
      }
    }
    if (!name.isFile) throw new FsError(name.isSymlink ? "denied" : "io", "open what is not a file", path);
    const fd = await open(flags);
    const { ino, dev, size } = node.fstatSync(fd);
    if (ino === name.ino && dev === name.dev) return { fd, size };
    node.closeSync(fd);
  }
  throw new FsError("denied", "open what changes all the time", path);
}

function openFd(path: string, flags: number): Promise<number> {
  return new Promise((resolve, reject) => {
    node.open(path, flags, 0o600, (e, fd) => e ? reject(e) : resolve(fd));
  });
}

function appendable(fd: number, path: string, writeNow: (bytes: Uint8Array) => number): WritableFile {
  let closed = false;
  const write = (bytes: Uint8Array) =>
    new Promise<number>((resolve, reject) => node.write(fd, bytes, (e, n) => e ? reject(e) : resolve(n)));
  return {
    write: async (bytes) => {
      try {
        for (let at = writeNow(bytes); at < bytes.length;) at += await write(bytes.subarray(at));
      } catch (e) {
        throw fsError(e, "append to", path);
      }
    },
    sync: () =>
      new Promise((resolve, reject) => {
        node.fsync(fd, (e) => e ? reject(fsError(e, "sync", path)) : resolve());
      }),
    close: () => {
      if (!closed) node.closeSync(fd);
      closed = true;
      return Promise.resolve();
    },
  };
}

function readable(fd: number, size: number, path: string): ReadableFile {
  let closed = false;
  return {
    size,
    readAt: (into, at) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(new FsError("io", "read closed", path));
        if (into.length === 0) return resolve(0);
        node.read(fd, into, 0, into.length, at, (e, n) => e ? reject(fsError(e, "read", path)) : resolve(n));
      }),
    close: () => {
      if (!closed) node.closeSync(fd);
      closed = true;
    },
  };
}
