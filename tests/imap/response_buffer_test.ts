import { fromAscii, fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { ResponseBuffer } from "../../mod/imap/response_buffer.ts";
import { assertEquals, assertThrows } from "../support/assert.ts";

Deno.test("ResponseBuffer.number() writes the digits String() would", () => {
  const numbers = [0, 1, 9, 10, 99, 100, 999, 1000, 123456, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 53 - 1];
  for (let n = 1; n < 2 ** 53; n *= 7) numbers.push(n);
  const out = new ResponseBuffer(1);
  for (const n of numbers) {
    out.number(n);
    out.byte(0x20);
  }
  assertEquals(fromAscii(out.take()), numbers.map((n) => `${n} `).join(""));
});

Deno.test("ResponseBuffer grows and hands over what was written", () => {
  const out = new ResponseBuffer(2);
  out.ascii("abc");
  out.text("\u00e9\u{1f60a}");
  out.bytes(utf8("xyz"));
  assertEquals(out.length, 12);
  const first = out.take();
  assertEquals(fromUtf8(first), "abc\u00e9\u{1f60a}xyz");
  assertEquals(out.length, 0);
  out.ascii("later");
  assertEquals(fromUtf8(first), "abc\u00e9\u{1f60a}xyz");
  assertEquals(fromAscii(out.take()), "later");
});

Deno.test("ResponseBuffer.take() never gives memory that is written to again", () => {
  const out = new ResponseBuffer(1000);
  out.ascii("small");
  const small = out.take();
  out.ascii("LARGE".repeat(100));
  const large = out.take();
  out.ascii("x".repeat(900));
  assertEquals(fromAscii(small), "small");
  assertEquals(fromAscii(large), "LARGE".repeat(100));
});

Deno.test("ResponseBuffer.truncate() takes back, copyFrom() copies", () => {
  const out = new ResponseBuffer(4);
  out.ascii("one two");
  const copy = out.copyFrom(4);
  out.truncate(3);
  assertEquals(fromAscii(copy), "two");
  assertEquals(fromAscii(out.take()), "one");
  assertThrows(() => out.truncate(1));
});

Deno.test("ResponseBuffer writes a range of octets, and again what it holds, growing as it must", () => {
  const out = new ResponseBuffer(4);
  out.range(utf8("abcdef"), 1, 4);
  out.range(utf8("abcdef"), 2, 2);
  out.again(1, 3);
  for (let i = 0; i < 6; i++) out.again(0, out.length);
  assertEquals(fromUtf8(out.take()), "bcdcd".repeat(64));
});

Deno.test("ResponseBuffer.text() writes what the encoder would, whatever the length", () => {
  for (const n of [0, 1, 63, 64, 65, 200]) {
    for (const end of ["", "z", "\u007f", "\u0080", "\u00e9", "\u{1f60a}", "\ud800"]) {
      const out = new ResponseBuffer(1);
      out.text("a".repeat(n) + end);
      assertEquals(out.take(), utf8("a".repeat(n) + end));
    }
  }
});
