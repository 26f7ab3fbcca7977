import fc from "fast-check";
import {
  ALL_RIGHTS,
  CREATE,
  DELETE,
  EVERY_LETTER,
  EXPUNGE,
  formatRights,
  LOOKUP,
  parseRights,
  READ,
  tellRights,
  WRITE_DELETED,
} from "../../mod/store/rights.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("parseRights() undoes formatRights(), and takes no other letter", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: ALL_RIGHTS }), (rights) => {
    assertEquals(parseRights(formatRights(rights)), rights);
  }));
  const known = new Set("lrswipkxteacd");
  for (let code = 0; code < 256; code++) {
    const letter = String.fromCharCode(code);
    assertEquals(parseRights(letter) !== null, known.has(letter), JSON.stringify(letter));
  }
  assertEquals([parseRights(""), parseRights("lr"), parseRights("lrL")], [0, LOOKUP | READ, null]);
});

Deno.test("rights of RFC 2086 are taken for what they stood for, and told where one of these is there", () => {
  assertEquals([parseRights("c"), parseRights("d")], [CREATE | DELETE, EXPUNGE | WRITE_DELETED]);
  assertEquals(["l", "k", "x", "t", "e", "lrxt"].map((l) => tellRights(parseRights(l) ?? 0)), [
    "l",
    "kc",
    "xc",
    "td",
    "ed",
    "lrtxcd",
  ]);
  assertEquals(EVERY_LETTER, "lrwstipekxacd");
});
