/** FETCH (RFC 3501 6.4.5): what is written is `fetch.ts`'s business; here is which messages, and \Seen afterwards. */
import { isFsError } from "../../base/fs.ts";
import type { ModSeqs } from "../../store/mail_index.ts";
import { SEEN, type Uid } from "../../store/store.ts";
import { ConnectionLost } from "../../wire/conn.ts";
import { BrokenResponse, fetchMessages, type FetchOutcome, type FetchRequest } from "../fetch.ts";
import { messagesOf } from "../lacking.ts";
import { bad, no, okay, REPLIES } from "../reply.ts";
import { placesOf } from "../results.ts";
import type { Handled } from "../rules.ts";
import type { ImapSession } from "../session.ts";
import type { Selected } from "../selected.ts";
import { resolveSet } from "../set.ts";
import { Slice } from "../slice.ts";
import { targetRanges } from "../targets.ts";
import { tellFlags, writeNewKeywords, writeVanishedEarlier } from "../tell.ts";
import { threadIds } from "../thread_id.ts";
import type { FetchCommand } from "../types.ts";
import { vanished } from "./resync.ts";

/** What looking at one message's mod-sequence costs, in `Slice`'s octets. */
const LOOK_WORK = 32;

/** Messages whose numbers alone are a good part of a slice. */
const MANY = 10_000;

/** Items that the index remembers. */
export const PARSED: ReadonlySet<string> = new Set([
  "ENVELOPE",
  "BODY",
  "BODYSTRUCTURE",
  "PREVIEW",
  "THREADID",
]);

export async function fetch(session: ImapSession, command: FetchCommand): Promise<Handled> {
  const { box, out, ports } = session;
  const { mailbox, view } = box;
  const ranges = targetRanges(box, command.set, command.uid);
  if (ranges === null) return REPLIES.badSet;
  let seqs: number[] = [];
  for (const { low, high } of ranges) for (let seq = low; seq <= high; seq++) seqs.push(seq);
  if (seqs.length > MANY) await ports.pause();
  const { changedSince } = command;
  if (changedSince?.vanished && !(command.uid && session.enabled.has("QRESYNC"))) {
    return bad("VANISHED needs UID FETCH and QRESYNC");
  }
  const asked = changedSince !== null || command.items.some((i) => i.kind === "MODSEQ");
  if (asked && await session.enableCondstore() === null) return REPLIES.noModSeqs;
  const { modSeqs } = box;
  const index = command.items.some((i) => PARSED.has(i.kind)) ? await box.index() : null;
  if (command.items.some((i) => i.kind === "FLAGS")) writeNewKeywords(out.buffer, box);
  if (changedSince && modSeqs) {
    if (changedSince.vanished) {
      const known = resolveSet(command.set, view.lastUid);
      writeVanishedEarlier(out.buffer, vanished(box, modSeqs, changedSince.modSeq, known));
    }
    seqs = await changedOf(session, seqs, modSeqs, changedSince.modSeq);
  }
  if (command.partial) seqs = [...placesOf(command.partial, seqs)];
  if (seqs.length === 0) return okay("Fetch completed");
  const threads = command.items.some((i) => i.kind === "THREADID");
  const { seen, gone, undecoded } = await answerFetch(session, {
    mailbox,
    view: view.list,
    seqs,
    items: changedSince && !command.items.some((i) => i.kind === "MODSEQ")
      ? [...command.items, { kind: "MODSEQ" }]
      : command.items,
    modSeqs,
    uid: command.uid,
    uidOnly: box.uidOnly,
    isRecent: (uid) => box.isRecent(uid),
    begins: () => session.progress?.hold(),
    sink: out,
    clock: ports.clock,
    pause: () => ports.pause(),
    ...(index ? { texts: index.texts } : {}),
    ...(threads ? { threadIds: await threadsOf(session, box, seqs) } : {}),
  });
  if (seen.length > 0 && box.flagsAllowed & SEEN) await markSeen(session, seen, command.uid);
  if (undecoded) return no("UNKNOWN-CTE", "Some parts have an unknown encoding"); // RFC 3516 4.3
  if (gone.length === 0) return okay("Fetch completed");
  await mailbox.refresh();
  return command.uid ? okay("Fetch completed") : REPLIES.expungeIssued;
}

/** THREADID of messages, by UID. */
export async function threadsOf(
  { ports }: ImapSession,
  box: Selected,
  seqs: readonly number[],
): Promise<ReadonlyMap<Uid, string>> {
  const messages = messagesOf(box.view.list, seqs);
  return await threadIds({ ...ports, mailbox: box.mailbox, index: await box.index() }, messages);
}

/** Those of the messages that have changed since. */
async function changedOf(
  { box, ports }: ImapSession,
  seqs: readonly number[],
  modSeqs: ModSeqs,
  since: number,
): Promise<number[]> {
  const slice = new Slice(ports.clock, () => ports.pause());
  const changed: number[] = [];
  for (const seq of seqs) {
    const message = box.view.at(seq);
    if (message && modSeqs.changedSince(message, since)) changed.push(seq);
    if (slice.worked(LOOK_WORK)) await slice.breathe();
  }
  return changed;
}

/** A response that cannot be completed ends the connection: nothing could follow it. */
export async function answerFetch(session: ImapSession, request: FetchRequest): Promise<FetchOutcome> {
  try {
    return await fetchMessages(request);
  } catch (cause) {
    if (!(cause instanceof BrokenResponse)) throw cause;
    // The client went away while it was being sent: nothing is wrong with the message.
    if (cause.cause instanceof ConnectionLost) throw cause.cause;
    session.log.error("message could not be read to its end", {}, cause.cause);
    throw new ConnectionLost("closed", "response cannot be completed");
  }
}

/** Sets \Seen on what was read and tells so. On a full or read-only disk the client has its mail all the same. */
async function markSeen(session: ImapSession, uids: readonly Uid[], uid: boolean): Promise<void> {
  const { box, out, log } = session;
  try {
    for (const message of await box.mailbox.setFlags(uids, 0, SEEN, box.token)) {
      const seq = box.view.seqOf(message.uid);
      if (seq === 0) continue;
      tellFlags(out.buffer, box, seq, message, uid);
      box.view.flagsTold(message);
    }
  } catch (cause) {
    if (!isFsError(cause)) throw cause;
    log.warn("cannot mark messages as seen", { cause: cause.message });
  }
}
