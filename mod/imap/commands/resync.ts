/** What changed while a client was away (RFC 7162 3.2.5, 3.2.6). */
import type { ModSeqs } from "../../store/mail_index.ts";
import type { Message, Uid } from "../../store/store.ts";
import { lowerBound } from "../../store/uid_set.ts";
import type { Selected } from "../selected.ts";
import type { ImapSession } from "../session.ts";
import { inRanges, type NumberRange, resolveSet } from "../set.ts";
import { Slice } from "../slice.ts";
import { tellFlags, writeVanishedEarlier } from "../tell.ts";
import type { Resync } from "../types.ts";

/** What looking at one message, and telling of one, cost in `Slice`'s octets. */
const LOOK_WORK = 32;
const MESSAGE_WORK = 256;

/** After SELECT with QRESYNC: what is gone, and the flags of what has changed. */
export async function tellMissed(session: ImapSession, modSeqs: ModSeqs, resync: Resync): Promise<void> {
  const { box, out, ports } = session;
  if (resync.uidValidity !== box.mailbox.uidValidity) return;
  const known = resync.known === null ? null : resolveSet(resync.known, box.view.lastUid);
  writeVanishedEarlier(out.buffer, vanished(box, modSeqs, resync.modSeq, known));
  const slice = new Slice(ports.clock, () => ports.pause());
  for (let seq = 1; seq <= box.view.count; seq++) {
    const message = box.view.at(seq);
    if (slice.worked(LOOK_WORK)) await slice.breathe();
    if (!message || !modSeqs.changedSince(message, resync.modSeq)) continue;
    if (known && !inRanges(known, message.uid)) continue;
    tellFlags(out.buffer, box, seq, message, true);
    if (out.full) await out.flush();
    await slice.spend(MESSAGE_WORK);
  }
}

/**
 * UIDs among `known` (null: all that ever were) that are gone since `modSeq`, as ascending ranges. Where it is not known when they went, all that are not
 * there: RFC 7162 3.2.6 allows to tell what the client has heard before.
 */
export function vanished(
  box: Selected,
  modSeqs: ModSeqs,
  modSeq: number,
  known: readonly NumberRange[] | null,
): readonly NumberRange[] {
  const uids = modSeqs.vanishedSince(modSeq);
  if (uids) return joined(known ? uids.filter((uid) => inRanges(known, uid)) : uids);
  const { messages, uidNext } = box.mailbox;
  return missing(messages, known ?? [{ low: 1, high: uidNext - 1 }], uidNext);
}

/** UIDs below `uidNext` in `ranges` that no message has. They may be very many: a foreign program may have gone up to 2^32. */
function missing(
  messages: readonly Message[],
  ranges: readonly NumberRange[],
  uidNext: Uid,
): readonly NumberRange[] {
  const gaps: NumberRange[] = [];
  for (const { low, high } of ranges) {
    const end = Math.min(high, uidNext - 1);
    let from = low;
    for (let at = lowerBound(messages, low);; at++) {
      const uid = messages[at]?.uid ?? Infinity;
      const to = Math.min(uid - 1, end);
      if (from <= to) gaps.push({ low: from, high: to });
      if (uid > end) break;
      from = uid + 1;
    }
  }
  return gaps;
}

/** Ascending numbers as ranges. */
function joined(numbers: readonly number[]): readonly NumberRange[] {
  const ranges: { low: number; high: number }[] = [];
  let last: { low: number; high: number } | null = null;
  for (const n of numbers) {
    if (last && n === last.high + 1) last.high = n;
    else ranges.push(last = { low: n, high: n });
  }
  return ranges;
}
