/**
 * A file system in memory that can lose power. It keeps two states: what programs see, and what is on the medium. Contents reach
 * the medium by `WritableFile.sync` and `createWith`, names by `syncDir` of the folder they stand in: nothing else does, so a
 * new folder whose parent was not synced is lost with all that is in it, and a rename across folders of which only one was
 * synced shows up in both or in neither. A rename within one folder is one change.
 *
 * Every operation that changes or syncs something is a step (`createWith` is three: create, write, sync; `makeDir` one a level).
 * `crashAt(n)` cuts the power at step n: it is not done (a write is half done) and throws `PowerCut`, as does all that follows.
 * `afterCrash(mode)` then gives what a restart would find. See every_crash.ts for the loop over all steps and modes.
 */
import type { Clock } from "../../mod/base/clock.ts";
import { sameBytes, utf8 } from "../../mod/base/bytes.ts";
import {
  type DirEntry,
  type FileStat,
  type Fs,
  FsError,
  type FsErrorCode,
  type HeadStat,
  type HeldFile,
  type ReadableFile,
  type Space,
  type Watcher,
  type WritableFile,
} from "../../mod/base/fs.ts";
import {
  commitNames,
  type CrashMode,
  type DirNode,
  type FileNode,
  kindOf,
  MemTree,
  type Node,
  statOf,
} from "./mem_fs_tree.ts";
import { type FsOperation, PowerCut } from "./mem_fs_faults.ts";

export type { CrashMode } from "./mem_fs_tree.ts";
export { type FsOperation, isWrite, PowerCut, takesSpace } from "./mem_fs_faults.ts";

export interface MemFsOptions {
  /** Where mtime and ctime come from; without it every change is one millisecond after the one before. */
  readonly clock?: Clock;
  /** Files that are there (and on the medium) from the start, with their folders. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** Folders that are there (and on the medium) from the start. */
  readonly dirs?: readonly string[];
  /** False for a file system without hard links. */
  readonly links?: boolean;
  /** False for a file system without holds. */
  readonly holds?: boolean;
}

type Matcher = (operation: FsOperation, path: string) => boolean;

interface Watch {
  readonly folders: ReadonlySet<string>;
  readonly changed: (folder: string) => void;
  readonly due: Set<string>;
}

export class MemFs implements Fs {
  /** Steps done since the start or the last `crashAt`. */
  steps = 0;
  /** How often each operation was asked for. */
  readonly calls: Map<FsOperation, number> = new Map();
  /** The step at which the power was cut, in words, or null. */
  cut: string | null = null;
  /** Files open for reading or writing now: a leak if not 0 at the end. */
  openFiles = 0;
  readonly #options: MemFsOptions;
  readonly #tree: MemTree;
  #crashAt = Infinity;
  #whenCut: () => void = () => {};
  #faults: { readonly match: Matcher; readonly code: FsErrorCode }[] = [];
  #watches: Watch[] = [];

  constructor(options: MemFsOptions = {}, tree?: MemTree) {
    this.#options = options;
    this.#tree = tree ?? new MemTree(1, options.clock);
    for (const dir of options.dirs ?? []) this.#tree.makeDirs(dir, 0o700);
    for (const [path, contents] of Object.entries(options.files ?? {})) {
      const [dir, name] = this.#tree.makeParents(path);
      const file = this.#tree.newFile(dir, name, 0o600);
      file.data = typeof contents === "string" ? utf8(contents) : contents.slice();
      file.size = file.data.length;
    }
    if (!tree) this.syncAll();
  }

  /** Cuts the power at the `n`-th step from now (1 is the next). */
  crashAt(n: number): void {
    this.steps = 0;
    this.#crashAt = n;
  }

  /** Resolves when the power is cut. */
  whenCut(): Promise<void> {
    return new Promise((resolve) => {
      if (this.cut !== null) resolve();
      const before = this.#whenCut;
      this.#whenCut = () => (before(), resolve());
    });
  }

  /** What a restart finds now, as a file system of its own. This one stays as it is. */
  afterCrash(mode: CrashMode): MemFs {
    const { files: _, dirs: __, ...options } = this.#options;
    return new MemFs(options, this.#tree.survivor(mode));
  }

  /** Everything that was done so far is on the medium. */
  syncAll(): void {
    this.#tree.syncAll();
  }

  /** What the kernel does when a process dies: nobody holds the file at this path (or any other name of it) any more. */
  dropHold(path: string): void {
    const node = this.#tree.find(path);
    if (node?.kind === "file") node.held = false;
  }

  /** Lets matching operations fail from now on, until the result is called. */
  fail(what: FsOperation | Matcher, code: FsErrorCode): () => void {
    const match: Matcher = typeof what === "string" ? (operation) => operation === what : what;
    const fault = { match, code };
    this.#faults.push(fault);
    return () => {
      this.#faults = this.#faults.filter((f) => f !== fault);
    };
  }

  /** All paths of files (and empty folders, with a "/" at the end), sorted: for comparing in tests. */
  tree(under = "/"): string[] {
    const found: string[] = [];
    const walk = (dir: DirNode, prefix: string) => {
      if (dir.entries.size === 0 && prefix !== "/") found.push(prefix);
      for (const [name, node] of dir.entries) {
        if (node.kind === "dir") walk(node, `${prefix}${name}/`);
        else found.push(prefix + name);
      }
    };
    const start = this.#tree.find(under);
    if (start?.kind === "dir") walk(start, under.endsWith("/") ? under : under + "/");
    return found.sort();
  }

  /** Makes a symbolic link, as a stranger would. */
  symlink(target: string, path: string): void {
    const [dir, name] = this.#tree.parent(path, "link");
    const file = this.#tree.newFile(dir, name, 0o777);
    file.target = target;
    this.#touched(path);
  }

  async stat(path: string): Promise<FileStat | null> {
    await turn();
    return this.statSync(path);
  }

  statSync(path: string): FileStat | null {
    this.#enter("stat", path);
    const node = this.#tree.find(path);
    return node && statOf(node);
  }

  realPath(path: string): Promise<string | null> {
    return Promise.resolve(this.#tree.realPath(path));
  }

  async list(path: string): Promise<DirEntry[]> {
    await turn();
    this.#enter("list", path);
    return [...this.#tree.dir(path, "list").entries].map(([name, node]) => ({ name, kind: kindOf(node) }));
  }

  async makeDir(path: string, mode = 0o700): Promise<void> {
    await turn();
    this.#enter("makeDir", path);
    const before = (made: string) => this.#step(`make folder ${made}`);
    this.#tree.makeDirs(path, mode, { before, after: (made) => this.#touched(made) });
  }

  async create(path: string, mode = 0o600): Promise<WritableFile> {
    await turn();
    return this.#writable(this.#create(path, mode), path);
  }

  async append(path: string): Promise<WritableFile> {
    await turn();
    this.#enter("append", path);
    const node = this.#tree.find(path);
    if (!node) return this.#writable(this.#create(path, 0o600), path);
    return this.#writable(this.#plainFile(node, "append to", path), path);
  }

  async createWith(path: string, chunks: readonly Uint8Array[], mode = 0o600, time?: number): Promise<void> {
    await turn();
    const node = this.#create(path, mode);
    const file = this.#writable(node, path);
    try {
      for (const chunk of chunks) if (chunk.length > 0) await file.write(chunk);
      if (time !== undefined) node.mtime = time;
      await file.sync();
    } catch (e) {
      if (this.cut === null) this.#unlink(path);
      throw e;
    } finally {
      await file.close();
    }
  }

  async hold(path: string, bytes: Uint8Array): Promise<HeldFile | null> {
    if (this.#options.holds === false) return null;
    await this.createWith(path, [bytes]);
    const node = this.#tree.find(path);
    if (node?.kind !== "file") return null;
    node.held = true;
    return { inode: node.inode, close: () => node.held = false };
  }

  async removeUnheld(path: string, bytes: Uint8Array): Promise<boolean> {
    await turn();
    this.#enter("remove", path);
    const node = this.#tree.find(path);
    if (node?.kind !== "file" || node.held || node.target !== null) return false;
    if (!sameBytes(node.data.subarray(0, node.size), bytes)) return false;
    this.#step(`remove ${path}`);
    this.#unlink(path);
    return true;
  }

  async open(path: string): Promise<ReadableFile> {
    await turn();
    this.#enter("open", path);
    const node = this.#tree.find(path);
    if (!node) throw new FsError("not-found", "open", path);
    const file = this.#plainFile(node, "open", path);
    let closed = false;
    this.openFiles++;
    return {
      size: file.size,
      readAt: async (into, at) => {
        await turn();
        this.#enter("read", path);
        if (closed) throw new FsError("io", "read closed", path);
        const end = Math.min(file.size, at + into.length);
        if (end <= at) return 0;
        into.set(file.data.subarray(at, end));
        return end - at;
      },
      close: () => {
        if (!closed) this.openFiles--;
        closed = true;
      },
    };
  }

  async readFile(path: string, max: number): Promise<Uint8Array | null> {
    await turn();
    const file = this.#forReading(path);
    if (file && file.size > max) throw new FsError("io", "read all of", path);
    return file && file.data.slice(0, file.size);
  }

  readInto(path: string, into: Uint8Array): number | null {
    const file = this.#forReading(path);
    if (file && file.size <= into.length) into.set(file.data.subarray(0, file.size));
    return file && file.size;
  }

  readHead(path: string, into: Uint8Array, stat?: HeadStat): number | null {
    const known = stat && this.statSync(path);
    if (known) stat.mtime = known.mtime;
    return this.readStart(path, into);
  }

  readStart(path: string, into: Uint8Array): number | null {
    const file = this.#forReading(path);
    if (!file) return null;
    const n = Math.min(file.size, into.length);
    into.set(file.data.subarray(0, n));
    return n;
  }

  async rename(from: string, to: string): Promise<void> {
    await turn();
    this.renameSync(from, to);
  }

  renameSync(from: string, to: string): void {
    this.#enter("rename", from);
    const [fromDir, fromName] = this.#tree.parent(from, "rename");
    const [toDir, toName] = this.#tree.parent(to, "rename");
    const node = fromDir.entries.get(fromName);
    if (!node) throw new FsError("not-found", "rename", from);
    const old = toDir.entries.get(toName);
    if (old?.kind === "dir" && node.kind !== "dir") throw new FsError("io", "rename onto folder", to);
    if (old?.kind === "file" && node.kind === "dir") throw new FsError("io", "rename onto file", to);
    if (old?.kind === "dir" && old.entries.size > 0) throw new FsError("not-empty", "rename onto", to);
    if (node.kind === "dir" && `${to}/`.startsWith(`${from}/`) && from !== to) {
      throw new FsError("io", "rename", to);
    }
    this.#step(`rename ${from} to ${to}`);
    if (old === node) return; // POSIX: two names of one file stay as they are
    if (old) old.links--;
    node.ctime = this.#tree.now();
    if (fromDir === toDir) this.#tree.setNames(fromDir, [[fromName, null], [toName, node]]);
    else {
      this.#tree.setNames(toDir, [[toName, node]]);
      this.#tree.setNames(fromDir, [[fromName, null]]);
    }
    this.#touched(from);
    this.#touched(to);
  }

  async link(from: string, to: string): Promise<void> {
    await turn();
    this.#enter("link", to);
    const node = this.#tree.find(from);
    if (!node) throw new FsError("not-found", "link", from);
    const [dir, name] = this.#tree.parent(to, "link");
    if (dir.entries.has(name)) throw new FsError("exists", "link", to);
    if (this.#options.links === false || node.kind === "dir") throw new FsError("io", "link", to);
    this.#step(`link ${from} to ${to}`);
    node.links++;
    node.ctime = this.#tree.now();
    this.#tree.setNames(dir, [[name, node]]);
    this.#touched(to);
  }

  async remove(path: string): Promise<boolean> {
    await turn();
    this.#enter("remove", path);
    const node = this.#tree.find(path);
    if (!node) return false;
    if (node.kind === "dir") throw new FsError("io", "remove folder", path);
    this.#step(`remove ${path}`);
    this.#unlink(path);
    return true;
  }

  async removeDir(path: string): Promise<void> {
    await turn();
    this.#enter("removeDir", path);
    const [parent, name] = this.#tree.parent(path, "remove");
    if (this.#tree.dir(path, "remove").entries.size > 0) throw new FsError("not-empty", "remove", path);
    this.#step(`remove folder ${path}`);
    this.#tree.setNames(parent, [[name, null]]);
    this.#touched(path);
  }

  async setTime(path: string, time: number): Promise<void> {
    await turn();
    this.#enter("setTime", path);
    const node = this.#tree.find(path);
    if (!node) throw new FsError("not-found", "set the time of", path);
    this.#step(`set the time of ${path}`);
    node.mtime = time;
    node.ctime = this.#tree.now();
    this.#touched(path);
  }

  async syncDir(path: string): Promise<void> {
    // What happens while the sync is under way may miss it: only what was done before the call counts.
    const upTo = this.#tree.sequence;
    await turn();
    this.#enter("syncDir", path);
    const dir = this.#tree.dir(path, "sync");
    this.#step(`sync folder ${path}`);
    commitNames(dir, upTo);
    await turn();
  }

  async space(path: string): Promise<Space> {
    await turn();
    this.#enter("space", path);
    return { free: 2 ** 33, total: 2 ** 36 };
  }

  watch(folders: readonly string[], changed: (folder: string) => void): Watcher {
    const watch: Watch = { folders: new Set(folders), changed, due: new Set() };
    this.#watches.push(watch);
    return {
      close: () => {
        this.#watches = this.#watches.filter((w) => w !== watch);
      },
    };
  }

  /** Faults, and nothing at all without power. */
  #enter(operation: FsOperation, path: string): void {
    if (!path.startsWith("/") || path.includes("/../") || path.includes("//")) {
      throw new TypeError(`Cannot use "${path}" as a path: it is not absolute and plain`);
    }
    if (path.length > 85 && path.split("/").some((name) => utf8(name).length > 255)) {
      throw new FsError("io", operation, path);
    }
    if (this.cut !== null) throw new PowerCut(`No power after: ${this.cut}`);
    this.calls.set(operation, (this.calls.get(operation) ?? 0) + 1);
    const fault = this.#faults.find((f) => f.match(operation, path));
    if (fault) throw new FsError(fault.code, operation, path);
  }

  #step(what: string, half: () => void = () => {}): void {
    this.steps++;
    if (this.steps < this.#crashAt) return;
    half();
    this.cut = `${what} (step ${this.steps})`;
    this.#whenCut();
    throw new PowerCut(`Power cut at: ${this.cut}`);
  }

  #forReading(path: string): FileNode | null {
    this.#enter("read", path);
    const node = this.#tree.find(path);
    return node ? this.#plainFile(node, "read", path) : null;
  }

  #plainFile(node: Node, operation: string, path: string): FileNode {
    if (node.kind === "dir") throw new FsError("io", `${operation} folder`, path);
    if (node.target !== null) throw new FsError("denied", `${operation} symbolic link`, path);
    return node;
  }

  #create(path: string, mode: number): FileNode {
    this.#enter("create", path);
    const [dir, name] = this.#tree.parent(path, "create");
    if (dir.entries.has(name)) throw new FsError("exists", "create", path);
    this.#step(`create ${path}`);
    const node = this.#tree.newFile(dir, name, mode);
    this.#touched(path);
    return node;
  }

  #unlink(path: string): void {
    const [dir, name] = this.#tree.parent(path, "remove");
    const node = dir.entries.get(name);
    if (!node) return;
    node.links--;
    this.#tree.setNames(dir, [[name, null]]);
    this.#touched(path);
  }

  #writable(node: FileNode, path: string): WritableFile {
    let closed = false;
    this.openFiles++;
    const add = (bytes: Uint8Array) => {
      if (node.size + bytes.length > node.data.length) {
        const larger = new Uint8Array(Math.max(node.size + bytes.length, node.data.length * 2));
        larger.set(node.data.subarray(0, node.size));
        node.data = larger;
      }
      node.data.set(bytes, node.size);
      node.size += bytes.length;
      node.mtime = this.#tree.now();
      this.#touched(path);
    };
    return {
      write: async (bytes) => {
        await turn();
        this.#enter("write", path);
        if (closed) throw new FsError("io", "write to closed", path);
        this.#step(`write to ${path}`, () => add(bytes.subarray(0, bytes.length >> 1)));
        add(bytes);
      },
      sync: async () => {
        const { size, mtime } = node;
        await turn();
        this.#enter("sync", path);
        if (closed) throw new FsError("io", "sync closed", path);
        this.#step(`sync ${path}`);
        node.durableSize = Math.max(node.durableSize, size);
        node.durableTime = mtime;
      },
      close: async () => {
        await turn();
        if (!closed) this.openFiles--;
        closed = true;
      },
    };
  }

  #touched(path: string): void {
    const folder = path.slice(0, path.lastIndexOf("/")) || "/";
    for (const watch of this.#watches) {
      if (!watch.folders.has(folder) || watch.due.has(folder)) continue;
      watch.due.add(folder);
      queueMicrotask(() => {
        watch.due.delete(folder);
        if (this.cut === null && this.#watches.includes(watch)) watch.changed(folder);
      });
    }
  }
}

/** As real calls do, nothing happens before the caller has gone on. */
function turn(): Promise<void> {
  return Promise.resolve();
}
