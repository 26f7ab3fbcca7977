import {
  asciiLower,
  asciiUpper,
  concat,
  fromAscii,
  fromUtf8,
  sameBytes,
  utf8,
} from "../../mod/base/bytes.ts";
import { assert, assertEquals } from "../support/assert.ts";

Deno.test("asciiUpper() and asciiLower() touch A-Z and a-z, over all 256 octets", () => {
  for (let i = 0; i < 256; i++) {
    const c = String.fromCharCode(i);
    const letter = /[a-z]/i.test(c);
    assertEquals(asciiUpper(c), letter ? c.toUpperCase() : c);
    assertEquals(asciiLower(c), letter ? c.toLowerCase() : c);
  }
  assertEquals(asciiUpper("ıſ"), "ıſ", "letters that fold into ASCII stay");
});

Deno.test("concat() joins, and gives a single chunk as it is", () => {
  const one = utf8("a");
  assert(concat([one]) === one);
  assertEquals(concat([utf8("a"), utf8(""), utf8("bc")]), utf8("abc"));
  assertEquals(concat([]).length, 0);
});

Deno.test("sameBytes() compares length and octets", () => {
  assert(sameBytes(utf8("ab"), utf8("ab")));
  assert(!sameBytes(utf8("ab"), utf8("ac")));
  assert(!sameBytes(utf8("ab"), utf8("abc")));
});

Deno.test("fromUtf8() keeps a BOM and replaces what is broken; fromAscii() gives a character an octet", () => {
  assertEquals(fromUtf8(new Uint8Array([0xef, 0xbb, 0xbf, 0x61])), "\ufeffa");
  assertEquals(fromUtf8(new Uint8Array([0xff])), "\ufffd");
  assertEquals(fromAscii(new Uint8Array([0x41, 0x0d, 0xe9])).length, 3);
});
