/** All mailboxes that a user may know of: the own ones, and what others share. */
import { compareNames, parentsOf } from "../store/mailbox_name.ts";
import { ALL_RIGHTS, type Rights } from "../store/rights.ts";
import { isSharedName, sharedName } from "../store/shared_name.ts";
import type { MailboxEntry } from "../store/store.ts";
import type { ImapSession } from "./session.ts";

export interface ListedEntry extends MailboxEntry {
  /** Absent for the user's own. */
  readonly rights?: Rights;
}

/** What the user may do with a mailbox. */
export function rightsOf(entry: ListedEntry): Rights {
  return entry.rights ?? ALL_RIGHTS;
}

/** INBOX first, then by name. */
export async function listAll(session: ImapSession): Promise<readonly ListedEntry[]> {
  const { sharing, store } = session.ports;
  const own = await session.mail.list();
  if (!sharing) return own;
  // Folders that have such a name, made by another program, cannot be told from others' mailboxes.
  const { separator } = store;
  const mine = own.filter((e) => !isSharedName(e.name, separator));
  const rights = new Map<string, Rights>();
  for (const shared of await sharing.sharedWith(session.account)) {
    const name = sharedName(shared, separator);
    if (name !== null) rights.set(name, shared.rights);
  }
  if (rights.size === 0) return mine;
  const subscribed = new Set(await session.mail.subscriptions());
  const parents = new Set([...rights.keys()].flatMap((name) => parentsOf(name, separator)));
  const known = new Set(mine.map((e) => e.name));
  const others = [...new Set([...rights.keys(), ...parents])].filter((name) => !known.has(name));
  const shared = others.map((name): ListedEntry => ({
    name,
    exists: rights.has(name),
    hasChildren: parents.has(name),
    subscribed: subscribed.has(name),
    specialUse: null,
    rights: rights.get(name) ?? 0,
  }));
  // The level above all of them may be a folder of the user's, too.
  const marked = mine.map((e) => parents.has(e.name) ? { ...e, hasChildren: true } : e);
  return [...marked, ...shared].sort((a, b) => compareNames(a.name, b.name));
}
