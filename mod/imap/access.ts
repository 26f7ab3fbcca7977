/** Whose a mailbox is that a client names, and what may be done with it (RFC 4314). One's own costs nothing to find. */
import type { AccountId } from "../account/directory.ts";
import { err, type Result } from "../base/result.ts";
import { SYSTEM_FLAGS } from "../store/flags.ts";
import {
  ALL_RIGHTS,
  CREATE,
  LOOKUP,
  NO_RIGHTS,
  READ,
  type Rights,
  WRITE,
  WRITE_DELETED,
  WRITE_SEEN,
} from "../store/rights.ts";
import { isSharedName, parseSharedName, type SharedName, sharedName } from "../store/shared_name.ts";
import type { Sharing } from "../store/sharing.ts";
import {
  type AccountMail,
  type CopyError,
  DELETED,
  type FlagBits,
  KEYWORD_SHIFT,
  type Mailbox,
  type NamedFlags,
  SEEN,
} from "../store/store.ts";
import { REPLIES, type Reply } from "./reply.ts";
import type { Selected } from "./selected.ts";
import type { ImapSession } from "./session.ts";

/** A mailbox, there or not, that may be used. */
export interface Place {
  /** The mail of whom it belongs to. */
  readonly mail: AccountMail;
  readonly owner: AccountId;
  /** What it is called there. */
  readonly name: string;
  /** What this client calls it. */
  readonly told: string;
  readonly rights: Rights;
  readonly own: boolean;
}

/**
 * The mailbox of a name, if the user has all of `needed` there; else the reply to that. Where the user may not even know of it, that is the one to
 * what is not there.
 */
export async function reach(session: ImapSession, name: string, needed: Rights): Promise<Place | Reply> {
  const { mail, account } = session;
  if (!isOthers(session, name)) {
    return { mail, owner: account, name, told: name, rights: ALL_RIGHTS, own: true };
  }
  const shared = sharedOf(session, name);
  const rights = shared === null ? NO_RIGHTS : rightsTo(session, shared);
  if (shared === null || (rights & needed) !== needed) {
    return rights & LOOKUP ? REPLIES.noPermission : REPLIES.noMailbox;
  }
  const { store } = session.ports;
  const told = sharedName(shared, store.separator) ?? name;
  return { ...shared, mail: await store.account(shared.owner), told, rights, own: false };
}

/** Whether a name is for mailboxes of others. */
export function isOthers(session: ImapSession, name: string): boolean {
  return session.ports.sharing !== undefined && isSharedName(name, session.ports.store.separator);
}

/** What such a name stands for; null where nobody can have it, or it is one's own. */
export function sharedOf(session: ImapSession, name: string): SharedName | null {
  const shared = parseSharedName(name, session.ports.store.separator);
  return shared === null || shared.owner === session.account ? null : shared;
}

/** What the user may do there. */
export function rightsTo(session: ImapSession, { owner, name }: SharedName): Rights {
  return session.ports.sharing?.rights(owner, name, session.account) ?? 0;
}

/** The rights of a session that has another's mailbox selected. They may change at any time. */
export class SharedAccess {
  readonly owner: AccountId;
  /** What the client calls the mailbox. */
  readonly told: string;
  readonly #name: string;
  readonly #user: AccountId;
  readonly #sharing: Sharing;
  #rights: Rights;

  constructor(place: Place, user: AccountId, sharing: Sharing) {
    this.owner = place.owner;
    this.told = place.told;
    this.#name = place.name;
    this.#user = user;
    this.#sharing = sharing;
    this.#rights = place.rights;
  }

  get rights(): Rights {
    return this.#rights;
  }

  /** Looks again; false when it may not be read any more. */
  renew(): boolean {
    this.#rights = this.#sharing.rights(this.owner, this.#name, this.#user);
    return (this.#rights & READ) !== 0;
  }
}

const KEYWORDS: FlagBits = 0x3ffffff << KEYWORD_SHIFT;

/** Why the user may not do in a selected mailbox what needs these rights and to write there; null where it may. */
export function refusalOf(box: Selected, needed: Rights): Reply | null {
  if ((box.rights & needed) !== needed) return REPLIES.noPermission;
  return box.readOnly ? REPLIES.readOnly : null;
}

/** Opens a mailbox that is not the selected one, to read it. */
export async function openToRead(
  session: ImapSession,
  name: string,
): Promise<Result<Mailbox, "no-mailbox">> {
  const place = await reach(session, name, READ);
  return "status" in place ? err("no-mailbox") : await place.mail.open(place.name);
}

/** Where a mailbox of this name is to be made: with others it takes the right to do so in the nearest one above. */
export async function reachToCreate(session: ImapSession, name: string): Promise<Place | Reply> {
  const { sharing, store } = session.ports;
  if (!sharing || !isOthers(session, name)) return await reach(session, name, NO_RIGHTS);
  const shared = sharedOf(session, name);
  const above = shared && sharing.above(shared.owner, shared.name);
  if (shared === null || above === null) return REPLIES.noPermission;
  const rights = rightsTo(session, { owner: shared.owner, name: above });
  if ((rights & CREATE) === 0) return REPLIES.noPermission;
  const told = sharedName(shared, store.separator) ?? name;
  return { ...shared, mail: await store.account(shared.owner), told, rights, own: false };
}

/** The reply to what was not put there. Others' mailboxes are not for making. */
export function notPut(error: CopyError, { own }: Place): Reply {
  if (error === "over-quota") return REPLIES.overQuota;
  return own ? REPLIES.tryCreate : REPLIES.noMailbox;
}

/** Whether the user may know what UIDs messages got that were put there: who may not read it would learn about its mail (RFC 4315 3). */
export function uidsTold({ rights }: Place): boolean {
  return (rights & READ) !== 0;
}

/** The flags that may be changed with these rights (RFC 4314 4). */
export function flagsAllowed(rights: Rights): FlagBits {
  const others = rights & WRITE ? (SYSTEM_FLAGS & ~(SEEN | DELETED)) | KEYWORDS : 0;
  return others | (rights & WRITE_SEEN ? SEEN : 0) | (rights & WRITE_DELETED ? DELETED : 0);
}

/** Those of `flags` that are among `allowed`. */
export function keepAllowed(flags: NamedFlags, allowed: FlagBits): NamedFlags {
  return { system: flags.system & allowed, keywords: allowed & KEYWORDS ? flags.keywords : [] };
}
