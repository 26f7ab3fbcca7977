import { parseName, parseQuestionName } from "../../mod/dns/name.ts";
import { assertEquals } from "../support/assert.ts";

const LONG = "a".repeat(63);

const CASES: readonly (readonly [string, string | null])[] = [
  ["example.org", "example.org"],
  ["EXAMPLE.Org.", "example.org"],
  ["_dmarc.example.org", "_dmarc.example.org"],
  [".", ""],
  ["", null],
  ["..", null],
  [".example.org", null],
  ["example..org", null],
  ["exa mple.org", null],
  ["exam\u00efple.org", null],
  ["a\r\nb.org", null],
  ["a\0b", null],
  [`${LONG}.org`, `${LONG}.org`],
  [`${LONG}a.org`, null],
  [`${LONG}.${LONG}.${LONG}.${"a".repeat(61)}`, `${LONG}.${LONG}.${LONG}.${"a".repeat(61)}`],
  [`${LONG}.${LONG}.${LONG}.${"a".repeat(62)}`, null],
];

Deno.test("parseName() takes what can be in the DNS and nothing else", () => {
  for (const [text, expected] of CASES) assertEquals(parseName(text), expected, text);
});

Deno.test("parseQuestionName() takes spaces, too, and is else the same", () => {
  for (const [text, expected] of CASES) {
    assertEquals(parseQuestionName(text), text === "exa mple.org" ? text : expected, text);
  }
});

Deno.test("parseName() lowers A to Z only", () => {
  assertEquals(parseName("K\u212a.org"), null);
});
