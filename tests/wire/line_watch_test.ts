import { concat, utf8 } from "../../mod/base/bytes.ts";
import { LineWatch } from "../../mod/wire/line_watch.ts";
import { assertEquals } from "../support/assert.ts";

function watched(bytes: Uint8Array, size: number): string | null {
  const watch = new LineWatch();
  for (let at = 0; at < bytes.length; at += size) watch.write(bytes.subarray(at, at + size));
  watch.end();
  return watch.fault;
}

Deno.test("LineWatch finds every bare CR and LF in any chunking, among all short texts", () => {
  const alphabet = ["a", "\r", "\n"];
  let texts = [""];
  for (let length = 0; length < 6; length++) {
    texts = [
      ...texts,
      ...texts.filter((t) => t.length === length).flatMap((t) => alphabet.map((c) => t + c)),
    ];
  }
  for (const text of texts) {
    const want = /\r(?!\n)|(?<!\r)\n/.test(text) ? "bare" : null;
    for (const size of [1, 2, 3, 10]) {
      assertEquals(watched(utf8(text), size), want, `${JSON.stringify(text)} by ${size}`);
    }
  }
});

Deno.test("LineWatch finds NUL, and keeps the first fault", () => {
  assertEquals(watched(utf8("a\0b\r\n"), 1), "nul");
  assertEquals(watched(utf8("a\0b\r\n"), 100), "nul");
  assertEquals(watched(utf8("a\nb\0"), 1), "bare");
  assertEquals(watched(utf8("a\0b\n"), 1), "nul");
});

Deno.test("LineWatch is not slowed down by line ends of one kind", () => {
  const many = new Uint8Array(4 << 20).fill(0x0a);
  assertEquals(watched(many, 65536), "bare");
  assertEquals(watched(concat(Array.from({ length: 200_000 }, () => utf8("ab\r\n"))), 65536), null);
});
