import fc from "fast-check";
import { assert, assertEquals } from "../support/assert.ts";
import {
  composeText,
  foldField,
  formatFields,
  formatLines,
  formatNamed,
  isAscii,
  oneLine,
} from "../../mod/mail/compose.ts";
import { fieldValue, scanHeader } from "../../mod/mail/header.ts";
import { parseAddressList } from "../../mod/mail/address_list.ts";
import { decodeWords } from "../../mod/mail/encoded_word.ts";
import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";

Deno.test("foldField() breaks long lines at spaces only", () => {
  assertEquals(foldField("A", "b c"), "A: b c\r\n");
  assertEquals(foldField("A", ""), "A:\r\n");
  const folded = foldField("Subject", "word ".repeat(40));
  assert(folded.split("\r\n").every((l) => l.length <= 78));
  assertEquals(
    fromUtf8(fieldValue(scanHeader(utf8(folded)), { name: "", start: 0, valueStart: 8, end: folded.length })),
    "word ".repeat(40).trim(),
  );
});

Deno.test("formatFields() lets nothing out of a field", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("a", " ", "\r", "\n", "\0", ":", "\t", "ü", "\u2028", "\x85") }),
      (value) => {
        const header = scanHeader(utf8(formatFields([["A", value], ["B", "x"]])));
        assertEquals(header.fields.map((f) => f.name), ["a", "b"]);
        const first = header.fields[0];
        assert(first);
        assertEquals(fromUtf8(fieldValue(header, first)), oneLine(value).replace(/ +/g, " "));
      },
    ),
  );
});

Deno.test("formatNamed() writes names that parseAddressList() reads", () => {
  const name = fc.oneof(
    fc.string(),
    fc.string({ unit: "grapheme" }),
    fc.constantFrom("Joe Q.", 'a"b\\c', "Jörg", "x, y"),
  );
  fc.assert(fc.property(name, (n) => {
    const list = parseAddressList(utf8(formatNamed(n, { local: "a b", domain: "c" })));
    assertEquals(list.length, 1);
    const found = list[0]?.name;
    assertEquals(
      found ? decodeWords(found) : "",
      oneLine(n).replace(/ {2,}/g, (s) => isAscii(n) && !n.includes("=?") ? " " : s),
    );
    assertEquals(fromUtf8(list[0]?.mailbox ?? utf8("")), "a b");
  }));
});

Deno.test("composeText() makes a message", () => {
  const text = fromUtf8(composeText([["From", "a@b"]], "Grüße", "one\ntwo"));
  assertEquals(
    text,
    "From: a@b\r\nSubject: =?utf-8?B?R3LDvMOfZQ==?=\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n" +
      "Content-Transfer-Encoding: 7bit\r\n\r\none\r\ntwo\r\n",
  );
});

Deno.test("formatLines() ends each line with CRLF", () => {
  assertEquals(formatLines("a\rb\nc\r\n\r\n"), "a\r\nb\r\nc\r\n");
  assertEquals(formatLines(""), "\r\n");
});
