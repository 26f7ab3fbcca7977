/** The tree of files in `MemFs`, as programs see it and as it is on the medium, and what of it survives a power cut. */
import type { Clock } from "../../mod/base/clock.ts";
import { type FileKind, type FileStat, FsError } from "../../mod/base/fs.ts";
import { SeededRandom } from "./seeded_random.ts";

/** What survives: only what was synced, everything that was done, or a reproducible choice for each change that was not synced. */
export type CrashMode = "synced-only" | "all" | { readonly seed: number };

export interface FileNode {
  readonly kind: "file";
  readonly inode: number;
  links: number;
  readonly mode: number;
  mtime: number;
  ctime: number;
  /** The mtime that is on the medium. */
  durableTime: number;
  /** Contents are the first `size` octets; they only ever grow. */
  data: Uint8Array;
  size: number;
  /** How many octets are on the medium. */
  durableSize: number;
  /** What a symbolic link points to. */
  target: string | null;
  /** Whether a process holds it. */
  held: boolean;
}

export interface DirNode {
  readonly kind: "dir";
  readonly inode: number;
  links: number;
  readonly mode: number;
  mtime: number;
  ctime: number;
  entries: Map<string, Node>;
  /** Entries that are on the medium. */
  durable: Map<string, Node>;
  /** Changes of entries that are not, oldest first. One change is never torn. */
  pending: NameChange[];
}

export interface NameChange {
  readonly sequence: number;
  readonly names: readonly (readonly [name: string, node: Node | null])[];
}

export type Node = FileNode | DirNode;

interface Told {
  before(path: string): void;
  after(path: string): void;
}

export class MemTree {
  readonly root: DirNode;
  /** Number of the last change of names. */
  sequence = 0;
  lastInode: number;
  readonly #clock: Clock | undefined;
  #ticks: number;

  constructor(lastInode: number, clock?: Clock, ticks = Date.UTC(2026, 0, 1), root?: DirNode) {
    this.lastInode = lastInode;
    this.#clock = clock;
    this.#ticks = ticks;
    this.root = root ?? dirOf(1, this.now(), 0o755);
  }

  /** The clock's time; without a clock, later at each call. */
  now(): number {
    return this.#clock ? this.#clock.now() : ++this.#ticks;
  }

  /** A copy in which only that is which survives a power cut now. */
  survivor(mode: CrashMode): MemTree {
    const { root, lastInode } = survivor(this.root, mode);
    return new MemTree(lastInode, this.#clock, this.#ticks, root);
  }

  syncAll(): void {
    const walk = (node: Node) => {
      if (node.kind === "file") {
        node.durableSize = node.size;
        node.durableTime = node.mtime;
        return;
      }
      commitNames(node, Infinity);
      for (const child of node.entries.values()) walk(child);
    };
    walk(this.root);
  }

  newFile(dir: DirNode, name: string, mode: number): FileNode {
    const now = this.now();
    const node: FileNode = {
      kind: "file",
      inode: ++this.lastInode,
      links: 1,
      mode,
      mtime: now,
      ctime: now,
      durableTime: now,
      data: new Uint8Array(0),
      size: 0,
      durableSize: 0,
      target: null,
      held: false,
    };
    this.setNames(dir, [[name, node]]);
    return node;
  }

  setNames(dir: DirNode, names: readonly (readonly [string, Node | null])[]): void {
    for (const [name, node] of names) {
      if (node) dir.entries.set(name, node);
      else dir.entries.delete(name);
    }
    dir.pending.push({ sequence: ++this.sequence, names });
    dir.mtime = dir.ctime = this.now();
  }

  /** Makes what is missing on the way to a folder, telling of each level. */
  makeDirs(path: string, mode: number, made?: Told): DirNode {
    let dir = this.root;
    let at = "";
    for (const name of path.split("/").filter((part) => part !== "")) {
      at += `/${name}`;
      let next = this.follow(dir.entries.get(name));
      if (!next) {
        made?.before(at);
        next = dirOf(++this.lastInode, this.now(), mode);
        this.setNames(dir, [[name, next]]);
        made?.after(at);
      }
      if (next.kind !== "dir") throw new FsError("exists", "make folder", at);
      dir = next;
    }
    return dir;
  }

  makeParents(path: string): [DirNode, string] {
    const cut = path.lastIndexOf("/");
    return [this.makeDirs(path.slice(0, cut), 0o700), path.slice(cut + 1)];
  }

  find(path: string): Node | null {
    const names = path.split("/").filter((part) => part !== "");
    let node: Node | null = this.root;
    for (const [i, name] of names.entries()) {
      if (node?.kind !== "dir") return null;
      const next: Node | undefined = node.entries.get(name);
      node = i < names.length - 1 ? this.follow(next) : next ?? null;
    }
    return node;
  }

  /** The path with all links in it followed; null when it leads to nothing. */
  realPath(path: string): string | null {
    let real = "";
    for (const name of path.split("/").filter((part) => part !== "")) {
      const node = this.find(`${real}/${name}`);
      const link = node?.kind === "file" ? node.target : null;
      const next = link === null ? `${real}/${name}` : this.realPath(link);
      if (node === null || next === null) return null;
      real = next;
    }
    return real || "/";
  }

  follow(node: Node | undefined): Node | null {
    if (node?.kind === "file" && node.target !== null) return this.find(node.target);
    return node ?? null;
  }

  dir(path: string, operation: string): DirNode {
    const node = this.find(path);
    if (!node) throw new FsError("not-found", operation, path);
    if (node.kind !== "dir") throw new FsError("not-found", operation, path);
    return node;
  }

  parent(path: string, operation: string): [DirNode, string] {
    const cut = path.lastIndexOf("/");
    return [this.dir(path.slice(0, cut) || "/", operation), path.slice(cut + 1)];
  }
}

function dirOf(inode: number, now: number, mode: number): DirNode {
  return {
    kind: "dir",
    inode,
    links: 1,
    mode,
    mtime: now,
    ctime: now,
    entries: new Map(),
    durable: new Map(),
    pending: [],
  };
}

/** Changes up to a sequence number are on the medium. */
export function commitNames(dir: DirNode, upTo: number): void {
  for (const change of dir.pending) if (change.sequence <= upTo) apply(dir.durable, change);
  dir.pending = dir.pending.filter((c) => c.sequence > upTo);
}

/** A copy of the tree with only what survives in it, all of it on the medium. */
function survivor(
  root: DirNode,
  mode: CrashMode,
): { readonly root: DirNode; readonly lastInode: number } {
  const random = typeof mode === "object" ? new SeededRandom(mode.seed) : null;
  const keep = () => mode === "all" || (random !== null && random.int(2) === 1);
  const copies = new Map<Node, Node>();
  let lastInode = root.inode;

  const copyFile = (file: FileNode): FileNode => {
    const data = contentsAfter(file, mode, random);
    const mtime = keep() ? file.mtime : file.durableTime;
    const { kind, inode, mode: bits, ctime, target } = file;
    const size = data.length;
    return {
      kind,
      inode,
      links: 0,
      mode: bits,
      mtime,
      ctime,
      durableTime: mtime,
      data,
      size,
      durableSize: size,
      target,
      held: false,
    };
  };

  const copyDir = (dir: DirNode): DirNode => {
    const copy = dirOf(dir.inode, dir.mtime, dir.mode);
    copies.set(dir, copy);
    const names = new Map(dir.durable);
    for (const change of dir.pending) if (keep()) apply(names, change);
    for (const [name, node] of names) {
      const known = copies.get(node);
      if (known?.kind === "dir") continue; // a folder has one name, even after half a rename
      lastInode = Math.max(lastInode, node.inode);
      const child = known ?? (node.kind === "dir" ? copyDir(node) : copyFile(node));
      copies.set(node, child);
      if (child.kind === "file") child.links++;
      copy.entries.set(name, child);
      copy.durable.set(name, child);
    }
    return copy;
  };

  return { root: copyDir(root), lastInode };
}

/** Contents that were not synced are lost, there, there in part, or there as zeros (the size reached the medium, the data did not). */
function contentsAfter(
  file: FileNode,
  mode: CrashMode,
  random: SeededRandom | null,
): Uint8Array {
  if (mode === "all" || file.durableSize === file.size) return file.data.slice(0, file.size);
  const durable = file.data.slice(0, file.durableSize);
  switch (random === null ? 0 : random.int(4)) {
    case 1:
      return file.data.slice(0, file.size);
    case 2:
      return file.data.slice(0, file.durableSize + (random?.int(file.size - file.durableSize) ?? 0));
    case 3: {
      const zeros = new Uint8Array(file.size);
      zeros.set(durable);
      return zeros;
    }
    default:
      return durable;
  }
}

function apply(names: Map<string, Node>, change: NameChange): void {
  for (const [name, node] of change.names) {
    if (node) names.set(name, node);
    else names.delete(name);
  }
}

export function statOf(node: Node): FileStat {
  const { mtime, ctime, inode, links, mode } = node;
  return { kind: kindOf(node), size: node.kind === "file" ? node.size : 0, mtime, ctime, inode, links, mode };
}

export function kindOf(node: Node): FileKind {
  return node.kind === "file" && node.target !== null ? "symlink" : node.kind;
}
