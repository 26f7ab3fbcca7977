import { fromAscii } from "../../mod/base/bytes.ts";
import { planFetch, setsSeen } from "../../mod/imap/fetch_plan.ts";
import { parseFetchItems } from "../../mod/imap/parse_fetch.ts";
import { CommandReader } from "../../mod/imap/parse_reader.ts";
import { assertEquals } from "../support/assert.ts";
import { pieces } from "./pieces.ts";

const items = (text: string) => parseFetchItems(new CommandReader(pieces(text), { utf8: false }));

Deno.test("planFetch() asks for no more than the items need", () => {
  const table: readonly (readonly [string, string])[] = [
    ["(FLAGS UID RFC822.SIZE INTERNALDATE)", ""],
    ["ENVELOPE", "content header"],
    ["BODY", "content structure"],
    ["BODYSTRUCTURE", "content structure"],
    ["BODY[]", "content"],
    ["RFC822", "content"],
    ["BODY[HEADER.FIELDS (a)]", "content header"],
    ["BODY[TEXT]", "content header"],
    ["BODY[1]", "content structure"],
    ["BODY[1.MIME]", "content structure"],
  ];
  for (const [text, want] of table) {
    const { needs } = planFetch(items(text), false);
    const got = (["content", "header", "structure"] as const).filter((n) => needs[n]).join(" ");
    assertEquals(got, want, text);
  }
});

Deno.test("planFetch() labels sections as the response names them", () => {
  const table: readonly (readonly [string, string])[] = [
    ["BODY.PEEK[]", "BODY[] "],
    ["BODY[1.2.MIME]<5.6>", "BODY[1.2.MIME]<5> "],
    ['BODY[header.fields (Date "X y")]', 'BODY[HEADER.FIELDS (Date "X y")] '],
    ["RFC822.TEXT", "RFC822.TEXT "],
  ];
  for (const [text, want] of table) {
    const [item] = planFetch(items(text), false).items;
    assertEquals(item?.kind === "section" ? fromAscii(item.label) : "", want);
  }
});

Deno.test("planFetch() adds the UID of UID FETCH once", () => {
  const kinds = (text: string, uid: boolean) => planFetch(items(text), uid).items.map((i) => i.kind);
  assertEquals(kinds("FLAGS", true), ["UID", "FLAGS"]);
  assertEquals(kinds("(FLAGS UID)", true), ["FLAGS", "UID"]);
  assertEquals(kinds("FLAGS", false), ["FLAGS"]);
});

Deno.test("setsSeen() knows what marks a message as read", () => {
  for (const text of ["BODY[]", "BODY[HEADER]", "RFC822", "RFC822.TEXT"]) {
    assertEquals(setsSeen(items(text)), true, text);
  }
  for (const text of ["BODY.PEEK[]", "RFC822.HEADER", "BODY", "ENVELOPE", "ALL"]) {
    assertEquals(setsSeen(items(text)), false, text);
  }
});
