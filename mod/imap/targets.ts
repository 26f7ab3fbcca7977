import type { FlagBits, Uid } from "../store/store.ts";
import type { ImapPorts } from "./ports.ts";
import type { Selected } from "./selected.ts";
import { type NumberRange, resolveSet } from "./set.ts";
import { Slice } from "./slice.ts";
import type { SequenceSet } from "./types.ts";

/** What looking at one message costs, as octets of a slice. */
const LOOK_WORK = 32;

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

/** UIDs of such ranges, ascending; only of messages that have one of the flags `having`, where that is given. Gives others their turn. */
export async function targetUids(
  { box: { view }, ports }: { readonly box: Selected; readonly ports: Pick<ImapPorts, "clock" | "pause"> },
  ranges: readonly NumberRange[],
  having?: FlagBits,
): Promise<Uid[]> {
  const slice = new Slice(ports.clock, () => ports.pause());
  const uids: Uid[] = [];
  for (const { low, high } of ranges) {
    for (let seq = low; seq <= high; seq++) {
      const message = view.at(seq);
      if (message && (having === undefined || message.flags & having)) uids.push(message.uid);
      if (slice.worked(LOOK_WORK)) await slice.breathe();
    }
  }
  return uids;
}
