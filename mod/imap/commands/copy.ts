/** COPY and MOVE (RFC 3501 6.4.7, RFC 6851, COPYUID of RFC 4315). The store does them all or not at all. */
import type { Copied, CopyError, Uid } from "../../store/store.ts";
import { indexOfUid } from "../../store/uid_set.ts";
import type { Result } from "../../base/result.ts";
import { EXPUNGE, INSERT, WRITE_DELETED } from "../../store/rights.ts";
import { flagsAllowed, keepAllowed, notPut, type Place, reach, refusalOf, uidsTold } from "../access.ts";
import { copyUidCode } from "../format.ts";
import { okay, REPLIES, type Reply } from "../reply.ts";
import type { Handled } from "../rules.ts";
import type { Selected } from "../selected.ts";
import type { ImapSession } from "../session.ts";
import { targetRanges, targetUids } from "../targets.ts";
import type { CopyCommand } from "../types.ts";

export async function copy(session: ImapSession, command: CopyCommand<"COPY">): Promise<Handled> {
  const place = await reach(session, command.mailbox, INSERT);
  if ("status" in place) return place;
  const done = await transfer(session, command, place);
  if ("status" in done) return done;
  session.added(place.told, done.to);
  return okay("Copy completed", done.copied);
}

/** COPYUID comes before the EXPUNGE responses, which tell it apart from them (RFC 6851 4.3). */
export async function move(session: ImapSession, command: CopyCommand<"MOVE">): Promise<Handled> {
  const { box } = session;
  const refusal = refusalOf(box, WRITE_DELETED | EXPUNGE);
  if (refusal) return refusal;
  const place = await reach(session, command.mailbox, INSERT);
  if ("status" in place) return place;
  const done = await transfer(session, command, place);
  if ("status" in done) return done;
  session.added(place.told, done.to);
  if (done.copied !== null) session.out.line(`* OK [${done.copied}] Moved`);
  return okay("Move completed");
}

async function transfer(
  session: ImapSession,
  command: CopyCommand<"COPY" | "MOVE">,
  place: Place,
): Promise<Reply | { readonly copied: string | null; readonly to: readonly Uid[] }> {
  const { box } = session;
  const ranges = targetRanges(box, command.set, command.uid);
  if (ranges === null) return REPLIES.badSet;
  const wanted = await targetUids(session, ranges);
  // Others may have removed some that the client still counts.
  const uids = box.view.expungeWaiting
    ? wanted.filter((uid) => indexOfUid(box.mailbox.messages, uid) >= 0)
    : wanted;
  if (uids.length < wanted.length && !command.uid) return REPLIES.expungeIssued;
  if (uids.length === 0) return { copied: null, to: [] };
  const done = await transferUids(box, command.verb === "MOVE", uids, place);
  if (!done.ok) return notPut(done.error, place);
  const { uidValidity, from, to } = done.value;
  // The mailbox, or all of them, went meanwhile: nothing was done. By UID that is no fault of messages (RFC 3501 6.4.8).
  if (from.length === 0 && (box.gone || !command.uid)) return REPLIES.expungeIssued;
  return { copied: from.length > 0 && uidsTold(place) ? copyUidCode(uidValidity, from, to) : null, to };
}

function transferUids(
  { mailbox, shared }: Selected,
  move: boolean,
  uids: readonly Uid[],
  { mail, name, own, rights }: Place,
): Promise<Result<Copied, CopyError>> {
  if (own && shared === null) return move ? mailbox.move(uids, name) : mailbox.copy(uids, name);
  const allowed = flagsAllowed(rights);
  return mail.transfer(mailbox, uids, name, { move, keep: (flags) => keepAllowed(flags, allowed) });
}
