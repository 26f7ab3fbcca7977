/** LIST with its extensions (RFC 3501 6.3.8, RFC 5258, RFC 5819, RFC 6154, RFC 8440, RFC 9590). */
import { compareNames, parentsOf } from "../../store/mailbox_name.ts";
import { READ } from "../../store/rights.ts";
import type { MailboxEntry } from "../../store/store.ts";
import { reach } from "../access.ts";
import { Ahead } from "../ahead.ts";
import { writeList, writeMailboxStatus } from "../format.ts";
import { ListPattern } from "../list_match.ts";
import { listAll, type ListedEntry, rightsOf } from "../listing.ts";
import { okay } from "../reply.ts";
import type { Handled } from "../rules.ts";
import type { ImapSession } from "../session.ts";
import { Slice } from "../slice.ts";
import type { ListCommand } from "../types.ts";
import { writeMyRights } from "./acl.ts";
import { writeMetadataOf } from "./metadata.ts";
import { statusOf, type StatusValues } from "./status.ts";

/** What looking at one name, and telling of it, cost in `Slice`'s octets. */
const LOOK_WORK = 512;
const ENTRY_WORK = 1024;
/** Mailboxes whose status is found out at the same time. */
const STATUSES = 16;
/** Milliseconds between two times that what is told goes out. */
const FLUSH = 1000;

export async function list(session: ImapSession, command: ListCommand): Promise<Handled> {
  const { out, mail } = session;
  const { separator } = session.ports.store;
  if (!command.extended && command.patterns[0] === "") {
    // The client asks for the separator and the root of the reference name.
    writeList(out.buffer, "LIST", { separator, name: "", attributes: ["Noselect"] }, session.utf8);
    return okay("List completed");
  }
  const patterns = command.patterns.filter((p) => p !== "")
    .map((p) => new ListPattern(command.reference + p, separator));
  const matches = (name: string) => patterns.some((p) => p.matches(name));
  const subscribed = command.select.includes("SUBSCRIBED");
  const entries = await listAll(session);
  const all = subscribed ? withSubscriptions(entries, await mail.subscriptions()) : entries;
  const parents = command.select.includes("RECURSIVEMATCH") ? hiding(all, command, matches, separator) : null;
  const slice = new Slice(session.ports.clock, () => session.ports.pause());
  const told: Told[] = [];
  for (const entry of all) {
    await slice.spend(LOOK_WORK);
    if (!matches(entry.name)) continue;
    const childInfo = parents?.has(entry.name) === true;
    if (isChosen(entry, command) || childInfo) told.push({ entry, childInfo: childInfo && subscribed });
  }
  await tell(session, command, told, slice);
  return okay("List completed");
}

/** An entry that a client is told of. */
interface Told {
  readonly entry: ListedEntry;
  /** Something below it is subscribed that is not told. */
  readonly childInfo: boolean;
}

async function tell(
  session: ImapSession,
  command: ListCommand,
  told: readonly Told[],
  slice: Slice,
): Promise<void> {
  const { out } = session;
  const { clock } = session.ports;
  const { separator } = session.ports.store;
  const statuses = new Ahead(told, STATUSES, ({ entry }) => readStatus(session, entry, command));
  let flushed = clock.monotonic();
  try {
    for (const [i, { entry, childInfo }] of told.entries()) {
      const status = command.status === null ? null : await statuses.next();
      writeList(out.buffer, "LIST", {
        separator,
        name: entry.name,
        attributes: attributes(entry, command),
        ...(childInfo ? { childInfo: ["SUBSCRIBED"] } : {}),
      }, session.utf8);
      if (entry.exists) await tellMore(session, entry, status, command);
      session.progress?.steps(i, told.length);
      // Now and then also where little is told: to who has gone nothing more need be.
      if (out.full || clock.monotonic() - flushed > FLUSH) {
        await out.flush();
        flushed = clock.monotonic();
      }
      await slice.spend(ENTRY_WORK);
    }
  } finally {
    await statuses.end();
  }
}

/** What RETURN (STATUS) tells of a mailbox; null for nothing. */
async function readStatus(
  session: ImapSession,
  entry: ListedEntry,
  { status }: ListCommand,
): Promise<StatusTold | null> {
  if (status === null || !entry.exists) return null;
  const place = await reach(session, entry.name, READ);
  if ("status" in place) return null;
  const values = await statusOf(session, place, status);
  return values && { name: place.told, values };
}

interface StatusTold {
  readonly name: string;
  readonly values: StatusValues;
}

/** What RETURN asked for of a mailbox, as far as the user may know it. */
async function tellMore(
  session: ImapSession,
  entry: ListedEntry,
  status: StatusTold | null,
  command: ListCommand,
): Promise<void> {
  const { name } = entry;
  if (command.returns.includes("MYRIGHTS")) writeMyRights(session, name, rightsOf(entry));
  if (status) writeMailboxStatus(session.out.buffer, status.name, status.values, session.utf8);
  if (command.metadata.length > 0) {
    const place = await reach(session, name, READ);
    if (!("status" in place)) await writeMetadataOf(session, place, command.metadata);
  }
}

/** Entries, and the names that are subscribed to but not there (RFC 5258 3.4), with what is subscribed marked. */
function withSubscriptions(entries: readonly ListedEntry[], names: readonly string[]): ListedEntry[] {
  const wanted = new Set(names);
  const all: ListedEntry[] = entries.map((e) => ({ ...e, subscribed: wanted.has(e.name) }));
  const known = new Set(entries.map((e) => e.name));
  for (const name of names) {
    if (!known.has(name)) {
      all.push({ name, exists: false, hasChildren: false, subscribed: true, specialUse: null });
    }
  }
  return all.sort((a, b) => compareNames(a.name, b.name));
}

/** Whether an entry meets the selection options; without any, all do. */
function isChosen(entry: MailboxEntry, command: ListCommand): boolean {
  if (command.select.includes("SUBSCRIBED") && !entry.subscribed) return false;
  if (command.select.includes("SPECIAL-USE") && entry.specialUse === null) return false;
  return true;
}

/** Levels with something below that would be chosen but does not match the patterns itself (RFC 5258 3.5). */
function hiding(
  all: readonly MailboxEntry[],
  command: ListCommand,
  matches: (name: string) => boolean,
  separator: string,
): Set<string> {
  const parents = new Set<string>();
  for (const entry of all) {
    if (!isChosen(entry, command) || matches(entry.name)) continue;
    for (const parent of parentsOf(entry.name, separator)) parents.add(parent);
  }
  return parents;
}

function attributes(entry: MailboxEntry, command: ListCommand): string[] {
  const list: string[] = [];
  // RFC 5258 3: \NonExistent implies \Noselect; old clients only know the latter.
  if (!entry.exists) list.push(...(command.extended ? ["NonExistent", "Noselect"] : ["Noselect"]));
  list.push(entry.hasChildren ? "HasChildren" : "HasNoChildren");
  const tellSubscribed = command.returns.includes("SUBSCRIBED") || command.select.includes("SUBSCRIBED");
  if (tellSubscribed && entry.subscribed) list.push("Subscribed");
  if (entry.specialUse !== null) list.push(entry.specialUse);
  return list;
}
