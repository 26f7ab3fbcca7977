import { IMAP_NESTING } from "../../mod/base/limits.ts";
import { CommandReader, ParseFault } from "../../mod/imap/parse_reader.ts";
import { parseSearch } from "../../mod/imap/parse_search.ts";
import type { Piece, SearchKey } from "../../mod/imap/types.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import { assertEquals } from "../support/assert.ts";
import { pieces } from "./pieces.ts";

/** Keys in short; returns in brackets. */
function parse(command: string | Piece[]): string {
  try {
    const reader = new CommandReader(typeof command === "string" ? pieces(command) : command, {
      utf8: false,
    });
    const { returns, save, partial, key } = parseSearch(reader);
    reader.end();
    const part = partial && `${partial.fromEnd ? "-" : "+"}${partial.from}:${partial.to}`;
    const options = [...returns ?? [], ...save ? ["save"] : [], ...part ? [part] : []];
    return (returns ? `[${options.join(" ")}] ` : "") + show(key);
  } catch (fault) {
    if (fault instanceof ParseFault) return `${fault.kind} ${fault.message}`;
    throw fault;
  }
}

function show(key: SearchKey): string {
  switch (key.kind) {
    case "and":
      return `(${key.keys.map(show).join(" & ")})`;
    case "or":
      return `(${show(key.left)} | ${show(key.right)})`;
    case "not":
      return `!${show(key.key)}`;
    case "sequence":
    case "uid":
      return `${key.kind} ${key.set.saved ? "$" : ""}${
        key.set.ranges.map((r) => `${r.from}:${r.to}`).join(",")
      }`;
    default: {
      const { kind, ...rest } = key;
      return [kind, ...Object.values(rest)].join(" ");
    }
  }
}

Deno.test("parseSearch() reads all keys", () => {
  const table: readonly (readonly [string, string])[] = [
    ["ALL", "all"],
    ["answered unanswered", "(flag 2 true & flag 2 false)"],
    ["DELETED UNDELETED", "(flag 8 true & flag 8 false)"],
    ["DRAFT UNDRAFT", "(flag 16 true & flag 16 false)"],
    ["FLAGGED UNFLAGGED", "(flag 4 true & flag 4 false)"],
    ["SEEN UNSEEN", "(flag 1 true & flag 1 false)"],
    ["NEW OLD RECENT", "(new & old & recent)"],
    ["KEYWORD $F UNKEYWORD x", "(keyword $F true & keyword x false)"],
    ["BEFORE 2-Jan-1970", "before 1 false"],
    ['ON "2-Jan-1970" SINCE 02-JAN-1970', "(on 1 false & since 1 false)"],
    [
      "SENTBEFORE 1-Jan-1970 SENTON 1-Jan-1970 SENTSINCE 1-Jan-1970",
      "(before 0 true & on 0 true & since 0 true)",
    ],
    ["LARGER 5 SMALLER 4294967296", "(larger 5 & smaller 4294967296)"],
    ["OLDER 5 YOUNGER 6", "(older 5 & younger 6)"],
    [
      'FROM a TO "b c" CC {d} BCC e SUBJECT ""',
      "(header from a & header to b c & header cc d & header bcc e & header subject )",
    ],
    ['HEADER X-Spam "" HEADER "Message-ID" <a@b>', "(header x-spam  & header message-id <a@b>)"],
    ["BODY x TEXT {y z}", "(body x & text y z)"],
    ["1:3,* UID 7", "(sequence 1:3,0:0 & uid 7:7)"],
    ["*", "sequence 0:0"],
    ["NOT SEEN", "!flag 1 true"],
    ["NOT NOT 1", "!!sequence 1:1"],
    ["OR SEEN 5:6", "(flag 1 true | sequence 5:6)"],
    ["OR (SEEN DRAFT) OR ALL (NEW)", "((flag 1 true & flag 16 true) | (all | (new)))"],
    ["((ALL))", "((all))"],
    ["RETURN (MIN max COUNT MIN) ALL", "[MIN MAX COUNT] all"],
    ["FUZZY SUBJECT x NOT FUZZY SEEN", "(header subject x & !flag 1 true)"],
    ["RETURN (RELEVANCY ALL) FUZZY (BODY x)", "[RELEVANCY ALL] (body x)"],
    ["FUZZY", "bad Missing argument"],
    ["RETURN (SAVE) $", "[save] sequence $"],
    ["RETURN (save MIN) UID $ NOT $", "[MIN save] (uid $ & !sequence $)"],
    ["return (PARTIAL 500:1) ALL", "[+1:500] all"],
    ["RETURN (COUNT PARTIAL -1:-100) ALL", "[COUNT -1:100] all"],
    ["RETURN (PARTIAL -1:100) ALL", "bad Invalid range"],
    ["RETURN (PARTIAL 0:100) ALL", "bad Expected a range above 0"],
    ["RETURN (ALL PARTIAL 1:2) ALL", "bad ALL and PARTIAL exclude each other"],
    ["RETURN (PARTIAL) ALL", "bad Expected a space"],
    ["RETURN(MIN) ALL", "bad Unknown search key RETURN"],
    ["1,$", "bad Invalid message set"],
    ["RETURN () CHARSET utf-8 TEXT {\u00e9}", "[ALL] text \u00e9"],
    ["CHARSET us-ascii ALL", "all"],
    ['TEXT "\u00e9"', "text \u00e9"],
    ["", "bad Expected a search key"],
    ["FOO", "bad Unknown search key FOO"],
    ["__PROTO__", "bad Unknown search key __PROTO__"],
    ["ALL ", "bad Expected a search key"],
    ["()", "bad Expected a search key"],
    ["(ALL", "bad Expected a space or the end of the list"],
    ["NOT", "bad Missing argument"],
    ["OR ALL", "bad Missing argument"],
    ["BEFORE 30-Feb-2024", "bad Invalid date"],
    ["LARGER x", "bad Expected a size"],
    ["OLDER 0", "bad Expected an interval above 0"],
    ["FROM (a)", "bad Expected search text"],
    ["RETURN (FOO) ALL", "bad Unknown RETURN option"],
    ["CHARSET utf-8", "bad Missing argument"],
    ["CHARSET klingon ALL", "charset Unknown charset"],
    ["UID x", "bad Invalid message set"],
  ];
  for (const [text, want] of table) assertEquals(parse(text), want, text);
});

Deno.test("parseSearch() decodes text from the charset that was named", () => {
  const text = (charset: string, ...octets: number[]): Piece[] => [
    { kind: "text", bytes: utf8(`CHARSET ${charset} SUBJECT `) },
    { kind: "literal", bytes: new Uint8Array(octets), binary: false },
    { kind: "text", bytes: utf8("") },
  ];
  assertEquals(parse(text("ISO-8859-1", 0xe9)), "header subject \u00e9");
  assertEquals(parse(text("koi8-r", 0xc1)), "header subject \u0430");
  assertEquals(parse(text("shift_jis", 0x82, 0xa0)), "header subject \u3042");
  assertEquals(parse(text("UTF-8", 0xe9)), "bad Search text is not valid in its charset");
});

Deno.test("parseSearch() caps nesting", () => {
  const deep = (n: number): string => "(".repeat(n) + "ALL" + ")".repeat(n);
  assertEquals(parse(deep(IMAP_NESTING)).includes("all"), true);
  assertEquals(parse(deep(IMAP_NESTING + 1)), "bad Too deeply nested");
  assertEquals(parse("NOT ".repeat(IMAP_NESTING + 1) + "ALL"), "bad Too deeply nested");
  assertEquals(parse("OR ALL ".repeat(20_000) + "ALL"), "bad Too deeply nested");
});
