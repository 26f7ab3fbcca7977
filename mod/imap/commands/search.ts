/** SEARCH (RFC 3501 6.4.4, ESEARCH of RFC 4731): what matches is `search.ts`'s business; how it is told, `results.ts`'s. */
import type { Uid } from "../../store/store.ts";
import { okay, REPLIES } from "../reply.ts";
import { tellResults } from "../results.ts";
import type { Handled } from "../rules.ts";
import { asksModSeqs } from "../search_key.ts";
import { searchSession } from "../search_session.ts";
import type { ImapSession } from "../session.ts";
import type { Command, SearchCommand, SearchReturn } from "../types.ts";

const ALL: readonly SearchReturn[] = ["ALL"];

export async function search(
  session: ImapSession,
  command: SearchCommand & Pick<Command, "tag">,
): Promise<Handled> {
  if (asksModSeqs(command.key) && await session.enableCondstore() === null) {
    if (command.save) session.box.saved = [];
    return REPLIES.noModSeqs;
  }
  const { changes } = session.box.updates;
  try {
    const { list, seqs } = await searchSession(session, command.key);
    const returns = command.returns ?? (session.rev2 ? ALL : null); // RFC 9051 6.4.4: no SEARCH responses any more
    await tellResults(session, { ...command, returns }, list, seqs);
    if (command.update) follow(session, command, seqs.map((seq) => list[seq - 1]?.uid ?? 0), changes);
  } catch (cause) {
    // RFC 5182 2.1: what fails leaves nothing saved.
    if (command.save) session.box.saved = [];
    throw cause;
  }
  return okay("Search completed");
}

/** UPDATE (RFC 5267 4.3): changes are told from now on; or the client hears that they are not. */
function follow(
  { box, out }: ImapSession,
  { tag, uid, key, updateItems }: SearchCommand & Pick<Command, "tag">,
  found: readonly Uid[],
  changes: number,
): void {
  const followed = { tag, uid, key, ...(updateItems ? { items: updateItems } : {}) };
  if (box.updates.add(followed, found, { lastUid: box.view.lastUid, changes })) return;
  out.line(`* NO [NOUPDATE "${tag}"] This search is not kept up to date`);
}
