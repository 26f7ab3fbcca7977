/** NOTIFY (RFC 5465): which changes a client is told of by itself, at any time. */
import { NOTIFY_GROUPS } from "../../base/limits.ts";
import { Notices } from "../notices.ts";
import { no, okay } from "../reply.ts";
import type { Handled } from "../rules.ts";
import type { ImapSession } from "../session.ts";
import { tellSelected } from "../tell_selected.ts";
import type { NotifyCommand } from "../notify_types.ts";
import { NOTIFY_EVENTS } from "../parse_notify.ts";

const OVERFLOW = no("NOTIFICATIONOVERFLOW", "That is more than can be told of");
const UNKNOWN = no(`BADEVENT (${NOTIFY_EVENTS.join(" ")})`, "There are no such events here");

export async function notify(session: ImapSession, { set }: NotifyCommand): Promise<Handled> {
  if (set === "bad-event") return UNKNOWN;
  if (set !== null && (session.mail.watch === undefined || set.groups.length > NOTIFY_GROUPS)) {
    return OVERFLOW;
  }
  const box = session.boxOrNull;
  const notices = session.notices ??= new Notices(session);
  await box?.mailbox.refresh();
  if (!await notices.set(set)) return OVERFLOW;
  // What has come up to now is told first (RFC 5465 3.1).
  if (set !== null && box !== null && !box.gone) {
    await tellSelected(session, box, { expunge: true, uid: true, flags: true, items: [] });
  }
  if (set?.status) await notices.tellStatus();
  return okay("Notify completed");
}

/** ENABLE METADATA (RFC 5464 4.1): changes of annotations are told during commands. */
export async function followMetadata(session: ImapSession): Promise<void> {
  await (session.notices ??= new Notices(session)).followMetadata();
}
