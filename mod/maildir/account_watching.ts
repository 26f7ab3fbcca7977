/**
 * Follows many folders of an account for those who want to hear of them all (RFC 5465), without opening any. What this process does is heard of at once.
 * What other programs do is noticed by the file system's notices for the first few folders, and for all by a look at the times of their parts every half
 * minute: three system calls each, done in slices.
 */
import type { Watcher } from "../base/fs.ts";
import { NOTIFY_FOLDERS, NOTIFY_FOLDERS_ALL, NOTIFY_WATCHED, NOTIFY_WATCHED_ALL } from "../base/limits.ts";
import type { Result } from "../base/result.ts";
import type { AccountEvent, AccountWatch, FolderCounts, WatchWishes } from "../store/account_watch.ts";
import { INBOX, isBelow } from "../store/mailbox_name.ts";
import type { MailboxEntry, MailboxStatus } from "../store/store.ts";
import type { Look } from "./known_statuses.ts";
import { folderDir, folderName, isDir } from "./layout.ts";
import type { Ports } from "./ports.ts";
import { Serial } from "./serial.ts";
import { inSlices } from "./slices.ts";

const SETTLE = 25; // milliseconds for more changes to come before looking
const LOOK = 30_000; // milliseconds between looks at everything
const NAMES_PACE = 1000; // milliseconds between looks for new folders that a notice asks for
const COST_FACTOR = 20; // looks may take this part (1/n) of the time at most

/** What is asked of the account. */
export interface FollowedAccount {
  readonly root: string;
  status(name: string): Promise<Result<MailboxStatus, "no-mailbox">>;
  /** What the parts of a folder look like. */
  look(name: string): Look;
  subscriptions(): Promise<readonly string[]>;
  list(): Promise<readonly MailboxEntry[]>;
  /** Runs while this process makes, removes and renames no folder of the account. */
  quietly<T>(work: () => Promise<T>): Promise<T>;
}

/** What all accounts of a store follow together. */
export interface Following {
  folders: number;
  watched: number;
}

interface Followed {
  look: Look;
  counts: FolderCounts | null;
}

export class AccountWatching {
  readonly #ports: Ports;
  readonly #account: FollowedAccount;
  readonly #all: Following;
  readonly #wishes = new Set<WatchWishes>();
  /** Folders that are there, by what they are called on disk. Empty while nobody follows any. */
  readonly #names = new Map<string, string>();
  readonly #folders = new Map<string, Followed>();
  #subscribed = new Set<string>();
  #subscriptionsLook = "";
  readonly #dirty = new Set<string>();
  /** What LIST would tell, since the last change of names. */
  #listed: Promise<Map<string, MailboxEntry>> | null = null;
  readonly #starts = new Serial();
  readonly #takes = new Serial();
  #working = false;
  #watcher: Watcher | null = null;
  /** Paths with notices, and whose they are; "" for the root. */
  #watched = new Map<string, string>();
  /** Folders among them. */
  #noticed = 0;
  #cancelWork: (() => void) | null = null;
  #cancelNames: (() => void) | null = null;
  #cancelLook: (() => void) | null = null;
  #namesCost = 0;

  constructor(ports: Ports, account: FollowedAccount, all: Following) {
    this.#ports = ports;
    this.#account = account;
    this.#all = all;
  }

  /** Begins to tell; null where there are too many folders. What changes after it resolves is told. */
  add(wishes: WatchWishes): Promise<AccountWatch | null> {
    return this.#starts.run(async () => {
      this.#wishes.add(wishes);
      const close = () => {
        if (this.#wishes.delete(wishes)) this.#refollow();
      };
      if (wishes.follows === null) return this.#watch(wishes, close);
      try {
        if (!this.#active) await this.#begin();
        if (await this.#follow()) return this.#watch(wishes, close);
      } catch (e) {
        close();
        throw e;
      }
      close();
      return null;
    });
  }

  /** A folder's messages or flags have changed. */
  changed(name: string): void {
    if (!this.#folders.has(name)) return;
    this.#dirty.add(name);
    this.#arm();
  }

  created(name: string): void {
    const dir = folderDir(name, this.#ports.separator);
    if (!this.#active || dir === null || this.#names.has(dir)) return;
    this.#names.set(dir, name);
    this.#emit({ kind: "created", name });
    this.#followNew(name);
  }

  removed(name: string): void {
    const dir = folderDir(name, this.#ports.separator);
    if (!this.#active || dir === null || !this.#names.delete(dir)) return;
    this.#unfollow(name);
    this.#emit({ kind: "removed", name });
  }

  renamed(from: string, to: string): void {
    if (!this.#active) return;
    const { separator } = this.#ports;
    const gone: string[] = [];
    for (const name of from === INBOX ? [] : this.#names.values()) {
      if (name === from || isBelow(name, from, separator)) gone.push(name);
    }
    const made = from === INBOX ? [to] : gone.map((name) => to + name.slice(from.length));
    for (const name of gone) {
      this.#names.delete(folderDir(name, separator) ?? "");
      this.#unfollow(name);
    }
    for (const name of made) {
      const dir = folderDir(name, separator);
      if (dir !== null) this.#names.set(dir, name);
    }
    this.#emit({ kind: "renamed", from, to });
    for (const name of made) this.#followNew(name);
  }

  subscribed(name: string, on: boolean): void {
    if (!this.#active || this.#subscribed.has(name) === on) return;
    if (on) this.#subscribed.add(name);
    else this.#subscribed.delete(name);
    this.#emit({ kind: "subscribed", name, on });
  }

  annotated(mailbox: string, entries: readonly string[]): void {
    this.#emit({ kind: "annotated", mailbox, entries });
  }

  /** Ends it all. */
  close(): void {
    this.#wishes.clear();
    this.#stop();
  }

  get #active(): boolean {
    return this.#names.has("");
  }

  #watch(wishes: WatchWishes, close: () => void): AccountWatch {
    return {
      counts: (name) => this.#take(name),
      look: (name) => this.changed(name),
      changed: () => {
        if (wishes.follows !== null) this.#refollow();
      },
      entries: () => this.#listed ??= this.#list(),
      close,
    };
  }

  async #list(): Promise<Map<string, MailboxEntry>> {
    try {
      return new Map((await this.#account.list()).map((entry) => [entry.name, entry]));
    } catch (e) {
      this.#listed = null;
      throw e;
    }
  }

  #emit(event: AccountEvent): void {
    this.#relist(event);
    for (const { listener } of [...this.#wishes]) {
      try {
        listener(event);
      } catch (e) {
        this.#ports.log.error("account listener failed", { event: event.kind }, e);
      }
    }
  }

  /** Takes over what an event changes in a listing: of thousands of folders none is looked at for one subscription. */
  #relist(event: AccountEvent): void {
    if (event.kind === "subscribed") {
      const { name, on: subscribed } = event;
      this.#listed?.then((entries) => {
        const entry = entries.get(name);
        if (entry) entries.set(name, { ...entry, subscribed });
      }, () => {}); // whoever waits for it hears of it
    } else if (event.kind === "created" || event.kind === "removed" || event.kind === "renamed") {
      this.#listed = null;
    }
  }

  #wanted(name: string): boolean {
    for (const { follows } of this.#wishes) if (follows?.(name)) return true;
    return false;
  }

  /** Reads which folders and subscriptions there are. */
  async #begin(): Promise<void> {
    await this.#account.quietly(async () => {
      this.#names.set("", INBOX);
      await this.#lookAtNames(() => {});
    });
    this.#subscriptionsLook = this.#lookOf(`${this.#account.root}/subscriptions`);
    this.#subscribed = new Set(await this.#account.subscriptions());
    this.#cancelLook ??= this.#ports.clock.after(LOOK, () => void this.#lookAtAll());
  }

  /** Follows what is wanted, no longer what is not; false when that is too much. */
  async #follow(): Promise<boolean> {
    let fits = true;
    await inSlices(this.#ports, this.#account.root, [...this.#names.values()], (name) => {
      if (!this.#wanted(name)) this.#unfollow(name);
      else fits &&= this.#followOne(name);
    });
    this.#watchSome();
    return fits;
  }

  /** The same in the background; all is given back once nobody is left. */
  #refollow(): void {
    if (![...this.#wishes].some((w) => w.follows !== null)) return this.#stop();
    this.#starts.run(() => this.#follow()).then(
      (fits) => fits || this.#overflow(),
      (e) => this.#ports.log.warn("cannot follow folders", { why: String(e) }),
    );
  }

  #stop(): void {
    this.#cancelWork?.();
    this.#cancelNames?.();
    this.#cancelLook?.();
    this.#cancelWork = this.#cancelNames = this.#cancelLook = null;
    for (const name of [...this.#folders.keys()]) this.#unfollow(name);
    this.#watchSome();
    this.#names.clear();
    this.#subscribed.clear();
    this.#listed = null;
  }

  #overflow(): void {
    this.#emit({ kind: "overflow" });
  }

  #followOne(name: string): boolean {
    if (this.#folders.has(name)) return true;
    if (this.#folders.size >= NOTIFY_FOLDERS || this.#all.folders >= NOTIFY_FOLDERS_ALL) return false;
    this.#folders.set(name, { look: this.#account.look(name), counts: null });
    this.#all.folders++;
    return true;
  }

  #followNew(name: string): void {
    if (!this.#wanted(name)) return;
    if (!this.#followOne(name)) this.#overflow();
    else if (this.#noticed < NOTIFY_WATCHED) this.#watchSome();
  }

  #unfollow(name: string): void {
    if (this.#folders.delete(name)) this.#all.folders--;
    this.#dirty.delete(name);
  }

  /** Asks for the file system's notices of the root and the first folders. */
  #watchSome(): void {
    const { root } = this.#account;
    const room = NOTIFY_WATCHED_ALL - this.#all.watched + this.#noticed;
    const watched = new Map<string, string>();
    if (this.#folders.size > 0) watched.set(root, "");
    let noticed = 0;
    for (const name of this.#folders.keys()) {
      if (noticed >= Math.min(NOTIFY_WATCHED, room)) break;
      noticed++;
      const dir = folderDir(name, this.#ports.separator) ?? "";
      for (const part of ["new", "cur"]) {
        watched.set(dir === "" ? `${root}/${part}` : `${root}/${dir}/${part}`, name);
      }
    }
    if (watched.size === this.#watched.size && [...watched.keys()].every((p) => this.#watched.has(p))) return;
    this.#all.watched += noticed - this.#noticed;
    this.#noticed = noticed;
    this.#watched = watched;
    const before = this.#watcher;
    this.#watcher = watched.size === 0 ? null : this.#notices([...watched.keys()]);
    before?.close();
  }

  #notices(paths: readonly string[]): Watcher | null {
    try {
      return this.#ports.fs.watch(paths, (path) => {
        const name = this.#watched.get(path);
        if (name) this.changed(name);
        else this.#namesDue();
      });
    } catch (e) {
      this.#ports.log.warn("cannot watch folders", { why: String(e) });
      return null; // they are looked at anyway
    }
  }

  #namesDue(): void {
    if (!this.#active) return;
    this.#cancelNames ??= this.#ports.clock.after(Math.max(NAMES_PACE, this.#namesCost * COST_FACTOR), () => {
      this.#cancelNames = null;
      void this.#guarded(() => this.#lookForNames());
    });
  }

  #arm(): void {
    if (this.#working) return;
    this.#cancelWork ??= this.#ports.clock.after(SETTLE, () => {
      this.#cancelWork = null;
      void this.#work();
    });
  }

  /** Looks at what has changed, and tells. */
  async #work(): Promise<void> {
    const names = [...this.#dirty];
    this.#dirty.clear();
    this.#working = true;
    for (const name of names) {
      await this.#guarded(() => this.#take(name));
      // What is known without a look at the disk comes back at once: others must have their turn.
      await this.#ports.fs.stat(this.#account.root).catch(() => null);
    }
    this.#working = false;
    if (this.#dirty.size > 0) this.#arm();
  }

  #take(name: string): Promise<FolderCounts | null> {
    return this.#takes.run(async () => {
      const followed = this.#folders.get(name);
      if (followed) followed.look = this.#account.look(name);
      const status = await this.#account.status(name);
      if (!status.ok) return null;
      const { messages, unseen, uidNext, uidValidity } = status.value;
      const now = { messages, unseen, uidNext, uidValidity };
      if (followed && this.#folders.get(name) === followed) {
        const before = followed.counts;
        followed.counts = now;
        this.#emit({ kind: "counts", name, before, now });
      }
      return now;
    });
  }

  async #lookAtAll(): Promise<void> {
    this.#cancelLook = null;
    const began = this.#ports.clock.monotonic();
    await this.#guarded(async () => {
      await this.#lookForNames();
      await this.#lookAtSubscriptions();
      await inSlices(this.#ports, this.#account.root, [...this.#folders], ([name, { look }]) => {
        // A change right after a look may leave the time as it was.
        if (!look.settled || this.#account.look(name).text !== look.text) this.changed(name);
      });
    });
    if (!this.#active) return;
    const cost = this.#ports.clock.monotonic() - began;
    this.#cancelLook ??= this.#ports.clock.after(
      Math.max(LOOK, cost * COST_FACTOR),
      () => void this.#lookAtAll(),
    );
  }

  async #lookForNames(): Promise<void> {
    if (!this.#active) return;
    const began = this.#ports.clock.monotonic();
    await this.#account.quietly(() =>
      this.#lookAtNames((event) => {
        this.#emit(event);
        if (event.kind === "created") this.#followNew(event.name);
      })
    );
    this.#namesCost = this.#ports.clock.monotonic() - began;
  }

  /** Folders that other programs made or removed. */
  async #lookAtNames(tell: (event: AccountEvent) => void): Promise<void> {
    const { root } = this.#account;
    const { fs, separator } = this.#ports;
    const entries = await fs.list(root);
    const gone = new Set(this.#names.keys());
    gone.delete("");
    const made: string[] = [];
    await inSlices(this.#ports, root, entries, (entry) => {
      if (!this.#active || entry.kind !== "dir" || !entry.name.startsWith(".") || gone.delete(entry.name)) {
        return;
      }
      const name = folderName(entry.name, separator);
      if (name === null || !isDir(fs, `${root}/${entry.name}/cur`)) return;
      this.#names.set(entry.name, name);
      made.push(name);
    });
    if (!this.#active) return; // nobody is left meanwhile
    for (const dir of gone) {
      const name = this.#names.get(dir) ?? "";
      this.#names.delete(dir);
      this.#unfollow(name);
      tell({ kind: "removed", name });
    }
    for (const name of made) tell({ kind: "created", name });
  }

  async #lookAtSubscriptions(): Promise<void> {
    const look = this.#lookOf(`${this.#account.root}/subscriptions`);
    if (!this.#active || look === this.#subscriptionsLook) return;
    this.#subscriptionsLook = look;
    const now = new Set(await this.#account.subscriptions());
    for (const name of [...this.#subscribed]) if (!now.has(name)) this.subscribed(name, false);
    for (const name of now) this.subscribed(name, true);
  }

  #lookOf(path: string): string {
    const stat = this.#ports.fs.statSync(path);
    return stat ? `${stat.inode}.${stat.mtime}.${stat.size}` : "-";
  }

  /** Whatever goes wrong on disk now is looked at again later. */
  async #guarded(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (e) {
      this.#ports.log.warn("cannot look at an account", { root: this.#account.root, why: String(e) });
    }
  }
}
