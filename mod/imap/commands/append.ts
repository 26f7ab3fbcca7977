/** APPEND (RFC 3501 6.3.11, RFC 3502, APPENDUID of RFC 4315). The octets are in drafts by the time the command is whole. */
import { appendUidCode } from "../format.ts";
import { bad, okay, REPLIES } from "../reply.ts";
import type { Handled } from "../rules.ts";
import type { ImapSession } from "../session.ts";
import type { AppendCommand } from "../types.ts";

export async function append(session: ImapSession, command: AppendCommand): Promise<Handled> {
  const { drafts, refusal } = await session.appends.take(command.messages);
  try {
    if (refusal !== null) return refusal;
    if (drafts.length !== command.messages.length) return bad("Message literal expected");
    const parts = command.messages.flatMap(({ flags, internalDate }, i) => {
      const draft = drafts[i];
      return draft ? [{ draft, flags, internalDate }] : [];
    });
    const done = await session.mail.commit(command.mailbox, parts);
    if (!done.ok) return done.error === "no-mailbox" ? REPLIES.tryCreate : REPLIES.overQuota;
    return okay("Append completed", appendUidCode(done.value.uidValidity, done.value.uids));
  } finally {
    for (const draft of drafts) await draft.abort();
  }
}
