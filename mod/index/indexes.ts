/** The indexes of all accounts: SQLite files, one an account, opened when somebody selects a mailbox and closed a while after. */
import type { AccountId } from "../account/directory.ts";
import { INDEX_KEPT, INDEX_OPEN } from "../base/limits.ts";
import type { MailboxIndex, MailIndex } from "../store/mail_index.ts";
import type { Mailbox } from "../store/store.ts";
import { AccountFile, type IndexPorts } from "./account_file.ts";
import { FolderIndex } from "./folder_index.ts";
import { folderId, keepOnly, sweepDropped } from "./folders.ts";

/** What is known of one account's index. */
interface Entry {
  readonly file: AccountFile;
  /** Open folders by their number. */
  readonly folders: Map<number, FolderIndex>;
}

/** The index of a mailbox for which there is none: it knows nothing and keeps nothing. */
const NO_INDEX: MailboxIndex = {
  texts: { get: () => null, put: () => {} },
  modSeqs: () => Promise.resolve(null),
  close: () => {},
};

export class Indexes implements MailIndex {
  readonly #ports: IndexPorts;
  readonly #pathOf: (account: AccountId) => string | null;
  readonly #accounts = new Map<AccountId, Entry>();
  /** Accounts without users whose file is still open, oldest first, and what cancels their closing. */
  readonly #idle = new Map<AccountId, () => void>();
  readonly #ending = new Set<Promise<void>>();

  /** `pathOf`: the file of an account, absolute; null for an account that can have none. */
  constructor(pathOf: (account: AccountId) => string | null, ports: IndexPorts) {
    this.#pathOf = pathOf;
    this.#ports = ports;
  }

  async open(account: AccountId, mailbox: Mailbox): Promise<MailboxIndex> {
    const entry = this.#entry(account);
    if (!entry) return NO_INDEX;
    for (;;) {
      await entry.file.open();
      const id = entry.file.use((db) => folderId(db, mailbox.name, mailbox.uidValidity));
      if (id === null) return NO_INDEX;
      const known = entry.folders.get(id);
      if (known?.ending) {
        // What the last user left to be written counts.
        await known.ending;
        continue;
      }
      // Two objects for one folder would count each for itself.
      if (known && known.mailbox !== mailbox) return NO_INDEX;
      const folder = known ?? this.#openFolder(account, entry, id, mailbox);
      folder.users++;
      this.#wanted(account);
      return folder;
    }
  }

  async keepOnly(account: AccountId, names: readonly string[]): Promise<void> {
    const entry = this.#entry(account);
    if (!entry) return;
    await entry.file.open();
    entry.file.use((db) => keepOnly(db, names));
    while (entry.file.use(sweepDropped)) await this.#ports.clock.sleep(0);
    if (entry.folders.size === 0) this.#rest(account, entry);
  }

  /** Closes all files; what is left to be written is written first. */
  async close(): Promise<void> {
    for (const cancel of this.#idle.values()) cancel();
    this.#idle.clear();
    const entries = [...this.#accounts.values()];
    await Promise.all(entries.flatMap(({ folders }) => [...folders.values()].map((f) => f.ending)));
    await Promise.all([...this.#ending, ...entries.map(({ file }) => file.close())]);
  }

  #entry(account: AccountId): Entry | null {
    const known = this.#accounts.get(account);
    if (known) return known;
    const path = this.#pathOf(account);
    if (path === null) return null;
    const entry = { file: new AccountFile(path, this.#ports), folders: new Map() };
    this.#accounts.set(account, entry);
    return entry;
  }

  #openFolder(account: AccountId, entry: Entry, id: number, mailbox: Mailbox): FolderIndex {
    const folder = new FolderIndex(entry.file, id, mailbox, this.#ports, () => {
      entry.folders.delete(id);
      if (entry.folders.size === 0) this.#rest(account, entry);
    });
    entry.folders.set(id, folder);
    return folder;
  }

  #wanted(account: AccountId): void {
    this.#idle.get(account)?.();
    this.#idle.delete(account);
  }

  #rest(account: AccountId, entry: Entry): void {
    this.#wanted(account);
    const close = () => {
      this.#wanted(account);
      if (entry.folders.size > 0) return;
      const ending = entry.file.close().finally(() => this.#ending.delete(ending));
      this.#ending.add(ending);
    };
    this.#idle.set(account, this.#ports.clock.after(INDEX_KEPT, close));
    const oldest = this.#idle.keys().next().value;
    if (this.#idle.size > INDEX_OPEN && oldest !== undefined) {
      this.#wanted(oldest);
      const idle = this.#accounts.get(oldest);
      if (idle && idle.folders.size === 0) void idle.file.close();
    }
  }
}
