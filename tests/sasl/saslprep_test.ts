import { saslPrep } from "../../mod/sasl/saslprep.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("saslPrep() does what RFC 4013 3 shows", () => {
  const table: [string, string | null][] = [
    ["I\u00adX", "IX"],
    ["user", "user"],
    ["USER", "USER"],
    ["\u00aa", "a"],
    ["\u2168", "IX"],
    ["\u0007", null],
    ["\u0627\u0031", null],
  ];
  for (const [text, want] of table) assertEquals(saslPrep(text), want, JSON.stringify(text));
});

Deno.test("saslPrep() maps spaces, drops what counts for nothing, composes, keeps emoji, and refuses the rest", () => {
  const table: [string, string | null][] = [
    ["", ""],
    ["a\u00a0b\u3000c", "a b c"],
    ["a\u200bb\ufe0fc\u2060", "abc"],
    ["u\u0308", "\u00fc"],
    ["\ufb01", "fi"],
    ["p\u{1f511}w", "p\u{1f511}w"],
    ["\u05d0\u05d1", "\u05d0\u05d1"],
    ["\u05d0\u0031\u05d1", "\u05d0\u0031\u05d1"],
    ["\u05d0a\u05d1", null],
    ["\u05d0\u05d11", null],
    ["\ue000", null],
    ["\ufdd0", null],
    ["\u{1fffe}", null],
    ["\ud800", null],
    ["\u2028", null],
    ["\u202e", null],
    ["\ufffd", null],
    ["a\u007f", null],
    ["\u{e0041}", null],
  ];
  for (const [text, want] of table) assertEquals(saslPrep(text), want, JSON.stringify(text));
});
