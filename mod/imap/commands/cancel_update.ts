/** CANCELUPDATE (RFC 5267 4.3.5). */
import { no, okay } from "../reply.ts";
import type { Handled } from "../rules.ts";
import type { ImapSession } from "../session.ts";
import type { CancelUpdateCommand } from "../types.ts";

export function cancelUpdate({ box }: ImapSession, { tags }: CancelUpdateCommand): Handled {
  const unknown = tags.filter((tag) => !box.updates.cancel(tag));
  return unknown.length === 0 ? okay("Updates cancelled") : no(null, "No such search is kept up to date");
}
