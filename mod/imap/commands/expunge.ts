/** EXPUNGE and UID EXPUNGE (RFC 3501 6.4.3, RFC 4315 2.1). What was removed is told as all changes are, before the reply. */
import { EXPUNGE } from "../../store/rights.ts";
import { DELETED } from "../../store/store.ts";
import { refusalOf } from "../access.ts";
import { okay } from "../reply.ts";
import type { Handled } from "../rules.ts";
import type { ImapSession } from "../session.ts";
import { targetRanges, targetUids } from "../targets.ts";
import type { ExpungeCommand } from "../types.ts";

export async function expunge(session: ImapSession, command: ExpungeCommand): Promise<Handled> {
  const { box } = session;
  const refusal = refusalOf(box, EXPUNGE);
  if (refusal) return refusal;
  const all = box.view.count > 0 ? [{ low: 1, high: box.view.count }] : [];
  const ranges = command.set === null ? all : targetRanges(box, command.set, true);
  const uids = await targetUids(session, ranges ?? [], DELETED);
  if (uids.length > 0) await box.mailbox.expunge(uids, DELETED);
  const highest = box.modSeqs?.highest;
  return okay("Expunge completed", highest === undefined ? null : `HIGHESTMODSEQ ${highest}`); // RFC 7162 3.2.7
}
