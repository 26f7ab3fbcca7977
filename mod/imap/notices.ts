/**
 * What a client is told of mailboxes it has not selected: counts, names, subscriptions and annotations (NOTIFY of RFC 5465, ENABLE METADATA of RFC
 * 5464 4.4). Invariants:
 * - What waits is kept by name, not by event: a client that reads slowly is told how things are now, and memory is bounded.
 * - After the last notice of a mailbox, what it told is true.
 */
import { NOTIFY_QUEUE } from "../base/limits.ts";
import type { AccountEvent, AccountWatch, FolderCounts } from "../store/account_watch.ts";
import { parentsOf } from "../store/mailbox_name.ts";
import { parseSharedName, SHARED_TOP } from "../store/shared_name.ts";
import { type MailboxEntry, SEEN, type Uid } from "../store/store.ts";
import { isOthers, sharedOf } from "./access.ts";
import { highestIn } from "./commands/status.ts";
import { writeAstring, writeEnd, writeList, writeMailbox, writeMailboxStatus } from "./format.ts";
import { listAll } from "./listing.ts";
import { attributesOf, type CountItem, namesIn, valueOf } from "./notice_facts.ts";
import { compileGroups, eventsIn, type Group } from "./notice_groups.ts";
import type { Selected } from "./selected.ts";
import type { ImapSession } from "./session.ts";
import type { SharedNotices } from "./shared_notices.ts";
import type { NotifyEvent, NotifySet, SelectedEvents } from "./notify_types.ts";
import type { StatusItem } from "./types.ts";

/** Mailboxes left whose state the client may still be told anew. */
const LEFT = 100;

/** What was asked for last. */
interface Settings {
  readonly selected: SelectedEvents | null;
  readonly groups: readonly Group[];
  readonly watch: AccountWatch | null;
  /** Of mailboxes of others; null where none can be meant. */
  readonly shared: SharedNotices | null;
  /** A group goes by subscriptions. */
  readonly usesSubscribed: boolean;
}

const SILENCE: Settings = { selected: null, groups: [], watch: null, shared: null, usesSubscribed: false };

interface Waiting {
  readonly before: FolderCounts | null;
  readonly now: FolderCounts;
}

export class Notices {
  readonly #session: ImapSession;
  /** null: NOTIFY was never used. */
  #settings: Settings | null = null;
  #metadata: AccountWatch | null = null;
  readonly #subscribed = new Set<string>();
  readonly #counts = new Map<string, Waiting>();
  /** Names to list, each with what it was called before. */
  readonly #names = new Map<string, string | null>();
  readonly #entries = new Map<string, Set<string>>();
  #queued = 0;
  #overflow = false;
  /** How mailboxes were that the client has left, or was told of. */
  readonly #known = new Map<string, FolderCounts>();
  /** Messages the client has put into other mailboxes itself: how many, and the last one's UID. */
  readonly #added = new Map<string, { readonly messages: number; readonly last: Uid }>();
  readonly #modSeqs = new Map<string, number>();

  constructor(session: ImapSession) {
    this.#session = session;
  }

  /** What is told of the selected mailbox; null for nothing, undefined as long as NOTIFY was not used. */
  get selected(): SelectedEvents | null | undefined {
    return this.#settings === null ? undefined : this.#settings.selected;
  }

  /** Whether the client listens between commands. */
  get always(): boolean {
    return this.#settings !== null;
  }

  get waiting(): boolean {
    return this.#overflow || this.#counts.size > 0 || this.#names.size > 0 || this.#entries.size > 0;
  }

  /** NOTIFY; false when that is too much, and all stays as it was. */
  async set(wanted: NotifySet | null): Promise<boolean> {
    const groups = compileGroups(wanted?.groups ?? [], this.#session.ports.store.separator);
    const usesSubscribed = wanted?.groups.some((g) => g.mailboxes.kind === "subscribed") === true;
    if (usesSubscribed) {
      for (const name of await this.#session.mail.subscriptions()) this.#subscribed.add(name);
    }
    const watch = groups.some((g) => g.events !== null) ? await this.#begin(groups) : null;
    if (watch === "too-many") return false;
    const shared = groups.some((g) => g.events !== null && !g.personal) ? await this.#share(groups) : null;
    if (shared === "too-many") {
      watch?.close();
      return false;
    }
    this.#settings?.watch?.close();
    this.#settings?.shared?.close();
    this.#settings = { selected: wanted?.selected ?? null, groups, watch, shared, usesSubscribed };
    if (!usesSubscribed) this.#subscribed.clear();
    this.#known.clear();
    return true;
  }

  /** Tells of annotations, whatever NOTIFY says (RFC 5464 4.1). */
  async followMetadata(): Promise<void> {
    this.#metadata ??= await this.#session.mail.watch?.({
      follows: null,
      listener: (event) => {
        if (event.kind === "annotated") this.#annotated(event.mailbox, event.entries);
      },
    }) ?? null;
  }

  /** STATUS responses of all mailboxes whose messages are followed (RFC 5465 3.1). */
  async tellStatus(): Promise<void> {
    const { mail, out, progress, ports } = this.#session;
    const { watch, shared } = this.#settings ?? SILENCE;
    if (!watch) return;
    const own = (await mail.list()).filter((e) => e.exists && !isOthers(this.#session, e.name)).map((e) =>
      e.name
    );
    const names = [...own, ...shared?.followed ?? []]
      .filter((name) => this.#eventsOf(name).has("MessageNew") && !this.#isSelected(name));
    for (const [i, name] of names.entries()) {
      progress?.steps(i, names.length);
      const now = await (isOthers(this.#session, name) ? shared : watch)?.counts(name) ?? null;
      this.#counts.delete(name);
      if (now === null) continue;
      const flags = this.#eventsOf(name).has("FlagChange");
      await this.#writeStatus(name, now, {
        items: ["MESSAGES", "UIDNEXT", "UIDVALIDITY", ...(flags ? ["UNSEEN" as const] : [])],
        highest: flags && ports.index !== undefined,
      });
      if (out.full) await out.flush();
      if (i % 32 === 0) await ports.pause();
    }
  }

  /** Tells some of what waits, `limit` at most. */
  async tell(limit: number): Promise<void> {
    const { out } = this.#session;
    if (this.#overflow) {
      this.#overflow = false;
      out.line("* OK [NOTIFICATIONOVERFLOW] Too much to tell: no notices from now on");
    }
    const listed = await this.#tellNames(limit);
    const annotated = this.#tellEntries(limit - listed);
    // What changes meanwhile has its turn next time.
    for (const name of first(this.#counts.keys(), limit - listed - annotated)) {
      const waiting = this.#counts.get(name);
      if (!this.#counts.delete(name) || !waiting) continue;
      await this.#tellCounts(name, waiting);
      if (out.full) await out.flush();
    }
  }

  /** The client has put messages into a mailbox that is not selected. */
  added(name: string, uids: readonly Uid[]): void {
    if (!this.#eventsOf(name).has("MessageNew")) return;
    const before = this.#added.get(name)?.messages ?? 0;
    this.#added.set(name, { messages: before + uids.length, last: Math.max(0, ...uids.slice(-1)) });
  }

  /** The client itself has made, removed or subscribed these: it need not be told (RFC 5465 5). */
  async ownNames(names: readonly string[]): Promise<void> {
    const { separator } = this.#session.ports.store;
    if (names.some((name) => isOthers(this.#session, name))) await this.#settings?.shared?.settle();
    for (const name of names.flatMap((n) => [n, ...parentsOf(n, separator).slice(-1)])) {
      if (this.#names.delete(name)) this.#queued--;
    }
  }

  /** The same of annotations. */
  ownEntries(mailbox: string, entries: Iterable<string>): void {
    const waiting = this.#entries.get(mailbox);
    for (const entry of entries) if (waiting?.delete(entry)) this.#queued--;
    if (waiting?.size === 0) this.#entries.delete(mailbox);
  }

  /** The client leaves a mailbox: from now on its counts are told, if they are other than it knows. */
  left(box: Selected): void {
    const { mailbox, name, view } = box;
    if (box.gone || !this.#eventsOf(name).has("MessageNew")) return;
    const { watch, shared } = this.#settings ?? SILENCE;
    const { uidNext, uidValidity, messages } = mailbox;
    const unseen = messages.filter((m) => (m.flags & SEEN) === 0).length;
    // What it was not told of yet, it is told.
    const known = view.waiting
      ? { messages: -1, uidNext: -1, uidValidity, unseen: -1 }
      : { messages: messages.length, uidNext, uidValidity, unseen };
    this.#known.delete(name);
    this.#known.set(name, known);
    if (box.modSeqs) this.#modSeqs.set(name, view.waiting ? 0 : box.modSeqs.highest);
    trim(this.#known, LEFT);
    if (view.waiting) (box.shared ? shared : watch)?.look(name);
  }

  close(): void {
    this.#metadata?.close();
    this.#settings?.watch?.close();
    this.#settings?.shared?.close();
    this.#settings = SILENCE;
    this.#forget();
  }

  async #begin(groups: readonly Group[]): Promise<AccountWatch | "too-many"> {
    const { mail } = this.#session;
    const isOwn = (name: string) => !isOthers(this.#session, name);
    return await mail.watch?.({
      follows: (name) => isOwn(name) && this.#eventsIn(groups, name).has("MessageNew"),
      // Folders that have such a name, made by another program, cannot be told from others' mailboxes.
      listener: (event) => {
        if (event.kind === "subscribed" || namesIn(event).every(isOwn)) this.#note(event);
      },
    }) ?? "too-many";
  }

  /** Begins to follow what others share; null where nothing is shared at all. */
  async #share(groups: readonly Group[]): Promise<SharedNotices | null | "too-many"> {
    const { sharing } = this.#session.ports;
    if (!sharing) return null;
    const { SharedNotices } = await import("./shared_notices.ts");
    const shared = new SharedNotices(this.#session, sharing, {
      wanted: (name) => this.#eventsIn(groups, name).size > 0,
      follows: (name) => this.#eventsIn(groups, name).has("MessageNew"),
      listener: (event) => this.#note(event),
    });
    return await shared.begin() ? shared : "too-many";
  }

  #eventsOf(name: string): ReadonlySet<NotifyEvent> {
    return this.#eventsIn((this.#settings ?? SILENCE).groups, name);
  }

  #eventsIn(groups: readonly Group[], name: string): ReadonlySet<NotifyEvent> {
    return eventsIn(groups, name, this.#subscribed.has(name), isOthers(this.#session, name));
  }

  #isSelected(name: string): boolean {
    const box = this.#session.boxOrNull;
    return box !== null && !box.gone && box.name === name;
  }

  #note(event: AccountEvent): void {
    switch (event.kind) {
      case "counts": {
        const { name, before, now } = event;
        if (this.#isSelected(name)) return;
        this.#counts.set(name, { before: this.#counts.get(name)?.before ?? before, now });
        if (this.#counts.size > NOTIFY_QUEUE) this.#end();
        break;
      }
      case "created":
      case "removed":
        this.#listed(event.name, null);
        for (const parent of parentsOf(event.name, this.#session.ports.store.separator).slice(-1)) {
          this.#listed(parent, null);
        }
        break;
      case "renamed":
        this.#listed(event.to, event.from);
        break;
      case "subscribed":
        this.#subscription(event.name, event.on);
        break;
      case "annotated":
        if (this.#tellsMetadata(event.mailbox)) this.#annotated(event.mailbox, event.entries);
        break;
      case "overflow":
        this.#end();
    }
    if (this.waiting) this.#session.news();
  }

  #subscription(name: string, on: boolean): void {
    const { groups, watch, shared, usesSubscribed } = this.#settings ?? SILENCE;
    const others = isOthers(this.#session, name);
    // One of "subscribed" is told when it comes and when it goes.
    const told = [on, !on].some((is) => eventsIn(groups, name, is, others).has("SubscriptionChange"));
    if (told) this.#queue(name, null);
    if (!usesSubscribed) return;
    if (on) this.#subscribed.add(name);
    else this.#subscribed.delete(name);
    if (others) shared?.changed();
    else watch?.changed();
  }

  #listed(name: string, oldName: string | null): void {
    const told = (n: string) => this.#eventsOf(n).has("MailboxName");
    if (told(name) || (oldName !== null && told(oldName))) this.#queue(name, oldName);
  }

  #queue(name: string, oldName: string | null): void {
    const before = this.#names.get(name);
    if (before === undefined) this.#queued++;
    this.#names.set(name, oldName ?? before ?? null);
    if (this.#queued > NOTIFY_QUEUE) this.#end();
  }

  #tellsMetadata(mailbox: string): boolean {
    if (mailbox !== "") return this.#eventsOf(mailbox).has("MailboxMetadataChange");
    return (this.#settings ?? SILENCE).groups.some((g) => g.events?.has("ServerMetadataChange"));
  }

  #annotated(mailbox: string, entries: readonly string[]): void {
    const waiting = this.#entries.get(mailbox) ?? new Set();
    this.#queued -= waiting.size;
    for (const entry of entries) waiting.add(entry);
    this.#queued += waiting.size;
    this.#entries.set(mailbox, waiting);
    if (this.#queued > NOTIFY_QUEUE) this.#end();
    else this.#session.news();
  }

  /** As if NOTIFY NONE had come, and the client hears so (RFC 5465 5.8). One that has only enabled METADATA misses some of it. */
  #end(): void {
    if (this.#settings === null) return this.#forget();
    this.#settings.watch?.close();
    this.#settings.shared?.close();
    this.#settings = SILENCE;
    this.#forget();
    this.#overflow = true;
  }

  #forget(): void {
    for (const map of [this.#counts, this.#names, this.#entries, this.#known, this.#added, this.#modSeqs]) {
      map.clear();
    }
    this.#queued = 0;
  }

  async #tellNames(limit: number): Promise<number> {
    if (this.#names.size === 0) return 0;
    const { mail, out, ports, utf8 } = this.#session;
    const { separator } = ports.store;
    const names = first(this.#names, limit);
    const entries = await this.#entriesOf(names.map(([name]) => name));
    const known = names.every(([name]) => entries.has(name));
    const subscribed = known ? null : new Set(await mail.subscriptions());
    for (const [name, oldName] of names) {
      // The client's own command may have told of it meanwhile.
      if (!this.#names.delete(name)) continue;
      this.#queued--;
      const listed = {
        separator,
        name,
        attributes: this.#mayNotBeSeen(name, entries)
          ? ["NoAccess"]
          : attributesOf(entries.get(name), subscribed?.has(name) === true),
        ...(oldName === null ? {} : { oldName }),
      };
      writeList(out.buffer, "LIST", listed, utf8);
    }
    return names.length;
  }

  /** Mailboxes by name: as all sessions of the account see them, unless others' mailboxes lie below one of these. */
  async #entriesOf(names: readonly string[]): Promise<ReadonlyMap<string, MailboxEntry>> {
    const watch = this.#settings?.watch;
    const own = !names.some((name) => name === SHARED_TOP || isOthers(this.#session, name));
    if (watch && own) return await watch.entries();
    return new Map((await listAll(this.#session)).map((entry) => [entry.name, entry]));
  }

  /** Whether a mailbox that the client knew is there and not for the user any more (RFC 5465 5.9). */
  #mayNotBeSeen(name: string, entries: ReadonlyMap<string, MailboxEntry>): boolean {
    const { sharing, store } = this.#session.ports;
    const shared = sharing === undefined || entries.has(name) ? null : parseSharedName(name, store.separator);
    return shared !== null && sharing?.exists(shared.owner, shared.name) === true;
  }

  /** `* METADATA "INBOX" /shared/comment` (RFC 5464 4.4.2). */
  #tellEntries(limit: number): number {
    const { out, utf8 } = this.#session;
    let told = 0;
    for (const [mailbox, entries] of this.#entries) {
      if (told++ >= limit) break;
      this.#entries.delete(mailbox);
      this.#queued -= entries.size;
      if (mailbox !== "" && !this.#mayRead(mailbox)) continue;
      const { buffer } = out;
      buffer.ascii("* METADATA ");
      if (mailbox === "") buffer.ascii('""');
      else writeMailbox(buffer, mailbox, utf8);
      for (const entry of entries) {
        buffer.ascii(" ");
        writeAstring(buffer, entry);
      }
      writeEnd(buffer);
    }
    return told;
  }

  async #tellCounts(name: string, { before: seen, now }: Waiting): Promise<void> {
    const events = this.#eventsOf(name);
    if (this.#isSelected(name) || !events.has("MessageNew") || !this.#mayRead(name)) return;
    const before = this.#expected(name, seen, now);
    const messages = before === null || before.messages !== now.messages || before.uidNext !== now.uidNext ||
      before.uidValidity !== now.uidValidity;
    const unseen = events.has("FlagChange") && (before === null || before.unseen !== now.unseen);
    const { condstore } = this.#session;
    if (!messages && !unseen && !(condstore && events.has("FlagChange"))) return;
    await this.#writeStatus(name, now, {
      items: [
        ...(messages ? ["MESSAGES" as const, "UIDNEXT" as const] : []),
        "UIDVALIDITY",
        ...(unseen ? ["UNSEEN" as const] : []),
      ],
      highest: condstore,
      onlyIfHigher: !messages && !unseen,
    });
  }

  /** Rights of others' mailboxes may have gone since there was something to tell. */
  #mayRead(name: string): boolean {
    if (!isOthers(this.#session, name)) return true;
    const shared = sharedOf(this.#session, name);
    return shared !== null && this.#settings?.shared?.mayRead(shared) === true;
  }

  /** What the client takes a mailbox for: as it was, or as it left it, with what it has put there since. */
  #expected(name: string, seen: FolderCounts | null, now: FolderCounts): FolderCounts | null {
    const before = this.#known.get(name) ?? seen;
    this.#known.delete(name);
    const added = this.#added.get(name);
    if (!added || before === null || now.uidNext <= added.last) return before;
    this.#added.delete(name);
    const unseen = now.unseen - before.unseen;
    return {
      messages: before.messages + added.messages,
      uidNext: Math.max(before.uidNext, added.last + 1),
      uidValidity: before.uidValidity,
      unseen: unseen >= 0 && unseen <= added.messages ? now.unseen : before.unseen,
    };
  }

  async #writeStatus(
    name: string,
    now: FolderCounts,
    { items, highest, onlyIfHigher = false }: {
      readonly items: readonly CountItem[];
      readonly highest: boolean;
      readonly onlyIfHigher?: boolean;
    },
  ): Promise<void> {
    const { out, utf8 } = this.#session;
    const values: (readonly [StatusItem, number])[] = items.map((item) => [item, valueOf(now, item)]);
    if (highest) {
      const { mail, account, ports } = this.#session;
      const shared = isOthers(this.#session, name) ? sharedOf(this.#session, name) : null;
      const modSeq = await highestIn(
        this.#session,
        shared === null
          ? { mail, name, owner: account }
          : { ...shared, mail: await ports.store.account(shared.owner) },
      );
      if (onlyIfHigher && modSeq === this.#modSeqs.get(name)) return;
      this.#modSeqs.set(name, modSeq);
      trim(this.#modSeqs, NOTIFY_QUEUE);
      values.push(["HIGHESTMODSEQ", modSeq]);
    }
    writeMailboxStatus(out.buffer, name, values, utf8);
  }
}

/** Drops the oldest. */
function trim(map: Map<string, unknown>, size: number): void {
  const [oldest] = map.keys();
  if (map.size > size && oldest !== undefined) map.delete(oldest);
}

/** At most so many of them. */
function first<T>(all: Iterable<T>, limit: number): T[] {
  const some: T[] = [];
  for (const one of all) {
    if (some.length >= limit) break;
    some.push(one);
  }
  return some;
}
