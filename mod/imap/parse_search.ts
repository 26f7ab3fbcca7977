import { fromAscii } from "../base/bytes.ts";
import { ANSWERED, DELETED, DRAFT, FLAGGED, SEEN } from "../store/store.ts";
import { parseDay } from "./date.ts";
import { parseModSeqKey } from "./parse_condstore.ts";
import { parseFetchItems } from "./parse_fetch.ts";
import { type CommandReader, OPEN, ParseFault, SPACE } from "./parse_reader.ts";
import type { FetchItem, PartialRange, ResultOptions, SearchKey, SearchReturn } from "./types.ts";

const ASTERISK = 0x2a;
const DOLLAR = 0x24;
const MINUS = 0x2d;
const COLON = 0x3a;

/** What follows SEARCH and its space (RFC 3501 6.4.4, RFC 4731). */
export interface SearchArguments extends ResultOptions {
  readonly key: SearchKey;
}

/** Decodes the octets of a search string. */
export type Decode = (bytes: Uint8Array) => string;

const FIXED: Readonly<Record<string, SearchKey>> = {
  ALL: { kind: "all" },
  SAVEDATESUPPORTED: { kind: "all" }, // RFC 8514 4.3
  NEW: { kind: "new" },
  OLD: { kind: "old" },
  RECENT: { kind: "recent" },
  ANSWERED: { kind: "flag", bit: ANSWERED, on: true },
  DELETED: { kind: "flag", bit: DELETED, on: true },
  DRAFT: { kind: "flag", bit: DRAFT, on: true },
  FLAGGED: { kind: "flag", bit: FLAGGED, on: true },
  SEEN: { kind: "flag", bit: SEEN, on: true },
  UNANSWERED: { kind: "flag", bit: ANSWERED, on: false },
  UNDELETED: { kind: "flag", bit: DELETED, on: false },
  UNDRAFT: { kind: "flag", bit: DRAFT, on: false },
  UNFLAGGED: { kind: "flag", bit: FLAGGED, on: false },
  UNSEEN: { kind: "flag", bit: SEEN, on: false },
};

/** RETURN, CHARSET and the keys, to the end of the command. */
export function parseSearch(reader: CommandReader): SearchArguments {
  const results = parseReturns(reader);
  let decode = decoder("UTF-8");
  let word = tryWord(reader);
  if (word === "CHARSET") {
    if (reader.options.charsets === false) throw new ParseFault("All is UTF-8: no CHARSET"); // RFC 6855 3
    reader.space();
    decode = decoder(reader.astringText("a charset"), results.save);
    reader.space();
    word = tryWord(reader);
  }
  return { ...results, key: parseKeys(reader, decode, word) };
}

/** Keys to the end of the command; `word` is the first one's name where that was read already. */
export function parseKeys(reader: CommandReader, decode: Decode, word = tryWord(reader)): SearchKey {
  const keys = [parseKey(reader, decode, word)];
  while (reader.tryOctet(SPACE)) keys.push(parseKey(reader, decode, tryWord(reader)));
  const [first] = keys;
  return keys.length === 1 && first ? first : { kind: "and", keys };
}

/** RETURN with its options and the space after them, where they are there. */
export function parseReturns(reader: CommandReader): ResultOptions {
  if (!reader.tryWord("RETURN")) return { returns: null, save: false, update: false, partial: null };
  reader.space();
  const returns = new Set<SearchReturn>();
  let save = false;
  let update = false;
  let partial: PartialRange | null = null;
  let updateItems: readonly FetchItem[] | null = null;
  let option = "";
  reader.list(() => {
    if (option === "UPDATE" && reader.peek === OPEN && updateItems === null) {
      updateItems = parseFetchItems(reader); // RFC 5465 7
      return;
    }
    option = reader.word("a RETURN option");
    if (option === "SAVE") save = true;
    else if (option === "UPDATE") update = true;
    // RFC 5267 4.2: only a hint that the client will ask again.
    else if (option === "CONTEXT") return;
    else if (option === "PARTIAL") {
      reader.space();
      partial = parsePartialRange(reader);
    } else if (isSearchReturn(option)) returns.add(option);
    else throw new ParseFault("Unknown RETURN option");
  }, true);
  reader.space();
  if (returns.has("ALL") && partial) throw new ParseFault("ALL and PARTIAL exclude each other"); // RFC 9394 3.1
  // RFC 4731 3.1: without any, ALL is meant; RFC 5182 2.1: SAVE alone tells nothing; nor does UPDATE.
  if (returns.size === 0 && !save && !update && !partial) returns.add("ALL");
  return { returns: [...returns], save, update, partial, ...(updateItems ? { updateItems } : {}) };
}

const RETURNS: ReadonlySet<string> = new Set<SearchReturn>(["MIN", "MAX", "ALL", "COUNT", "RELEVANCY"]);

function isSearchReturn(word: string): word is SearchReturn {
  return RETURNS.has(word);
}

/** "1:500" or "-1:-100" (RFC 9394 4). */
export function parsePartialRange(reader: CommandReader): PartialRange {
  const fromEnd = reader.tryOctet(MINUS);
  const first = reader.nzNumber("a range");
  reader.octet(COLON, "Expected ':'");
  if (reader.tryOctet(MINUS) !== fromEnd) throw new ParseFault("Invalid range");
  const second = reader.nzNumber("a range");
  return { fromEnd, from: Math.min(first, second), to: Math.max(first, second) };
}

/** Strict: text that is broken in its charset is told, not silently unfound. `saves`: for a search whose result is kept. */
export function decoder(label: string, saves = false): Decode {
  let text: TextDecoder;
  try {
    text = new TextDecoder(label, { fatal: true });
  } catch (cause) {
    if (cause instanceof RangeError) {
      throw new ParseFault("Unknown charset", saves ? "saving-charset" : "charset");
    }
    throw cause;
  }
  return (bytes) => {
    try {
      return text.decode(bytes);
    } catch (cause) {
      if (cause instanceof TypeError) throw new ParseFault("Search text is not valid in its charset");
      throw cause;
    }
  };
}

/** A key's name in capitals; null before "(" and before a sequence set or "$". */
function tryWord(reader: CommandReader): string | null {
  const c = reader.peek;
  if (c === OPEN || c === ASTERISK || c === DOLLAR || (c !== undefined && c >= 0x30 && c <= 0x39)) {
    return null;
  }
  return reader.word("a search key");
}

function parseKey(reader: CommandReader, decode: Decode, word: string | null): SearchKey {
  if (word !== null) {
    return FIXED[word] ?? parseOperator(reader, decode, word) ?? parseNumbers(reader, word) ??
      parseText(reader, decode, word);
  }
  if (reader.peek !== OPEN) return { kind: "sequence", set: reader.sequenceSet() };
  const keys: SearchKey[] = [];
  reader.enter();
  reader.list(() => keys.push(parseKey(reader, decode, tryWord(reader))));
  reader.leave();
  return { kind: "and", keys };
}

function parseOperator(reader: CommandReader, decode: Decode, word: string): SearchKey | null {
  if (word !== "NOT" && word !== "OR" && word !== "FUZZY") return null;
  reader.enter();
  reader.space();
  const first = parseKey(reader, decode, tryWord(reader));
  if (word === "FUZZY") {
    // RFC 6203 3: how fuzzy is ours to say; all that matches, matches wholly.
    reader.leave();
    return first;
  }
  let key: SearchKey = { kind: "not", key: first };
  if (word === "OR") {
    reader.space();
    key = { kind: "or", left: first, right: parseKey(reader, decode, tryWord(reader)) };
  }
  reader.leave();
  return key;
}

/** Keys with dates, sizes, sets or keywords. */
function parseNumbers(reader: CommandReader, word: string): SearchKey | null {
  switch (word) {
    case "BEFORE":
    case "SENTBEFORE":
      return { kind: "before", day: day(reader), sent: word === "SENTBEFORE" };
    case "ON":
    case "SENTON":
      return { kind: "on", day: day(reader), sent: word === "SENTON" };
    case "SINCE":
    case "SENTSINCE":
      return { kind: "since", day: day(reader), sent: word === "SENTSINCE" };
    case "LARGER":
    case "SMALLER":
      reader.space();
      // RFC 9051 has number64 here; what a message can be is far below.
      return {
        kind: word === "LARGER" ? "larger" : "smaller",
        octets: reader.number("a size", Number.MAX_SAFE_INTEGER),
      };
    case "OLDER":
    case "YOUNGER":
      reader.space();
      return { kind: word === "OLDER" ? "older" : "younger", seconds: reader.nzNumber("an interval") };
    case "MODSEQ":
      reader.space();
      return { kind: "modseq", least: parseModSeqKey(reader) };
    case "UID":
      reader.space();
      return { kind: "uid", set: reader.sequenceSet() };
    case "SAVEDBEFORE":
      return { kind: "saved", compare: "before", day: day(reader) };
    case "SAVEDON":
      return { kind: "saved", compare: "on", day: day(reader) };
    case "SAVEDSINCE":
      return { kind: "saved", compare: "since", day: day(reader) };
    case "EMAILID":
    case "THREADID":
      reader.space();
      return { kind: word === "EMAILID" ? "email-id" : "thread-id", id: fromAscii(reader.astring("an id")) };
    case "KEYWORD":
    case "UNKEYWORD":
      reader.space();
      return { kind: "keyword", keyword: reader.atom("a keyword"), on: word === "KEYWORD" };
    default:
      return null;
  }
}

function parseText(reader: CommandReader, decode: Decode, word: string): SearchKey {
  const text = (): string => {
    reader.space();
    return decode(reader.astring("search text"));
  };
  switch (word) {
    case "BODY":
      return { kind: "body", text: text() };
    case "TEXT":
      return { kind: "text", text: text() };
    case "BCC":
    case "CC":
    case "FROM":
    case "SUBJECT":
    case "TO":
      return { kind: "header", field: word.toLowerCase(), text: text() };
    case "HEADER": {
      reader.space();
      const field = reader.astringText("a field name").toLowerCase();
      return { kind: "header", field, text: text() };
    }
    default:
      throw new ParseFault(`Unknown search key ${word.slice(0, 32)}`);
  }
}

function day(reader: CommandReader): number {
  reader.space();
  const found = parseDay(fromAscii(reader.astring("a date")));
  if (found === null) throw new ParseFault("Invalid date");
  return found;
}
