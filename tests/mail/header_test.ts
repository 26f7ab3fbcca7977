import fc from "fast-check";
import { assert, assertEquals } from "../support/assert.ts";
import {
  allFields,
  FieldCursor,
  fieldValue,
  firstField,
  HeaderSplitter,
  rawField,
  scanHeader,
  unfold,
} from "../../mod/mail/header.ts";
import { concat, fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { everyChunking } from "./chunking.ts";

const TABLE: readonly [string, readonly [string, string][], string][] = [
  ["Subject: a\r\nFrom: b\r\n\r\nbody", [["subject", "a"], ["from", "b"]], "body"],
  ["SUBJECT:a\r\n\tb\r\n  c\r\n\r\n", [["subject", "a\tb  c"]], ""],
  ["Subject : a\r\nX-Other\t:b\r\n\r\nx", [["subject", "a"], ["x-other", "b"]], "x"],
  ["From x@y Mon Jul\r\nA: b\r\n\r\nx", [["a", "b"]], "x"],
  ["junk\r\n more: junk\r\nA: b\r\n:no name\r\nC: d\r\n\r\nx", [["a", "b"], ["c", "d"]], "x"],
  [" leading: x\r\nA: b\r\n\r\nx", [["a", "b"]], "x"],
  ["A: b\nC: d\n\nx", [["a", "b"], ["c", "d"]], "x"],
  ["A: b", [["a", "b"]], ""],
  ["A: b\r\n", [["a", "b"]], ""],
  ["A:", [["a", ""]], ""],
  ["\r\nA: b\r\n", [], "A: b\r\n"],
  ["\nA: b", [], "A: b"],
  ["", [], ""],
  ["A: b\r\n \r\nC: d\r\n\r\nx", [["a", "b"], ["c", "d"]], "x"],
  ["A: x\ry\r\n\r\n", [["a", "x y"]], ""],
];
for (const [text, fields, body] of TABLE) {
  Deno.test(`scanHeader() reads ${JSON.stringify(text)}`, () => {
    const h = scanHeader(utf8(text));
    assertEquals(h.fields.map((f) => [f.name, fromUtf8(fieldValue(h, f))] as [string, string]), [...fields]);
    assertEquals(text.slice(h.bodyStart), body);
  });
}

Deno.test("firstField(), allFields(), rawField()", () => {
  const h = scanHeader(utf8("A: 1\r\n 2\r\nB: 3\r\na: 4\r\n\r\n"));
  const a = firstField(h, "a");
  assert(a);
  assertEquals(fromUtf8(rawField(h, a)), "A: 1\r\n 2\r\n");
  assertEquals(allFields(h, "a").length, 2);
  assertEquals(firstField(h, "x"), null);
});

Deno.test("scanHeader() starts and stops where it is told", () => {
  const h = scanHeader(utf8("zzA: b\r\n\r\nC: d\r\n"), 2, 10);
  assertEquals(h.fields.length, 1);
  assertEquals(h.bodyStart, 10);
});

Deno.test("FieldCursor.is() compares ASCII case only", () => {
  const f = new FieldCursor(utf8("K\u0131nd: x\r\n"));
  assert(f.next());
  assert(!f.is("kind"));
});

Deno.test("unfold() replaces what no IMAP string may hold", () => {
  assertEquals(fromUtf8(unfold(utf8(" a\0b\rc\r\n d \r\n"))), "a\ufffdb c d");
});

for (
  const text of [
    "A: b\r\nC: d\r\n\r\nbody\r\n\r\nmore",
    "A: b\n\nbody",
    "\r\nbody",
    "\nbody",
    "A: b\r\n\r\n",
    "A: b\r\n",
    "A\r\r\n\r\nx",
  ]
) {
  Deno.test(`HeaderSplitter finds the end of ${JSON.stringify(text)} in every chunking`, () => {
    const end = /^\r?\n|\n\r?\n/.exec(text);
    const size = end ? end.index + end[0].length : text.length;
    for (const chunks of everyChunking(utf8(text))) {
      const splitter = new HeaderSplitter(100);
      let rest = "";
      for (const c of chunks) rest += fromUtf8(c.subarray(splitter.write(c)));
      assertEquals(fromUtf8(splitter.header()), text.slice(0, size));
      assertEquals(rest, text.slice(size));
      assertEquals([splitter.done, splitter.overflow], [end !== null, false]);
    }
  });
}

Deno.test("HeaderSplitter stops at its cap in every chunking", () => {
  for (const [max, overflow] of [[9, true], [10, false]] as const) {
    for (const chunks of everyChunking(utf8("A: b-cd\n\n\nbody"), 14)) {
      const splitter = new HeaderSplitter(max === 9 ? 8 : 9);
      let taken = 0;
      for (const c of chunks) taken += splitter.write(c);
      assertEquals([splitter.overflow, splitter.done], [overflow, !overflow]);
      assertEquals(taken, splitter.header().length);
      assertEquals(taken, max === 9 ? 8 : 9);
    }
  }
});

Deno.test("scanHeader() survives anything, and its fields lie in order", () => {
  const bytes = fc.array(fc.constantFrom(0, 9, 10, 13, 32, 58, 65, 97, 200), { maxLength: 200 }).map((a) =>
    Uint8Array.from(a)
  );
  fc.assert(fc.property(bytes, (b) => {
    let at = 0;
    const h = scanHeader(b);
    for (const f of h.fields) {
      assert(at <= f.start && f.start < f.valueStart && f.valueStart <= f.end);
      at = f.end;
    }
    assert(at <= h.bodyStart && h.bodyStart <= b.length);
    const splitter = new HeaderSplitter(1000);
    const cut = splitter.write(b);
    assertEquals(concat([splitter.header(), b.subarray(cut)]), b);
  }));
});
