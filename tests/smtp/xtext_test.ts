import fc from "fast-check";
import { xtext } from "../../mod/smtp/client_envelope.ts";
import { decodeXtext } from "../../mod/smtp/xtext.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("decodeXtext() is strict: capital digits, nothing raw that must be coded, nothing but printable ASCII", () => {
  const table: [string, string | null][] = [
    ["", ""],
    ["QQ314159", "QQ314159"],
    ["a+2Bb+3Dc+20d", "a+b=c d"],
    ["a+2b", null],
    ["a+2", null],
    ["a+", null],
    ["a=b", null],
    ["a b", null],
    ["a+0D+0A", null],
    ["a+00", null],
    ["a+7F", null],
    ["a+C3+A4", null],
    ["ä", null],
  ];
  for (const [text, want] of table) assertEquals(decodeXtext(text), want, text);
});

Deno.test("decodeXtext() reads back what xtext() writes", () => {
  fc.assert(fc.property(fc.string(), (text) => {
    const plain = text.replace(/[^ -~]/g, "");
    assertEquals(decodeXtext(xtext(plain)), plain);
  }));
});
