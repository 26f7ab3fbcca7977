/** Who an access control list names, as clients write it (RFC 4314 2): "anyone", "authenticated", an address; "-" before it for what is taken away. */
import type { AccountId } from "../account/directory.ts";
import { asciiLower } from "../base/bytes.ts";
import { formatAddress, parseAddress } from "../mail/address.ts";
import { type AclEntry, idKey } from "../store/acl.ts";

export type AclId = Pick<AclEntry, "id" | "negative">;

const USER = "user=";
/** Groups, with the marks that Dovecot has for them. */
const GROUPS = [["$", "group="], ["!", "group-override="]] as const;

/** What a client's identifier is in the list of a mailbox of `owner`; null where it can be nobody. A bare name is one of the owner's domain. */
export function parseIdentifier(text: string, owner: AccountId): AclId | null {
  const negative = text.startsWith("-");
  const name = (negative ? text.slice(1) : text).normalize("NFC");
  const special = asciiLower(name);
  if (special === "anyone" || special === "authenticated") return { id: special, negative };
  if (special === "anonymous") return { id: "anyone", negative };
  if (special === "owner") return { id: USER + owner, negative };
  for (const [mark, prefix] of GROUPS) {
    if (name.startsWith(mark)) {
      return /^.[^\s"]+$/.test(name) ? { id: prefix + name.slice(1), negative } : null;
    }
  }
  const address = parseAddress(name.includes("@") ? name : name + owner.slice(owner.lastIndexOf("@")));
  if (!address.ok || address.value.domain === "") return null;
  return { id: `${USER}${address.value.local.toLowerCase()}@${address.value.domain}`, negative };
}

/** An entry as clients are told of it. */
export function formatIdentifier({ id, negative }: AclId, owner: AccountId): string {
  const key = idKey(id, owner);
  const group = GROUPS.find(([, prefix]) => key.startsWith(prefix));
  const name = key.startsWith(USER)
    ? addressOf(key.slice(USER.length))
    : group
    ? group[0] + key.slice(group[1].length)
    : key;
  return (negative ? "-" : "") + name;
}

/** Whether it is for members of a group. There are none: only what other programs have put there can be one. */
export function isGroup({ id }: AclId): boolean {
  return GROUPS.some(([, prefix]) => id.startsWith(prefix));
}

/** An account as a client may write it: quoted where it must be. */
function addressOf(id: AccountId): string {
  const at = id.lastIndexOf("@");
  return formatAddress({ local: id.slice(0, at), domain: id.slice(at + 1) });
}

/** Whether an identifier is the owner's own: who has all rights in any case. */
export function isOwner({ id }: AclId, owner: AccountId): boolean {
  return id === "owner" || idKey(id, owner) === USER + owner;
}
