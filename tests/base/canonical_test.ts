import fc from "fast-check";
import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { bareLines, canonicalInto, endOfHeader } from "../../mod/base/canonical.ts";
import { assertEquals } from "../support/assert.ts";

const canonical = (text: string) => text.replace(/(?<!\r)\n/g, "\r\n");
const TEXTS = ["", "\n", "\r\n", "\r", "a\nb\r\nc\rd\n\n", "\n\r\n\r\r\n", "no end", "x\r\ny\r\n"];

Deno.test("bareLines() and canonicalInto() give each bare LF its CR, whatever came before", () => {
  for (const text of TEXTS) {
    for (const before of ["", "\r", "x"]) {
      const whole = canonical(before + text).slice(canonical(before).length);
      const bytes = utf8(text);
      const previous = before.charCodeAt(0) || 0;
      assertEquals(bareLines(bytes, previous), whole.length - text.length);
      const into = new Uint8Array(bytes.length * 2);
      assertEquals(fromUtf8(into.subarray(0, canonicalInto(bytes, into, previous))), whole);
    }
  }
});

Deno.test("canonicalInto() is the same wherever the octets lie", () => {
  const text = fc.array(
    fc.constantFrom("\n", "\r\n", "\r", "a", "\x0b", "\x8a", "bcdefgh", "ijklmnopqrstuvwx"),
    {
      maxLength: 40,
    },
  );
  fc.assert(fc.property(text, fc.nat(9), fc.nat(9), (parts, before, offset) => {
    const whole = parts.join("");
    const bytes = Uint8Array.from("\n".repeat(before) + whole, (c) => c.charCodeAt(0)).subarray(before);
    const into = new Uint8Array(bytes.length * 2 + offset).subarray(offset);
    const written = canonicalInto(bytes, into);
    assertEquals(String.fromCharCode(...into.subarray(0, written)), canonical(whole));
    assertEquals(written, bytes.length + bareLines(bytes));
  }));
});

Deno.test("endOfHeader() finds the blank line, whatever the line ends", () => {
  const cases: readonly (readonly [string, number])[] = [
    ["", 0],
    ["a: b", 0],
    ["a: b\n", 0],
    ["a: b\r\n", 0],
    ["\nbody", 1],
    ["\r\nbody", 2],
    ["a: b\n\nbody", 6],
    ["a: b\r\n\r\nbody\r\n\r\n", 8],
    ["a: b\n\r\nbody", 7],
    ["a: b\n\rc: d\n\n", 12],
  ];
  for (const [text, end] of cases) assertEquals(endOfHeader(utf8(text)), end, JSON.stringify(text));
});
