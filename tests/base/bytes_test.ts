import {
  asciiLower,
  asciiUpper,
  concat,
  fromAscii,
  fromUtf8,
  holdsNul,
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

Deno.test("holdsNul() finds a NUL at any place, and takes no other octet for one", () => {
  for (const size of [0, 1, 63, 64, 65, 79, 80, 81, 130]) {
    for (const offset of [0, 1, 2, 3]) {
      for (const filled of [0x01, 0x7f, 0x80, 0xff]) {
        const bytes = new Uint8Array(size + offset).fill(filled).subarray(offset);
        assertEquals(holdsNul(bytes), false, `${size} of ${filled}`);
        for (let at = 0; at < size; at++) {
          bytes[at] = 0;
          assertEquals(holdsNul(bytes), true, `${size}, NUL at ${at}`);
          bytes[at] = filled;
        }
      }
    }
  }
  assertEquals(holdsNul(new Uint8Array(256 * 100).map((_, i) => i % 255 + 1)), false);
});
