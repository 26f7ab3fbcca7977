/**
 * One session's picture of a mailbox: which sequence number the client takes for which message, and what it has not been told
 * yet. Invariants:
 * - The client's numbers are the places in `#list` up to `#count`; they change only in `take`, whose result must then be sent
 *   in full before anything else that holds a sequence number.
 * - `#list` is one of the mailbox's own arrays (they are never changed, only replaced), so a session costs no copy of it. Only
 *   while expunges may not be told but new messages are, it is a copy of our own.
 */
import type { MailboxChange, Message, Uid } from "../store/store.ts";

/** What the client is to be told, in this order. */
export interface Notices {
  /** Sequence numbers of EXPUNGE, in the order they must be sent (each counts on the ones before it). */
  readonly expunged: readonly number[];
  /** UIDs of the same, ascending. */
  readonly vanished: readonly Uid[];
  /** For EXISTS: the number of messages, when some came. */
  readonly exists: number | null;
  /** For RECENT, when it differs from what was told. */
  readonly recent: number | null;
  /** The list of keywords grew: FLAGS before any flags. */
  readonly keywords: boolean;
  /** Messages whose flags changed, ascending. */
  readonly flags: readonly Numbered[];
}

export interface Numbered {
  readonly seq: number;
  readonly message: Message;
}

/** What a view reads of its mailbox. */
export interface ViewSource {
  readonly messages: readonly Message[];
  /** UIDs above the result are recent for who asks (see `Mailbox.claimRecent`). */
  claimRecent(): Uid;
}

const NOTHING: Notices = {
  expunged: [],
  vanished: [],
  exists: null,
  recent: null,
  keywords: false,
  flags: [],
};

export class View {
  readonly #source: ViewSource;
  readonly #token: unknown;
  #list: readonly Message[];
  #count: number;
  /** Pairs of UIDs: above the first, up to the second, is recent here. Ascending. */
  readonly #recent: Uid[] = [];
  #recentTold: number;
  #expunged: Uid[] = [];
  #changed: Set<Message> | null = null;
  #keywords = false;

  /** `token` is what this session gives as `by` when it sets flags: such changes are not told again. */
  constructor(source: ViewSource, token: unknown) {
    this.#source = source;
    this.#token = token;
    this.#list = source.messages;
    this.#count = this.#list.length;
    this.#claim();
    this.#recentTold = this.recent;
  }

  /** Messages as the client counts them. */
  get count(): number {
    return this.#count;
  }

  /** The messages by sequence number, from 1 at index 0. Holds until `take`. */
  get list(): readonly Message[] {
    return this.#list.length === this.#count ? this.#list : this.#list.slice(0, this.#count);
  }

  /** UID of the last message the client knows, 0 when there is none. */
  get lastUid(): Uid {
    return this.#count === 0 ? 0 : (this.#list[this.#count - 1]?.uid ?? 0);
  }

  /** Messages that are \Recent in this session. */
  get recent(): number {
    let n = 0;
    for (let i = 0; i + 1 < this.#recent.length; i += 2) {
      n += this.#above(this.#recent[i + 1] ?? 0) - this.#above(this.#recent[i] ?? 0);
    }
    return n;
  }

  /** Whether there is anything to tell, or to tell as soon as it is allowed. */
  get waiting(): boolean {
    return this.#expunged.length > 0 || this.#changed !== null || this.#keywords || this.#grown();
  }

  /** About how many messages there is something to tell of, new ones apart. */
  get backlog(): number {
    return this.#expunged.length + (this.#changed?.size ?? 0);
  }

  /** Whether messages are gone that the client still counts. */
  get expungeWaiting(): boolean {
    return this.#expunged.length > 0;
  }

  /** The message at a sequence number (from 1), undefined when out of range. It may have been expunged meanwhile. */
  at(seq: number): Message | undefined {
    return seq >= 1 && seq <= this.#count ? this.#list[seq - 1] : undefined;
  }

  /** The sequence number of a UID, 0 when the client has no such message. */
  seqOf(uid: Uid): number {
    const at = this.#above(uid);
    return at > 0 && this.#list[at - 1]?.uid === uid ? at : 0;
  }

  /** Sequence numbers of the first and the last message within a range of UIDs (both ends in), or null if there is none. */
  seqsOf(from: Uid, to: Uid): { readonly first: number; readonly last: number } | null {
    const first = this.#above(from - 1) + 1;
    const last = this.#above(to);
    return first <= last ? { first, last } : null;
  }

  isRecent(uid: Uid): boolean {
    for (let i = 0; i + 1 < this.#recent.length; i += 2) {
      if (uid > (this.#recent[i] ?? 0) && uid <= (this.#recent[i + 1] ?? 0)) return true;
    }
    return false;
  }

  /** Takes note of a change of the mailbox; true when there may be something to tell. "gone" is not a view's business. */
  note(change: MailboxChange): boolean {
    switch (change.kind) {
      case "added":
        return true;
      case "expunged": {
        const last = this.lastUid;
        for (const uid of change.uids) if (uid <= last) this.#expunged.push(uid);
        return this.#expunged.length > 0;
      }
      case "flags": {
        if (change.by === this.#token && change.by !== null) return false;
        const last = this.lastUid;
        for (const m of change.messages) if (m.uid <= last) (this.#changed ??= new Set()).add(m);
        return this.#changed !== null;
      }
      case "keywords":
        this.#keywords = true;
        return true;
      case "gone":
        return false;
    }
  }

  /** Whether keywords came that the client has not been told of. */
  get keywordsWaiting(): boolean {
    return this.#keywords;
  }

  /** The keyword list has just been told by other means (SELECT, or a FLAGS line before FETCH). */
  keywordsTold(): void {
    this.#keywords = false;
  }

  /** The flags of these messages have just been told. */
  flagsTold(message: Message): void {
    if (this.#changed?.delete(message) && this.#changed.size === 0) this.#changed = null;
  }

  /**
   * Gives what the client may be told now and takes it as told. Without `expunge`, removals wait (RFC 3501 7.4.1). Of flags `most` messages' are
   * given: ask `takeFlags` for more.
   */
  take(expunge: boolean, most = Infinity): Notices {
    if (!this.waiting) return NOTHING;
    const { expunged, vanished } = expunge && this.#expunged.length > 0 ? this.#remove() : NOTHING;
    const exists = this.#grow();
    const recent = this.recent;
    const recentNews = recent !== this.#recentTold || exists !== null ? recent : null;
    this.#recentTold = recent;
    const keywords = this.#keywords;
    this.#keywords = false;
    return { expunged, vanished, exists, recent: recentNews, keywords, flags: this.takeFlags(most) };
  }

  /** The same of removals alone: for who has removed messages, and is told of nothing else. */
  takeRemoved(): Pick<Notices, "expunged" | "vanished"> {
    return this.#expunged.length > 0 ? this.#remove() : NOTHING;
  }

  /** Messages whose flags changed, as `take` gives them; none are left when there are fewer than `most`. */
  takeFlags(most: number): readonly Numbered[] {
    const flags: Numbered[] = [];
    for (const message of this.#changed ?? []) {
      if (flags.length >= most) break;
      const seq = this.seqOf(message.uid);
      if (seq > 0) flags.push({ seq, message });
      this.#changed?.delete(message);
    }
    if (this.#changed?.size === 0) this.#changed = null;
    return flags.sort((a, b) => a.seq - b.seq);
  }

  /** Drops the expunged from the list; their sequence numbers, each less the number of those before it, and their UIDs. */
  #remove(): Pick<Notices, "expunged" | "vanished"> {
    const uids = this.#expunged.sort((a, b) => a - b);
    this.#expunged = [];
    const sorted: number[] = [];
    const vanished: Uid[] = [];
    for (const uid of uids) {
      // Most come one after the other.
      const next = (sorted.at(-1) ?? 0) + 1;
      const seq = this.at(next)?.uid === uid ? next : this.seqOf(uid);
      if (seq === 0 || seq < next) continue;
      sorted.push(seq);
      vanished.push(uid);
    }
    if (sorted.length === 0) return NOTHING;
    const kept = this.#count - sorted.length;
    const now = this.#source.messages;
    // The mailbox's array without its new messages is what is left, if all removals were noted: then no copy is needed.
    const same = countAbove(now, now.length, this.lastUid) === kept;
    this.#list = same ? now : this.#without(sorted);
    this.#count = kept;
    return { expunged: sorted.map((seq, i) => seq - i), vanished };
  }

  /** The list without the messages at these sequence numbers (ascending). */
  #without(seqs: readonly number[]): readonly Message[] {
    const list: Message[] = [];
    let at = 0;
    for (let i = 0; i < this.#count; i++) {
      const message = this.#list[i];
      if (seqs[at] === i + 1) at++;
      else if (message) list.push(message);
    }
    return list;
  }

  /** Appends what is new in the mailbox; the new count, or null if nothing is. */
  #grow(): number | null {
    const now = this.#source.messages;
    const from = countAbove(now, now.length, this.lastUid);
    const added = now.length - from;
    if (added === 0) return null;
    if (from === this.#count && this.#expunged.length === 0) this.#list = now;
    else this.#list = this.#list.slice(0, this.#count).concat(now.slice(from));
    this.#count += added;
    this.#claim();
    return this.#count;
  }

  #grown(): boolean {
    const now = this.#source.messages;
    return now.length > 0 && (now[now.length - 1]?.uid ?? 0) > this.lastUid;
  }

  #claim(): void {
    const end = this.#recent.length - 1;
    const before = this.#recent[end];
    // Who only peeks is told of the same ones again.
    const from = Math.max(this.#source.claimRecent(), before ?? 0);
    const to = this.lastUid;
    if (from >= to) return;
    // The same stretch goes on when there is nothing between: all of it was claimed here.
    if (before !== undefined && this.#above(before) === this.#above(from)) this.#recent[end] = to;
    else this.#recent.push(from, to);
  }

  #above(uid: Uid): number {
    return countAbove(this.#list, this.#count, uid);
  }
}

/** How many of the first `count` messages have a UID up to `uid`. */
function countAbove(list: readonly Message[], count: number, uid: Uid): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((list[middle]?.uid ?? Infinity) <= uid) low = middle + 1;
    else high = middle;
  }
  return low;
}
