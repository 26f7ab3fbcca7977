import { utf8 } from "../../mod/base/bytes.ts";
import { parseFetchItems } from "../../mod/imap/parse_fetch.ts";
import { CommandReader, ParseFault } from "../../mod/imap/parse_reader.ts";
import type { FetchItem } from "../../mod/imap/types.ts";
import { assertEquals } from "../support/assert.ts";

/** Items in short, or the fault. */
function parse(text: string): string {
  try {
    const reader = new CommandReader([{ kind: "text", bytes: utf8(text) }], { utf8: false });
    const items = parseFetchItems(reader);
    reader.end();
    return items.map(show).join(" ");
  } catch (fault) {
    if (fault instanceof ParseFault) return `BAD ${fault.message}`;
    throw fault;
  }
}

function show(item: FetchItem): string {
  if (item.kind !== "section") return item.kind;
  const { section: { part, text, fields }, partial, peek, name } = item;
  const inner = [part.join("."), text, fields.join(",")].join("|");
  return `${name}${peek ? "?" : ""}[${inner}]${partial ? `<${partial.offset}+${partial.length}>` : ""}`;
}

Deno.test("parseFetchItems() reads items, macros and sections", () => {
  const table: readonly (readonly [string, string])[] = [
    ["FAST", "FLAGS INTERNALDATE RFC822.SIZE"],
    ["all", "FLAGS INTERNALDATE RFC822.SIZE ENVELOPE"],
    ["FULL", "FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY"],
    ["(flags uid Envelope)", "FLAGS UID ENVELOPE"],
    ["(FLAGS FLAGS BODY BODYSTRUCTURE)", "FLAGS BODY BODYSTRUCTURE"],
    ["BODY", "BODY"],
    ["BODY[]", "BODY[||]"],
    ["body.peek[]", "BODY?[||]"],
    ["BODY[]<0.1>", "BODY[||]<0+1>"],
    ["BODY[]<4294967295.4294967295>", "BODY[||]<4294967295+4294967295>"],
    ["BODY[TEXT]", "BODY[|TEXT|]"],
    ["BODY[header]", "BODY[|HEADER|]"],
    ["BODY[1]", "BODY[1||]"],
    ["BODY[1.2.3]", "BODY[1.2.3||]"],
    ["BODY[1.MIME]", "BODY[1|MIME|]"],
    ["BODY[1.2.TEXT]<5.6>", "BODY[1.2|TEXT|]<5+6>"],
    ['BODY.PEEK[HEADER.FIELDS (DATE "X-y")]', "BODY?[|HEADER.FIELDS|DATE,X-y]"],
    ["BODY.PEEK[1.HEADER.FIELDS.NOT (a)]", "BODY?[1|HEADER.FIELDS.NOT|a]"],
    ["RFC822", "RFC822[||]"],
    ["RFC822.HEADER", "RFC822.HEADER?[|HEADER|]"],
    ["RFC822.TEXT", "RFC822.TEXT[|TEXT|]"],
    ["(RFC822.SIZE BODY[1] BODY[2])", "RFC822.SIZE BODY[1||] BODY[2||]"],
    ["()", "BAD Expected a FETCH item"],
    ["(FAST)", "BAD Unknown FETCH item FAST"],
    ["(ALL FLAGS)", "BAD Unknown FETCH item ALL"],
    ["FLAGS UID", "BAD Unexpected argument"],
    ["FLAGSX", "BAD Unknown FETCH item FLAGSX"],
    ["BODY.PEEK", "BAD Expected '[' after BODY.PEEK"],
    ["BODY[MIME]", "BAD MIME needs a part number"],
    ["BODY[0]", "BAD Expected a part number above 0"],
    ["BODY[1.]", "BAD Invalid section"],
    ["BODY[.1]", "BAD Invalid section"],
    ["BODY[1", "BAD Invalid section"],
    ["BODY[FOO]", "BAD Invalid section"],
    ["BODY[HEADER.FIELDS]", "BAD Expected a list of field names"],
    ["BODY[HEADER.FIELDS ()]", "BAD Expected a field name"],
    ["BODY[TEXT.1]", "BAD Invalid section"],
    ["BODY[]<0.0>", "BAD Expected a length above 0"],
    ["BODY[]<0>", "BAD Invalid partial"],
    ["BODY[]<-1.5>", "BAD Expected an offset"],
    ["BODY[]<0.4294967296>", "BAD Number too large"],
    ["BODY[]<0.1>x", "BAD Invalid partial"],
    ["FLAGS<0.1>", "BAD Unexpected argument"],
    [`BODY[${"1.".repeat(100)}1]`, "BAD Too deeply nested"],
  ];
  for (const [text, want] of table) assertEquals(parse(text), want, text);
});
