import type { FlagBits, MailboxChange, Message, Uid } from "../store/store.ts";
import { indexOfUid } from "../store/uid_set.ts";
import { baseOf, flagsOf, sizeIn } from "./file_name.ts";
import { KeywordFile } from "./keyword_file.ts";
import type { Pop3Fields } from "./pop3_fields.ts";
import type { Ports } from "./ports.ts";
import { Serial } from "./serial.ts";
import { inSlices, listsOf, Turns } from "./slices.ts";
import { UidFile } from "./uid_file.ts";
import type { UidRecord } from "./uid_list.ts";
import { WatchedDir } from "./watched_dir.ts";

const STIRRED = 50; // files whose changes would be more notices than watching the folder anew costs
const TOLD = 1000; // messages of which listeners are told at once: a few milliseconds of their work

/** A message and its file. Some 200 octets with the name: there may be a hundred thousand. */
export class FolderMessage implements Message {
  readonly uid: Uid;
  flags: FlagBits;
  size: number;
  internalDate: number;
  /** Name of the file, flags and all. */
  file: string;
  /** Whether it lies in new/, else in cur/. */
  isNew: boolean;

  constructor(uid: Uid, file: string, isNew: boolean, internalDate = -1) {
    this.uid = uid;
    this.file = file;
    this.isNew = isNew;
    this.flags = isNew ? 0 : flagsOf(file);
    this.size = sizeIn(file, "W");
    this.internalDate = internalDate;
  }

  get base(): string {
    return baseOf(this.file);
  }
}

/** Who is told of what goes on in a folder. */
interface Heed {
  /** With each change that is told. */
  readonly changed?: () => void;
  /** Before very many files are changed. */
  readonly stirring?: () => void;
}

/** What is known of a folder; all parts of the room that work on it share this. Changed only inside `serial`. */
export class FolderState {
  readonly ports: Ports;
  readonly dir: string;
  readonly uidFile: UidFile;
  readonly keywordFile: KeywordFile;
  readonly newDir: WatchedDir;
  readonly curDir: WatchedDir;
  readonly serial: Serial = new Serial();
  /** Ascending by UID. New ones are appended in place, a removal makes another array. */
  messages: FolderMessage[] = [];
  /** Of them, those whose file lies in new/: a few of very many. */
  readonly fresh: Set<FolderMessage> = new Set();
  /** Of copies, the origin that their record tells (see object_id.ts). */
  readonly origins: Map<Uid, string> = new Map();
  /** Of messages that POP3 clients know from another server. */
  readonly pop3: Map<Uid, Pop3Fields> = new Map();
  loaded = false;
  gone = false;
  /** UIDs up to this were shown to a session. */
  claimed: Uid = 0;
  /** The first UID given while nothing was loaded: it and those after it were not shown to anyone yet. */
  unshown: Uid | null = null;
  /** Records of the UID list whose file has not been seen (yet). */
  readonly unplaced: Map<string, UidRecord> = new Map();
  /** Files being delivered into new/ by this process: a listing need not wonder about them, they are told of in a moment. */
  readonly pending: Set<string> = new Set();
  /** Names may have gone from new/ that a power cut would bring back: ours, whose messages are in cur/ by then, or others'. */
  newLeft = true;
  /** Of the bases of all messages there were; made when first asked for. */
  #hashes: Set<number> | null = null;
  /** Works under way that may give UIDs, and what was next before them. */
  #holds = 0;
  #heldNext: Uid = 0;
  readonly #listeners = new Set<(change: MailboxChange) => void>();
  readonly #heed: Heed;

  constructor(ports: Ports, dir: string, root: string, heed: Heed = {}) {
    this.#heed = heed;
    this.ports = ports;
    this.dir = dir;
    this.uidFile = new UidFile(ports, dir, root);
    this.keywordFile = new KeywordFile(ports, dir);
    this.newDir = new WatchedDir(ports, `${dir}/new`);
    this.curDir = new WatchedDir(ports, `${dir}/cur`);
  }

  /**
   * Above the UIDs of all messages there are or were, and not above those of messages that are on their way here: who is told of it, and looks
   * from there on later, misses none.
   */
  get nextUid(): Uid {
    if (this.#holds === 0 || !this.loaded) return this.uidFile.nextUid;
    return Math.max(this.#heldNext, (this.messages.at(-1)?.uid ?? 0) + 1);
  }

  /** Does what gives UIDs, or takes note of those that others gave. Inside `serial`. */
  async holding<T>(work: () => Promise<T>): Promise<T> {
    if (this.#holds++ === 0) this.#heldNext = this.uidFile.nextUid;
    try {
      return await work();
    } finally {
      this.#holds--;
    }
  }

  /** The messages of UIDs that are there, in that order. */
  all(uids: readonly Uid[]): FolderMessage[] {
    const { messages } = this;
    const found: FolderMessage[] = [];
    let at = 0;
    for (const uid of uids) {
      // Most come one after the other.
      if (messages[at]?.uid !== uid) at = indexOfUid(messages, uid);
      const message = messages[at];
      if (message) found.push(message);
      at++;
    }
    return found;
  }

  /** So many files are about to be changed. */
  stir(files: number): void {
    if (files >= STIRRED) this.#heed.stirring?.();
  }

  /** Both folders are looked at again, come what may. */
  forgetDirs(): void {
    this.newDir.forget();
    this.curDir.forget();
  }

  pathOf(message: FolderMessage): string {
    return `${message.isNew ? this.newDir.path : this.curDir.path}/${message.file}`;
  }

  listen(listener: (change: MailboxChange) => void): () => void {
    const own = (change: MailboxChange) => listener(change);
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  tell(change: MailboxChange): void {
    this.#heed.changed?.();
    for (const listener of [...this.#listeners]) {
      try {
        listener(change);
      } catch (e) {
        this.ports.log.error("mailbox listener failed", { dir: this.dir, change: change.kind }, e);
      }
    }
  }

  /** The folder is no more, or no longer what sessions think it is. */
  end(): void {
    if (this.gone) return;
    this.gone = true;
    this.unload();
    this.tell({ kind: "gone" });
  }

  /** Gives the memory back; the next use reads the folder anew. */
  unload(): void {
    if (this.loaded && this.claimed < this.nextUid - 1) this.unshown = this.claimed + 1;
    this.loaded = false;
    this.messages = [];
    this.fresh.clear();
    this.origins.clear();
    this.pop3.clear();
    this.#hashes = null;
    this.unplaced.clear();
    this.uidFile.forget();
    this.forgetDirs();
  }

  /**
   * Puts messages (ascending) at the end and tells of them, of very many some at a time. False, and the folder ended, when they would not be above
   * what is there.
   */
  async add(added: readonly FolderMessage[]): Promise<boolean> {
    const first = added[0];
    if (!first) return true;
    const last = this.messages[this.messages.length - 1];
    if (last && first.uid <= last.uid) {
      this.ports.log.warn("another program gave out lower UIDs late", { dir: this.dir, uid: first.uid });
      this.end();
      return false;
    }
    await this.#some(added, (messages) => {
      for (const m of messages) {
        this.messages.push(m);
        this.#hashes?.add(hashOf(m.file));
        if (m.isNew) this.fresh.add(m);
      }
      this.tell({ kind: "added", messages });
    });
    return true;
  }

  /** Tells that flags have changed, by whomever else, of very many some at a time. */
  async tellFlags(messages: readonly FolderMessage[]): Promise<void> {
    await this.#some(messages, (some) => this.tell({ kind: "flags", messages: some, by: null }));
  }

  /** Tells that messages are gone (UIDs, ascending), of very many some at a time. */
  async tellExpunged(uids: readonly Uid[]): Promise<void> {
    await this.#some(uids, (some) => this.tell({ kind: "expunged", uids: some }));
  }

  /** Listeners take milliseconds for thousands. */
  async #some<T>(items: readonly T[], tell: (some: readonly T[]) => void): Promise<void> {
    if (items.length <= TOLD) return items.length > 0 ? tell(items) : undefined;
    const turns = new Turns(this.ports, this.dir);
    for (const some of listsOf(items, TOLD)) {
      tell(some);
      if (turns.worked(TOLD)) await turns.pass();
    }
  }

  /** Takes in what is there at the start (ascending), `fresh` of it in new/. */
  load(messages: FolderMessage[], fresh: readonly FolderMessage[]): void {
    this.messages = messages;
    this.loaded = true;
    this.#heldNext = this.uidFile.nextUid;
    for (const m of fresh) this.fresh.add(m);
  }

  /** Notes that a message's file has gone from one of new/ and cur/ to the other. */
  lies(message: FolderMessage, isNew: boolean): void {
    message.isNew = isNew;
    this.newLeft ||= !isNew;
    if (isNew) this.fresh.add(message);
    else this.fresh.delete(message);
  }

  /**
   * Of bases, those that are a message's. Looks at all messages the first time, and when it comes upon one: what is newly delivered costs the
   * same however many there are.
   */
  async known(bases: Iterable<string>): Promise<ReadonlySet<string>> {
    let hashes = this.#hashes;
    if (!hashes) {
      const all = new Set<number>();
      await inSlices(this.ports, this.dir, this.messages, (m) => all.add(hashOf(m.file)));
      this.#hashes = hashes = all;
    }
    const likely = new Set<string>();
    for (const base of bases) if (hashes.has(hashOf(base))) likely.add(base);
    const found = new Set<string>();
    if (likely.size === 0) return found;
    await inSlices(this.ports, this.dir, this.messages, (m) => {
      if (likely.has(m.base)) found.add(m.base);
    });
    return found;
  }

  /** Takes messages out without a word; gives their UIDs, ascending. */
  async takeOut(gone: ReadonlySet<FolderMessage>): Promise<readonly Uid[]> {
    const uids: Uid[] = [];
    if (gone.size === 0) return uids;
    const left: FolderMessage[] = [];
    await inSlices(this.ports, this.dir, this.messages, (m) => {
      if (gone.has(m)) uids.push(m.uid);
      else left.push(m);
    });
    this.messages = left;
    for (const m of gone) this.fresh.delete(m);
    return uids;
  }

  /** Takes messages out and tells of them. */
  async drop(gone: ReadonlySet<FolderMessage>): Promise<void> {
    await this.tellExpunged(await this.takeOut(gone));
  }
}

/** Of the base in a file name (FNV-1a). */
function hashOf(file: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < file.length; i++) {
    const c = file.charCodeAt(i);
    if (c === 0x3a) break;
    hash = Math.imul(hash ^ c, 0x01000193);
  }
  return hash;
}
