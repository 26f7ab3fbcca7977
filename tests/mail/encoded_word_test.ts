import fc from "fast-check";
import { assert, assertEquals } from "../support/assert.ts";
import { decodeWords, encodeWords } from "../../mod/mail/encoded_word.ts";
import { octets } from "./dovecot_answers.ts";

const TABLE: readonly [string, string][] = [
  ["plain", "plain"],
  ["=?utf-8?q?J=C3=A4?=", "Jä"],
  ["=?UTF-8?B?SsOk?= x", "Jä x"],
  ["=?iso-8859-1?Q?a_b=E4?=", "a bä"],
  ["=?utf-8?q?a?= =?utf-8?q?b?=", "ab"],
  ["=?utf-8?q?a?=\t =?utf-8?q?b?= c", "ab c"],
  ["x =?utf-8?q?a?= y", "x a y"],
  ["=?utf-8?q?a?= x =?utf-8?q?b?=", "a x b"],
  // RFC 2047 8's table
  ["(=?ISO-8859-1?Q?a?= b)", "(a b)"],
  ["(=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=)", "(a b)"],
  // One character cut in two, by words and by base64 quanta
  ["=?utf-8?q?=C3?= =?utf-8?q?=A4?=", "ä"],
  ["=?utf-8?B?w6TD?= =?utf-8?B?pA==?=", "ää"],
  ["=?utf-8*en?q?a?=", "a"],
  ["=?utf-8?q?a b?=", "a b"],
  ["=?utf-8?x?a?=", "=?utf-8?x?a?="],
  ["=?utf-8?q?a", "=?utf-8?q?a"],
  ["=?utf-8?q?a=ZZ?=", "a=ZZ"],
  ["=?no-such?q?=E4?=", "ä"],
  ["=?utf-8?b??=", ""],
  ["a=?utf-8?q?b?=c", "abc"],
  ["J\xe4 =?utf-8?q?x?=", "Jä x"],
  ["J\xc3\xa4", "Jä"],
];
for (const [text, expected] of TABLE) {
  Deno.test(`decodeWords() reads ${JSON.stringify(text)}`, () =>
    assertEquals(decodeWords(octets(text)), expected));
}

Deno.test("encodeWords() writes short words that decodeWords() reads", () => {
  assertEquals(encodeWords("plain text"), "plain text");
  const text = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.string({ unit: fc.constantFrom("ä", "日", "😀", "a", " ", "=?") }),
  );
  fc.assert(fc.property(text, (t) => {
    const encoded = encodeWords(t);
    if (/^[\x20-\x7e]*$/.test(encoded) && encoded !== t) {
      for (const w of encoded.split(" ")) assert(w.length <= 75);
    }
    assertEquals(decodeWords(encoded), t);
  }));
});

Deno.test("decodeWords() survives anything in time", () => {
  const text = fc.string({
    unit: fc.constantFrom("=?", "?=", "?", "q", "b", "utf-8", "=", "_", " ", "A", "\r\n", "ä"),
  });
  fc.assert(fc.property(text, (t) => assert(typeof decodeWords(t) === "string")));
  for (
    const t of [
      "=?".repeat(20_000),
      "=?a?q?".repeat(10_000),
      "=?utf-8?q?a?= ".repeat(5000),
      "?=".repeat(20_000),
    ]
  ) {
    assert(decodeWords(t).length > 0);
  }
});
