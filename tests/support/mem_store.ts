import type { AccountId } from "../../mod/account/directory.ts";
import type { Body } from "../../mod/base/body.ts";
import { concat } from "../../mod/base/bytes.ts";
import { METADATA_ENTRIES } from "../../mod/base/limits.ts";
import { err, ok, type Result } from "../../mod/base/result.ts";
import {
  canonicalName,
  compareNames,
  INBOX,
  isBelow,
  mayCreate,
  parentsOf,
} from "../../mod/store/mailbox_name.ts";
import { toNamed } from "../../mod/store/flags.ts";
import { SPECIAL_FOLDERS, specialUses } from "../../mod/store/special_use.ts";
import {
  type AccountMail,
  type Copied,
  type CopyError,
  DELETED,
  type DeliveryOutcome,
  type DeliveryTarget,
  type Draft,
  type Mailbox,
  type MailboxEntry,
  type MailboxStatus,
  type NamedFlags,
  type NameError,
  type Quota,
  type QuotaLimit,
  type SpecialUse,
  type Store,
  type Uid,
} from "../../mod/store/store.ts";
import type { AccountWatch, WatchWishes } from "../../mod/store/account_watch.ts";
import { MemFolder, type MemPart } from "./mem_folder.ts";
import { MemWatching } from "./mem_watch.ts";

class MemDraft implements Draft {
  readonly chunks: Uint8Array[] = [];
  aborted = false;

  write(chunk: Uint8Array): Promise<void> {
    this.chunks.push(chunk.slice());
    return Promise.resolve();
  }

  abort(): Promise<void> {
    this.aborted = true;
    return Promise.resolve();
  }
}

/** An account's mail in memory. */
export class MemAccount implements AccountMail {
  readonly #separator: string;
  readonly #now: () => number;
  /** What the account may keep. */
  limit: QuotaLimit | null = null;
  readonly #folders = new Map<string, MemFolder>();
  readonly watching: MemWatching;
  readonly #annotations = new Map<string, ReadonlyMap<string, Uint8Array>>();
  readonly #subscribed = new Set<string>();
  readonly #chosen = new Map<string, SpecialUse>();
  #uidValidity = 1_700_000_000;
  #popLocked = false;

  constructor(separator: string, now: () => number) {
    this.#separator = separator;
    this.#now = now;
    this.watching = new MemWatching(this.#folders, separator, () => this.list());
    for (const name of [INBOX, ...SPECIAL_FOLDERS.map((s) => s.name)]) {
      this.#make(name);
      this.#subscribed.add(name);
    }
  }

  /** The folder itself, for tests that look or change behind a session's back. */
  folder(name: string): MemFolder | null {
    const n = canonicalName(name, this.#separator);
    return n.ok ? this.#folders.get(n.value) ?? null : null;
  }

  watch(wishes: WatchWishes): Promise<AccountWatch | null> {
    return this.watching.add(wishes);
  }

  list(): Promise<readonly MailboxEntry[]> {
    const names = new Set<string>();
    for (const name of this.#folders.keys()) {
      for (const parent of parentsOf(name, this.#separator)) names.add(parent);
      names.add(name);
    }
    const sorted = [...names].sort(compareNames);
    const uses = specialUses(sorted.filter((n) => this.#folders.has(n)), this.#chosen);
    return Promise.resolve(sorted.map((name) => ({
      name,
      exists: this.#folders.has(name),
      hasChildren: sorted.some((n) => isBelow(n, name, this.#separator)),
      subscribed: this.#subscribed.has(name),
      specialUse: uses.get(name) ?? null,
    })));
  }

  subscriptions(): Promise<readonly string[]> {
    return Promise.resolve([...this.#subscribed].sort(compareNames));
  }

  subscribe(name: string, on: boolean): Promise<Result<void, NameError>> {
    const n = canonicalName(name, this.#separator);
    if (!n.ok) return Promise.resolve(n);
    if (on && !this.#isLevel(n.value)) return Promise.resolve(err("no-mailbox"));
    const known = this.#subscribed.has(n.value);
    if (on) this.#subscribed.add(n.value);
    else this.#subscribed.delete(n.value);
    if (known !== on) this.watching.tell({ kind: "subscribed", name: n.value, on });
    return Promise.resolve(ok(undefined));
  }

  create(name: string, specialUse?: SpecialUse): Promise<Result<void, NameError>> {
    const n = canonicalName(name, this.#separator);
    if (!n.ok || !mayCreate(n.value)) return Promise.resolve(err("bad-name"));
    if (this.#folders.has(n.value)) return Promise.resolve(err("exists"));
    this.#make(n.value);
    if (specialUse) this.#chosen.set(n.value, specialUse);
    this.watching.tell({ kind: "created", name: n.value });
    return Promise.resolve(ok(undefined));
  }

  remove(name: string): Promise<Result<void, NameError>> {
    const n = canonicalName(name, this.#separator);
    if (!n.ok) return Promise.resolve(n);
    if (n.value === INBOX) return Promise.resolve(err("inbox"));
    const folder = this.#folders.get(n.value);
    if (!folder) return Promise.resolve(err(this.#isLevel(n.value) ? "has-children" : "no-mailbox"));
    this.#folders.delete(n.value);
    this.#chosen.delete(n.value);
    folder.tell({ kind: "gone" });
    this.watching.removed(n.value);
    return Promise.resolve(ok(undefined));
  }

  async rename(from: string, to: string): Promise<Result<void, NameError>> {
    const source = canonicalName(from, this.#separator);
    const target = canonicalName(to, this.#separator);
    if (!source.ok || !target.ok || !mayCreate(target.value)) return err("bad-name");
    if (!this.#isLevel(source.value)) return err("no-mailbox");
    if (this.#isLevel(target.value)) return err("exists");
    if (source.value === INBOX) return await this.#renameInbox(target.value);
    if (isBelow(target.value, source.value, this.#separator)) return err("bad-name");
    const moving = [...this.#folders.values()]
      .filter((f) => f.name === source.value || isBelow(f.name, source.value, this.#separator));
    for (const folder of moving) {
      const name = target.value + folder.name.slice(source.value.length);
      this.#folders.delete(folder.name);
      const use = this.#chosen.get(folder.name);
      if (this.#chosen.delete(folder.name) && use) this.#chosen.set(name, use);
      folder.name = name;
      this.#folders.set(name, folder);
      folder.tell({ kind: "gone" });
    }
    this.watching.renamed(source.value, target.value);
    return ok(undefined);
  }

  status(name: string, want: { readonly size?: boolean }): Promise<Result<MailboxStatus, "no-mailbox">> {
    const f = this.folder(name);
    if (!f) return Promise.resolve(err("no-mailbox"));
    return Promise.resolve(ok({
      messages: f.messages.length,
      unseen: f.unseen,
      deleted: f.messages.filter((m) => m.flags & DELETED).length,
      recent: f.recent,
      uidNext: f.uidNext,
      uidValidity: f.uidValidity,
      objectId: f.objectId,
      size: want.size ? f.messages.reduce((sum, m) => sum + m.size, 0) : null,
      deletedSize: want.size
        ? f.messages.reduce((sum, m) => sum + (m.flags & DELETED ? m.size : 0), 0)
        : null,
    }));
  }

  open(name: string): Promise<Result<Mailbox, "no-mailbox">> {
    const folder = this.folder(name);
    if (!folder) return Promise.resolve(err("no-mailbox"));
    folder.users++;
    return Promise.resolve(ok(folder));
  }

  draft(_size: number): Promise<Draft> {
    return Promise.resolve(new MemDraft());
  }

  async commit(
    name: string,
    drafts: readonly { draft: Draft; flags: NamedFlags; internalDate: number | null }[],
  ): Promise<Result<{ uidValidity: number; uids: readonly Uid[] }, CopyError>> {
    const folder = this.folder(name);
    if (!folder) return err("no-mailbox");
    const parts: MemPart[] = drafts.map(({ draft, flags, internalDate }) => {
      if (!(draft instanceof MemDraft) || draft.aborted) throw new TypeError("Cannot commit this draft");
      return { bytes: concat(draft.chunks), flags, internalDate: internalDate ?? this.#now() };
    });
    if (!this.fits(parts)) return err("over-quota");
    return ok({ uidValidity: folder.uidValidity, uids: await folder.add(parts) });
  }

  async transfer(
    source: Mailbox,
    uids: readonly Uid[],
    target: string,
    { move, keep }: { readonly move: boolean; readonly keep: (flags: NamedFlags) => NamedFlags },
  ): Promise<Result<Copied, CopyError>> {
    const folder = this.folder(target);
    if (!(source instanceof MemFolder)) throw new TypeError("Cannot copy from another store");
    if (!folder) return err("no-mailbox");
    const there = source.messages.filter((m) => uids.includes(m.uid));
    const parts = there.map((m) => ({ ...m, flags: keep(toNamed(m.flags, source.keywords)) }));
    if (!(move && this.folder(source.name) === source) && !this.fits(parts)) return err("over-quota");
    const from = there.map((m) => m.uid);
    const to = await folder.add(parts);
    if (move) await source.expunge(from);
    return ok({ uidValidity: folder.uidValidity, from, to });
  }

  annotations(mailbox: string): Promise<Result<ReadonlyMap<string, Uint8Array>, "no-mailbox">> {
    if (mailbox !== "" && !this.folder(mailbox)) return Promise.resolve(err("no-mailbox"));
    return Promise.resolve(ok(this.#annotations.get(mailbox) ?? new Map<string, Uint8Array>()));
  }

  annotate(
    mailbox: string,
    changes: ReadonlyMap<string, Uint8Array | null>,
  ): Promise<Result<void, "no-mailbox" | "too-many">> {
    if (mailbox !== "" && !this.folder(mailbox)) return Promise.resolve(err("no-mailbox"));
    const entries = new Map(this.#annotations.get(mailbox));
    for (const [name, value] of changes) {
      if (value === null) entries.delete(name.toLowerCase());
      else entries.set(name.toLowerCase(), value);
    }
    if (entries.size > METADATA_ENTRIES) return Promise.resolve(err("too-many"));
    this.#annotations.set(mailbox, entries);
    this.watching.tell({ kind: "annotated", mailbox, entries: [...changes.keys()] });
    return Promise.resolve(ok(undefined));
  }

  quota(): Promise<Quota | null> {
    return Promise.resolve(this.limit && { limit: this.limit, used: this.#used() });
  }

  /** Whether the quota leaves room for these. */
  fits(parts: readonly Pick<MemPart, "bytes">[]): boolean {
    const { octets, messages } = this.#used();
    const more = parts.reduce((sum, p) => sum + p.bytes.length, octets);
    return more <= (this.limit?.octets ?? Infinity) &&
      messages + parts.length <= (this.limit?.messages ?? Infinity);
  }

  #used(): Quota["used"] {
    const all = [...this.#folders.values()].flatMap((f) => f.messages);
    return { octets: all.reduce((sum, m) => sum + m.size, 0), messages: all.length };
  }

  lockForPop(): Promise<(() => void) | null> {
    if (this.#popLocked) return Promise.resolve(null);
    this.#popLocked = true;
    let held = true;
    return Promise.resolve(() => {
      if (held) this.#popLocked = false;
      held = false;
    });
  }

  #make(name: string): MemFolder {
    const folder = new MemFolder(
      name,
      this.#uidValidity++,
      (n) => this.folder(n),
      (parts) => this.fits(parts),
    );
    this.#folders.set(name, folder);
    folder.listen((change) => {
      if (change.kind !== "gone" && change.kind !== "keywords") this.watching.changed(folder.name);
    });
    return folder;
  }

  #isLevel(name: string): boolean {
    if (this.#folders.has(name)) return true;
    return [...this.#folders.keys()].some((n) => isBelow(n, name, this.#separator));
  }

  /** RFC 3501 6.3.5: the messages go to a new folder, INBOX and its children stay. */
  async #renameInbox(target: string): Promise<Result<void, NameError>> {
    this.#make(target);
    const inbox = this.#folders.get(INBOX);
    await inbox?.move(inbox.messages.map((m) => m.uid), target);
    this.watching.renamed(INBOX, target);
    return ok(undefined);
  }
}

/** The store port in memory: simple and right, for tests of whoever uses a store. */
export class MemStore implements Store {
  readonly separator: string;
  /** What the next delivery is to end with, instead of being done. */
  failNext: DeliveryOutcome | null = null;
  readonly #now: () => number;
  readonly #accounts = new Map<AccountId, MemAccount>();

  constructor(separator = ".", now: () => number = () => Date.UTC(2026, 0, 2, 3, 4, 5)) {
    this.separator = separator;
    this.#now = now;
  }

  account(id: AccountId): Promise<MemAccount> {
    let account = this.#accounts.get(id);
    if (!account) {
      account = new MemAccount(this.separator, this.#now);
      this.#accounts.set(id, account);
    }
    return Promise.resolve(account);
  }

  async deliver(targets: readonly DeliveryTarget[], body: Body): Promise<readonly DeliveryOutcome[]> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of body.stream()) chunks.push(chunk.slice());
    const bytes = concat(chunks);
    const outcomes: DeliveryOutcome[] = [];
    for (const target of targets) {
      const failure = this.failNext;
      this.failNext = null;
      outcomes.push(failure ?? await this.#one(target, bytes));
    }
    return outcomes;
  }

  async #one(target: DeliveryTarget, bytes: Uint8Array): Promise<DeliveryOutcome> {
    const account = await this.account(target.account);
    const folder = account.folder(target.mailbox) ?? account.folder(INBOX);
    if (!folder) return { kind: "deferred", why: "no inbox" };
    if (!account.fits([{ bytes }])) return { kind: "over-quota" };
    const [uid] = await folder.add([{ bytes, flags: target.flags, internalDate: this.#now() }]);
    return { kind: "delivered", mailbox: folder.name, file: `memory-${uid}` };
  }
}
