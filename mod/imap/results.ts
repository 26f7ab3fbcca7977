/** How results of SEARCH and SORT are told and kept. */
import type { Mailbox, Message, Uid } from "../store/store.ts";
import { writeEsearch, writeSearch, writeSort } from "./format.ts";
import { asksModSeqs } from "./search_key.ts";
import type { ImapSession } from "./session.ts";
import { Slice } from "./slice.ts";
import { sortSliced } from "./sliced_sort.ts";
import type { Command, MultiSearchCommand, PartialRange, SearchCommand, SortCommand } from "./types.ts";

/** What looking at one message's mod-sequence costs, in `Slice`'s octets. */
const LOOK_WORK = 32;

/** Tells sequence numbers `found`, in their order; keeps them for "$" where that was asked. `mailbox`: where they are, if it is to be told. */
export async function tellResults(
  session: ImapSession,
  command: (SearchCommand | SortCommand | MultiSearchCommand) & Pick<Command, "tag">,
  list: readonly Message[],
  found: readonly number[],
  mailbox: Pick<Mailbox, "name" | "uidValidity"> | null = null,
): Promise<void> {
  const { out } = session;
  if (command.save) session.box.saved = await savedOf(session, command, list, found);
  const modSeq = mailbox === null ? await highestOf(session, command, list, found) : null;
  const numbers = command.uid ? uidsOf(list, found) : found;
  if (command.returns === null && command.verb === "SORT") writeSort(out.buffer, numbers, modSeq);
  else if (command.returns === null && command.verb === "SEARCH") writeSearch(out.buffer, numbers, modSeq);
  else if (command.returns === null || command.returns.length > 0 || command.partial || command.update) {
    writeEsearch(out.buffer, {
      tag: command.tag,
      uid: command.uid,
      found: numbers,
      returns: command.returns ?? ["ALL"],
      part: part(command.partial, numbers),
      modSeq,
      mailbox: mailbox && { name: mailbox.name, uidValidity: mailbox.uidValidity, utf8: session.utf8 },
    });
  }
  if (out.full) await out.flush();
}

/** RFC 7162 3.1.5: the highest mod-sequence of what was found, where the search asked for any. */
async function highestOf(
  session: ImapSession,
  { key, returns }: Pick<SearchCommand, "key" | "returns">,
  list: readonly Message[],
  found: readonly number[],
): Promise<number | null> {
  const modSeqs = session.boxOrNull?.modSeqs;
  if (!modSeqs || found.length === 0 || !asksModSeqs(key)) return null;
  const all = returns === null || !returns.every((r) => r === "MIN" || r === "MAX") || returns.length === 0;
  const first = returns?.includes("MIN") ? found.slice(0, 1) : [];
  const last = returns?.includes("MAX") ? found.slice(-1) : [];
  const slice = sliceOf(session);
  let highest = 0;
  for (const seq of all ? found : [...first, ...last]) {
    const message = list[seq - 1];
    if (message) highest = Math.max(highest, modSeqs.of(message));
    if (slice.worked(LOOK_WORK)) await slice.breathe();
  }
  return highest;
}

/** RFC 5182 2.1: with MIN or MAX and neither ALL nor COUNT, only these are kept. */
async function savedOf(
  session: ImapSession,
  { returns, partial }: Pick<SearchCommand, "returns" | "partial">,
  list: readonly Message[],
  found: readonly number[],
): Promise<readonly Uid[]> {
  let kept = found;
  const ends = returns?.includes("MIN") || returns?.includes("MAX");
  if (partial && returns?.length === 0) kept = placesOf(partial, found);
  else if (ends && !returns?.includes("ALL") && !returns?.includes("COUNT")) {
    const first = returns?.includes("MIN") ? found.slice(0, 1) : [];
    const last = returns?.includes("MAX") ? found.slice(-1) : [];
    kept = [...first, ...last];
  }
  const sorted = await sortSliced(uidsOf(list, kept), (a, b) => a - b, sliceOf(session));
  return sorted.filter((uid, i) => uid !== sorted[i - 1]);
}

function sliceOf({ ports }: ImapSession): Slice {
  return new Slice(ports.clock, () => ports.pause());
}

function uidsOf(list: readonly Message[], seqs: readonly number[]): Uid[] {
  return seqs.map((seq) => list[seq - 1]?.uid ?? 0);
}

/** A part of the results as asked for, and what is there. */
function part(
  range: PartialRange | null,
  numbers: readonly number[],
): { readonly range: PartialRange; readonly numbers: readonly number[] } | null {
  return range && { range, numbers: placesOf(range, numbers) };
}

/** RFC 9394 3.1: counted from the first result, or from the last. */
export function placesOf<T>({ fromEnd, from, to }: PartialRange, results: readonly T[]): readonly T[] {
  const { length } = results;
  return fromEnd
    ? results.slice(Math.max(0, length - to), Math.max(0, length - from + 1))
    : results.slice(from - 1, to);
}
