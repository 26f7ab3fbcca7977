import { fromAscii } from "../base/bytes.ts";
import { ANSWERED, DELETED, DRAFT, FLAGGED, SEEN } from "../store/store.ts";
import { parseDay } from "./date.ts";
import { type CommandReader, OPEN, ParseFault, SPACE } from "./parse_reader.ts";
import type { SearchKey, SearchReturn } from "./types.ts";

const ASTERISK = 0x2a;

/** What follows SEARCH and its space (RFC 3501 6.4.4, RFC 4731). */
export interface SearchArguments {
  readonly returns: readonly SearchReturn[] | null;
  readonly key: SearchKey;
}

/** Decodes the octets of a search string. */
type Decode = (bytes: Uint8Array) => string;

const FIXED: Readonly<Record<string, SearchKey>> = {
  ALL: { kind: "all" },
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
  let returns: SearchReturn[] | null = null;
  let decode = decoder("UTF-8");
  let word = tryWord(reader);
  if (word === "RETURN") {
    reader.space();
    returns = parseReturns(reader);
    reader.space();
    word = tryWord(reader);
  }
  if (word === "CHARSET") {
    if (reader.options.charsets === false) throw new ParseFault("All is UTF-8: no CHARSET"); // RFC 6855 3
    reader.space();
    decode = decoder(reader.astringText("a charset"));
    reader.space();
    word = tryWord(reader);
  }
  const keys = [parseKey(reader, decode, word)];
  while (reader.tryOctet(SPACE)) keys.push(parseKey(reader, decode, tryWord(reader)));
  const [first] = keys;
  return { returns, key: keys.length === 1 && first ? first : { kind: "and", keys } };
}

function parseReturns(reader: CommandReader): SearchReturn[] {
  const returns: SearchReturn[] = [];
  reader.list(() => {
    const option = reader.word("a RETURN option");
    if (option !== "MIN" && option !== "MAX" && option !== "ALL" && option !== "COUNT") {
      throw new ParseFault("Unknown RETURN option");
    }
    if (!returns.includes(option)) returns.push(option);
  }, true);
  return returns.length > 0 ? returns : ["ALL"];
}

/** Strict: text that is broken in its charset is told, not silently unfound. */
function decoder(label: string): Decode {
  let text: TextDecoder;
  try {
    text = new TextDecoder(label, { fatal: true });
  } catch (cause) {
    if (cause instanceof RangeError) throw new ParseFault("Unknown charset", "charset");
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

/** A key's name in capitals; null before "(" and before a sequence set. */
function tryWord(reader: CommandReader): string | null {
  const c = reader.peek;
  if (c === OPEN || c === ASTERISK || (c !== undefined && c >= 0x30 && c <= 0x39)) return null;
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
  if (word !== "NOT" && word !== "OR") return null;
  reader.enter();
  reader.space();
  const first = parseKey(reader, decode, tryWord(reader));
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
    case "UID":
      reader.space();
      return { kind: "uid", set: reader.sequenceSet() };
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
