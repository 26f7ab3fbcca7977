/** Commands of ACL (RFC 4314 3) that name somebody. */
import type { RightsChange } from "../store/acl.ts";
import type { Rights } from "../store/rights.ts";

/** A mailbox, and who is meant, as the client wrote it. */
export interface AclTarget {
  readonly mailbox: string;
  readonly identifier: string;
}
export interface SetAclCommand extends AclTarget {
  readonly verb: "SETACL";
  readonly how: RightsChange;
  readonly rights: Rights;
}
export interface AclIdCommand<V extends "DELETEACL" | "LISTRIGHTS"> extends AclTarget {
  readonly verb: V;
}
