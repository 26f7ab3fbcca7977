/** Tagged replies (RFC 3501 7.1): values that commands give back and the session writes. Texts are generic; details go to the log. */
import { isFsError } from "../base/fs.ts";

export interface Reply {
  readonly status: "OK" | "NO" | "BAD";
  /** Response code without its brackets, or null. */
  readonly code: string | null;
  readonly text: string;
}

export function okay(text: string, code: string | null = null): Reply {
  return { status: "OK", code, text };
}

export function no(code: string | null, text: string): Reply {
  return { status: "NO", code, text };
}

export function bad(text: string, code: string | null = null): Reply {
  return { status: "BAD", code, text };
}

/** The replies that more than one command gives. Codes are those of RFC 5530 and RFC 3501. */
export const REPLIES = {
  noMailbox: no("NONEXISTENT", "Mailbox does not exist"),
  tryCreate: no("TRYCREATE", "Mailbox does not exist"),
  exists: no("ALREADYEXISTS", "Mailbox already exists"),
  badName: no("CANNOT", "Mailbox cannot have this name"),
  overQuota: no("OVERQUOTA", "Quota exceeded"),
  diskFull: no("OVERQUOTA", "Not enough space on the server's disk"),
  unavailable: no("UNAVAILABLE", "Mail storage cannot be used at the moment"),
  noPermission: no("NOPERM", "You do not have the right to do this"),
  readOnly: no("READ-ONLY", "Mailbox is open for reading only"),
  noModSeqs: no("NOMODSEQ", "Mailbox has no mod-sequences at the moment"),
  keywordLimit: no("LIMIT", "Mailbox cannot have more keywords"),
  badSet: bad("Invalid messageset"),
  expungeIssued: no("EXPUNGEISSUED", "Some of the messages no longer exist"),
} as const satisfies Record<string, Reply>;

/** The reply to a fault of the disk, or null when `cause` is something else: a bug. */
export function faultReply(cause: unknown): Reply | null {
  if (isFsError(cause, "full")) return REPLIES.diskFull;
  return isFsError(cause) ? REPLIES.unavailable : null;
}
