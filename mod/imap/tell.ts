/** Untagged responses about the selected mailbox: what it allows, and what happened to it (RFC 3501 7.2.6, 7.3, 7.4). */
import { KEYWORDS } from "../base/limits.ts";
import {
  ANSWERED,
  DELETED,
  DRAFT,
  type FlagBits,
  FLAGGED,
  KEYWORD_SHIFT,
  type Message,
  SEEN,
  type Uid,
} from "../store/store.ts";
import { writeFlagsFetch } from "./fetch.ts";
import { writeCount, writeEnd, writeFlagList } from "./format.ts";
import type { ResponseBuffer } from "./response_buffer.ts";
import type { Selected } from "./selected.ts";
import type { Notices } from "./view.ts";
import { type NumberRange, writeRanges, writeSet } from "./set.ts";

const SYSTEM: readonly (readonly [string, FlagBits])[] = [
  ["\\Answered", ANSWERED],
  ["\\Flagged", FLAGGED],
  ["\\Deleted", DELETED],
  ["\\Seen", SEEN],
  ["\\Draft", DRAFT],
];

/** FLAGS, and PERMANENTFLAGS: what may be changed. "\*" stands there as long as there is room for a new keyword. */
export function writeFlagLists(out: ResponseBuffer, box: Selected): void {
  const keywords = box.mailbox.keywords.filter((k) => k !== "");
  const flags = [...SYSTEM.map(([name]) => name), ...keywords];
  out.ascii("* FLAGS ");
  writeFlagList(out, flags);
  writeEnd(out);
  out.ascii("* OK [PERMANENTFLAGS ");
  const allowed = box.flagsAllowed;
  const permanent = SYSTEM.filter(([, bit]) => allowed & bit).map(([name]) => name);
  if (allowed >> KEYWORD_SHIFT) permanent.push(...keywords, ...(keywords.length < KEYWORDS ? ["\\*"] : []));
  writeFlagList(out, permanent);
  out.ascii(box.readOnly ? "] Read-only mailbox\r\n" : "] Flags permitted\r\n");
  box.view.keywordsTold();
}

/** FLAGS again, if keywords came since: a client must know them before they turn up in a FETCH. */
export function writeNewKeywords(out: ResponseBuffer, box: Selected): void {
  if (box.view.keywordsWaiting) writeFlagLists(out, box);
}

/** A message's flags as they are now, with the UID where a UID command asked, and the mod-sequence for who has asked for any. */
export function tellFlags(
  out: ResponseBuffer,
  box: Selected,
  seq: number,
  message: Message,
  uid: boolean,
): void {
  const { keywords } = box.mailbox;
  const modSeq = box.modSeqs?.of(message) ?? null;
  const { uidOnly } = box;
  writeFlagsFetch(out, seq, message, { uid, uidOnly, recent: box.isRecent(message.uid), keywords, modSeq });
}

/** All that the client may be told now: EXPUNGE first, so that all numbers after it are the new ones. */
export function writeNews(out: ResponseBuffer, box: Selected, expunge: boolean, uid: boolean): void {
  if (!box.view.waiting && !box.updates.waiting) return;
  const news = box.view.take(expunge);
  writeTaken(out, box, news);
  for (const { seq, message } of news.flags) tellFlags(out, box, seq, message, uid || box.tellsVanished);
  box.updates.writeChanged(out, box);
}

/** What was removed, and how many messages there are now. */
export function writeTaken(out: ResponseBuffer, box: Selected, news: Notices): void {
  writeRemoved(out, box, news);
  writeCounts(out, box, news);
}

/** What comes after removals. */
export function writeCounts(out: ResponseBuffer, box: Selected, news: Notices): void {
  if (news.exists !== null) writeCount(out, news.exists, "EXISTS");
  if (news.recent !== null && box.tellsRecent) writeCount(out, news.recent, "RECENT");
  if (news.keywords) writeFlagLists(out, box);
}

/** EXPUNGE or VANISHED. */
export function writeRemoved(
  out: ResponseBuffer,
  box: Selected,
  news: Pick<Notices, "expunged" | "vanished">,
): void {
  box.updates.writeExpunged(out, news);
  if (box.tellsVanished) writeVanished(out, news.vanished);
  else for (const seq of news.expunged) writeCount(out, seq, "EXPUNGE");
}

/** VANISHED (RFC 7162 3.2.10), ascending UIDs; nothing for none. */
export function writeVanished(out: ResponseBuffer, uids: readonly Uid[]): void {
  if (uids.length === 0) return;
  out.ascii("* VANISHED ");
  writeSet(out, uids);
  writeEnd(out);
}

/** VANISHED of what went before the client came; ascending ranges of UIDs. */
export function writeVanishedEarlier(out: ResponseBuffer, ranges: readonly NumberRange[]): void {
  if (ranges.length === 0) return;
  out.ascii("* VANISHED (EARLIER) ");
  writeRanges(out, ranges);
  writeEnd(out);
}
