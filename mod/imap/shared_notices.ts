/**
 * Mailboxes of others whose changes a client is told of (RFC 5465): those that the user may see, as long as that is so; their messages where they
 * may be read. Rights that this process changes are noticed at once, others' changes within half a minute. Whoever tells the client asks for the
 * rights once more: what may not be seen any more at that moment is not told.
 */
import type { AccountId } from "../account/directory.ts";
import { isFsError } from "../base/fs.ts";
import type { AccountEvent, AccountWatch, FolderCounts } from "../store/account_watch.ts";
import { isBelow } from "../store/mailbox_name.ts";
import { LOOKUP, READ } from "../store/rights.ts";
import { type SharedName, sharedName } from "../store/shared_name.ts";
import type { SharedMailbox, Sharing } from "../store/sharing.ts";
import type { ImapSession } from "./session.ts";

const LOOK = 30_000; // milliseconds between looks at what others share
const SETTLE = 25; // milliseconds for more changes to come before looking

const SEEN_AND_READ = LOOKUP | READ;

/** What is to be told, of mailboxes by the names they have for the client. */
export interface SharedWishes {
  /** Anything of this one. */
  readonly wanted: (name: string) => boolean;
  /** Its messages. */
  readonly follows: (name: string) => boolean;
  /** As `WatchWishes.listener`. A mailbox that may not be seen any more counts as removed. */
  readonly listener: (event: AccountEvent) => void;
}

interface Rename {
  readonly owner: AccountId;
  /** As the owner calls them. */
  readonly from: string;
  readonly to: string;
}

export class SharedNotices {
  readonly #session: ImapSession;
  readonly #sharing: Sharing;
  readonly #wishes: SharedWishes;
  /** What is wanted of what may be seen, by its name for the client. */
  #known: ReadonlyMap<string, SharedMailbox> = new Map();
  /** By account, with the names of what it was asked to follow. */
  readonly #watches = new Map<AccountId, { readonly watch: AccountWatch; readonly followed: string }>();
  /** Since the last look. */
  readonly #renames: Rename[] = [];
  #unlisten: (() => void) | null = null;
  #cancel: (() => void) | null = null;
  #cancelSoon: (() => void) | null = null;
  #looks: Promise<boolean> = Promise.resolve(true);
  #closed = false;

  constructor(session: ImapSession, sharing: Sharing, wishes: SharedWishes) {
    this.#session = session;
    this.#sharing = sharing;
    this.#wishes = wishes;
  }

  /** What changes after it resolves is told; false when that is too much, and it is closed. */
  async begin(): Promise<boolean> {
    try {
      this.#unlisten = this.#sharing.listen?.(() => this.#due()) ?? null;
      if (await this.#look(false)) {
        this.#arm();
        return true;
      }
    } catch (e) {
      this.close();
      throw e;
    }
    this.close();
    return false;
  }

  /** Names of those whose messages are followed. */
  get followed(): string[] {
    return [...this.#known].filter(([name, { rights }]) => this.#isFollowed(name, rights)).map(([name]) =>
      name
    );
  }

  /** How one is now; null where it may not be read or is not there. */
  async counts(name: string): Promise<FolderCounts | null> {
    const shared = this.#known.get(name);
    if (!shared || !this.mayRead(shared)) return null;
    return await this.#watches.get(shared.owner)?.watch.counts(shared.name) ?? null;
  }

  /** Whether that is so at this moment. */
  mayRead({ owner, name }: SharedName): boolean {
    return (this.#sharing.rights(owner, name, this.#session.account) & SEEN_AND_READ) === SEEN_AND_READ;
  }

  /** As `AccountWatch.look`. */
  look(name: string): void {
    const shared = this.#known.get(name);
    if (shared) this.#watches.get(shared.owner)?.watch.look(shared.name);
  }

  /** What is wanted is another now. */
  changed(): void {
    this.#due();
  }

  /** Resolves when what was done up to now has been told. */
  async settle(): Promise<void> {
    await this.#lookAgain();
  }

  close(): void {
    this.#closed = true;
    this.#unlisten?.();
    this.#cancel?.();
    this.#cancelSoon?.();
    this.#unlisten = this.#cancel = this.#cancelSoon = null;
    for (const { watch } of this.#watches.values()) watch.close();
    this.#watches.clear();
    this.#known = new Map();
  }

  #isFollowed(name: string, rights: number): boolean {
    return (rights & SEEN_AND_READ) === SEEN_AND_READ && this.#wishes.follows(name);
  }

  #arm(): void {
    this.#cancel = this.#session.ports.clock.after(LOOK, () => {
      this.#cancel = null;
      void this.#lookAgain().then(() => {
        if (!this.#closed) this.#arm();
      });
    });
  }

  #due(): void {
    if (this.#closed) return;
    this.#cancelSoon ??= this.#session.ports.clock.after(SETTLE, () => {
      this.#cancelSoon = null;
      void this.#lookAgain();
    });
  }

  /** Whatever goes wrong on disk now is looked at again later. */
  async #lookAgain(): Promise<void> {
    try {
      if (!await this.#look(true)) this.#wishes.listener({ kind: "overflow" });
    } catch (e) {
      this.#session.log.warn("cannot look at what others share", { why: String(e) });
    }
  }

  /** Looks at what may be seen, and tells what has come and gone; one look at a time. False when there is too much to follow. */
  #look(tell: boolean): Promise<boolean> {
    const look = this.#looks.catch(() => {}).then(() => this.#closed || this.#lookNow(tell));
    this.#looks = look;
    return look;
  }

  async #lookNow(tell: boolean): Promise<boolean> {
    const { separator } = this.#session.ports.store;
    const shared = await this.#sharing.sharedWith(this.#session.account);
    if (this.#closed) return true;
    const now = new Map<string, SharedMailbox>();
    for (const mailbox of shared) {
      const name = sharedName(mailbox, separator);
      if (name !== null && this.#wishes.wanted(name)) now.set(name, mailbox);
    }
    const before = this.#afterRenames(now);
    this.#known = now;
    if (tell) {
      for (const name of before.keys()) if (!now.has(name)) this.#tell({ kind: "removed", name });
      for (const name of now.keys()) if (!before.has(name)) this.#tell({ kind: "created", name });
    }
    return await this.#follow();
  }

  /** Watches the accounts that have something to tell of, no others. */
  async #follow(): Promise<boolean> {
    const wanted = new Map<AccountId, string>();
    for (const [name, { owner, rights }] of this.#known) {
      wanted.set(owner, (wanted.get(owner) ?? "") + (this.#isFollowed(name, rights) ? `${name}\n` : ""));
    }
    for (const [owner, { watch }] of this.#watches) {
      if (wanted.has(owner)) continue;
      this.#watches.delete(owner);
      watch.close();
    }
    for (const [owner, followed] of wanted) {
      const watched = this.#watches.get(owner);
      if (watched?.followed === followed) continue;
      const watch = watched?.watch ?? await this.#watch(owner);
      if (watch === "too-many") return false;
      if (this.#closed) watch?.close();
      else if (watch) this.#watches.set(owner, { watch, followed });
      if (watched) watch?.changed();
    }
    return true;
  }

  /** null where that cannot be done at the moment: another's disk keeps nobody from hearing of the rest. */
  async #watch(owner: AccountId): Promise<AccountWatch | null | "too-many"> {
    const { store } = this.#session.ports;
    try {
      return await (await store.account(owner)).watch?.({
        follows: (name) => {
          const told = sharedName({ owner, name }, store.separator);
          const shared = told === null ? undefined : this.#known.get(told);
          return told !== null && shared !== undefined && this.#isFollowed(told, shared.rights);
        },
        listener: (event) => this.#heard(owner, event),
      }) ?? "too-many";
    } catch (e) {
      if (!isFsError(e)) throw e;
      this.#session.log.warn("cannot follow what another shares", { owner, why: e.message });
      return null;
    }
  }

  /** What happened in an account, in the names of its owner. */
  #heard(owner: AccountId, event: AccountEvent): void {
    switch (event.kind) {
      case "counts": {
        const told = this.#toldIf(owner, event.name, SEEN_AND_READ);
        if (told !== null) this.#tell({ ...event, name: told });
        break;
      }
      case "annotated": {
        const told = this.#toldIf(owner, event.mailbox, SEEN_AND_READ);
        if (told !== null) this.#tell({ ...event, mailbox: told });
        break;
      }
      case "renamed":
        this.#renames.push({ owner, from: event.from, to: event.to });
        this.#due();
        break;
      case "created":
      case "removed":
        this.#due(); // it has rights, or none, in a moment
        break;
      case "overflow":
        this.#tell(event);
        break;
      case "subscribed": // what the owner is subscribed to is nobody else's business
    }
  }

  /** What the client calls a mailbox, if the user had these rights at the last look. */
  #toldIf(owner: AccountId, name: string, rights: number): string | null {
    const told = sharedName({ owner, name }, this.#session.ports.store.separator);
    return told !== null && ((this.#known.get(told)?.rights ?? 0) & rights) === rights ? told : null;
  }

  /** Tells of renames; gives what was known, under the names of now. */
  #afterRenames(now: ReadonlyMap<string, SharedMailbox>): ReadonlyMap<string, SharedMailbox> {
    let known = this.#known;
    for (const rename of this.#renames.splice(0)) known = this.#renamed(known, now, rename);
    return known;
  }

  /** Mailboxes take their lists along: who could see one before knows it by its new name. */
  #renamed(
    known: ReadonlyMap<string, SharedMailbox>,
    now: ReadonlyMap<string, SharedMailbox>,
    { owner, from, to }: Rename,
  ): ReadonlyMap<string, SharedMailbox> {
    const { separator } = this.#session.ports.store;
    const moved = new Map(known);
    const told: string[] = [];
    for (const [name, shared] of known) {
      if (shared.owner !== owner || (shared.name !== from && !isBelow(shared.name, from, separator))) {
        continue;
      }
      const inner = to + shared.name.slice(from.length);
      const newName = sharedName({ owner, name: inner }, separator);
      if (newName === null || !now.has(newName)) continue; // gone, as far as the client goes
      moved.delete(name);
      moved.set(newName, { ...shared, name: inner });
      // Children go along.
      if (told.some((above) => isBelow(name, above, separator))) continue;
      told.push(name);
      this.#tell({ kind: "renamed", from: name, to: newName });
    }
    return moved;
  }

  #tell(event: AccountEvent): void {
    if (!this.#closed) this.#wishes.listener(event);
  }
}
