import { isFsError } from "../base/fs.ts";
import type { BulkPart } from "../base/bulk_reader.ts";
import { err, ok, type Result } from "../base/result.ts";
import { toNamed } from "../store/flags.ts";
import {
  type Copied,
  type CopyError,
  type FlagBits,
  type Mailbox,
  type MailboxChange,
  type MailboxStatus,
  type Message,
  type MessageContent,
  type NamedFlags,
  type Pop3Facts,
  type Reading,
  type Uid,
} from "../store/store.ts";
import { indexOfUid, upperBound } from "../store/uid_set.ts";
import { arrivedBefore } from "./arrivals.ts";
import { openContent, type QuickReader } from "./content.ts";
import { copyParts, type CopySource } from "./copying.ts";
import { arrivalOf, sizeIn } from "./file_name.ts";
import { FolderReading } from "./folder_reading.ts";
import { FolderMessage, FolderState } from "./folder_state.ts";
import { syncDue, syncFolder } from "./folder_sync.ts";
import { Leaving } from "./leaving.ts";
import { countMessages } from "./message_counts.ts";
import { objectIdOf, originOf } from "./object_id.ts";
import { type Part, Placing } from "./placing.ts";
import type { Ports } from "./ports.ts";
import type { QuotaFile } from "./quota_file.ts";
import { removeMessages } from "./removing.ts";
import { leaveNew, renameAll } from "./renaming.ts";
import { inParallel, inSlices, listsOf, sortInSlices } from "./slices.ts";

/** What a folder asks of the account and the store it belongs to. */
export interface FolderHost {
  /** Another folder of the account, or null. */
  find(name: string): Promise<Folder | null>;
  /** The first user came or the last one left. */
  used(folder: Folder): void;
  /** Many of its files are about to be changed. */
  stirring?(folder: Folder): void;
  /** Many of its messages are being read. */
  reading?(folder: Folder): void;
  /** Messages or flags have changed. */
  changed?(folder: Folder): void;
  readonly quick: QuickReader;
  readonly quotaFile: QuotaFile;
}

const AT_ONCE = 1000; // files whose names are changed before others in the process get their turn for certain
const COPY_ATTEMPTS = 10; // the same for many files that are copied together
const ATTEMPTS = 3; // looks for a file that other programs keep renaming

/** Which flags of a message a copy has. */
type Keep = (flags: NamedFlags) => NamedFlags;

/** One folder: the `Mailbox` of all who have it open. */
export class Folder implements Mailbox {
  readonly name: string;
  readonly state: FolderState;
  /** How many have it open. */
  users = 0;
  /** Monotonic time at which a delivery saw it on disk. */
  seen = -Infinity;
  readonly #ports: Ports;
  readonly #host: FolderHost;
  readonly #placing: Placing;
  readonly #leaving: Leaving;
  readonly #reading: FolderReading;
  /** Messages whose flags were changed and nobody was told yet, and by how many calls. */
  readonly #untold = new Map<FolderMessage, number>();

  constructor(ports: Ports, host: FolderHost, name: string, dir: string, root: string) {
    this.#ports = ports;
    this.#host = host;
    this.name = name;
    this.state = new FolderState(ports, dir, root, {
      changed: () => host.changed?.(this),
      stirring: () => host.stirring?.(this),
    });
    this.#reading = new FolderReading(this.state, host.quick, () => host.reading?.(this));
    this.#placing = new Placing(this.state);
    const failed = (why: unknown) => {
      this.state.forgetDirs();
      this.#ports.log.warn("messages stay in new/ for now", { dir: this.state.dir, why: String(why) });
    };
    this.#leaving = new Leaving(this.state, failed, () => this.#reading.given);
  }

  get uidValidity(): number {
    return this.state.uidFile.uidValidity;
  }

  get uidNext(): Uid {
    return this.state.nextUid;
  }

  get objectId(): string {
    // A list without a GUID gets one when it is next written anew.
    return `F${this.state.uidFile.guid || this.uidValidity}`;
  }

  emailId(uid: Uid): string | null {
    const message = this.#get(uid);
    return message && objectIdOf(this.#originOf(message));
  }

  pop3Facts(uid: Uid): Pop3Facts | null {
    const message = this.#get(uid);
    if (!message) return null;
    const { id, order } = this.state.pop3.get(uid) ?? { id: null, order: null };
    const file = message.base;
    return { id: id === "" ? file : id, order, file, guid: this.state.origins.get(uid) ?? file };
  }

  /** Those that had a place under another server in that order, then the others (as Dovecot). */
  async pop3Order(): Promise<readonly Message[] | null> {
    const { pop3 } = this.state;
    if (pop3.size === 0) return null;
    const placeOf = ({ uid }: Message) => pop3.get(uid)?.order ?? Infinity;
    return await sortInSlices(this.#ports, this.state.dir, this.messages, (a, b) => {
      const [x, y] = [placeOf(a), placeOf(b)];
      return x === y ? 0 : x - y;
    });
  }

  savedAt(uid: Uid): number | null {
    const message = this.#get(uid);
    return message && arrivalOf(message.file);
  }

  arrivedBefore(time: number): Promise<readonly Uid[]> {
    return arrivedBefore(this.state, time);
  }

  get keywords(): readonly string[] {
    return this.state.keywordFile.names;
  }

  get messages(): readonly FolderMessage[] {
    return this.state.messages;
  }

  claimRecent(): Uid {
    const before = this.state.claimed;
    this.state.claimed = Math.max(before, this.uidNext - 1);
    const fresh = this.messages.slice(upperBound(this.messages, before)).filter(isNew);
    if (fresh.length > 0) this.#leaving.start(fresh);
    return before;
  }

  peekRecent(): Uid {
    return this.state.claimed;
  }

  async refresh(): Promise<void> {
    if (this.state.gone || !syncDue(this.state)) return;
    await this.state.serial.run(async () => {
      if (syncDue(this.state)) await syncFolder(this.state);
    });
  }

  listen(listener: (change: MailboxChange) => void): () => void {
    return this.state.listen(listener);
  }

  async prepare(
    messages: readonly Message[],
    want: { readonly size?: boolean; readonly date?: boolean },
  ): Promise<void> {
    const lacking = messages.filter((m): m is FolderMessage =>
      m instanceof FolderMessage &&
      ((want.size === true && m.size < 0) || (want.date === true && m.internalDate < 0))
    );
    const slow: FolderMessage[] = [];
    await inSlices(this.#ports, this.state.dir, lacking, (m) => {
      if (!this.#prepareNow(m, want)) slow.push(m);
    });
    await inParallel(slow, 4, async (m) => {
      const content = await this.content(m.uid);
      content?.close();
      m.size = content?.size ?? Math.max(0, m.size);
      if (m.internalDate < 0) m.internalDate = this.#ports.fs.statSync(this.state.pathOf(m))?.mtime ?? 0;
    });
  }

  async content(uid: Uid): Promise<MessageContent | null> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const message = this.#get(uid);
      if (!message) return null;
      try {
        const file = await this.#ports.fs.open(this.state.pathOf(message));
        const content = await openContent(file, message.size);
        message.size = content.size;
        return content;
      } catch (e) {
        if (!isFsError(e, "not-found")) throw e;
        await this.#lookAgain();
      }
    }
    return null;
  }

  contentNow(uid: Uid): Uint8Array | null {
    return this.#reading.contentNow(uid);
  }

  comes(uid: Uid): Promise<void> | null {
    return this.#reading.comes(uid);
  }

  headerNow(uid: Uid): Uint8Array | null {
    return this.#reading.headerNow(uid);
  }

  reading(part: BulkPart, count: number, uids: () => Iterable<Uid>): Reading {
    return this.#reading.reading(part, count, uids);
  }

  async keywordBits(keywords: readonly string[]): Promise<FlagBits> {
    if (keywords.length === 0) return 0;
    const { bits, grew } = await this.state.keywordFile.bits(keywords);
    if (grew) this.state.tell({ kind: "keywords" });
    return bits;
  }

  async setFlags(
    uids: readonly Uid[],
    clear: FlagBits,
    set: FlagBits,
    by: unknown,
    only: (message: Message, untold: boolean) => boolean = () => true,
  ): Promise<readonly Message[]> {
    const all: Message[] = [];
    for (const some of listsOf(uids, AT_ONCE)) {
      for (const message of await this.#setFlags(some, clear, set, by, only)) all.push(message);
    }
    return all;
  }

  async #setFlags(
    uids: readonly Uid[],
    clear: FlagBits,
    set: FlagBits,
    by: unknown,
    only: (message: Message, untold: boolean) => boolean,
  ): Promise<readonly Message[]> {
    const next = (m: FolderMessage) => (m.flags & ~clear) | set;
    const changed = new Set<FolderMessage>();
    try {
      await this.state.serial.run(async () => {
        const chosen = new Set(this.state.all(uids).filter((m) => only(m, this.#untold.has(m))));
        for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
          const due = this.state.all(uids).filter((m) => chosen.has(m) && next(m) !== m.flags);
          if (due.length === 0) return;
          for (const m of due) {
            if (!changed.has(m)) this.#untold.set(m, (this.#untold.get(m) ?? 0) + 1);
            changed.add(m);
          }
          const fresh = due.filter(isNew);
          const lost = fresh.length > 0 ? await leaveNew(this.state, fresh, next) : [];
          lost.push(...await renameAll(this.state, due.filter((m) => !m.isNew && next(m) !== m.flags), next));
          if (lost.length === 0) return;
          this.state.forgetDirs();
          await syncFolder(this.state);
        }
      });
      if (changed.size > 0) await this.#ports.dirSync.sync(this.state.curDir.path);
    } finally {
      const told = this.state.all(uids).filter((m) => changed.has(m));
      for (const m of changed) {
        const others = (this.#untold.get(m) ?? 1) - 1;
        if (others > 0) this.#untold.set(m, others);
        else this.#untold.delete(m);
      }
      if (told.length > 0) this.state.tell({ kind: "flags", messages: told, by });
    }
    return this.state.all(uids);
  }

  async expunge(uids: readonly Uid[], flags: FlagBits = 0): Promise<readonly Uid[]> {
    const octets = this.#host.quotaFile.counts ? await this.#octetsOf(this.state.all(uids)) : null;
    const gone = await removeMessages(this.state, uids, flags);
    if (octets) await this.#host.quotaFile.changed(-sumOf(gone, octets), -gone.length);
    return gone;
  }

  copy(uids: readonly Uid[], target: string): Promise<Result<Copied, CopyError>> {
    return this.copyInto(this.#host, uids, target);
  }

  /** The same into a folder of any account; `keep` gives the flags that go along. */
  async copyInto(
    host: FolderHost,
    uids: readonly Uid[],
    target: string,
    keep: Keep = all,
  ): Promise<Result<Copied, CopyError>> {
    const { quotaFile } = host;
    if (!quotaFile.counts) return await this.#copy(host, uids, target, keep);
    const octets = await this.#octetsOf(this.state.all(uids));
    const release = await quotaFile.reserve(sumOf(uids, octets), octets.size);
    if (!release) return err("over-quota");
    try {
      const copied = await this.#copy(host, uids, target, keep);
      if (copied.ok) {
        const { from } = copied.value;
        await quotaFile.changed(sumOf(from, octets), from.length);
      }
      return copied;
    } finally {
      release();
    }
  }

  async #copy(
    host: FolderHost,
    uids: readonly Uid[],
    target: string,
    keep: Keep,
  ): Promise<Result<Copied, CopyError>> {
    for (let attempt = 1;; attempt++) {
      const folder = await host.find(target);
      if (!folder) return err("no-mailbox");
      const messages = this.state.all(uids);
      try {
        const to = await folder.place(await this.#copies(messages, folder, keep));
        return ok({ uidValidity: folder.uidValidity, from: messages.map((m) => m.uid), to });
      } catch (e) {
        // All or nothing: of many, one or the other may be under way time and again.
        if (!isFsError(e, "not-found") || attempt >= COPY_ATTEMPTS) throw e;
        await this.#lookAgain();
      }
    }
  }

  move(uids: readonly Uid[], target: string): Promise<Result<Copied, CopyError>> {
    return this.moveInto(this.#host, uids, target);
  }

  /** The same into a folder of any account. */
  async moveInto(
    host: FolderHost,
    uids: readonly Uid[],
    target: string,
    keep: Keep = all,
  ): Promise<Result<Copied, CopyError>> {
    if (host !== this.#host) {
      const copied = await this.copyInto(host, uids, target, keep);
      if (copied.ok) await this.expunge(copied.value.from);
      return copied;
    }
    const { quotaFile } = host;
    const octets = quotaFile.counts ? await this.#octetsOf(this.state.all(uids)) : null;
    const copied = await this.#copy(host, uids, target, keep);
    if (!copied.ok) return copied;
    const { from } = copied.value;
    const gone = await removeMessages(this.state, from);
    // Who removed the others meanwhile has noted so.
    if (octets) {
      await quotaFile.changed(sumOf(from, octets) - sumOf(gone, octets), from.length - gone.length);
    }
    return copied;
  }

  close(): void {
    this.users--;
    if (this.users > 0) return;
    this.#reading.forget();
    this.#host.used(this);
  }

  /** One user more. */
  use(): this {
    this.users++;
    if (this.users === 1) this.#host.used(this);
    return this;
  }

  /** Puts files of the account here, together, and gives their UIDs. */
  place(parts: readonly Part[]): Promise<readonly Uid[]> {
    return this.#placing.place(parts).finally(() => this.#host.changed?.(this));
  }

  /** A file is about to be delivered into new/; `delivered` or `notDelivered` follows. */
  delivering(file: string): void {
    this.state.pending.add(file);
  }

  /** It was delivered. Nobody waits for its UID unless somebody looks at the folder. */
  delivered(file: string, floor: Uid): void {
    if (this.users > 0 && this.state.loaded) this.#placing.delivered(file, floor);
    else this.notDelivered(file);
  }

  /** It was not, or is nothing to hurry for: the next look at the folder finds what there is. */
  notDelivered(file: string): void {
    this.state.pending.delete(file);
    this.state.newDir.forget();
    this.#host.changed?.(this);
  }

  /** Bits here for flags by name. */
  async bits(flags: NamedFlags): Promise<FlagBits> {
    return flags.system | await this.keywordBits(flags.keywords);
  }

  async status(wantSize: boolean): Promise<MailboxStatus> {
    await this.refresh();
    const { messages, claimed } = this.state;
    const { uidNext, uidValidity, objectId } = this;
    if (wantSize) await this.prepare(messages, { size: true });
    return { ...countMessages(messages, claimed, wantSize), uidNext, uidValidity, objectId };
  }

  /** Whether anything is under way here. */
  get busy(): boolean {
    return this.state.serial.busy > 0 || this.#leaving.busy;
  }

  /** Resolves when nothing is under way here. */
  async settled(): Promise<void> {
    await this.#leaving.settled();
    while (this.state.serial.busy > 0) await this.state.serial.run(() => Promise.resolve());
  }

  #prepareNow(m: FolderMessage, want: { readonly size?: boolean; readonly date?: boolean }): boolean {
    const path = this.state.pathOf(m);
    if (want.date && m.internalDate < 0) {
      const stat = this.#ports.fs.statSync(path);
      if (!stat) return false;
      m.internalDate = stat.mtime;
    }
    if (!want.size || m.size >= 0) return true;
    const bytes = this.#host.quick.bytes(path, -1);
    if (typeof bytes === "string") return false;
    m.size = bytes.length;
    return true;
  }

  #copies(messages: readonly FolderMessage[], target: Folder, keep: Keep): Promise<Part[]> {
    const sources = Iterator.from(messages).map((m): CopySource => ({
      path: this.state.pathOf(m),
      file: m.file,
      flags: keep(toNamed(m.flags, this.keywords)),
      internalDate: m.internalDate,
      origin: this.#originOf(m),
    }));
    return copyParts(this.#ports, this.state.dir, sources, (flags) => target.bits(flags));
  }

  #originOf(message: FolderMessage): string {
    return this.state.origins.get(message.uid) ?? originOf(message.base);
  }

  /** Sizes on disk, for the quota. */
  async #octetsOf(messages: readonly FolderMessage[]): Promise<ReadonlyMap<Uid, number>> {
    const octets = new Map<Uid, number>();
    await inSlices(this.#ports, this.state.dir, messages, (m) => {
      const told = sizeIn(m.file, "S");
      octets.set(m.uid, told >= 0 ? told : this.#ports.fs.statSync(this.state.pathOf(m))?.size ?? 0);
    });
    return octets;
  }

  async #lookAgain(): Promise<void> {
    this.state.forgetDirs();
    await this.refresh();
  }

  #get(uid: Uid): FolderMessage | null {
    return this.messages[indexOfUid(this.messages, uid)] ?? null;
  }
}

function sumOf(uids: readonly Uid[], octets: ReadonlyMap<Uid, number>): number {
  return uids.reduce((sum, uid) => sum + (octets.get(uid) ?? 0), 0);
}

function isNew(message: FolderMessage): boolean {
  return message.isNew;
}

function all(flags: NamedFlags): NamedFlags {
  return flags;
}
