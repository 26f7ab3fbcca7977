/** SORT (RFC 5256), with ESORT's and PARTIAL's results (RFC 5267, RFC 9394). */
import { okay, REPLIES } from "../reply.ts";
import { tellResults } from "../results.ts";
import type { Handled } from "../rules.ts";
import { asksModSeqs } from "../search_key.ts";
import { searchSession } from "../search_session.ts";
import type { ImapSession } from "../session.ts";
import { asksHeaders, sortMessages } from "../sort.ts";
import type { Command, SortCommand } from "../types.ts";

export async function sort(
  session: ImapSession,
  command: SortCommand & Pick<Command, "tag">,
): Promise<Handled> {
  if (asksModSeqs(command.key) && await session.enableCondstore() === null) return REPLIES.noModSeqs;
  const { box, ports } = session;
  const { list, seqs } = await searchSession(session, command.key);
  const sorted = await sortMessages({
    mailbox: box.mailbox,
    view: list,
    seqs,
    criteria: command.criteria,
    clock: ports.clock,
    pause: () => ports.pause(),
    index: asksHeaders(command.criteria) ? await box.index() : null,
  });
  await tellResults(session, command, list, sorted);
  return okay("Sort completed");
}
