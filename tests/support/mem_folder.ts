import { concat } from "../../mod/base/bytes.ts";
import { KEYWORDS } from "../../mod/base/limits.ts";
import { err, ok, type Result } from "../../mod/base/result.ts";
import { keywordBit, keywordNumber, knownBits, toNamed } from "../../mod/store/flags.ts";
import {
  type Copied,
  type CopyError,
  type FlagBits,
  type Mailbox,
  type MailboxChange,
  type Message,
  type MessageContent,
  type NamedFlags,
  SEEN,
  type Uid,
} from "../../mod/store/store.ts";
import { indexOfUid } from "../../mod/store/uid_set.ts";

/** When all messages of this store came into their mailboxes. */
export const SAVED: number = Date.UTC(2026, 0, 2, 3, 4, 5);

/** A message in memory. */
export interface MemMessage extends Message {
  flags: FlagBits;
  readonly bytes: Uint8Array;
  readonly origin: string;
  readonly saved: number;
}

/** What a message is before it has a UID. */
export interface MemPart {
  readonly bytes: Uint8Array;
  readonly flags: NamedFlags;
  readonly internalDate: number;
  /** Of a copy. */
  readonly origin?: string;
}

/** One folder of `MemStore`; it is the `Mailbox` of all who have it open. */
export class MemFolder implements Mailbox {
  name: string;
  readonly uidValidity: number;
  uidNext: Uid = 1;
  keywords: readonly string[] = [];
  messages: MemMessage[] = [];
  /** How many have it open. */
  users = 0;
  readonly #find: (name: string) => MemFolder | null;
  readonly #fits: (parts: readonly MemPart[]) => boolean;
  readonly #listeners = new Set<(change: MailboxChange) => void>();
  #claimed: Uid = 0;

  constructor(
    name: string,
    uidValidity: number,
    find: (name: string) => MemFolder | null,
    fits: (parts: readonly MemPart[]) => boolean = () => true,
  ) {
    this.#fits = fits;
    this.name = name;
    this.uidValidity = uidValidity;
    this.#find = find;
  }

  get recent(): number {
    return this.messages.filter((m) => m.uid > this.#claimed).length;
  }

  get unseen(): number {
    return this.messages.filter((m) => !(m.flags & SEEN)).length;
  }

  get objectId(): string {
    return `F${this.uidValidity}`;
  }

  emailId(uid: Uid): string | null {
    return this.#get(uid)?.origin ?? null;
  }

  savedAt(uid: Uid): number | null {
    return this.#get(uid)?.saved ?? null;
  }

  arrivedBefore(time: number): Promise<readonly Uid[]> {
    return Promise.resolve(
      this.messages.map((m) => m.uid).filter((uid) => (this.savedAt(uid) ?? Infinity) < time),
    );
  }

  claimRecent(): Uid {
    const before = this.#claimed;
    this.#claimed = this.uidNext - 1;
    return before;
  }

  refresh(): Promise<void> {
    return Promise.resolve();
  }

  listen(listener: (change: MailboxChange) => void): () => void {
    const own = (change: MailboxChange) => listener(change);
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  content(uid: Uid): Promise<MessageContent | null> {
    const bytes = this.contentNow(uid);
    if (!bytes) return Promise.resolve(null);
    const read = (start: number, end: number) => Promise.resolve(bytes.subarray(start, end));
    return Promise.resolve({ size: bytes.length, read, close: () => {} });
  }

  contentNow(uid: Uid): Uint8Array | null {
    return this.#get(uid)?.bytes ?? null;
  }

  keywordBits(keywords: readonly string[]): Promise<FlagBits> {
    const { bits, missing } = knownBits(keywords, this.keywords);
    const made = missing.slice(0, KEYWORDS - this.keywords.length);
    if (made.length === 0) return Promise.resolve(bits);
    this.keywords = [...this.keywords, ...made];
    this.tell({ kind: "keywords" });
    return Promise.resolve(made.reduce((all, k) => all | keywordBit(keywordNumber(this.keywords, k)), bits));
  }

  setFlags(
    uids: readonly Uid[],
    clear: FlagBits,
    set: FlagBits,
    by: unknown,
    only: (message: Message, untold: boolean) => boolean = () => true,
  ): Promise<readonly Message[]> {
    const there = uids.map((u) => this.#get(u)).filter((m) => m !== null);
    const changed = there.filter((m) => only(m, false) && ((m.flags & ~clear) | set) !== m.flags);
    for (const m of changed) m.flags = (m.flags & ~clear) | set;
    if (changed.length > 0) this.tell({ kind: "flags", messages: changed, by });
    return Promise.resolve(there);
  }

  expunge(uids: readonly Uid[], flags: FlagBits = 0): Promise<readonly Uid[]> {
    const gone = uids.filter((u) => {
      const message = this.#get(u);
      return message !== null && (message.flags & flags) === flags;
    });
    const set = new Set(gone);
    this.messages = this.messages.filter((m) => !set.has(m.uid));
    if (gone.length > 0) this.tell({ kind: "expunged", uids: gone });
    return Promise.resolve(gone);
  }

  copy(uids: readonly Uid[], target: string): Promise<Result<Copied, CopyError>> {
    return this.#copy(uids, target, this.#fits);
  }

  async #copy(
    uids: readonly Uid[],
    target: string,
    fits: (parts: readonly MemPart[]) => boolean,
  ): Promise<Result<Copied, CopyError>> {
    const folder = this.#find(target);
    if (!folder) return err("no-mailbox");
    const there = uids.map((u) => this.#get(u)).filter((m) => m !== null);
    const parts = there.map((m) => ({
      bytes: m.bytes,
      flags: toNamed(m.flags, this.keywords),
      internalDate: m.internalDate,
      origin: m.origin,
    }));
    if (!fits(parts)) return err("over-quota");
    const to = await folder.add(parts);
    return ok({ uidValidity: folder.uidValidity, from: there.map((m) => m.uid), to });
  }

  async move(uids: readonly Uid[], target: string): Promise<Result<Copied, CopyError>> {
    const copied = await this.#copy(uids, target, () => true);
    if (copied.ok) await this.expunge(copied.value.from);
    return copied;
  }

  close(): void {
    this.users--;
  }

  /** Gives the parts UIDs, in order. */
  async add(parts: readonly MemPart[]): Promise<Uid[]> {
    const added: MemMessage[] = [];
    for (const { bytes, flags, internalDate, origin } of parts) {
      const bits = flags.system | await this.keywordBits(flags.keywords);
      added.push({
        uid: this.uidNext++,
        flags: bits,
        size: bytes.length,
        internalDate,
        bytes: concat([bytes]),
        origin: origin ?? `M${this.uidValidity}-${this.uidNext}`,
        saved: SAVED,
      });
    }
    this.messages.push(...added); // in place, as the port says
    if (added.length > 0) this.tell({ kind: "added", messages: added });
    return added.map((m) => m.uid);
  }

  tell(change: MailboxChange): void {
    for (const listener of [...this.#listeners]) listener(change);
  }

  #get(uid: Uid): MemMessage | null {
    return this.messages[indexOfUid(this.messages, uid)] ?? null;
  }
}
