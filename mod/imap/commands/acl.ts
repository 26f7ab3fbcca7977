/** ACL (RFC 4314): who may do what with a mailbox. Whoever owns it may always do everything. */
import type { AccountId } from "../../account/directory.ts";
import { type Acl, changeAcl, removeFromAcl } from "../../store/acl.ts";
import {
  ADMINISTER,
  ALL_RIGHTS,
  CREATE,
  DELETE,
  EVERY_LETTER,
  INSERT,
  LOOKUP,
  NO_RIGHTS,
  READ,
  type Rights,
  tellRights,
} from "../../store/rights.ts";
import type { Sharing } from "../../store/sharing.ts";
import { isOthers, type Place, reach, rightsTo, sharedOf } from "../access.ts";
import { type AclId, formatIdentifier, isGroup, isOwner, parseIdentifier } from "../acl_identifier.ts";
import type { AclIdCommand, SetAclCommand } from "../acl_types.ts";
import { writeAstring, writeEnd, writeMailbox } from "../format.ts";
import { bad, no, okay, REPLIES, type Reply } from "../reply.ts";
import type { Handled } from "../rules.ts";
import type { ImapSession } from "../session.ts";

const NOT_OFFERED = bad("Access control lists are not offered");
const UNKNOWN_ID = no("CANNOT", "Nobody can have this identifier");
const NO_GROUPS = no("CANNOT", "There are no groups: nobody would get or lose any right");
const OWNER = no("CANNOT", "The owner has all rights");
const TOO_MANY = no("LIMIT", "Access control list is full");

/** RFC 4314 3.8: any of these shows that the mailbox is there. */
const SHOWS: Rights = LOOKUP | READ | INSERT | CREATE | DELETE | ADMINISTER;

/** RFC 4314 3.1. Entries for groups, which Dovecot may have left, can be taken away, and no others made. */
export async function setAcl(session: ImapSession, command: SetAclCommand): Promise<Handled> {
  const { how, rights } = command;
  return await change(
    session,
    command,
    (acl, owner, id) => changeAcl(acl, owner, { ...id, rights }, how),
    (id) => {
      const all = how === "add" || (how === "replace" && rights === ALL_RIGHTS);
      return all && !id.negative ? okay("The owner has all rights") : OWNER;
    },
  );
}

/** RFC 4314 3.2. */
export async function deleteAcl(session: ImapSession, command: AclIdCommand<"DELETEACL">): Promise<Handled> {
  return await change(session, command, removeFromAcl, () => OWNER);
}

/** RFC 4314 3.3. */
export async function getAcl(session: ImapSession, command: { readonly mailbox: string }): Promise<Handled> {
  const found = await administered(session, command.mailbox);
  if ("status" in found) return found;
  const { place, sharing } = found;
  const acl = await sharing.read(place.owner, place.name);
  if (acl === null) return REPLIES.noMailbox;
  const { buffer } = session.out;
  buffer.ascii("* ACL ");
  writeMailbox(buffer, place.told, session.utf8);
  tellEntry(session, place.owner, EVERY_LETTER);
  for (const entry of acl) {
    if (isOwner(entry, place.owner)) continue;
    tellEntry(session, formatIdentifier(entry, place.owner), tellRights(entry.rights));
  }
  writeEnd(buffer);
  return okay("Getacl completed");
}

/** RFC 4314 3.4: each right can be given by itself, and none comes unasked. */
export async function listRights(
  session: ImapSession,
  command: AclIdCommand<"LISTRIGHTS">,
): Promise<Handled> {
  const found = await administered(session, command.mailbox);
  if ("status" in found) return found;
  const { place, sharing } = found;
  const id = parseIdentifier(command.identifier, place.owner);
  if (id === null) return UNKNOWN_ID;
  if (isGroup(id)) return NO_GROUPS;
  if (!sharing.exists(place.owner, place.name)) return REPLIES.noMailbox;
  const { buffer } = session.out;
  buffer.ascii("* LISTRIGHTS ");
  writeMailbox(buffer, place.told, session.utf8);
  buffer.ascii(" ");
  writeAstring(buffer, command.identifier);
  if (isOwner(id, place.owner)) buffer.ascii(` ${id.negative ? '""' : EVERY_LETTER}`);
  else buffer.ascii(` "" ${[...EVERY_LETTER].join(" ")}`);
  writeEnd(buffer);
  return okay("Listrights completed");
}

/** RFC 4314 3.5. */
export function myRights(session: ImapSession, command: { readonly mailbox: string }): Handled {
  const { sharing } = session.ports;
  if (sharing === undefined) return NOT_OFFERED;
  const { mailbox } = command;
  let rights = NO_RIGHTS;
  if (isOthers(session, mailbox)) {
    const shared = sharedOf(session, mailbox);
    rights = shared === null ? NO_RIGHTS : rightsTo(session, shared);
  } else if (sharing.exists(session.account, mailbox)) rights = ALL_RIGHTS;
  if ((rights & SHOWS) === 0) return REPLIES.noMailbox;
  writeMyRights(session, mailbox, rights);
  return okay("Myrights completed");
}

/** A MYRIGHTS response, for LIST too (RFC 8440). */
export function writeMyRights(session: ImapSession, told: string, rights: Rights): void {
  const { buffer } = session.out;
  buffer.ascii("* MYRIGHTS ");
  writeMailbox(buffer, told, session.utf8);
  buffer.ascii(` ${rights === 0 ? '""' : tellRights(rights)}`);
  writeEnd(buffer);
}

function tellEntry(session: ImapSession, who: string, rights: string): void {
  const { buffer } = session.out;
  buffer.ascii(" ");
  writeAstring(buffer, who);
  buffer.ascii(" ");
  writeAstring(buffer, rights);
}

/** A mailbox whose list the user may read and change; or the reply. */
async function administered(
  session: ImapSession,
  mailbox: string,
): Promise<{ readonly place: Place; readonly sharing: Sharing } | Reply> {
  const { sharing } = session.ports;
  if (sharing === undefined) return NOT_OFFERED;
  const place = await reach(session, mailbox, ADMINISTER);
  return "status" in place ? place : { place, sharing };
}

async function change(
  session: ImapSession,
  command: SetAclCommand | AclIdCommand<"DELETEACL">,
  changed: (acl: Acl, owner: AccountId, id: AclId) => Acl,
  ofOwner: (id: AclId) => Reply,
): Promise<Reply> {
  const found = await administered(session, command.mailbox);
  if ("status" in found) return found;
  const { owner, name } = found.place;
  const id = parseIdentifier(command.identifier, owner);
  if (id === null) return UNKNOWN_ID;
  if (isGroup(id) && command.verb === "SETACL" && command.how !== "remove") return NO_GROUPS;
  if (!found.sharing.exists(owner, name)) return REPLIES.noMailbox;
  if (isOwner(id, owner)) return ofOwner(id);
  const done = await found.sharing.change(owner, name, (acl) => changed(acl, owner, id));
  if (!done.ok) return done.error === "no-mailbox" ? REPLIES.noMailbox : TOO_MANY;
  session.log.info("access control list changed", { owner, mailbox: name, id: id.id, verb: command.verb });
  return okay("Access control list changed");
}
