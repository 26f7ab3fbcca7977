import { fromUtf8 } from "../../mod/base/bytes.ts";
import { HeaderSpans, type SpannedField } from "../../mod/imap/header_spans.ts";
import { assertEquals } from "../support/assert.ts";
import { latin1 } from "./pieces.ts";

const spans = new HeaderSpans();

Deno.test("HeaderSpans finds the first field of each name, with its value and end", () => {
  const mail = "X: y\r\nSUBJECT : one\r\n two\r\nto:\r\nFrom: a\r\nSubject: three\r\n\r\nCc: body\r\n";
  const header = latin1(mail);
  spans.read(header);
  const value = (name: SpannedField) => {
    const i = spans.find(name);
    return i < 0 ? null : fromUtf8(header.subarray(spans.valueStart(i), spans.end(i)));
  };
  assertEquals([value("subject"), value("to"), value("from"), value("cc")], [
    " one\r\n two\r\n",
    "\r\n",
    " a\r\n",
    null,
  ]);
  assertEquals([spans.count, spans.doubled, spans.tooMany], [4, true, false]);
  assertEquals(spans.start(0), mail.indexOf("SUBJECT"));
  assertEquals([spans.is(3, "subject"), spans.is(3, "to")], [true, false]);
});

Deno.test("HeaderSpans forgets the header before, and says when it has not all", () => {
  spans.read(latin1("To: a\r\n".repeat(100)));
  assertEquals([spans.count, spans.doubled, spans.tooMany], [64, true, true]);
  spans.read(latin1("Date: x\n\n"));
  assertEquals([spans.count, spans.doubled, spans.tooMany, spans.find("to")], [1, false, false, -1]);
});

Deno.test("HeaderSpans gathers fields, where they are neither too long nor too many", () => {
  const header = latin1("X: y\r\nSubject: one\r\n two\r\nSender: s\r\nTO: a\r\nTo: b\r\n\r\nCc: body\r\n");
  spans.read(header);
  const gathered = (most: number) => {
    const found = spans.gathered(header, 0, ["sender", "cc"], most);
    return found && fromUtf8(found);
  };
  const all = "\0Subject: one\r\n two\r\nTO: a\r\nTo: b\r\n";
  assertEquals([gathered(99), gathered(all.length), gathered(all.length - 1)], [all, all, null]);
  spans.read(latin1("To: a\r\n".repeat(100)));
  assertEquals(gathered(9999), null);
});
