import { assertEquals } from "../support/assert.ts";
import { findPart, findSection, pickFields, type SectionText } from "../../mod/mail/section.ts";
import { scanStructure } from "../../mod/mail/structure.ts";
import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";

const INNER =
  "Subject: inner\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ndeep\r\n--b--\r\n";
const MESSAGE = "Subject: outer\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n" +
  "--a\r\nX: 1\r\n\r\nfirst\r\n" +
  `--a\r\nContent-Type: message/rfc822\r\n\r\n${INNER}\r\n` +
  "--a\r\nContent-Type: message/rfc822\r\n\r\nSubject: flat\r\n\r\nbody\r\n--a--\r\n";
const HEAD = MESSAGE.slice(0, MESSAGE.indexOf("--a"));

const TABLE: readonly [number[], SectionText, string | null][] = [
  [[], "body", MESSAGE],
  [[], "header", HEAD],
  [[], "text", MESSAGE.slice(HEAD.length)],
  [[], "mime", null],
  [[1], "body", "first"],
  [[1], "mime", "X: 1\r\n\r\n"],
  [[1], "header", null],
  [[1], "text", null],
  [[1, 1], "body", null],
  [[2], "body", INNER],
  [[2], "mime", "Content-Type: message/rfc822\r\n\r\n"],
  [[2], "header", INNER.slice(0, INNER.indexOf("--b"))],
  [[2], "text", INNER.slice(INNER.indexOf("--b"))],
  [[2, 1], "body", "deep"],
  [[2, 1], "mime", "\r\n"],
  [[2, 2], "body", null],
  [[3, 1], "body", "body"],
  [[3, 1], "mime", "Subject: flat\r\n\r\n"],
  [[3, 2], "body", null],
  [[3, 1, 1], "body", null],
  [[4], "body", null],
  [[0], "body", null],
];
for (const [path, what, expected] of TABLE) {
  Deno.test(`findSection() finds ${what} of [${path.join(".")}]`, () => {
    const range = findSection(scanStructure(utf8(MESSAGE)), path, what);
    assertEquals(range && MESSAGE.slice(range.start, range.end), expected);
  });
}

Deno.test("findSection() of a message that is no multipart", () => {
  const root = scanStructure(utf8("Subject: x\r\n\r\nbody"));
  assertEquals(findSection(root, [1], "body"), { start: 14, end: 18 });
  assertEquals(findSection(root, [1], "mime"), { start: 0, end: 14 });
  assertEquals(findPart(root, [2]), null);
  assertEquals(findPart(root, [1, 1]), null);
  const forwarded = scanStructure(utf8("Content-Type: message/rfc822\r\n\r\nSubject: y\r\n\r\nbody"));
  assertEquals(findSection(forwarded, [1], "header"), { start: 32, end: 46 });
  assertEquals(findSection(forwarded, [1, 1], "body"), { start: 46, end: 50 });
});

const FIELDS = "From: a\r\nSubject: b\r\n c\r\njunk\r\nTo : d\r\nfrom: e\r\n\r\n";
const PICKS: readonly [string[], boolean, string][] = [
  [["FROM"], false, "From: a\r\nfrom: e\r\n\r\n"],
  [["subject", "To"], false, "Subject: b\r\n c\r\nTo : d\r\n\r\n"],
  [["x"], false, "\r\n"],
  [["from"], true, "Subject: b\r\n c\r\nTo : d\r\n\r\n"],
  [[], true, "From: a\r\nSubject: b\r\n c\r\nTo : d\r\nfrom: e\r\n\r\n"],
];
for (const [names, not, expected] of PICKS) {
  Deno.test(`pickFields() ${not ? "leaves out" : "picks"} ${names.join(", ") || "nothing"}`, () => {
    assertEquals(fromUtf8(pickFields(utf8(FIELDS), names, not)), expected);
  });
}

const ENDS: readonly [string, string][] = [
  ["A: b\r\n\r\n", "A: b\r\n\r\n"],
  ["A: b\n\n", "A: b\n\r\n"],
  ["B: b\r\n\r\n", "\r\n"],
  ["\r\n", "\r\n"],
  ["\n", "\r\n"],
  ["A: b\r\n", "A: b\r\n"],
  ["A: b", "A: b\r\n"],
  ["B: b\r\n", ""],
  ["A: b\r\n\r", "A: b\r\n"],
  ["", ""],
];
for (const [header, expected] of ENDS) {
  Deno.test(`pickFields() has a blank line only where ${JSON.stringify(header)} has one`, () => {
    assertEquals(fromUtf8(pickFields(utf8(header), ["a"], false)), expected);
  });
}
