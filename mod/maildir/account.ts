import { FsError, isFsError } from "../base/fs.ts";
import { FOLDER_SEEN } from "../base/limits.ts";
import { err, ok, type Result } from "../base/result.ts";
import { canonicalName, INBOX, isBelow, mayCreate } from "../store/mailbox_name.ts";
import { canonicalOrShared, isSharedName } from "../store/shared_name.ts";
import { SPECIAL_FOLDERS, specialUses } from "../store/special_use.ts";
import type {
  AccountMail,
  Copied,
  CopyError,
  Draft,
  Mailbox,
  MailboxEntry,
  MailboxStatus,
  NamedFlags,
  NameError,
  Quota,
  QuotaLimit,
  SpecialUse,
  Uid,
} from "../store/store.ts";
import type { AccountWatch, WatchWishes } from "../store/account_watch.ts";
import type { AccountWatching, Following } from "./account_watching.ts";
import type { QuickReader } from "./content.ts";
import { MaildirDraft, placeDrafts } from "./draft.ts";
import { Folder, type FolderHost } from "./folder.ts";
import { entriesOf, findFolder, hideFolder, listFolders, makeFolder } from "./folder_tree.ts";
import { KnownStatuses } from "./known_statuses.ts";
import { folderDir, isDir } from "./layout.ts";
import type { Ports } from "./ports.ts";
import { LiveFolders } from "./live_folders.ts";
import { type Annotations, MetadataFile } from "./metadata_file.ts";
import { QuotaFile } from "./quota_file.ts";
import { Serial } from "./serial.ts";
import { SpecialUseFile } from "./special_use_file.ts";
import { SubscriptionFile } from "./subscription_file.ts";
import { removeTree } from "./tidying.ts";

/** What an account asks of its store. */
export interface AccountHost {
  readonly quick: QuickReader;
  /** What is followed in all accounts. */
  readonly following: Following;
  used(folder: Folder): void;
  /** Many of its files are about to be changed. */
  stirring?(folder: Folder): void;
  /** Many of its messages are being read. */
  reading?(folder: Folder): void;
  /** It is about to be used, or nothing of it. */
  made(folder: Folder): void;
  background(what: string, work: Promise<unknown>): void;
}

/** The mail of one account, in its folder `root`. */
export class MaildirAccount implements AccountMail, FolderHost {
  readonly root: string;
  readonly quotaFile: QuotaFile;
  readonly #ports: Ports;
  readonly #host: AccountHost;
  readonly #folders: LiveFolders = new LiveFolders();
  readonly #subscriptions: SubscriptionFile;
  readonly #uses: SpecialUseFile;
  readonly #statuses: KnownStatuses;
  /** Creating, renaming and removing folders, one at a time. */
  readonly #changes = new Serial();
  #watching: AccountWatching | null = null;
  #popRelease: Promise<void> = Promise.resolve();
  #remaking: Promise<void> | null = null;

  /** `limit` gives the account's bounds as they are at the moment. */
  constructor(ports: Ports, host: AccountHost, root: string, limit: () => QuotaLimit | null = () => null) {
    this.#ports = ports;
    this.#host = host;
    this.root = root;
    this.quotaFile = new QuotaFile(ports, root, limit);
    this.#subscriptions = new SubscriptionFile(ports, root);
    this.#uses = new SpecialUseFile(ports, root);
    this.#statuses = new KnownStatuses(ports);
  }

  get quick(): QuickReader {
    return this.#host.quick;
  }

  /** Makes what is not there yet. `mailRoot` is the folder all accounts lie in, two levels up. */
  async ensure(mailRoot: string): Promise<void> {
    const { fs } = this.#ports;
    const domain = this.root.slice(0, this.root.lastIndexOf("/"));
    for (const path of [mailRoot, domain, this.root]) {
      const kind = fs.statSync(path)?.kind ?? "dir";
      if (kind !== "dir") throw new FsError("denied", "use as a folder", path);
    }
    if (this.#uses.exists() && isDir(fs, `${this.root}/cur`)) return;
    // Also where a start before this one was cut off: what is there may not be on the medium.
    await makeFolder(this.#ports, this.root, "");
    for (const path of [domain, mailRoot]) await fs.syncDir(path);
    await this.#makeSpecial();
  }

  /** At first use. Folders that have the use under another name are left to it; subscriptions that are there are not touched. */
  async #makeSpecial(): Promise<void> {
    const names = await listFolders(this.#ports, this.root);
    const uses = new Set(specialUses(names, new Map()).values());
    for (const { name, use } of SPECIAL_FOLDERS) {
      const dir = uses.has(use) ? null : folderDir(name, this.#ports.separator);
      if (dir !== null) await makeFolder(this.#ports, this.root, dir);
    }
    if (this.#ports.fs.statSync(`${this.root}/subscriptions`) === null) {
      await this.#subscriptions.change(await listFolders(this.#ports, this.root), true);
    }
    await this.#uses.change(() => {});
  }

  used(folder: Folder): void {
    this.#host.used(folder);
  }

  stirring(folder: Folder): void {
    this.#host.stirring?.(folder);
  }

  reading(folder: Folder): void {
    this.#host.reading?.(folder);
  }

  changed(folder: Folder): void {
    this.#watching?.changed(folder.name);
  }

  /** Nobody is told any more. */
  endWatching(): void {
    this.#watching?.close();
  }

  async watch(wishes: WatchWishes): Promise<AccountWatch | null> {
    const { AccountWatching } = await import("./account_watching.ts");
    const separator = this.#ports.separator;
    this.#watching ??= new AccountWatching(this.#ports, {
      root: this.root,
      status: (name) => this.status(name, {}),
      look: (name) => {
        const dir = folderDir(name, separator) ?? "";
        return this.#statuses.look(dir === "" ? this.root : `${this.root}/${dir}`);
      },
      subscriptions: () => this.subscriptions(),
      list: () => this.list(),
      quietly: (work) => this.#changes.run(work),
    }, this.#host.following);
    return await this.#watching.add(wishes);
  }

  async list(): Promise<readonly MailboxEntry[]> {
    const ports = this.#ports;
    if (!isDir(ports.fs, `${this.root}/cur`)) await this.#remake();
    const names = await listFolders(ports, this.root);
    const uses = specialUses(names, await this.#uses.read());
    return await entriesOf(ports, this.root, names, new Set(await this.#subscriptions.names()), uses);
  }

  subscriptions(): Promise<readonly string[]> {
    return this.#subscriptions.names();
  }

  async subscribe(name: string, on: boolean): Promise<Result<void, NameError>> {
    const n = canonicalOrShared(name, this.#ports.separator);
    if (!n.ok) return n;
    // What others share is theirs to look for.
    const shared = isSharedName(n.value, this.#ports.separator);
    if (on && !shared && !(await this.#isLevel(n.value))) return err("no-mailbox");
    await this.#subscriptions.change([n.value], on);
    this.#watching?.subscribed(n.value, on);
    return ok(undefined);
  }

  create(name: string, specialUse?: SpecialUse): Promise<Result<void, NameError>> {
    return this.#changes.run(async () => {
      const n = this.#newName(name);
      if (!n.ok) return n;
      if (findFolder(this.#ports, this.root, n.value.name) !== null) return err("exists");
      await makeFolder(this.#ports, this.root, n.value.dir);
      if (specialUse) await this.#uses.change((uses) => void uses.set(n.value.name, specialUse));
      this.#watching?.created(n.value.name);
      return ok(undefined);
    });
  }

  remove(name: string): Promise<Result<void, NameError>> {
    return this.#changes.run(async () => {
      const n = canonicalName(name, this.#ports.separator);
      if (!n.ok) return n;
      if (n.value === INBOX) return err("inbox");
      const folder = await this.find(n.value);
      if (!folder) return err(await this.#isLevel(n.value) ? "has-children" : "no-mailbox");
      const hidden = await this.#leave(folder, () => hideFolder(this.#ports, this.root, folder.state.dir));
      await this.quotaFile.forget();
      // From here on it is gone; what a crash leaves of it is tidied away at the next start.
      this.#host.background("removing a folder", removeTree(this.#ports, hidden));
      if ((await this.#uses.read()).has(n.value)) {
        await this.#uses.change((uses) => void uses.delete(n.value));
      }
      this.#watching?.removed(n.value);
      return ok(undefined);
    });
  }

  rename(from: string, to: string): Promise<Result<void, NameError>> {
    return this.#changes.run(async () => {
      const source = canonicalName(from, this.#ports.separator);
      const target = this.#newName(to);
      if (!source.ok || !target.ok) return err("bad-name");
      if (!(await this.#isLevel(source.value))) return err("no-mailbox");
      if (await this.#isLevel(target.value.name)) return err("exists");
      if (isBelow(target.value.name, source.value, this.#ports.separator) && source.value !== INBOX) {
        return err("bad-name");
      }
      const renamed = source.value === INBOX
        ? await this.#renameInbox(target.value)
        : await this.#renameTree(source.value, target.value.name);
      if (renamed.ok) this.#watching?.renamed(source.value, target.value.name);
      return renamed;
    });
  }

  async status(
    name: string,
    want: { readonly size?: boolean },
  ): Promise<Result<MailboxStatus, "no-mailbox">> {
    const folder = await this.find(name);
    if (!folder) return err("no-mailbox");
    const { dir, loaded } = folder.state;
    const look = this.#statuses.look(dir);
    const known = loaded ? null : this.#statuses.get(dir, look, want.size === true);
    if (known) return ok(known);
    folder.use();
    try {
      const status = await folder.status(want.size === true);
      this.#statuses.put(dir, look, status);
      return ok(status);
    } finally {
      folder.close();
    }
  }

  async open(name: string): Promise<Result<Mailbox, "no-mailbox">> {
    // Twice: one that was made anew, by whomever, is another folder.
    for (let attempt = 1; attempt <= 2; attempt++) {
      const folder = await this.find(name);
      if (!folder) break;
      folder.use();
      try {
        await folder.refresh();
      } catch (e) {
        folder.close();
        throw e;
      }
      if (!folder.state.gone) return ok(folder);
      folder.close();
    }
    return err("no-mailbox");
  }

  draft(_size: number): Promise<Draft> {
    return Promise.resolve(new MaildirDraft(this.#ports, `${this.root}/tmp`));
  }

  async commit(
    name: string,
    drafts: readonly { draft: Draft; flags: NamedFlags; internalDate: number | null }[],
  ): Promise<Result<{ uidValidity: number; uids: readonly Uid[] }, CopyError>> {
    const folder = await this.find(name);
    if (!folder) return err("no-mailbox");
    const own = drafts.map(({ draft, flags, internalDate }) => {
      if (!(draft instanceof MaildirDraft)) throw new TypeError("Cannot commit a draft of another store");
      return { draft, flags, internalDate };
    });
    const octets = own.reduce((sum, { draft }) => sum + draft.size, 0);
    const release = await this.quotaFile.reserve(octets, own.length);
    if (!release) return err("over-quota");
    try {
      const placed = await placeDrafts(own, folder, () => this.find(folder.name));
      if (placed.ok) await this.quotaFile.changed(octets, own.length);
      else await Promise.allSettled(own.map(({ draft }) => draft.discard()));
      return placed;
    } catch (e) {
      // What could not be removed now is swept from tmp/ later.
      await Promise.allSettled(own.map(({ draft }) => draft.discard()));
      throw e;
    } finally {
      release();
    }
  }

  transfer(
    source: Mailbox,
    uids: readonly Uid[],
    target: string,
    how: { readonly move: boolean; readonly keep: (flags: NamedFlags) => NamedFlags },
  ): Promise<Result<Copied, CopyError>> {
    if (!(source instanceof Folder)) throw new TypeError("Cannot copy from a mailbox of another store");
    return how.move
      ? source.moveInto(this, uids, target, how.keep)
      : source.copyInto(this, uids, target, how.keep);
  }

  async annotations(mailbox: string): Promise<Result<Annotations, "no-mailbox">> {
    const file = this.#metadata(mailbox);
    return file ? ok(await file.read()) : err("no-mailbox");
  }

  async annotate(
    mailbox: string,
    changes: ReadonlyMap<string, Uint8Array | null>,
  ): Promise<Result<void, "no-mailbox" | "too-many">> {
    // Twice: it may be renamed, removed or made anew meanwhile.
    for (let attempt = 1;; attempt++) {
      const file = this.#metadata(mailbox);
      if (!file) return err("no-mailbox");
      try {
        if (await file.change(changes)) break;
        return err("too-many");
      } catch (e) {
        if (!isFsError(e, "not-found") || attempt === 2) throw e;
      }
    }
    const name = canonicalName(mailbox, this.#ports.separator);
    this.#watching?.annotated(name.ok ? name.value : mailbox, [...changes.keys()]);
    return ok(undefined);
  }

  #metadata(mailbox: string): MetadataFile | null {
    if (mailbox === "") return new MetadataFile(this.#ports, `${this.root}/roost-metadata-account`);
    const folder = this.findNow(mailbox);
    return folder && new MetadataFile(this.#ports, `${folder.state.dir}/roost-metadata`);
  }

  quota(): Promise<Quota | null> {
    return this.quotaFile.usage();
  }

  /** Whether a message of so many octets would fit; true where that cannot be found out. */
  hasRoom(octets: number): Promise<boolean> {
    return this.quotaFile.hasRoom(octets, 1);
  }

  async lockForPop(): Promise<(() => void) | null> {
    await this.#popRelease;
    // The name Dovecot has for it (pop3_lock_session).
    const unlock = await this.#ports.locks.tryTake(`${this.root}/dovecot-pop3-session.lock`).catch((e) => {
      // Nothing can be removed there, so nobody needs to be kept out; mail can be read.
      if (isFsError(e, "read-only")) return () => Promise.resolve();
      throw e;
    });
    if (!unlock) return null;
    return () => {
      this.#popRelease = unlock().catch(() => {}); // a lock that stays behind becomes stale
      this.#host.background("unlock", this.#popRelease);
    };
  }

  /** The folder, or null when there is none. INBOX always is. */
  async find(name: string): Promise<Folder | null> {
    const folder = this.findNow(name);
    if (folder || !isInbox(name, this.#ports.separator)) return folder;
    await this.#remake();
    return this.findNow(name);
  }

  /**
   * Makes the account's folders as at first use: somebody took them away under the running server. Not where the folder of all accounts is gone, too:
   * that is a disk which is not there at the moment.
   */
  #remake(): Promise<void> {
    const { fs, log } = this.#ports;
    const domain = this.root.slice(0, this.root.lastIndexOf("/"));
    const mailRoot = domain.slice(0, domain.lastIndexOf("/"));
    if (!isDir(fs, mailRoot)) throw new FsError("not-found", "find", mailRoot);
    if (this.#remaking === null) {
      log.warn("account's folder was taken away, made again", { path: this.root });
      this.#remaking = this.ensure(mailRoot).finally(() => this.#remaking = null);
    }
    return this.#remaking;
  }

  findNow(name: string): Folder | null {
    const n = canonicalName(name, this.#ports.separator);
    const path = n.ok ? findFolder(this.#ports, this.root, n.value) : null;
    if (!n.ok || path === null) return null;
    let folder = this.#folders.get(n.value);
    if (!folder || folder.state.gone) {
      folder = new Folder(this.#ports, this, n.value, path, this.root);
      this.#folders.set(folder);
      this.#host.made(folder);
    }
    return folder;
  }

  /**
   * As `findNow`, for deliveries: a folder seen a moment ago is not looked for again. Should it have gone meanwhile, the delivery finds out.
   */
  findSeen(name: string): Folder | null {
    const { clock } = this.#ports;
    const known = this.#folders.get(name);
    if (known && !known.state.gone && clock.monotonic() - known.seen < FOLDER_SEEN) return known;
    const folder = this.findNow(name);
    if (folder) folder.seen = clock.monotonic();
    return folder;
  }

  /** Folders somebody has asked for and that are still at hand. */
  folders(): readonly Folder[] {
    return this.#folders.all();
  }

  #newName(name: string): Result<{ readonly name: string; readonly dir: string }, "bad-name"> {
    const n = canonicalName(name, this.#ports.separator);
    const dir = n.ok ? folderDir(n.value, this.#ports.separator) : null;
    return n.ok && dir !== null && mayCreate(n.value) ? ok({ name: n.value, dir }) : err("bad-name");
  }

  async #isLevel(name: string): Promise<boolean> {
    if (findFolder(this.#ports, this.root, name) !== null) return true;
    const names = await listFolders(this.#ports, this.root);
    return names.some((n) => isBelow(n, name, this.#ports.separator));
  }

  /** Ends a folder for all who have it open, after what is under way in it, with `change` done to it. */
  async #leave<T>(folder: Folder, change: () => Promise<T>): Promise<T> {
    return await folder.state.serial.run(async () => {
      const result = await change();
      this.#folders.delete(folder.name);
      folder.state.end();
      return result;
    });
  }

  async #renameTree(from: string, to: string): Promise<Result<void, NameError>> {
    const separator = this.#ports.separator;
    const names = (await listFolders(this.#ports, this.root)).filter((n) =>
      n === from || isBelow(n, from, separator)
    );
    const targets = names.map((name) => this.#newName(to + name.slice(from.length)));
    if (targets.some((t) => !t.ok)) return err("bad-name");
    for (const [i, name] of names.entries()) {
      const folder = await this.find(name);
      const target = targets[i];
      if (!folder || !target?.ok) continue;
      const path = `${this.root}/${target.value.dir}`;
      await this.#leave(folder, () => this.#ports.fs.rename(folder.state.dir, path));
    }
    await this.#ports.fs.syncDir(this.root);
    const renamed = new Map(names.map((n) => [n, to + n.slice(from.length)]));
    if ([...(await this.#uses.read()).keys()].some((n) => renamed.has(n))) {
      await this.#uses.change((uses) => {
        for (const [name, use] of [...uses]) {
          uses.delete(name);
          uses.set(renamed.get(name) ?? name, use);
        }
      });
    }
    return ok(undefined);
  }

  /** RFC 3501 6.3.5: the messages go to a new folder, INBOX and its children stay. */
  async #renameInbox(
    target: { readonly name: string; readonly dir: string },
  ): Promise<Result<void, NameError>> {
    await makeFolder(this.#ports, this.root, target.dir);
    const inbox = await this.open(INBOX);
    if (!inbox.ok) return err("no-mailbox");
    try {
      await inbox.value.move(inbox.value.messages.map((m) => m.uid), target.name);
    } finally {
      inbox.value.close();
    }
    return ok(undefined);
  }
}

function isInbox(name: string, separator: string): boolean {
  const n = canonicalName(name, separator);
  return n.ok && n.value === INBOX;
}
