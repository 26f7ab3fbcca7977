import { keywordBit, keywordNames, keywordNumber, knownBits, toNamed } from "../../mod/store/flags.ts";
import { DELETED, SEEN } from "../../mod/store/store.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("keywordBit() gives each keyword a bit of its own above the system flags", () => {
  const bits = Array.from({ length: 26 }, (_, k) => keywordBit(k));
  assertEquals(new Set(bits).size, 26);
  for (const bit of bits) assertEquals(bit > 16 && bit <= 2 ** 30, true);
});

Deno.test("keywordNumber() compares without case, an exact match first", () => {
  assertEquals(keywordNumber(["Work", "work"], "work"), 1);
  assertEquals(keywordNumber(["Work"], "WORK"), 0);
  assertEquals(keywordNumber(["Work"], "wor"), -1);
});

Deno.test("keywordNames() leaves out numbers without a name", () => {
  assertEquals(keywordNames(keywordBit(0) | keywordBit(1) | keywordBit(2) | SEEN, ["a", "", "c"]), [
    "a",
    "c",
  ]);
  assertEquals(keywordNames(keywordBit(25), ["a"]), []);
});

Deno.test("toNamed() and knownBits() carry flags between mailboxes", () => {
  const named = toNamed(SEEN | DELETED | keywordBit(1), ["x", "y"]);
  assertEquals(named, { system: SEEN | DELETED, keywords: ["y"] });
  assertEquals(knownBits(["Y", "new", "NEW", "x"], ["y"]), { bits: keywordBit(0), missing: ["new", "x"] });
});
