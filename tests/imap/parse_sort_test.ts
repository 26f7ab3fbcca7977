import { CommandReader, ParseFault } from "../../mod/imap/parse_reader.ts";
import { parseSort, parseThread } from "../../mod/imap/parse_sort.ts";
import { assertEquals } from "../support/assert.ts";
import { pieces } from "./pieces.ts";

function read(parse: (reader: CommandReader) => string, text: string): string {
  try {
    const reader = new CommandReader(pieces(text), { utf8: false });
    const read = parse(reader);
    reader.end();
    return read;
  } catch (fault) {
    if (fault instanceof ParseFault) return `${fault.kind} ${fault.message}`;
    throw fault;
  }
}

const sort = (reader: CommandReader): string => {
  const { criteria, key, returns } = parseSort(reader);
  const shown = criteria.map(({ key, reverse }) => (reverse ? "-" : "") + key);
  return [...returns ?? [], shown.join(), key.kind].join(" ");
};
const thread = (reader: CommandReader): string => {
  const { algorithm, key } = parseThread(reader);
  return `${algorithm} ${key.kind}`;
};

Deno.test("parseSort() reads criteria, charset and keys", () => {
  const table: readonly (readonly [string, string])[] = [
    ["(SUBJECT) UTF-8 SINCE 1-Feb-1994", "SUBJECT since"],
    ["(subject reverse date) us-ascii ALL", "SUBJECT,-DATE all"],
    ['(REVERSE CC REVERSE TO ARRIVAL SIZE FROM) "UTF-8" NOT SEEN', "-CC,-TO,ARRIVAL,SIZE,FROM not"],
    ["(DISPLAYFROM DISPLAYTO) UTF-8 ALL UNSEEN", "DISPLAYFROM,DISPLAYTO and"],
    ["RETURN (MIN COUNT) (DATE) UTF-8 ALL", "MIN COUNT DATE all"],
    ["RETURN (SAVE) (DATE) UTF-8 ALL", "bad SAVE and UPDATE are for SEARCH"],
    ["() UTF-8 ALL", "bad Expected a sort key"],
    ["(REVERSE) UTF-8 ALL", "bad Expected a space"],
    ["(REVERSE REVERSE DATE) UTF-8 ALL", "bad Unknown sort key REVERSE"],
    ["(SENDER) UTF-8 ALL", "bad Unknown sort key SENDER"],
    ["(DATE) klingon ALL", "charset Unknown charset"],
    ["(DATE) UTF-8", "bad Missing argument"],
    ["DATE UTF-8 ALL", "bad Expected a list"],
  ];
  for (const [text, want] of table) assertEquals(read(sort, text), want, text);
});

Deno.test("parseThread() reads algorithm, charset and keys", () => {
  const table: readonly (readonly [string, string])[] = [
    ["ORDEREDSUBJECT UTF-8 SINCE 5-MAR-2000", "ORDEREDSUBJECT since"],
    ["references US-ASCII ALL", "REFERENCES all"],
    ['REFS "utf-8" TEXT "x" 1:*', "REFS and"],
    ["SUBJECT UTF-8 ALL", "bad Unknown threading algorithm"],
    ["REFS klingon ALL", "charset Unknown charset"],
    ["REFS UTF-8", "bad Missing argument"],
  ];
  for (const [text, want] of table) assertEquals(read(thread, text), want, text);
});
