/** The sharing port over `dovecot-acl` files. The files are the truth; `roost-shared` only tells in which of them to look for a listing. */
import type { AccountId } from "../account/directory.ts";
import { fromUtf8 } from "../base/bytes.ts";
import { isFsError } from "../base/fs.ts";
import { ACL_SIZE, ACLS_KEPT, SHARED_BY_ONE, SHARED_SEEN, SHARED_SHOWN } from "../base/limits.ts";
import { err, ok, type Result } from "../base/result.ts";
import { type Acl, idKey, rightsIn } from "../store/acl.ts";
import { canonicalName, compareNames, parentsOf } from "../store/mailbox_name.ts";
import { LOOKUP, NO_RIGHTS, type Rights } from "../store/rights.ts";
import type { People, SharedMailbox, Sharing } from "../store/sharing.ts";
import { aclPath, type AclText, changeAclFile, parseAcl, readAcl } from "./acl_file.ts";
import { findFolder } from "./folder_tree.ts";
import { accountPath, folderDir, folderName } from "./layout.ts";
import type { Ports } from "./ports.ts";
import { Serial } from "./serial.ts";
import { formatShared, parseShared, type SharedLines, SharedList } from "./shared_list.ts";
import { inSlices } from "./slices.ts";

/** A list that was read, and what its file was like then. */
interface Known {
  readonly stamp: string;
  readonly acl: Acl;
}

/** Milliseconds of looking through accounts before others get their turn. */
const SLICE = 4;

export class MaildirSharing implements Sharing {
  readonly #ports: Ports;
  readonly #root: string;
  readonly #people: People;
  readonly #list: SharedList;
  /** By path; the one asked for longest ago first. */
  readonly #known = new Map<string, Known>();
  /** Of these: lists, and entries in them. */
  #size = 0;
  readonly #buffer = new Uint8Array(ACL_SIZE);
  /** One at a time: what is told of where to look goes before the change, and after it. */
  readonly #changes = new Serial();
  #scan: Promise<void> | null = null;
  readonly #listeners = new Set<() => void>();

  /** `root` is the mail root. */
  constructor(ports: Ports, root: string, people: People) {
    this.#ports = ports;
    this.#root = root;
    this.#people = people;
    this.#list = new SharedList(ports, root);
  }

  rights(owner: AccountId, name: string, user: AccountId): Rights {
    const root = this.#rootOf(owner);
    const n = canonicalName(name, this.#ports.separator);
    const dir = n.ok ? folderDir(n.value, this.#ports.separator) : null;
    return root === null || dir === null ? NO_RIGHTS : rightsIn(this.#aclNow(below(root, dir)), user, owner);
  }

  async sharedWith(user: AccountId): Promise<readonly SharedMailbox[]> {
    const lines = await this.#lines();
    const places = new Map(
      ["anyone", "authenticated", `user=${user}`].flatMap((id) => lines.get(id) ?? [])
        .map((line) => [`${line.owner}\t${line.dir}`, line]),
    );
    const shared: SharedMailbox[] = [];
    await inSlices(this.#ports, this.#root, places.values(), ({ owner, dir }) => {
      const root = owner === user || shared.length >= SHARED_SHOWN ? null : this.#rootOf(owner);
      const name = dir === "" ? "INBOX" : folderName(dir, this.#ports.separator);
      if (root === null || name === null) return;
      const rights = rightsIn(this.#aclNow(below(root, dir)), user, owner);
      if (rights & LOOKUP) shared.push({ owner, name, rights });
    });
    return shared.sort((a, b) =>
      a.owner < b.owner ? -1 : a.owner > b.owner ? 1 : compareNames(a.name, b.name)
    );
  }

  exists(owner: AccountId, name: string): boolean {
    return this.#folder(owner, name) !== null;
  }

  above(owner: AccountId, name: string): string | null {
    return parentsOf(name, this.#ports.separator).findLast((parent) => this.exists(owner, parent)) ?? null;
  }

  async read(owner: AccountId, name: string): Promise<Acl | null> {
    const path = this.#folder(owner, name);
    return path === null ? null : await readAcl(this.#ports, aclPath(path));
  }

  change(
    owner: AccountId,
    name: string,
    change: (acl: Acl) => Acl,
  ): Promise<Result<void, "no-mailbox" | "too-many">> {
    const work = async () => {
      try {
        return await this.#change(owner, name, change);
      } catch (e) {
        if (!isFsError(e, "not-found")) throw e;
        return await this.#change(owner, name, change); // renamed, removed or made anew meanwhile
      }
    };
    return this.#changes.run(work).finally(() => this.#tell());
  }

  async #change(
    owner: AccountId,
    name: string,
    change: (acl: Acl) => Acl,
  ): Promise<Result<void, "no-mailbox" | "too-many">> {
    const root = this.#rootOf(owner);
    const path = this.#folder(owner, name);
    if (root === null || path === null) return err("no-mailbox");
    const dir = path.slice(root.length + 1);
    const at = aclPath(path);
    await this.#lookedThrough();
    // Where to look is told first: a crash in between leaves a line too many.
    const lines = new Set(linesOf(change(await readAcl(this.#ports, at)), owner, dir));
    const texts = await this.#list.texts();
    if (!lines.isSubsetOf(texts)) {
      const all = linesBy(owner, texts).union(lines);
      if (all.size > SHARED_BY_ONE) return err("too-many");
      await this.#list.update(new Set(), lines, false);
    }
    if (!await changeAclFile(this.#ports, at, change)) return err("too-many");
    await this.#tidyList(owner, dir, texts.union(lines), this.#aclNow(path));
    await this.#tellDovecot(root);
    return ok(undefined);
  }

  async inherit(owner: AccountId, name: string): Promise<void> {
    const parent = this.above(owner, name);
    const acl = parent === null ? null : await this.read(owner, parent);
    if (acl !== null && acl.length > 0) await this.change(owner, name, () => acl);
  }

  renamed(owner: AccountId): Promise<void> {
    return this.#changes.run(() => this.#renamed(owner)).finally(() => this.#tell());
  }

  listen(listener: () => void): () => void {
    const own = () => listener();
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  async #renamed(owner: AccountId): Promise<void> {
    const lines = [...(await this.#list.lines()).values()];
    if (!lines.some((some) => some.some((line) => line.owner === owner))) return;
    const before = linesBy(owner, await this.#list.texts());
    await this.#list.update(before, new Set(await this.#scanned(owner)), false);
  }

  /** Resolves when nothing is under way that nobody waits for. */
  async settled(): Promise<void> {
    await this.#scan;
  }

  /** Takes out lines of a folder that say no more than the truth did. */
  async #tidyList(owner: AccountId, dir: string, texts: ReadonlySet<string>, acl: Acl): Promise<void> {
    const now = new Set(linesOf(acl, owner, dir));
    const stale = new Set([...texts].filter((text) => parseShared(text)?.dir === dir)).difference(now);
    const own = linesBy(owner, stale);
    if (own.size > 0) await this.#list.update(own, new Set(), false);
  }

  /** Where to look; nowhere, for now, where the list cannot be had: what one's own is can be listed all the same. */
  async #lines(): Promise<SharedLines> {
    try {
      await this.#lookedThrough();
      return await this.#list.lines();
    } catch (e) {
      if (!isFsError(e)) throw e;
      this.#ports.log.warn("shared folders not listed", { why: e.message });
      return new Map();
    }
  }

  /** Sees to it that there is a list: all folders are looked through when there is none, and again, while nobody waits, when that is long ago. */
  async #lookedThrough(): Promise<void> {
    const { age } = this.#list;
    if (age !== null && age < SHARED_SEEN) return;
    this.#scan ??= this.#scanAll().finally(() => this.#scan = null);
    if (age === null) return await this.#scan;
    this.#scan.catch((e) => this.#ports.log.warn("shared folders not looked for", { why: String(e) }));
  }

  async #scanAll(): Promise<void> {
    const before = await this.#list.texts();
    const now = new Set<string>();
    const { clock, fs } = this.#ports;
    let began = clock.monotonic();
    for (const owner of this.#people.all()) {
      for (const line of await this.#scanned(owner)) now.add(line);
      if (clock.monotonic() - began < SLICE) continue;
      // Small folders are listed at once: this lets others have their turn.
      await fs.stat(this.#root);
      began = clock.monotonic();
    }
    await this.#list.update(before, now, true);
  }

  /** The lines of an account. */
  async #scanned(owner: AccountId): Promise<string[]> {
    const root = this.#rootOf(owner);
    if (root === null) return [];
    const lines: string[] = [];
    const entries = await this.#ports.fs.list(root).catch((e) => {
      if (isFsError(e, "not-found")) return []; // nobody has logged in there yet
      throw e;
    });
    await inSlices(
      this.#ports,
      this.#root,
      [{ name: "", kind: "dir" }, ...entries],
      ({ name: dir, kind }) => {
        if (kind !== "dir" || (dir !== "" && !dir.startsWith("."))) return;
        lines.push(...linesOf(this.#aclNow(below(root, dir)), owner, dir));
      },
    );
    return lines;
  }

  /** The list in a folder; empty where there is none, or none that can be understood. */
  #aclNow(folder: string): Acl {
    const { fs, log } = this.#ports;
    const path = aclPath(folder);
    const stat = fs.statSync(path);
    if (stat?.kind !== "file") return [];
    const stamp = `${stat.inode} ${stat.ctime} ${stat.mtime} ${stat.size}`;
    const known = this.#known.get(path);
    if (known?.stamp === stamp) {
      this.#known.delete(path);
      this.#known.set(path, known);
      return known.acl;
    }
    const text = this.#textNow(path);
    if (text === null) {
      log.warn("access control list cannot be used: nobody but the owner has rights", { path });
    }
    const acl = text?.entries ?? [];
    this.#forget(path);
    this.#known.set(path, { stamp, acl });
    this.#size += acl.length + 1;
    for (const oldest of this.#known.keys()) {
      if (this.#size <= ACLS_KEPT) break;
      this.#forget(oldest);
    }
    return acl;
  }

  /** null where it cannot be read or understood. */
  #textNow(path: string): AclText | null {
    try {
      const size = this.#ports.fs.readInto(path, this.#buffer) ?? 0;
      return size <= ACL_SIZE ? parseAcl(fromUtf8(this.#buffer.subarray(0, size))) : null;
    } catch (e) {
      // Another's file must not keep anybody from listing what is there.
      if (isFsError(e)) return null;
      throw e;
    }
  }

  #forget(path: string): void {
    const known = this.#known.get(path);
    if (known && this.#known.delete(path)) this.#size -= known.acl.length + 1;
  }

  /** Dovecot's own list of where to look is made anew by it when it is gone. */
  async #tellDovecot(root: string): Promise<void> {
    try {
      await this.#ports.fs.remove(`${root}/dovecot-acl-list`);
    } catch (e) {
      if (!isFsError(e)) throw e;
      this.#ports.log.debug("Dovecot's list of shared folders stays", { why: e.code });
    }
  }

  /** Folder of an account that there is; null for others. */
  #rootOf(owner: AccountId): string | null {
    const path = this.#people.has(owner) ? accountPath(owner) : null;
    return path === null ? null : `${this.#root}/${path}`;
  }

  #folder(owner: AccountId, name: string): string | null {
    const root = this.#rootOf(owner);
    const n = canonicalName(name, this.#ports.separator);
    return root === null || !n.ok ? null : findFolder(this.#ports, root, n.value);
  }
}

function below(root: string, dir: string): string {
  return dir === "" ? root : `${root}/${dir}`;
}

/** Those of one owner. */
function linesBy(owner: AccountId, texts: ReadonlySet<string>): Set<string> {
  return new Set([...texts].filter((text) => parseShared(text)?.owner === owner));
}

/** Who may see a folder. */
function linesOf(acl: Acl, owner: AccountId, dir: string): string[] {
  return acl.filter((e) =>
    !e.negative && e.rights & LOOKUP && /^(?:anyone|anonymous|authenticated|user=[^\t]+)$/.test(e.id)
  )
    .map((e) => formatShared({ id: idKey(e.id, owner), owner, dir }));
}
