/**
 * The `dovecot-uidlist` of one folder. Invariants:
 * - It is only written under `dovecot-uidlist.lock`, which Dovecot and other Roost processes honour too.
 * - New records are appended and synced before anybody hears of their UIDs; the whole file is written beside it and renamed in place.
 * - What others did to it is seen by inode, size and time, and by its last octets: an inode number may come back.
 */
import { concat, fromUtf8, LF, sameBytes, utf8 } from "../base/bytes.ts";
import { replaceFile } from "../base/durable.ts";
import { type FileStat, FsError, isFsError, type WritableFile } from "../base/fs.ts";
import { UIDLIST_SIZE } from "../base/limits.ts";
import type { Uid } from "../store/store.ts";
import type { Ports } from "./ports.ts";
import { inSlices, sortInSlices, Turns } from "./slices.ts";
import {
  eachRecord,
  formatHeader,
  formatRecord,
  MAX_UID,
  parseHeader,
  recordsIn,
  type UidHeader,
  type UidRecord,
  wholeLines,
} from "./uid_list.ts";

const NAME = "dovecot-uidlist";
const AT_ONCE = 1000; // records written at once
const TAIL = 96; // octets compared before trusting that a file only grew

interface Known {
  readonly inode: number;
  readonly size: number;
  readonly mtime: number;
}

/** What `news` brings. */
export interface UidNews {
  /** Whether these are all records, not just those since the last call. */
  readonly whole: boolean;
  readonly records: ReadonlyMap<string, UidRecord>;
}

export class UidFile {
  readonly #ports: Ports;
  readonly #dir: string;
  readonly #root: string;
  #header: UidHeader | null = null;
  #lastUid: Uid = 0;
  #known: Known | null = null;
  /** The octets that end at `#known.size`. */
  #tail: Uint8Array = new Uint8Array();
  /** Up to where `news` has told; 0 for nothing. */
  #told = 0;
  #mustRewrite = false;
  #lines = 0;

  /** `dir` is the folder's own, `root` the account's. */
  constructor(ports: Ports, dir: string, root: string) {
    this.#ports = ports;
    this.#dir = dir;
    this.#root = root;
  }

  get path(): string {
    return `${this.#dir}/${NAME}`;
  }

  /** 0 until the file was read or made. */
  get uidValidity(): number {
    return this.#header?.uidValidity ?? 0;
  }

  /** The mailbox's GUID, 32 hexadecimal digits; "" where the file has none (yet). */
  get guid(): string {
    return / G([0-9a-f]{32})(?: |$)/.exec(this.#header?.rest ?? "")?.[1] ?? "";
  }

  /** Above every UID ever given, as far as the file was read. */
  get nextUid(): Uid {
    return Math.max(this.#header?.nextUid ?? 1, this.#lastUid + 1);
  }

  /** The highest UID that a line has, as far as the file was read; 0 for none. */
  get lastUid(): Uid {
    return this.#lastUid;
  }

  /** Lines in the file as far as counted: those of messages long gone among them. */
  get lines(): number {
    return this.#lines;
  }

  /** Forgets what was told, so that `news` tells all again. */
  forget(): void {
    this.#told = 0;
  }

  /** Whether somebody else changed the file since it was last read or written here. */
  changed(): boolean {
    const stat = this.#ports.fs.statSync(this.path);
    return !sameAs(stat, this.#known) || this.#told !== (this.#known?.size ?? 0);
  }

  /** Records that were added since the last call, or all of them. Reads only what is new where that is possible. */
  async news(): Promise<UidNews> {
    const stat = this.#ports.fs.statSync(this.path);
    if (!stat) {
      this.#reset();
      return { whole: true, records: new Map() };
    }
    const from = this.#told > 0 && await this.#onlyGrew(stat) ? this.#told : 0;
    const bytes = from > 0 ? await this.#readFrom(from) : await this.#readAll();
    return await this.#take(stat, bytes, from);
  }

  /** Whether somebody holds the lock, or left it behind. */
  isLocked(): boolean {
    return this.#ports.fs.statSync(`${this.path}.lock`) !== null;
  }

  /** Under the lock: makes the file if there is none, and brings header and next UID up to date. O(1) in the number of messages. */
  async locked<T>(work: () => Promise<T>): Promise<T> {
    const unlock = await this.#ports.locks.take(`${this.path}.lock`);
    try {
      await this.#position();
      return await work();
    } finally {
      await unlock();
    }
  }

  /**
   * Only inside `locked`, where no UID was given yet: takes over UIDVALIDITY, next UID and the other fields of another list. False, with nothing
   * changed, where a UID was given.
   */
  async adopt(header: UidHeader): Promise<boolean> {
    if (this.nextUid !== 1) return false;
    const fresh: UidHeader = { ...header, version: 3, rest: this.#guid(header.rest) };
    await this.#replace(fresh, utf8(formatHeader(fresh)), 0);
    return true;
  }

  /** Tells the log that there are messages without UIDs, since none are left. Only a damaged line gets there. */
  tellShort(): void {
    const remedy = `remove ${NAME}: messages get new UIDs, and clients fetch them again`;
    this.#ports.log.error("no UID left for new messages", { path: this.path, remedy });
  }

  /** Only inside `locked`: adds records (ascending, all above `lastUid`) and syncs them. Throws FsError "io" where no UIDs are left for them. */
  async append(records: readonly UidRecord[]): Promise<void> {
    const last = records[records.length - 1];
    if (!last) return;
    if (last.uid > MAX_UID) {
      // Lines with such UIDs would not be read again, so that they would be given twice.
      this.tellShort();
      throw new FsError("io", "count on in", this.path);
    }
    if (this.#mustRewrite) await this.rewrite(null);
    const told = this.#told === this.#known?.size;
    const file = await this.#ports.fs.append(this.path);
    let size = this.#known?.size ?? 0;
    let tail = this.#tail;
    const turns = new Turns(this.#ports, this.#dir);
    await writeAll(file, async function* () {
      for (let i = 0; i < records.length; i += AT_ONCE) {
        const bytes = utf8(records.slice(i, i + AT_ONCE).map(formatRecord).join(""));
        size += bytes.length;
        tail = concat([tail, bytes]).slice(-TAIL);
        yield bytes;
        if (turns.worked(AT_ONCE)) await turns.pass();
      }
    });
    const stat = this.#ports.fs.statSync(this.path);
    this.#lastUid = last.uid;
    this.#lines += records.length;
    this.#tail = tail;
    this.#known = stat && stat.size === size ? stat : null;
    this.#told = told && this.#known ? size : 0;
  }

  /** Only inside `locked`: writes the file anew, without the records whose UID `keep` refuses, and as version 3. */
  async rewrite(keep: ((uid: Uid) => boolean) | null): Promise<void> {
    this.forget();
    const { records } = await this.news();
    const header = this.#header;
    if (!header) throw new TypeError("Cannot rewrite a list that was never made");
    const fresh: UidHeader = { ...header, version: 3, nextUid: this.nextUid, rest: this.#guid(header.rest) };
    const parts: Uint8Array[] = [];
    let text = formatHeader(fresh);
    let lines = 0;
    // They ascend: what did not was left out. A base that is there twice has the place of its first line, and the last one's UID.
    const sorted = await sortInSlices(this.#ports, this.#dir, [...records.values()], (a, b) => a.uid - b.uid);
    await inSlices(this.#ports, this.#dir, sorted, (record) => {
      if (keep && !keep(record.uid)) return;
      text += formatRecord(record);
      if (++lines % AT_ONCE !== 0) return;
      parts.push(utf8(text));
      text = "";
    });
    parts.push(utf8(text));
    await this.#replace(fresh, concat(parts), lines);
  }

  async #position(): Promise<void> {
    const stat = this.#ports.fs.statSync(this.path);
    if (!stat) return await this.#make();
    if (this.#header && sameAs(stat, this.#known)) return;
    const bytes = stat.size > 1 << 16 ? null : await this.#readAll();
    if (bytes) this.#takeEnds(stat, bytes, bytes);
    else await this.#peek(stat);
    if (!this.#header) await this.#make();
  }

  async #make(): Promise<void> {
    const uidValidity = await this.#ports.validities.next(this.#root);
    const header: UidHeader = { version: 3, uidValidity, nextUid: 1, rest: this.#guid("") };
    this.#reset();
    await this.#replace(header, utf8(formatHeader(header)), 0);
  }

  async #replace(header: UidHeader, bytes: Uint8Array, lines: number): Promise<void> {
    await replaceFile(this.#ports.fs, this.path, bytes, `${this.path}.tmp`);
    this.#known = this.#ports.fs.statSync(this.path);
    this.#header = header;
    this.#tail = bytes.slice(-TAIL);
    this.#told = this.#known?.size ?? 0;
    this.#mustRewrite = false;
    this.#lines = lines;
  }

  /** Header and last record of a large file, without reading what is between. */
  async #peek(stat: FileStat): Promise<void> {
    const file = await this.#ports.fs.open(this.path);
    try {
      const head = new Uint8Array(4096);
      const tail = new Uint8Array(64 * 1024);
      const got = await file.readAt(head, 0);
      const from = Math.max(0, stat.size - tail.length);
      const end = await file.readAt(tail, from);
      this.#takeEnds(stat, head.subarray(0, got), tail.subarray(0, end));
    } finally {
      file.close();
    }
  }

  #takeEnds(stat: FileStat, head: Uint8Array, tail: Uint8Array): void {
    this.#header = headerOf(head);
    this.#known = stat;
    this.#tail = tail.slice(-TAIL);
    this.#told = 0;
    const { text, end } = wholeLines(tail);
    this.#mustRewrite = this.#header?.version === 1 || end !== tail.length;
    this.#lastUid = 0;
    const version = this.#header?.version ?? 3;
    // The first line may be cut or the header: neither is a record in order, but what follows is.
    eachRecord(
      text.slice(text.indexOf("\n") + 1),
      version,
      (r) => this.#lastUid = Math.max(this.#lastUid, r.uid),
    );
  }

  /** What is in the list is taken note of at once, after all of it was read: others ask for the next UID meanwhile. */
  async #take(stat: FileStat, bytes: Uint8Array, from: number): Promise<UidNews> {
    const header = from === 0 ? headerOf(bytes) : this.#header;
    if (!header) {
      this.#reset();
      this.#ports.log.warn("uidlist has no header, starting anew", { path: this.path });
      return { whole: true, records: new Map() };
    }
    const start = from === 0 ? bytes.indexOf(LF) + 1 : 0;
    const lines = wholeLines(bytes, start);
    const records = new Map<string, UidRecord>();
    let [bad, count, last] = [0, 0, 0];
    await inSlices(this.#ports, this.#dir, recordsIn(lines.text, header.version), (record) => {
      if (!record) {
        bad++;
        return;
      }
      records.set(record.base, record);
      count++;
      last = record.uid; // they ascend
    });
    if (from === 0) this.#reset();
    this.#header = header;
    this.#lines += count;
    this.#lastUid = Math.max(this.#lastUid, last);
    if (bad > 0) this.#ports.log.warn("uidlist lines not understood", { path: this.path, lines: bad });
    const whole = lines.end === bytes.length;
    this.#mustRewrite = !whole || bad > 0 || header.version === 1;
    const size = from + lines.end;
    this.#told = size;
    // A file that grew while it was read is looked at again next time.
    this.#known = size === stat.size ? stat : { inode: stat.inode, size, mtime: -1 };
    this.#tail = concat([this.#tail, bytes.subarray(Math.max(0, lines.end - TAIL), lines.end)]).slice(-TAIL);
    return { whole: from === 0, records };
  }

  async #onlyGrew(stat: FileStat): Promise<boolean> {
    const known = this.#known;
    if (!known || stat.inode !== known.inode || stat.size < this.#told || known.size !== this.#told) {
      return false;
    }
    const octets = new Uint8Array(this.#tail.length);
    try {
      const file = await this.#ports.fs.open(this.path);
      try {
        await file.readAt(octets, this.#told - octets.length);
      } finally {
        file.close();
      }
    } catch (e) {
      if (isFsError(e, "not-found")) return false;
      throw e;
    }
    return sameBytes(octets, this.#tail);
  }

  async #readFrom(from: number): Promise<Uint8Array> {
    const file = await this.#ports.fs.open(this.path);
    try {
      const bytes = new Uint8Array(Math.max(0, file.size - from));
      return bytes.subarray(0, await file.readAt(bytes, from));
    } finally {
      file.close();
    }
  }

  async #readAll(): Promise<Uint8Array> {
    return await this.#ports.fs.readFile(this.path, UIDLIST_SIZE) ?? new Uint8Array();
  }

  #guid(rest: string): string {
    if (/ G[0-9a-f]{32}/.test(rest)) return rest;
    const hex = [...this.#ports.random.bytes(16)].map((b) => b.toString(16).padStart(2, "0")).join("");
    return ` G${hex}${rest}`;
  }

  #reset(): void {
    this.#header = null;
    this.#lastUid = 0;
    this.#known = null;
    this.#tail = new Uint8Array();
    this.#told = 0;
    this.#lines = 0;
    this.#mustRewrite = false;
  }
}

function sameAs(stat: FileStat | null, known: Known | null): boolean {
  if (!stat || !known) return stat === known;
  return stat.inode === known.inode && stat.size === known.size && stat.mtime === known.mtime;
}

function headerOf(bytes: Uint8Array): UidHeader | null {
  const end = bytes.indexOf(0x0a);
  return end < 0 || end > 4096 ? null : parseHeader(fromUtf8(bytes.subarray(0, end)));
}

async function writeAll(file: WritableFile, chunks: () => AsyncIterable<Uint8Array>): Promise<void> {
  try {
    for await (const bytes of chunks()) await file.write(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}
