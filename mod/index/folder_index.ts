import { passTurn } from "../base/clock.ts";
import { INDEX_LATEST, INDEX_QUIET, INDEX_REST, INDEX_SWEEP } from "../base/limits.ts";
import type { MailboxIndex, ModSeqs, ParsedTexts } from "../store/mail_index.ts";
import type { Mailbox, MailboxChange, Uid } from "../store/store.ts";
import { indexOfUid } from "../store/uid_set.ts";
import type { IndexFile } from "./account_file.ts";
import { FolderTexts } from "./folder_texts.ts";
import { type FillPorts, FolderWords } from "./folder_words.ts";
import { FolderModSeqs } from "./mod_seqs.ts";
import { noteNext } from "./folders.ts";
import { rowOf, uidOf } from "./schema.ts";

/** The index of one open mailbox; all who have it open share it. What it has to write it writes a second later, in slices. */
export class FolderIndex implements MailboxIndex {
  readonly texts: ParsedTexts;
  readonly words: FolderWords;
  readonly mailbox: Mailbox;
  /** How many have it open. */
  users = 0;
  /** From the moment the last user left until all is written. */
  ending: Promise<void> | null = null;
  readonly #texts: FolderTexts;
  readonly #file: IndexFile;
  readonly #folder: number;
  readonly #ports: FillPorts;
  readonly #unlisten: () => void;
  readonly #done: () => void;
  #seqs: FolderModSeqs | null = null;
  #ready: Promise<ModSeqs | null> | null = null;
  /** The first mod-sequence that was told without reading them, since the mailbox last changed. */
  #quiet: number | null = null;
  /** The mailbox's next UID, as it was last written down. */
  #next: Uid = 0;
  #cancel: (() => void) | null = null;
  /** Monotonic time from which clients who are at work are not waited for. */
  #latest = 0;

  /** `folder`: its number in the database. `done` is called when the last user has left and all is written. */
  constructor(
    file: IndexFile,
    folder: number,
    mailbox: Mailbox,
    ports: FillPorts,
    done: () => void,
  ) {
    this.#file = file;
    this.#folder = folder;
    this.mailbox = mailbox;
    this.#ports = ports;
    this.#done = done;
    this.#texts = new FolderTexts(file, folder, () => this.#wake());
    this.texts = this.#texts;
    this.words = new FolderWords(file, folder, mailbox, ports);
    this.#unlisten = mailbox.listen((change) => this.#note(change));
    this.#sweep();
  }

  /** False once its database was made anew: it knows nothing, and keeps nothing, from then on. */
  get alive(): boolean {
    return this.#file.isSame?.() ?? true;
  }

  modSeqs(): Promise<ModSeqs | null> {
    this.#ready ??= this.#openSeqs();
    return this.#ready;
  }

  highestKnown(): number | null {
    if (this.#seqs?.loaded) return this.#seqs.highest;
    const known = FolderModSeqs.known(this.#file, this.#folder);
    this.#quiet ??= known;
    return known;
  }

  close(): void {
    this.users--;
    if (this.users > 0) return;
    this.#unlisten();
    this.#cancel?.();
    this.#cancel = null;
    this.ending = this.#end();
  }

  async #openSeqs(): Promise<ModSeqs | null> {
    const { clock } = this.#ports;
    const ports = { pause: () => passTurn(clock), wake: () => this.#wake() };
    const { seqs, ready } = FolderModSeqs.open(
      this.#file,
      this.#folder,
      this.mailbox,
      ports,
      this.#quiet,
    );
    this.#seqs = seqs;
    if (await ready) return seqs;
    // Who asks next may have more luck. Until then nobody is to keep changes for this one.
    seqs.end();
    this.#seqs = this.#ready = null;
    return null;
  }

  #note(change: MailboxChange): void {
    this.#seqs?.note(change);
    this.#quiet = null;
    if (change.kind === "added") this.words.added(change.messages);
    if (change.kind !== "expunged") return;
    this.#texts.remove(change.uids);
    this.words.removed(change.uids.length);
  }

  #wake(): void {
    if (this.users === 0 || this.#cancel) return;
    const { clock } = this.#ports;
    this.#latest = clock.monotonic() + INDEX_LATEST;
    this.#cancel = clock.after(INDEX_REST, () => this.#write());
  }

  /** Writes a slice, and the next one when others had as much time: clients come first. */
  #write(): void {
    const { clock } = this.#ports;
    const start = clock.monotonic();
    if (this.words.held && start < this.#latest) {
      this.#cancel = clock.after(INDEX_QUIET, () => this.#write());
      return;
    }
    this.#cancel = null;
    this.#texts.rest();
    const more = this.#writeSome();
    const took = clock.monotonic() - start;
    if (more && this.users > 0) this.#cancel = clock.after(took, () => this.#write());
  }

  #writeSome(): boolean {
    const { uidNext } = this.mailbox;
    if (uidNext > this.#next) {
      const noted = this.#file.use((db) => (noteNext(db, this.#folder, uidNext), true));
      if (noted) this.#next = uidNext;
    }
    const texts = this.#texts.write();
    return (this.#seqs?.write() ?? false) || texts;
  }

  async #end(): Promise<void> {
    await this.words.end();
    while (this.#writeSome()) await passTurn(this.#ports.clock);
    this.#seqs?.end();
    this.#done();
  }

  /** Rows of messages that went while nobody had the folder open: a few are looked for each time, round and round. */
  #sweep(): void {
    const { messages } = this.mailbox;
    const gone: Uid[] = [];
    this.#file.use((db) => {
      const known = db.prepare("SELECT swept, next FROM folder WHERE id = ?").all(this.#folder)[0];
      const [swept = 0, next = 0] = known?.map(Number) ?? [];
      this.#next = next;
      const rows = db.prepare(
        "SELECT id FROM (SELECT id FROM parsed UNION SELECT id FROM fields) WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?",
      ).all(rowOf(this.#folder, swept + 1), rowOf(this.#folder + 1, 0) - 1, INDEX_SWEEP).map(([row]) =>
        uidOf(Number(row))
      );
      for (const uid of rows) if (indexOfUid(messages, uid) < 0) gone.push(uid);
      const last = rows.length < INDEX_SWEEP ? 0 : rows.at(-1) ?? 0;
      if (last !== swept) db.prepare("UPDATE folder SET swept = ? WHERE id = ?").run(last, this.#folder);
    });
    if (gone.length > 0) this.#texts.remove(gone);
  }
}
