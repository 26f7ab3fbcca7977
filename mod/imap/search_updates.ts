/**
 * Searches whose results are kept up to date for the client (CONTEXT=SEARCH, RFC 5267 4.3). Only of keys that flags and UIDs decide, so that telling
 * of changes never waits for a message to be read; of others the client is told that there are no updates (NOUPDATE).
 */
import { SEARCH_UPDATES } from "../base/limits.ts";
import type { MailboxChange, Message, Uid } from "../store/store.ts";
import type { ResponseBuffer } from "./response_buffer.ts";
import { compileSearch, YES } from "./search_key.ts";
import { writeSet } from "./set.ts";
import type { FetchItem, SearchKey } from "./types.ts";
import type { Notices, View } from "./view.ts";

interface Context {
  readonly tag: string;
  /** Results are told as UIDs. */
  readonly uid: boolean;
  readonly key: SearchKey;
  /** What is told of new messages that match (RFC 5465 7). */
  readonly items?: readonly FetchItem[];
  readonly members: Set<Uid>;
}

/** What is asked of the selected mailbox. */
interface Searched {
  readonly view: View;
  readonly mailbox: { readonly keywords: readonly string[] };
  isRecent(uid: Uid): boolean;
}

export class SearchUpdates {
  readonly #contexts = new Map<string, Context>();
  readonly #changed = new Set<Uid>();
  /** Counts changes of flags. */
  #changes = 0;
  /** Messages up to here were looked at. */
  #lastUid: Uid = 0;

  /** Whether there may be something to tell. */
  get waiting(): boolean {
    return this.#changed.size > 0;
  }

  /** Whether something is to be fetched of new messages. */
  get fetches(): boolean {
    for (const { items } of this.#contexts.values()) if (items) return true;
    return false;
  }

  /** What is to be told of a new message. */
  itemsFor(searched: Searched, seq: number, message: Message): readonly FetchItem[] {
    const known = knownOf(searched);
    return [...this.#contexts.values()].flatMap(({ items, key }) =>
      items && compileSearch(key, known).test(message, seq, { fields: null, found: null }) === YES
        ? items
        : []
    );
  }

  /** Where changes of flags stand: take it before a search that is to be followed. */
  get changes(): number {
    return this.#changes;
  }

  /** Keeps a search's results up to date; false where that is not done. `changes`: before the search. */
  add(
    context: Omit<Context, "members">,
    found: readonly Uid[],
    { lastUid, changes }: { readonly lastUid: Uid; readonly changes: number },
  ): boolean {
    if (this.#contexts.size >= SEARCH_UPDATES || !canFollow(context.key)) return false;
    // What was found may not be so any more.
    if (changes !== this.#changes) return false;
    if (this.#contexts.size === 0) this.#lastUid = lastUid;
    this.#contexts.set(context.tag, { ...context, members: new Set(found) });
    return true;
  }

  /** CANCELUPDATE; false where there is no such search. */
  cancel(tag: string): boolean {
    return this.#contexts.delete(tag);
  }

  /** Drops what is told in sequence numbers; gives the tags. */
  dropNumbered(): string[] {
    const tags = [...this.#contexts.values()].filter((c) => !c.uid).map((c) => c.tag);
    for (const tag of tags) this.#contexts.delete(tag);
    return tags;
  }

  /** Takes note of a change of the mailbox, the session's own too. */
  note(change: MailboxChange): void {
    if (change.kind !== "flags") return;
    this.#changes++;
    if (this.#contexts.size === 0) return;
    for (const { uid } of change.messages) this.#changed.add(uid);
  }

  /** REMOVEFROM of messages that are gone: before EXPUNGE, since their numbers are of then. */
  writeExpunged(out: ResponseBuffer, { expunged, vanished }: Pick<Notices, "expunged" | "vanished">): void {
    if (vanished.length === 0) return;
    for (const { tag, uid, members } of this.#contexts.values()) {
      // Each number of an EXPUNGE counts on the ones before it.
      const gone = expunged.map((seq, i) => ({ seq: seq + i, uid: vanished[i] ?? 0 }))
        .filter((message) => members.delete(message.uid));
      write(out, tag, uid, "REMOVEFROM", gone);
    }
  }

  /** What else does not match any more, and what does now; after EXISTS. */
  writeChanged(out: ResponseBuffer, searched: Searched): void {
    if (this.#contexts.size === 0) return this.#changed.clear();
    const { view } = searched;
    const messages: { readonly seq: number; readonly message: Message }[] = [];
    const look = (seq: number): void => {
      const message = view.at(seq);
      if (message) messages.push({ seq, message });
    };
    for (const uid of [...this.#changed].sort((a, b) => a - b)) {
      if (uid <= this.#lastUid) look(view.seqOf(uid));
    }
    const added = view.seqsOf(this.#lastUid + 1, Infinity);
    if (added) { for (let seq = added.first; seq <= added.last; seq++) look(seq); }
    this.#changed.clear();
    this.#lastUid = Math.max(this.#lastUid, view.lastUid);
    if (messages.length === 0) return;
    const known = knownOf(searched);
    for (const { tag, uid, key, members } of this.#contexts.values()) {
      const { test } = compileSearch(key, known);
      const removed: Told[] = [];
      const gained: Told[] = [];
      for (const { seq, message } of messages) {
        const matches = test(message, seq, { fields: null, found: null }) === YES;
        if (matches === members.has(message.uid)) continue;
        (matches ? gained : removed).push({ seq, uid: message.uid });
        if (matches) members.add(message.uid);
        else members.delete(message.uid);
      }
      write(out, tag, uid, "REMOVEFROM", removed);
      write(out, tag, uid, "ADDTO", gained);
    }
  }
}

function knownOf(searched: Searched) {
  return {
    view: searched.view.list,
    keywords: searched.mailbox.keywords,
    now: 0,
    isRecent: (uid: Uid) => searched.isRecent(uid),
  };
}

interface Told {
  readonly seq: number;
  readonly uid: Uid;
}

/** `* ESEARCH (TAG "a") UID ADDTO (0 5:7)`; position 0: results of SEARCH are in the mailbox's order (RFC 5267 4.3.1). */
function write(
  out: ResponseBuffer,
  tag: string,
  uid: boolean,
  what: "ADDTO" | "REMOVEFROM",
  messages: readonly Told[],
): void {
  if (messages.length === 0) return;
  out.ascii(`* ESEARCH (TAG "${tag}")${uid ? " UID" : ""} ${what} (0 `);
  writeSet(out, messages.map((m) => uid ? m.uid : m.seq));
  out.ascii(")\r\n");
}

function canFollow(key: SearchKey): boolean {
  switch (key.kind) {
    case "all":
    case "flag":
    case "keyword":
    case "recent":
    case "new":
    case "old":
      return true;
    case "uid":
      return key.set.saved !== true;
    case "not":
      return canFollow(key.key);
    case "and":
      return key.keys.every(canFollow);
    case "or":
      return canFollow(key.left) && canFollow(key.right);
    default:
      return false;
  }
}
