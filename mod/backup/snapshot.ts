/**
 * Makes a snapshot of DATA while the server runs. Invariants:
 * - Messages never change, so a snapshot holds each as it was; folders are listed again until none has changed, so that what is moved from one to
 *   another meanwhile is there at least once.
 * - A UID list is copied after the messages it tells of: it may name more than there are, never fewer.
 * - What waits in the queue comes without its journal only if it has none.
 * - The snapshot gets its name when all of it is on the medium: a power cut leaves ".unfinished-DATE", which the next one clears away.
 */
import { folderOf, replaceFile } from "../base/durable.ts";
import { utf8 } from "../base/bytes.ts";
import { type DirEntry, type Fs, isFsError } from "../base/fs.ts";
import type { Clock } from "../base/clock.ts";
import { BACKUP_ROUNDS, TRANSFER_LOSSES } from "../base/limits.ts";
import { baseOf } from "../maildir/file_name.ts";
import { inParallel } from "../maildir/slices.ts";
import { removeTree } from "../maildir/tidying.ts";
import { copyFile } from "./copying.ts";
import { type FileEntry, formatManifest, MANIFEST, type Manifest, readManifest } from "./manifest.ts";
import { LATEST, listSnapshots, snapshotName, snapshotTime, UNFINISHED } from "./snapshots.ts";

export interface SnapshotPorts {
  readonly fs: Fs;
  readonly clock: Clock;
}

export interface SnapshotPlan {
  readonly data: string;
  /** The folder of all mail, which need not lie in DATA. */
  readonly mail: string;
  /** The configuration's file. */
  readonly config: string;
  readonly hostname: string;
  /** The folder snapshots are in. */
  readonly to: string;
  /** Called now and then with what was done. */
  progress(files: number, octets: number): void;
}

export interface SnapshotReport {
  readonly name: string;
  readonly files: number;
  readonly octets: number;
  /** Files that are those of the snapshot before, which cost no room. */
  readonly linked: number;
  /** Links and other things that are no files: left out. */
  readonly skipped: readonly string[];
}

const WIDTH = 8;
const TICK = 100; // milliseconds within which a folder's time may not show a change
/** Not worth keeping, or not to be used anywhere else. */
const LEFT_OUT = new Set(["index", "log", "mail", "queue", "control.token"]);
const PASSING =
  /\.lock$|\.tmp$|\.new$|^\.roost-|^maildirsize$|^roost-shared$|^dovecot\.index|^dovecot\.list\.index|^\.\.roost-removed-/;

/** Makes a snapshot. Throws FsError. */
export async function makeSnapshot(ports: SnapshotPorts, plan: SnapshotPlan): Promise<SnapshotReport> {
  const { fs, clock } = ports;
  await fs.makeDir(plan.to);
  for (const { name, kind } of await fs.list(plan.to)) {
    if (kind === "dir" && name.startsWith(UNFINISHED)) await removeTree(ports, `${plan.to}/${name}`);
  }
  const before = await listSnapshots(fs, plan.to);
  const newest = before.at(-1);
  // Two within a second, or a clock that was set back: names go up all the same.
  const time = Math.max(clock.now(), (snapshotTime(newest ?? "") ?? -1000) + 1000);
  const name = snapshotName(time);
  const last = newest === undefined ? null : await readManifest(fs, `${plan.to}/${newest}`);
  const making = new Making(
    ports,
    plan,
    `${plan.to}/${UNFINISHED}${name}`,
    last?.ok ? { manifest: last.value, dir: `${plan.to}/${newest}` } : null,
  );
  await making.run();
  const made = new Date(time).toISOString();
  await finish(ports, plan, making, name, { made, hostname: plan.hostname });
  return {
    name,
    files: making.files.size,
    octets: making.octets,
    linked: making.linked,
    skipped: making.skipped,
  };
}

async function finish(
  { fs }: SnapshotPorts,
  plan: SnapshotPlan,
  making: Making,
  name: string,
  facts: { readonly made: string; readonly hostname: string },
): Promise<void> {
  const file = await fs.create(`${making.dir}/${MANIFEST}`);
  try {
    const entries = [...making.files.values()].sort((a, b) => a.path < b.path ? -1 : 1);
    for (const piece of formatManifest(facts, entries)) await file.write(piece);
    await file.sync();
  } finally {
    await file.close();
  }
  for (const dir of making.dirs) await fs.syncDir(dir);
  await fs.rename(making.dir, `${plan.to}/${name}`);
  await fs.syncDir(plan.to);
  await replaceFile(fs, `${plan.to}/${LATEST}`, utf8(`${name}\n`));
  await fs.syncDir(folderOf(plan.to));
}

interface Before {
  readonly manifest: Manifest;
  readonly dir: string;
}

/** A folder with messages, as it was listed last. */
interface Seen {
  /** Below DATA. */
  readonly path: string;
  stamp: string;
  /** The messages that were in it then, by base. */
  there: ReadonlySet<string>;
}

class Making {
  readonly dir: string;
  readonly files: Map<string, FileEntry> = new Map();
  readonly dirs: Set<string> = new Set();
  octets = 0;
  linked = 0;
  readonly skipped: string[] = [];
  readonly #fs: Fs;
  readonly #clock: Clock;
  readonly #plan: SnapshotPlan;
  readonly #before: Before | null;
  #looks = 0;
  /** Messages of the snapshot before, by folder and base. */
  readonly #known = new Map<string, FileEntry>();
  /** Messages of this one: their paths, by folder and then by base. */
  readonly #messages = new Map<string, Map<string, string>>();

  constructor(ports: SnapshotPorts, plan: SnapshotPlan, dir: string, before: Before | null) {
    this.#fs = ports.fs;
    this.#clock = ports.clock;
    this.#plan = plan;
    this.dir = dir;
    this.#before = before;
    for (const entry of before?.manifest.files.values() ?? []) {
      const key = messageKey(entry.path);
      if (key !== null) this.#known.set(key, entry);
    }
  }

  async run(): Promise<void> {
    await this.#makeDir(this.dir);
    const { data, config } = this.#plan;
    await this.#makeDir(`${this.dir}/config`);
    await this.#copy(config, "config/roost.yaml");
    await this.#others("", (name) => !LEFT_OUT.has(name));
    const folders: Seen[] = [];
    await this.#mail("mail", folders);
    let still = false;
    for (let round = 1; round < BACKUP_ROUNDS; round++) {
      let changed = false;
      for (const folder of folders) {
        if (await this.#stamp(folder.path) === folder.stamp) continue;
        changed = true;
        await this.#folder(folder);
      }
      // A folder that was made meanwhile may be where messages went.
      const all: Seen[] = [];
      await this.#mail("mail", all, new Set(folders.map((f) => f.path)));
      folders.push(...all);
      still = !changed && all.length === 0;
      if (still) break;
    }
    await this.#dropGone(folders, still);
    for (const { path } of folders) await this.#beside(path);
    if (await this.#fs.stat(`${data}/queue`)) await this.#queue();
  }

  /** Folders of mail below `path`, with their messages; not those that are known. */
  async #mail(path: string, folders: Seen[], known: ReadonlySet<string> = new Set()): Promise<void> {
    const entries = await this.#list(path);
    if (entries.some((e) => e.name === "cur" && e.kind === "dir") && !known.has(path)) {
      const seen = { path, stamp: "", there: new Set<string>() };
      await this.#folder(seen);
      folders.push(seen);
    }
    for (const { name, kind } of entries) {
      if (kind !== "dir" || ["cur", "new", "tmp"].includes(name) || PASSING.test(name)) continue;
      await this.#mail(`${path}/${name}`, folders, known);
    }
  }

  /** When its two lists of names changed last; different at each call where that is a moment ago. */
  async #stamp(path: string): Promise<string> {
    const times: number[] = [];
    for (const part of ["cur", "new"]) {
      const stat = await this.#fs.stat(`${this.#at(path)}/${part}`);
      times.push(stat?.mtime ?? 0);
    }
    const now = this.#clock.now();
    return times.some((t) => t > now - TICK && t <= now) ? `${times} look ${++this.#looks}` : `${times}`;
  }

  /** Takes in a folder's messages that are new. */
  async #folder(folder: Seen): Promise<void> {
    folder.stamp = await this.#stamp(folder.path);
    const known = this.#messages.get(folder.path) ?? new Map<string, string>();
    this.#messages.set(folder.path, known);
    const there = new Set<string>();
    const fresh: string[] = [];
    for (const part of ["new", "cur"]) {
      for (const { name, kind } of await this.#list(`${folder.path}/${part}`)) {
        const base = baseOf(name);
        if (kind !== "file" || name.startsWith(".") || there.has(base)) continue;
        there.add(base);
        if (!known.has(base)) fresh.push(`${folder.path}/${part}/${name}`);
      }
    }
    for (const part of ["", "/cur", "/new", "/tmp"]) {
      await this.#makeDir(`${this.dir}/data/${folder.path}${part}`);
    }
    folder.there = there;
    await inParallel(fresh, WIDTH, (path) => this.#message(path, known));
  }

  /**
   * Drops messages that are in their folder no more: all of them once every folder has kept `still` since it was looked at. Else one that was
   * moved may be on its way to where nobody looks again: only those go that were taken in elsewhere, too.
   */
  async #dropGone(folders: readonly Seen[], still: boolean): Promise<void> {
    const gone: string[] = [];
    for (const { path, there } of folders) {
      for (const [base, to] of this.#messages.get(path) ?? []) if (!there.has(base)) gone.push(to);
    }
    const leaving = new Set(gone);
    const kept = new Set<string>();
    for (const { path, sha256 } of still ? [] : this.files.values()) {
      if (!leaving.has(path)) kept.add(sha256);
    }
    for (const path of gone) {
      const sha256 = this.files.get(path)?.sha256;
      if (still || (sha256 !== undefined && kept.has(sha256))) await this.#drop(path);
      // Of several copies that are all on their way one stays.
      else if (sha256 !== undefined) kept.add(sha256);
    }
  }

  async #message(path: string, known: Map<string, string>): Promise<void> {
    const to = `data/${path}`;
    const stat = await this.#fs.stat(this.#at(path));
    if (!stat) return; // renamed or gone: the next look at the folder tells
    const before = this.#known.get(messageKey(to) ?? "");
    const same = before && before.size === stat.size && Math.abs(before.time - stat.mtime) < 1;
    if (!(same && await this.#link(before, to)) && !await this.#copy(this.#at(path), to)) {
      return;
    }
    known.set(baseOf(path.slice(path.lastIndexOf("/") + 1)), to);
  }

  async #link(known: FileEntry, to: string): Promise<boolean> {
    if (!this.#before) return false;
    try {
      await this.#fs.link(`${this.#before.dir}/${known.path}`, `${this.dir}/${to}`);
    } catch (e) {
      if (isFsError(e, "io", "denied", "not-found")) return false; // no links there, or too many of this one
      throw e;
    }
    this.linked++;
    this.#add({ ...known, path: to });
    return true;
  }

  async #copy(from: string, to: string): Promise<boolean> {
    const copied = await copyFile(this.#fs, from, `${this.dir}/${to}`);
    if (copied) this.#add({ path: to, ...copied });
    return copied !== null;
  }

  #add(entry: FileEntry): void {
    this.files.set(entry.path, entry);
    this.octets += entry.size;
    this.#plan.progress(this.files.size, this.octets);
  }

  async #drop(path: string): Promise<void> {
    await this.#fs.remove(`${this.dir}/${path}`);
    this.octets -= this.files.get(path)?.size ?? 0;
    this.files.delete(path);
  }

  /** A mail folder's other files: UID list, keywords, subscriptions. */
  async #beside(path: string): Promise<void> {
    for (const { name, kind } of await this.#list(path)) {
      if (kind === "file" && !PASSING.test(name)) {
        await this.#copy(`${this.#at(path)}/${name}`, `data/${path}/${name}`);
      }
    }
  }

  /** Messages that wait, each with its journal. */
  async #queue(): Promise<void> {
    await this.#others("queue", (name) => name.endsWith(".mail"));
    await this.#others("queue", (name) => !name.endsWith(".mail"));
    for (const path of [...this.files.keys()].filter((p) => /^data\/queue\/.*\.mail$/.test(p))) {
      // Sent meanwhile: its journal may be gone, and without that it would be sent again.
      if (await this.#fs.stat(`${this.#plan.data}/${path.slice("data/".length)}`)) continue;
      await this.#drop(path);
    }
  }

  /** Files below DATA/`path` whose names in it are `wanted`, folders with all that is in them. */
  async #others(path: string, wanted: (name: string) => boolean): Promise<void> {
    const below = (name: string) => path === "" ? name : `${path}/${name}`;
    await this.#makeDir(`${this.dir}/data/${path}`.replace(/\/$/, ""));
    for (const { name, kind } of await this.#list(path)) {
      if (PASSING.test(name) || (kind !== "dir" && !wanted(name))) continue;
      if (kind === "file") await this.#copy(`${this.#plan.data}/${below(name)}`, `data/${below(name)}`);
      else if (kind !== "dir" && this.skipped.length < TRANSFER_LOSSES) this.skipped.push(below(name));
      else if (kind === "dir" && (path !== "" || wanted(name))) {
        await this.#others(below(name), path === "" ? () => true : wanted);
      }
    }
  }

  /** Where that lies which is `path` in the snapshot's data. */
  #at(path: string): string {
    const { data, mail } = this.#plan;
    if (path === "mail" || path.startsWith("mail/")) return mail + path.slice("mail".length);
    return path === "" ? data : `${data}/${path}`;
  }

  async #list(path: string): Promise<DirEntry[]> {
    try {
      return await this.#fs.list(this.#at(path));
    } catch (e) {
      if (isFsError(e, "not-found")) return [];
      throw e;
    }
  }

  async #makeDir(path: string): Promise<void> {
    if (this.dirs.has(path)) return;
    await this.#fs.makeDir(path);
    for (let dir = path; dir.length >= this.dir.length; dir = folderOf(dir)) this.dirs.add(dir);
  }
}

/** What a message is known by: its folder and base, "data/mail/D/U\nBASE"; null for what is no message. */
function messageKey(path: string): string | null {
  const m = /^(data\/mail\/.*)\/(?:cur|new)\/([^/]+)$/.exec(path);
  return m?.[1] && m[2] ? `${m[1]}\n${baseOf(m[2])}` : null;
}
