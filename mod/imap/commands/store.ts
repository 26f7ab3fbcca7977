/** STORE (RFC 3501 6.4.6). */
import type { FlagBits, Message, NamedFlags, Uid } from "../../store/store.ts";
import { knownBits } from "../../store/flags.ts";
import { formatUidSet } from "../../store/uid_set.ts";
import { flagsAllowed, keepAllowed } from "../access.ts";
import { writeStart } from "../fetch.ts";
import { okay, REPLIES } from "../reply.ts";
import type { Handled } from "../rules.ts";
import type { Selected } from "../selected.ts";
import type { ImapSession } from "../session.ts";
import { Slice } from "../slice.ts";
import { targetRanges, targetUids } from "../targets.ts";
import { tellFlags, writeNewKeywords } from "../tell.ts";
import type { StoreCommand } from "../types.ts";

/** Messages whose flags are changed and synced together. */
const BATCH = 1000;
/** What telling of one message costs, in `Slice`'s octets. */
const MESSAGE_WORK = 256;
/** And what finding its number costs. */
const LOOK_WORK = 32;

export async function store(session: ImapSession, command: StoreCommand): Promise<Handled> {
  const { box, out } = session;
  const allowed = box.flagsAllowed;
  if (!changesAny(command, allowed)) {
    return changesAny(command, flagsAllowed(box.rights)) ? REPLIES.readOnly : REPLIES.noPermission;
  }
  const ranges = targetRanges(box, command.set, command.uid);
  if (ranges === null) return REPLIES.badSet;
  const uids = await targetUids(session, ranges);
  if (uids.length === 0) return okay("Store completed");
  const flags = keepAllowed(command.flags, allowed);
  const bits = await bitsOf(box, flags, command.action === "remove");
  if (bits === null) return REPLIES.keywordLimit;
  const clear = command.action === "add" ? 0 : command.action === "remove" ? bits : allowed;
  const set = command.action === "remove" ? 0 : bits;
  if (command.unchangedSince !== null) await session.enableCondstore();
  const modified = new Set<Uid>();
  const only = unchanged(box, command.unchangedSince, modified);
  let there = 0;
  const quiet: Message[] = [];
  const slice = new Slice(session.ports.clock, () => session.ports.pause());
  let done = 0;
  for await (
    const left of changing((batch) => box.mailbox.setFlags(batch, clear, set, box.token, only), uids)
  ) {
    there += left.length;
    const changed = modified.size === 0 ? left : left.filter((m) => !modified.has(m.uid));
    if (!command.silent) tell(session, changed, command.uid);
    else {
      if (!command.uid) quiet.push(...changed);
      if (box.modSeqs) tellModSeqs(session, changed, command.uid);
    }
    if (out.full) await out.flush();
    done = Math.min(done + BATCH, uids.length);
    session.progress?.count(done, uids.length);
    await slice.spend(left.length * MESSAGE_WORK);
  }
  if (modified.size > 0) {
    return okay("Some have changed", await modifiedCode(box, modified, command.uid, slice));
  }
  if (there === uids.length || command.uid) return okay("Store completed");
  // After NO the client takes none as changed, unless it is told.
  tell(session, quiet, false);
  return REPLIES.expungeIssued;
}

/** What `change` gives for a batch at a time. While one is on its way to the medium the next is begun. */
async function* changing(
  change: (batch: readonly Uid[]) => Promise<readonly Message[]>,
  uids: readonly Uid[],
): AsyncGenerator<readonly Message[]> {
  let next: Promise<readonly Message[]> | null = null;
  try {
    for (let at = 0; at < uids.length; at += BATCH) {
      const current = next ?? change(uids.slice(at, at + BATCH));
      next = at + BATCH < uids.length ? change(uids.slice(at + BATCH, at + 2 * BATCH)) : null;
      // It may fail before others had their turn and the first is told of.
      next?.catch(() => {});
      yield await current;
    }
  } finally {
    // After a fault the one begun comes to its end, whatever that is: the client is told of the first.
    await next?.catch(() => {});
  }
}

/** RFC 4314 4: a STORE does what it may, unless that is nothing. */
function changesAny({ action, flags }: StoreCommand, allowed: FlagBits): boolean {
  if (action === "replace" || (flags.system === 0 && flags.keywords.length === 0)) return allowed !== 0;
  const kept = keepAllowed(flags, allowed);
  return kept.system !== 0 || kept.keywords.length > 0;
}

/** Says which messages may be changed (RFC 7162 3.1.3); the others are added to `modified`. */
function unchanged(
  box: Selected,
  since: number | null,
  modified: Set<Uid>,
): ((message: Message, untold: boolean) => boolean) | undefined {
  const { modSeqs } = box;
  if (since === null) return undefined;
  return (message, untold) => {
    if (!untold && modSeqs && !modSeqs.changedSince(message, since)) return true;
    modified.add(message.uid);
    return false;
  };
}

/** MODIFIED with UIDs or sequence numbers, as the command has them. */
async function modifiedCode(
  box: Selected,
  uids: Iterable<Uid>,
  uid: boolean,
  slice: Slice,
): Promise<string> {
  const told: number[] = [];
  for (const one of uids) {
    told.push(uid ? one : box.view.seqOf(one));
    if (slice.worked(LOOK_WORK)) await slice.breathe();
  }
  return `MODIFIED ${formatUidSet(told)}`;
}

/** After .SILENT: the new mod-sequences alone (RFC 7162 3.1.3). */
function tellModSeqs(session: ImapSession, changed: readonly Message[], uid: boolean): void {
  const { box, out } = session;
  for (const message of changed) {
    const seq = box.view.seqOf(message.uid);
    if (seq === 0) continue;
    writeStart(out.buffer, seq, box.uidOnly ? message.uid : null);
    const id = !box.uidOnly && (uid || box.tellsVanished) ? `UID ${message.uid} ` : "";
    out.line(`${id}MODSEQ (${box.modSeqs?.of(message)}))`);
  }
}

function tell(session: ImapSession, changed: readonly Message[], uid: boolean): void {
  const { box, out } = session;
  writeNewKeywords(out.buffer, box);
  for (const message of changed) {
    const seq = box.view.seqOf(message.uid);
    if (seq === 0) continue;
    tellFlags(out.buffer, box, seq, message, uid);
    box.view.flagsTold(message);
  }
}

/** The mailbox's bits for flags by name; null when it has no room for more keywords. Those to be removed need not be made. */
async function bitsOf(box: Selected, flags: NamedFlags, removing: boolean): Promise<FlagBits | null> {
  const { system, keywords } = flags;
  if (keywords.length === 0) return system;
  const { mailbox } = box;
  if (removing) return system | knownBits(keywords, mailbox.keywords).bits;
  const made = await mailbox.keywordBits(keywords);
  return knownBits(keywords, mailbox.keywords).missing.length > 0 ? null : system | made;
}
