/** REPLACE (RFC 8508): a draft's next version takes the place of the one before, which goes only when the new one is on the medium. */
import { EXPUNGE, INSERT, WRITE_DELETED } from "../../store/rights.ts";
import { indexOfUid } from "../../store/uid_set.ts";
import { flagsAllowed, keepAllowed, notPut, reach, refusalOf, uidsTold } from "../access.ts";
import { appendUidCode } from "../format.ts";
import { bad, no, okay, REPLIES } from "../reply.ts";
import type { Handled } from "../rules.ts";
import type { ImapSession } from "../session.ts";
import { targetRanges, targetUids } from "../targets.ts";
import type { ReplaceCommand } from "../types.ts";

export async function replace(session: ImapSession, command: ReplaceCommand): Promise<Handled> {
  const { drafts, refusal } = await session.appends.take([command.message]);
  try {
    if (refusal !== null) return refusal;
    const { box, out } = session;
    const [draft] = drafts;
    if (draft === undefined || drafts.length > 1) return bad("Message literal expected");
    const forbidden = refusalOf(box, WRITE_DELETED | EXPUNGE);
    if (forbidden) return forbidden;
    const place = await reach(session, command.mailbox, INSERT);
    if ("status" in place) return place;
    const ranges = targetRanges(box, command.set, command.uid);
    if (ranges === null) return REPLIES.badSet;
    const [old] = await targetUids(session, ranges);
    if (old === undefined) return no(null, "Message does not exist");
    if (indexOfUid(box.mailbox.messages, old) < 0) return REPLIES.expungeIssued;
    const { internalDate } = command.message;
    const flags = keepAllowed(command.message.flags, flagsAllowed(place.rights));
    const done = await place.mail.commit(place.name, [{ draft, flags, internalDate }]);
    if (!done.ok) return notPut(done.error, place);
    session.added(place.told, done.value.uids);
    const { uidValidity, uids } = done.value;
    if (uidsTold(place)) out.line(`* OK [${appendUidCode(uidValidity, uids)}] Replacement message is there`);
    await box.mailbox.expunge([old]);
    return okay("Replace completed");
  } finally {
    for (const draft of drafts) await draft.abort();
  }
}
