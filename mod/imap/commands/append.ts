/** APPEND (RFC 3501 6.3.11, RFC 3502, APPENDUID of RFC 4315). The octets are in drafts by the time the command is whole. */
import { INSERT } from "../../store/rights.ts";
import { flagsAllowed, keepAllowed, notPut, reach, uidsTold } from "../access.ts";
import { appendUidCode } from "../format.ts";
import { bad, okay } from "../reply.ts";
import type { Handled } from "../rules.ts";
import type { ImapSession } from "../session.ts";
import type { AppendCommand } from "../types.ts";

export async function append(session: ImapSession, command: AppendCommand): Promise<Handled> {
  const { drafts, refusal } = await session.appends.take(command.messages);
  try {
    if (refusal !== null) return refusal;
    const place = await reach(session, command.mailbox, INSERT);
    if ("status" in place) return place;
    const allowed = flagsAllowed(place.rights);
    if (drafts.length !== command.messages.length) return bad("Message literal expected");
    const parts = command.messages.flatMap(({ flags, internalDate }, i) => {
      const draft = drafts[i];
      return draft ? [{ draft, flags: keepAllowed(flags, allowed), internalDate }] : [];
    });
    const done = await place.mail.commit(place.name, parts);
    if (!done.ok) return notPut(done.error, place);
    session.added(place.told, done.value.uids);
    return okay(
      "Append completed",
      uidsTold(place) ? appendUidCode(done.value.uidValidity, done.value.uids) : null,
    );
  } finally {
    for (const draft of drafts) await draft.abort();
  }
}
