/** The port to what accounts let each other do (RFC 4314). Mailbox names are those of the owner's account. */
import type { AccountId } from "../account/directory.ts";
import type { Result } from "../base/result.ts";
import type { Acl } from "./acl.ts";
import type { Rights } from "./rights.ts";

/** Another account's mailbox that somebody has rights in. */
export interface SharedMailbox {
  readonly owner: AccountId;
  readonly name: string;
  readonly rights: Rights;
}

/** Who there is. */
export interface People {
  has(id: AccountId): boolean;
  all(): readonly AccountId[];
}

export interface Sharing {
  /** What `user` may do in a mailbox of `owner`, another; none where there is no such account or mailbox. Costs a look at one file. */
  rights(owner: AccountId, name: string, user: AccountId): Rights;
  /** Mailboxes of others that `user` has the right to see, by owner and name. */
  sharedWith(user: AccountId): Promise<readonly SharedMailbox[]>;
  /** Whether there is such a mailbox. */
  exists(owner: AccountId, name: string): boolean;
  /** The nearest mailbox above a name; null where there is none. */
  above(owner: AccountId, name: string): string | null;
  /** A mailbox's list; null where there is no such mailbox. Throws FsError, also where the list cannot be understood. */
  read(owner: AccountId, name: string): Promise<Acl | null>;
  /** Changes it, durably. */
  change(
    owner: AccountId,
    name: string,
    change: (acl: Acl) => Acl,
  ): Promise<Result<void, "no-mailbox" | "too-many">>;
  /** A mailbox was made: it gets the list of the nearest one above it, as with Dovecot. */
  inherit(owner: AccountId, name: string): Promise<void>;
  /** Mailboxes of an account have other names now. */
  renamed(owner: AccountId): Promise<void>;
  /** Tells whenever this process has changed who may see what; gives how to end it. Absent where that is not done. */
  listen?(listener: () => void): () => void;
}
