/** What CONDSTORE and QRESYNC add to commands (RFC 7162 7). */
import { CLOSE, type CommandReader, OPEN, ParseFault, SPACE } from "./parse_reader.ts";
import { parsePartialRange } from "./parse_search.ts";
import type { FetchCommand, PartialRange, Resync, SelectCommand, SequenceSet } from "./types.ts";

const QUOTE = 0x22;

/** SELECT and EXAMINE; the reader stands after the verb's space. */
export function parseSelect<V extends "SELECT" | "EXAMINE">(
  verb: V,
  reader: CommandReader,
): SelectCommand<V> {
  const mailbox = reader.mailbox();
  let condstore = false;
  let resync: Resync | null = null;
  if (reader.tryOctet(SPACE)) {
    reader.list(() => {
      const parameter = reader.word("a parameter");
      if (parameter === "QRESYNC") resync = parseResync(reader);
      else if (parameter !== "CONDSTORE") throw new ParseFault("Unknown SELECT parameter");
      condstore = true;
    });
  }
  return { verb, mailbox, condstore, resync };
}

/** "(" uidvalidity SP mod-sequence [SP known-uids] [SP seq-match-data] ")", after QRESYNC. */
function parseResync(reader: CommandReader): Resync {
  reader.space();
  reader.octet(OPEN, "Expected a list");
  const uidValidity = reader.nzNumber("a UIDVALIDITY");
  reader.space();
  const modSeq = modSeqValue(reader, 1);
  let known: SequenceSet | null = null;
  let more = reader.tryOctet(SPACE);
  if (more && !reader.tryOctet(OPEN)) {
    known = withoutStar(reader.sequenceSet());
    more = reader.tryOctet(SPACE);
    if (more) reader.octet(OPEN, "Expected a list");
  }
  if (more) skipSequences(reader);
  reader.octet(CLOSE, "Expected ')'");
  return { uidValidity, modSeq, known, ...(more ? { numbered: true } : {}) };
}

/** What the client tells of its sequence numbers: it helps servers that forget expunges soon, and we need none of it. */
function skipSequences(reader: CommandReader): void {
  withoutStar(reader.sequenceSet());
  reader.space();
  withoutStar(reader.sequenceSet());
  reader.octet(CLOSE, "Expected ')'");
}

/** FETCH's modifiers, after its items; PARTIAL (RFC 9394 3.2) among them. */
export function parseFetchModifiers(reader: CommandReader): Pick<FetchCommand, "changedSince" | "partial"> {
  if (!reader.tryOctet(SPACE)) return { changedSince: null };
  let modSeq: number | null = null;
  let vanished = false;
  let partial: PartialRange | null = null;
  reader.list(() => {
    const modifier = reader.word("a modifier");
    if (modifier === "VANISHED") vanished = true;
    else if (modifier === "PARTIAL") {
      reader.space();
      partial = parsePartialRange(reader);
    } else if (modifier === "CHANGEDSINCE") {
      reader.space();
      // 0 is not in RFC 7162's grammar; who was told 0 by STATUS (there were none) may ask with it, and means all.
      modSeq = modSeqValue(reader, 0);
    } else throw new ParseFault("Unknown FETCH modifier");
  });
  if (vanished && modSeq === null) throw new ParseFault("VANISHED needs CHANGEDSINCE");
  return { changedSince: modSeq === null ? null : { modSeq, vanished }, ...(partial ? { partial } : {}) };
}

/** STORE's modifiers, before its item; the reader stands at "(" or at the item. */
export function parseStoreModifiers(reader: CommandReader): number | null {
  if (reader.peek !== OPEN) return null;
  let modSeq: number | null = null;
  reader.list(() => {
    if (reader.word("a modifier") !== "UNCHANGEDSINCE") throw new ParseFault("Unknown STORE modifier");
    reader.space();
    modSeq = modSeqValue(reader, 0);
  });
  reader.space();
  return modSeq;
}

/** A mod-sequence: up to 63 bits (RFC 7162 3.1). What no double holds exactly was never ours, and stays larger than all that are. */
export function modSeqValue(reader: CommandReader, least: number): number {
  const digits = reader.atom("a mod-sequence");
  if (!/^[0-9]{1,19}$/.test(digits) || Number(digits) < least) throw new ParseFault("Invalid mod-sequence");
  return Number(digits);
}

/** RFC 7162 3.2.5.1: "*" has no place in what a client knows. */
function withoutStar(set: SequenceSet): SequenceSet {
  if (set.ranges.some((r) => r.from === 0 || r.to === 0)) throw new ParseFault('"*" is not allowed here');
  return set;
}

/** What follows SEARCH's MODSEQ: a mod-sequence, before it perhaps an entry, which we have one counter for all of. */
export function parseModSeqKey(reader: CommandReader): number {
  if (reader.peek === QUOTE) {
    const entry = reader.astringText("an entry name");
    if (!/^\/flags\/./.test(entry)) throw new ParseFault("Unknown entry name");
    reader.space();
    const type = reader.word("an entry type");
    if (type !== "PRIV" && type !== "SHARED" && type !== "ALL") throw new ParseFault("Unknown entry type");
    reader.space();
  }
  return modSeqValue(reader, 0);
}
