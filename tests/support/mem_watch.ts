import type { AccountEvent, AccountWatch, FolderCounts, WatchWishes } from "../../mod/store/account_watch.ts";
import { isBelow } from "../../mod/store/mailbox_name.ts";
import { type MailboxEntry, SEEN } from "../../mod/store/store.ts";
import type { MemFolder } from "./mem_folder.ts";

/** The watch port in memory: every event comes at once. */
export class MemWatching {
  /** Folders that may be followed. */
  most = 1000;
  readonly #folders: ReadonlyMap<string, MemFolder>;
  readonly #separator: string;
  readonly #list: () => Promise<readonly MailboxEntry[]>;
  readonly #wishes = new Set<WatchWishes>();
  readonly #counts = new Map<string, FolderCounts>();

  constructor(
    folders: ReadonlyMap<string, MemFolder>,
    separator: string,
    list: () => Promise<readonly MailboxEntry[]>,
  ) {
    this.#list = list;
    this.#folders = folders;
    this.#separator = separator;
  }

  /** How many watch. */
  get size(): number {
    return this.#wishes.size;
  }

  add(wishes: WatchWishes): Promise<AccountWatch | null> {
    const followed = [...this.#folders.keys()].filter((name) => wishes.follows?.(name));
    if (followed.length > this.most) return Promise.resolve(null);
    this.#wishes.add(wishes);
    return Promise.resolve({
      counts: (name) => Promise.resolve(this.changed(name)),
      look: (name) => void this.changed(name),
      changed: () => {},
      entries: async () => new Map((await this.#list()).map((entry) => [entry.name, entry])),
      close: () => void this.#wishes.delete(wishes),
    });
  }

  changed(name: string): FolderCounts | null {
    const folder = this.#folders.get(name);
    if (!folder) return null;
    if (![...this.#wishes].some((w) => w.follows?.(name))) return null;
    const { uidNext, uidValidity, messages } = folder;
    const unseen = messages.filter((m) => !(m.flags & SEEN)).length;
    const now = { messages: messages.length, unseen, uidNext, uidValidity };
    const before = this.#counts.get(name) ?? null;
    this.#counts.set(name, now);
    this.tell({ kind: "counts", name, before, now });
    return now;
  }

  removed(name: string): void {
    this.#counts.delete(name);
    this.tell({ kind: "removed", name });
  }

  renamed(from: string, to: string): void {
    for (const name of [...this.#counts.keys()]) {
      if (name === from || isBelow(name, from, this.#separator)) this.#counts.delete(name);
    }
    this.tell({ kind: "renamed", from, to });
  }

  tell(event: AccountEvent): void {
    for (const wishes of [...this.#wishes]) {
      if (wishes.follows !== null || event.kind === "annotated") wishes.listener(event);
    }
  }
}
