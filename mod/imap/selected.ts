import type { MailboxIndex, ModSeqs, WordIndex } from "../store/mail_index.ts";
import { ALL_RIGHTS, type Rights } from "../store/rights.ts";
import type { FlagBits, Mailbox, MailboxChange, Uid } from "../store/store.ts";
import { flagsAllowed, type SharedAccess } from "./access.ts";
import { SearchUpdates } from "./search_updates.ts";
import { View, type ViewSource } from "./view.ts";

/** The mailbox a session has selected. Its listener lives until `close`. */
export class Selected {
  readonly mailbox: Mailbox;
  readonly view: View;
  readonly readOnly: boolean;
  /** What may be done, where the mailbox is another account's. */
  readonly shared: SharedAccess | null;
  /** Our name in change notices: what we set ourselves is not told again. */
  readonly token: object = {};
  /** QRESYNC or UIDONLY is enabled: expunges are told by UID (RFC 7162 3.2.10). */
  tellsVanished = false;
  /** UIDONLY is enabled: messages are never told by number (RFC 9586 3.2). */
  uidOnly = false;
  /** Messages the client has put here itself and was not told of yet; only kept where NOTIFY is used. */
  readonly added: Uid[] = [];
  /** UIDs that "$" stands for (RFC 5182), ascending; some may be gone. */
  saved: readonly Uid[] = [];
  /** Searches that are kept up to date. */
  readonly updates = new SearchUpdates();
  /** \Recent and RECENT are told: not in IMAP4rev2 (RFC 9051 A). */
  tellsRecent = true;
  #gone = false;
  readonly #unlisten: () => void;
  readonly #openIndex: (mailbox: Mailbox) => Promise<MailboxIndex | null> | null;
  #index: Promise<MailboxIndex | null> | null = null;
  #words: WordIndex | null = null;
  #modSeqs: ModSeqs | null = null;

  /** `news` is called (often more than once) when there may be something to tell, or when the mailbox is gone. */
  constructor(
    mailbox: Mailbox,
    readOnly: boolean,
    news: () => void,
    openIndex: (mailbox: Mailbox) => Promise<MailboxIndex | null> | null = () => null,
    shared: SharedAccess | null = null,
  ) {
    this.shared = shared;
    this.#openIndex = openIndex;
    this.mailbox = mailbox;
    this.readOnly = readOnly;
    this.view = new View(readOnly ? peeking(mailbox) : mailbox, this.token);
    this.#unlisten = mailbox.listen((change: MailboxChange) => {
      this.updates.note(change);
      if (change.kind === "gone") this.#gone = true;
      else if (!this.view.note(change)) return;
      news();
    });
  }

  /** What the client calls the mailbox. */
  get name(): string {
    return this.shared?.told ?? this.mailbox.name;
  }

  /** What the user may do here; EXAMINE apart. */
  get rights(): Rights {
    return this.shared?.rights ?? ALL_RIGHTS;
  }

  /** Flags that may be changed here. */
  get flagsAllowed(): FlagBits {
    return this.readOnly ? 0 : flagsAllowed(this.rights);
  }

  /** The folder was removed, renamed or has a new UIDVALIDITY: nothing the client knows is true any more. */
  get gone(): boolean {
    return this.#gone;
  }

  /** Whether a message's flags are told with \Recent. */
  isRecent(uid: Uid): boolean {
    return this.tellsRecent && this.view.isRecent(uid);
  }

  /** The mailbox's index, opened when it is first asked for; null where there are none. */
  async index(): Promise<MailboxIndex | null> {
    this.#index ??= this.#openIndex(this.mailbox);
    const index = await this.#index;
    this.#words = index?.words ?? null;
    return index;
  }

  /** A command works with the mailbox until what is returned is called: its index is not filled meanwhile. */
  hold(): () => void {
    return this.#words?.hold() ?? (() => {});
  }

  /** Mod-sequences, once somebody asked for them; null before, and where there are none. */
  get modSeqs(): ModSeqs | null {
    return this.#modSeqs;
  }

  /** Gets the mod-sequences ready; null where there are none (NOMODSEQ). */
  async loadModSeqs(): Promise<ModSeqs | null> {
    this.#modSeqs ??= await (await this.index())?.modSeqs() ?? null;
    return this.#modSeqs;
  }

  /** Takes note of what the client has enabled. */
  adapt(enabled: ReadonlySet<string>): void {
    this.uidOnly = enabled.has("UIDONLY");
    this.tellsVanished = this.uidOnly || enabled.has("QRESYNC");
    this.tellsRecent = !enabled.has("IMAP4rev2");
  }

  close(): void {
    this.#unlisten();
    if (this.#index) void this.#leave(this.#index);
    else this.mailbox.close();
  }

  async #leave(index: Promise<MailboxIndex | null>): Promise<void> {
    (await index)?.close();
    this.mailbox.close();
  }
}

/** For EXAMINE: what is recent stays so for the next session (RFC 3501 6.3.2). */
function peeking(mailbox: Mailbox): ViewSource {
  return {
    get messages() {
      return mailbox.messages;
    },
    claimRecent: () => mailbox.peekRecent?.() ?? mailbox.uidNext - 1,
  };
}
