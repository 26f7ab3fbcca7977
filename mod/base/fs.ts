/**
 * The file system port. Invariants every implementation keeps:
 * - A path is absolute and uses "/". Symbolic links are never followed by the last component (`stat` tells "symlink").
 * - Nothing is durable until it was synced: file contents by `WritableFile.sync` or `createWith`, names (creations,
 *   renames, links, removals) by `syncDir` of the folder that holds them.
 * - Faults are thrown as `FsError`. "Not there" is an answer, not a fault, where the result type has `null`.
 * The `...Sync` calls may only be used on small files that are likely cached, in slices under 10 ms.
 */

/** Why a file operation failed, as far as callers act on it. `io` is everything else. */
export type FsErrorCode =
  | "not-found"
  | "exists"
  | "full"
  | "read-only"
  | "denied"
  | "not-empty"
  | "too-many-open"
  | "io";

/** A failed file operation. */
export class FsError extends Error {
  override readonly name = "FsError";
  readonly code: FsErrorCode;
  readonly path: string;
  constructor(code: FsErrorCode, operation: string, path: string, cause?: unknown) {
    super(`Cannot ${operation} "${path}": ${code}`, { cause });
    this.code = code;
    this.path = path;
  }
}

/** Whether `error` is an `FsError` with one of `codes` (any, if none are given). */
export function isFsError(error: unknown, ...codes: FsErrorCode[]): error is FsError {
  return error instanceof FsError && (codes.length === 0 || codes.includes(error.code));
}

export type FileKind = "file" | "dir" | "symlink" | "other";

/** What `stat` tells. Sizes in octets, times in milliseconds since 1970 (fractions kept where the system has them). */
export interface FileStat {
  readonly kind: FileKind;
  readonly size: number;
  readonly mtime: number;
  readonly ctime: number;
  readonly inode: number;
  readonly links: number;
  readonly mode: number;
}

export interface DirEntry {
  readonly name: string;
  readonly kind: FileKind;
}

/** A file being written from its start or its end. */
export interface WritableFile {
  /** Writes all of `bytes`. */
  write(bytes: Uint8Array): Promise<void>;
  /** Contents and size are on the medium when this resolves (fsync). */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** A file open for reading at any place. It stays readable after its name was removed or renamed. */
export interface ReadableFile {
  readonly size: number;
  /** Fills `into` from offset `at` as far as the file goes; gives the number of octets read (0 at the end). */
  readAt(into: Uint8Array, at: number): Promise<number>;
  close(): void;
}

/** A file held by this process: see `Fs.hold`. */
export interface HeldFile {
  readonly inode: number;
  /** Ends the hold. The file stays. */
  close(): void;
}

export interface Watcher {
  close(): void;
}

/** Of a file whose beginning was read: when it was last changed, milliseconds since 1970. */
export interface HeadStat {
  mtime: number;
}

/** Free space of the file system that holds a path, in octets; null where the system cannot tell. */
export interface Space {
  readonly free: number | null;
  readonly total: number | null;
  /** Files and folders that can still be made, and all there can be; left out where there is no such bound. */
  readonly freeFiles?: number;
  readonly totalFiles?: number;
}

export interface Fs {
  /** Facts of the name itself (lstat), or null when there is none. */
  stat(path: string): Promise<FileStat | null>;
  statSync(path: string): FileStat | null;
  /** The path with all symbolic links in it followed; null when it leads to nothing. For what the owner of the server has named alone. */
  realPath(path: string): Promise<string | null>;
  /** Entries of a folder in no order, without "." and "..". Throws `not-found`. */
  list(path: string): Promise<DirEntry[]>;
  /** Makes a folder and its missing parents, mode 0700 unless given. No error if it is there. Not durable by itself: see `syncDir`. */
  makeDir(path: string, mode?: number): Promise<void>;
  /** Makes a new file (O_EXCL), mode 0600 unless given. Throws `exists`. */
  create(path: string, mode?: number): Promise<WritableFile>;
  /** Opens a file to write at its end, making it (0600) if need be. */
  append(path: string): Promise<WritableFile>;
  /**
   * New file (O_EXCL) with exactly these contents, synced and closed: the short way for what is in memory. `time`, if given, becomes its
   * modification time, as durable as the contents (which `setTime` afterwards is not). On a fault nothing is left of it. Throws `exists`.
   */
  createWith(path: string, chunks: readonly Uint8Array[], mode?: number, time?: number): Promise<void>;
  /**
   * New file (O_EXCL) with exactly these contents, synced, and held: the hold ends with `close` or with the process, however that ends.
   * null, with nothing left of it, where the file system knows no such holds (flock). Throws `exists`.
   */
  hold(path: string, bytes: Uint8Array): Promise<HeldFile | null>;
  /**
   * Removes a file that `hold` made with these very contents, or a link to it, if nobody holds it any more: true. false when it is held, or is
   * another file, or gone. Never removes what someone holds, whoever else tries at the same time.
   */
  removeUnheld(path: string, bytes: Uint8Array): Promise<boolean>;
  /** Opens for reading. Throws `not-found`. */
  open(path: string): Promise<ReadableFile>;
  /** The whole file, or null when there is none. Throws `FsError` `io` when it is larger than `max` octets. */
  readFile(path: string, max: number): Promise<Uint8Array | null>;
  /**
   * Reads a whole file into `into`. Gives its size; when that is larger than `into`, nothing useful was read and the caller
   * turns to `open`. null when there is no such file.
   */
  readInto(path: string, into: Uint8Array): number | null;
  /** Reads the first octets of a file as far as it or `into` goes; gives how many. null when there is no such file. */
  readStart(path: string, into: Uint8Array): number | null;
  /** The same where a symbolic link may have been put in the file's place: it is not followed. What is found out of the file on the way is put in `stat`. */
  readHead(path: string, into: Uint8Array, stat?: HeadStat): number | null;
  /** Replaces `to` atomically. Throws `not-found`. */
  rename(from: string, to: string): Promise<void>;
  renameSync(from: string, to: string): void;
  /** A hard link. Throws `exists`, `not-found`; `io` where the file system has none or the link count is used up. */
  link(from: string, to: string): Promise<void>;
  /** Removes a file; false when it was not there. */
  remove(path: string): Promise<boolean>;
  /** Removes an empty folder. Throws `not-empty`, `not-found`. */
  removeDir(path: string): Promise<void>;
  /** Sets access and modification time (milliseconds since 1970). */
  setTime(path: string, time: number): Promise<void>;
  /** All changes of names in this folder so far are on the medium when this resolves. */
  syncDir(path: string): Promise<void>;
  space(path: string): Promise<Space>;
  /**
   * Calls `changed` (with the folder's path) soon after something in one of `folders` changed by whomever. May call too often, and may
   * miss changes (no kernel support, network file systems): callers look again from time to time anyway.
   */
  watch(folders: readonly string[], changed: (folder: string) => void): Watcher;
}
