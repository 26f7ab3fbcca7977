import fc from "fast-check";
import { fromAscii, utf8 } from "../../mod/base/bytes.ts";
import { ResponseBuffer } from "../../mod/imap/response_buffer.ts";
import { inRanges, readSet, resolveSet, writeRanges, writeSet } from "../../mod/imap/set.ts";
import { assertEquals } from "../support/assert.ts";

/** The ranges read, as text, and what is left; null when refused. */
function read(text: string): string | null {
  const found = readSet(utf8(text), 0);
  if (!found) return null;
  return found.set.ranges.map((r) => `${r.from || "*"}:${r.to || "*"}`).join(" ") + "|" +
    text.slice(found.end);
}

Deno.test("readSet() reads sequence sets", () => {
  const table: readonly (readonly [string, string | null])[] = [
    ["1", "1:1|"],
    ["*", "*:*|"],
    ["1:*", "1:*|"],
    ["*:1", "*:1|"],
    ["4294967295", "4294967295:4294967295|"],
    ["1:4294967295,*", "1:4294967295 *:*|"],
    ["5:2,7 (FLAGS)", "5:2 7:7| (FLAGS)"],
    ["1x", "1:1|x"],
    ["4294967296", null],
    ["99999999999999999999", null],
    ["0", null],
    ["01", null],
    ["1:0", null],
    ["1,", null],
    ["1:", null],
    [",1", null],
    ["1,,2", null],
    ["-1", null],
    ["1: 2", null],
    ["", null],
    ["$", null],
    ["1:2:3", "1:2|:3"],
  ];
  for (const [text, want] of table) assertEquals(read(text), want, text);
});

Deno.test("resolveSet() sorts, merges and fills in the star", () => {
  const table: readonly (readonly [string, number, string])[] = [
    ["1:3,2:5,7", 9, "1-5 7-7"],
    ["5:2", 9, "2-5"],
    ["*", 9, "9-9"],
    ["12:*", 9, "9-12"],
    ["*:12", 9, "9-12"],
    ["*,1", 0, "1-1"],
    ["1:*", 0, ""],
    ["3,1,2", 9, "1-3"],
    ["1,3", 9, "1-1 3-3"],
  ];
  for (const [text, star, want] of table) {
    const set = readSet(utf8(text), 0)?.set ?? { ranges: [] };
    assertEquals(resolveSet(set, star).map((r) => `${r.low}-${r.high}`).join(" "), want, text);
  }
});

Deno.test("inRanges() and writeSet() agree with a plain list of numbers", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { maxLength: 30 }), (unsorted) => {
      const numbers = unsorted.toSorted((a, b) => a - b);
      const out = new ResponseBuffer(4);
      writeSet(out, numbers);
      const text = out.take();
      if (numbers.length === 0) return assertEquals(text.length, 0);
      const ranges = resolveSet(readSet(text, 0)?.set ?? { ranges: [] }, 0);
      for (let n = 0; n <= 41; n++) {
        assertEquals(inRanges(ranges, n), numbers.includes(n), `${fromAscii(text)} ${n}`);
      }
    }),
    { numRuns: 200, seed: 1 },
  );
});

Deno.test("writeSet() keeps the order it is given", () => {
  const out = new ResponseBuffer();
  writeSet(out, [5, 3, 4, 9, 8]);
  assertEquals(fromAscii(out.take()), "5,3:4,9,8");
});

Deno.test("writeRanges() writes what resolveSet() gives", () => {
  const out = new ResponseBuffer();
  writeRanges(out, [{ low: 1, high: 3 }, { low: 7, high: 7 }, { low: 9, high: 4294967294 }]);
  assertEquals(fromAscii(out.take()), "1:3,7,9:4294967294");
});
