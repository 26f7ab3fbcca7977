/** SORT and THREAD (RFC 5256 5, RFC 5957 4). */
import { type CommandReader, ParseFault } from "./parse_reader.ts";
import { decoder, parseKeys, parseReturns, type SearchArguments } from "./parse_search.ts";
import type { SortCriterion, SortKey, ThreadAlgorithm } from "./types.ts";

const KEYS: ReadonlySet<string> = new Set<SortKey>([
  "ARRIVAL",
  "CC",
  "DATE",
  "DISPLAYFROM",
  "DISPLAYTO",
  "FROM",
  "RELEVANCY",
  "SIZE",
  "SUBJECT",
  "TO",
]);

/** What follows SORT and its space. */
export function parseSort(
  reader: CommandReader,
): SearchArguments & { readonly criteria: readonly SortCriterion[] } {
  const results = parseReturns(reader);
  // RFC 5182 2.1; and CONTEXT=SORT is not offered.
  if (results.save || results.update) throw new ParseFault("SAVE and UPDATE are for SEARCH");
  const criteria: SortCriterion[] = [];
  reader.list(() => {
    let word = reader.word("a sort key");
    const reverse = word === "REVERSE";
    if (reverse) {
      reader.space();
      word = reader.word("a sort key");
    }
    if (!isSortKey(word)) throw new ParseFault(`Unknown sort key ${word.slice(0, 32)}`);
    criteria.push({ key: word, reverse });
  });
  reader.space();
  return { ...results, criteria, key: parseCharsetAndKeys(reader) };
}

/** What follows THREAD and its space. */
export function parseThread(
  reader: CommandReader,
): Pick<SearchArguments, "key"> & { readonly algorithm: ThreadAlgorithm } {
  const algorithm = reader.word("a threading algorithm");
  if (algorithm !== "ORDEREDSUBJECT" && algorithm !== "REFERENCES" && algorithm !== "REFS") {
    throw new ParseFault("Unknown threading algorithm");
  }
  reader.space();
  return { algorithm, key: parseCharsetAndKeys(reader) };
}

function parseCharsetAndKeys(reader: CommandReader): SearchArguments["key"] {
  const decode = decoder(reader.astringText("a charset"));
  reader.space();
  return parseKeys(reader, decode);
}

function isSortKey(word: string): word is SortKey {
  return KEYS.has(word);
}
