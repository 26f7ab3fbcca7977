/**
 * Access control lists (RFC 4314 2), in the terms of Dovecot's files: who is "anyone", "authenticated", "owner", "user=NAME", "group=NAME" or
 * "group-override=NAME". Whoever owns a mailbox has all rights in it, whatever stands here. Of the others the most particular entry counts, as in
 * Dovecot: "user" before "authenticated" before "anyone", and what negative entries name is taken off, the most particular of these likewise.
 * There are no groups.
 */
import type { AccountId } from "../account/directory.ts";
import { NO_RIGHTS, type Rights } from "./rights.ts";

export interface AclEntry {
  /** As it is in the file. */
  readonly id: string;
  /** These rights are taken away. */
  readonly negative: boolean;
  readonly rights: Rights;
  /** Rights by names that we do not know; kept. */
  readonly other: readonly string[];
}

export type Acl = readonly AclEntry[];

/** From the one that counts least; the user's own entry counts most. */
const LEVELS: readonly string[] = ["anyone", "authenticated"];
const USER_LEVEL = LEVELS.length;

const USER = "user=";

/** What `user`, who is not `owner`, may do. */
export function rightsIn(acl: Acl, user: AccountId, owner: AccountId): Rights {
  const own = USER + user;
  const given: Rights[] = [];
  const taken: Rights[] = [];
  for (const { id, negative, rights } of acl) {
    const key = idKey(id, owner);
    const level = key === own ? USER_LEVEL : LEVELS.indexOf(key);
    const list = negative ? taken : given;
    // Several lines for one are added up.
    if (level >= 0) list[level] = (list[level] ?? NO_RIGHTS) | rights;
  }
  return (given.at(-1) ?? NO_RIGHTS) & ~(taken.at(-1) ?? NO_RIGHTS);
}

/** One spelling of an id: case does not count in addresses, and a bare name is one of the owner's domain. */
export function idKey(id: string, owner: AccountId): string {
  if (id === "anonymous") return "anyone";
  if (!id.startsWith(USER)) return id;
  const name = id.slice(USER.length).toLowerCase();
  return USER + (name.includes("@") ? name : name + owner.slice(owner.lastIndexOf("@")));
}

/** Where rights are added to those there are, or taken from them. */
export type RightsChange = "replace" | "add" | "remove";

/** The list with one entry changed; it is made if need be, but not to take something from it. */
export function changeAcl(
  acl: Acl,
  owner: AccountId,
  entry: Pick<AclEntry, "id" | "negative" | "rights">,
  how: RightsChange,
): Acl {
  const { id, negative, rights } = entry;
  const at = acl.findIndex((e) => e.negative === negative && idKey(e.id, owner) === idKey(id, owner));
  const old = acl[at];
  if (old === undefined) return how === "remove" ? acl : [...acl, { id, negative, rights, other: [] }];
  const after = how === "replace" ? rights : how === "add" ? old.rights | rights : old.rights & ~rights;
  const other = how === "replace" ? [] : old.other;
  return acl.map((e, i) => i === at ? { ...old, rights: after, other } : e);
}

/** The list without an id's entry. */
export function removeFromAcl(
  acl: Acl,
  owner: AccountId,
  entry: Pick<AclEntry, "id" | "negative">,
): Acl {
  const key = idKey(entry.id, owner);
  return acl.filter((e) => e.negative !== entry.negative || idKey(e.id, owner) !== key);
}
