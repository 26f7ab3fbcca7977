import type { Message, Uid } from "../store/store.ts";
import type { Selected } from "./selected.ts";
import { type NumberRange, resolveSet } from "./set.ts";
import type { SequenceSet } from "./types.ts";

/**
 * Sequence numbers of the messages that a set names, as ascending ranges. UIDs that are not there are skipped (RFC 3501 6.4.8);
 * null when a sequence number is out of range, which is the client's fault (RFC 3501 9, seq-number).
 */
export function targetRanges(box: Selected, set: SequenceSet, uid: boolean): readonly NumberRange[] | null {
  const { view } = box;
  if (set.saved) return savedRanges(box);
  if (uid) {
    const ranges: NumberRange[] = [];
    for (const { low, high } of resolveSet(set, view.lastUid)) {
      const found = view.seqsOf(low, high);
      if (found) ranges.push({ low: found.first, high: found.last });
    }
    return ranges;
  }
  const ranges = resolveSet(set, view.count);
  const last = ranges[ranges.length - 1];
  return last === undefined || last.high > view.count ? null : ranges;
}

/** What "$" stands for, as far as it is there (RFC 5182 2.1). */
function savedRanges({ view, saved }: Selected): readonly NumberRange[] {
  const ranges: { low: number; high: number }[] = [];
  for (const uid of saved) {
    const seq = view.seqOf(uid);
    const last = ranges.at(-1);
    if (seq === 0) continue;
    if (last?.high === seq - 1) last.high = seq;
    else ranges.push({ low: seq, high: seq });
  }
  return ranges;
}

/** The messages of such ranges, ascending. */
export function* targetMessages(
  box: Selected,
  ranges: readonly NumberRange[],
): Generator<{ readonly seq: number; readonly message: Message }> {
  for (const { low, high } of ranges) {
    for (let seq = low; seq <= high; seq++) {
      const message = box.view.at(seq);
      if (message) yield { seq, message };
    }
  }
}

/** UIDs of such ranges, ascending. */
export function targetUids(box: Selected, ranges: readonly NumberRange[]): Uid[] {
  const uids: Uid[] = [];
  for (const { message } of targetMessages(box, ranges)) uids.push(message.uid);
  return uids;
}
