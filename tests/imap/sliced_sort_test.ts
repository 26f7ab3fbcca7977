import fc from "fast-check";
import { Slice } from "../../mod/imap/slice.ts";
import { compareText, sortSliced } from "../../mod/imap/sliced_sort.ts";
import { assert, assertEquals } from "../support/assert.ts";

Deno.test("sortSliced() sorts as sort() does, equal ones in their order, and gives others their turn", async () => {
  let now = 0;
  let pauses = 0;
  const slice = new Slice({ monotonic: () => now += 5 }, () => {
    pauses++;
    return Promise.resolve();
  });
  for (const length of [0, 1, 2, 1023, 1024, 1025, 2049, 10_000]) {
    const items = Array.from({ length }, (_, i) => ({ key: (i * 7919) % 101, i }));
    const compare = (a: { key: number }, b: { key: number }) => a.key - b.key;
    assertEquals(await sortSliced(items, compare, slice), [...items].sort(compare));
  }
  assert(pauses > 10);
});

Deno.test("compareText() compares as UTF-8 octets do", () => {
  const encoder = new TextEncoder();
  const octets = (a: Uint8Array, b: Uint8Array): number => {
    for (let i = 0; i < Math.min(a.length, b.length); i++) {
      if (a[i] !== b[i]) return (a[i] ?? 0) - (b[i] ?? 0);
    }
    return a.length - b.length;
  };
  const unit = fc.constantFrom("a", "b", "\u00e4", "\uffee", "\ud7ff", "\u{1f600}", "\u{10ffff}");
  const text = fc.string({ unit, maxLength: 5 });
  fc.assert(
    fc.property(text, text, (a, b) => {
      assertEquals(Math.sign(compareText(a, b)), Math.sign(octets(encoder.encode(a), encoder.encode(b))));
    }),
    { numRuns: 500, seed: 3 },
  );
});
