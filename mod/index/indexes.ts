/** The indexes of all accounts: SQLite files, one an account, opened when they are needed and closed a while after. */
import type { AccountId } from "../account/directory.ts";
import { INDEX_OPEN } from "../base/limits.ts";
import type { MailboxIndex, MailIndex } from "../store/mail_index.ts";
import type { Mailbox } from "../store/store.ts";
import { AccountFile, type IndexPorts } from "./account_file.ts";
import { FolderIndex } from "./folder_index.ts";
import { folderId, keepOnly, sweepDropped } from "./folders.ts";
import { Turns } from "./turns.ts";

/** What is known of one account's index. */
interface Entry {
  readonly file: AccountFile;
  /** Open folders by their number. */
  readonly folders: Map<number, FolderIndex>;
}

/** The index of a mailbox for which there is none: it knows nothing and keeps nothing. */
const NO_INDEX: MailboxIndex = {
  texts: { get: () => null, put: () => {} },
  highestKnown: () => null,
  modSeqs: () => Promise.resolve(null),
  close: () => {},
};

export class Indexes implements MailIndex {
  readonly #ports: IndexPorts;
  readonly #turns = new Turns();
  readonly #room: () => Promise<boolean>;
  readonly #pathOf: (account: AccountId) => string | null;
  readonly #accounts = new Map<AccountId, Entry>();
  /** Files whose database is open. */
  readonly #open = new Set<AccountFile>();

  /**
   * `pathOf`: the file of an account, absolute; null for an account that can have none. `room`: whether the disk has room for what can be done
   * without.
   */
  constructor(
    pathOf: (account: AccountId) => string | null,
    ports: IndexPorts,
    room: () => Promise<boolean> = () => Promise.resolve(true),
  ) {
    this.#pathOf = pathOf;
    this.#ports = ports;
    this.#room = room;
  }

  async open(account: AccountId, mailbox: Mailbox): Promise<MailboxIndex> {
    const entry = this.#entry(account);
    if (!entry) return NO_INDEX;
    for (;;) {
      await entry.file.open();
      const id = entry.file.use((db) => folderId(db, mailbox.name, mailbox.uidValidity, mailbox.uidNext));
      if (id === null) return NO_INDEX;
      const there = entry.folders.get(id);
      // Those who have one of a database before keep it.
      const known = there?.alive ? there : undefined;
      if (known?.ending) {
        // What the last user left to be written counts.
        await known.ending;
        continue;
      }
      // Two objects for one folder would count each for itself.
      if (known && known.mailbox !== mailbox) return NO_INDEX;
      const folder = known ?? this.#openFolder(entry, id, mailbox);
      folder.users++;
      return folder;
    }
  }

  async keepOnly(account: AccountId, names: readonly string[]): Promise<void> {
    const entry = this.#entry(account);
    if (!entry) return;
    await entry.file.open();
    entry.file.use((db) => keepOnly(db, names));
    while (entry.file.use(sweepDropped)) await this.#ports.clock.sleep(0);
  }

  /** Closes all files; what is left to be written is written first. */
  async close(): Promise<void> {
    const entries = [...this.#accounts.values()];
    await Promise.all(entries.flatMap(({ folders }) => [...folders.values()].map((f) => f.ending)));
    await Promise.all(entries.map(({ file }) => file.close()));
  }

  #entry(account: AccountId): Entry | null {
    const known = this.#accounts.get(account);
    if (known) return known;
    const path = this.#pathOf(account);
    if (path === null) return null;
    const file: AccountFile = new AccountFile(path, this.#ports, (open) => {
      if (open) this.#wasOpened(file);
      else this.#open.delete(file);
    });
    const entry = { file, folders: new Map() };
    this.#accounts.set(account, entry);
    return entry;
  }

  #openFolder(entry: Entry, id: number, mailbox: Mailbox): FolderIndex {
    const folder: FolderIndex = new FolderIndex(
      entry.file.asItIs(),
      id,
      mailbox,
      { clock: this.#ports.clock, turns: this.#turns, room: this.#room },
      () => {
        if (entry.folders.get(id) === folder) entry.folders.delete(id);
      },
    );
    entry.folders.set(id, folder);
    return folder;
  }

  /** A file was opened: not too many at a time, whoever has mailboxes open. */
  #wasOpened(file: AccountFile): void {
    this.#open.add(file);
    if (this.#open.size <= INDEX_OPEN) return;
    let oldest = file;
    for (const other of this.#open) if (other.lastUse < oldest.lastUse) oldest = other;
    if (oldest !== file) oldest.rest();
  }
}
