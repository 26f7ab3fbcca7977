import { SearchHints } from "../../mod/imap/search_hints.ts";
import { Slice } from "../../mod/imap/slice.ts";
import type { WordIndex } from "../../mod/store/mail_index.ts";
import { assert, assertEquals } from "../support/assert.ts";

const slice = new Slice({ monotonic: () => 0 }, () => Promise.resolve());
const NEEDLES = [{ text: "one", headers: true }, { text: "tw", headers: false }];

function hints(count: number, upTo: number, took: () => number = () => 0) {
  const asked: [number, number][] = [];
  const words: WordIndex & { upTo: number } = {
    upTo,
    mayHold: ({ text }: { readonly text: string }, from: number, to: number) => {
      if (text.length < 3) return null;
      asked.push([from, to]);
      return [30];
    },
    fill: () => {},
    wants: () => false,
    put: () => {},
    hold: () => () => {},
  };
  const view = Array.from(
    { length: count },
    (_, i) => ({ uid: (i + 1) * 10, flags: 0, size: 0, internalDate: 0 }),
  );
  let now = 0;
  const made = new SearchHints(words, NEEDLES, view, () => now += took());
  return { made, asked, words };
}

Deno.test("SearchHints tells for each needle where it is not", async () => {
  const { made } = hints(10, 50);
  assertEquals(made.of(10), null);
  await made.ask(1, slice);
  assertEquals([made.of(10), made.of(30)], [[false, null], [null, null]]);
  assertEquals([made.knows(50), made.knows(60), made.of(60)], [true, false, null]);
  await made.ask(6, slice);
  assertEquals(made.of(60), null);
});

Deno.test("SearchHints says nothing where the index has lost its end between two questions", async () => {
  const { made, words } = hints(10, 50);
  const answer = words.mayHold;
  words.mayHold = (needle, from, to) => {
    const held = answer({ ...needle, text: "any" }, from, to);
    words.upTo = 20;
    return held;
  };
  await made.ask(1, slice);
  assertEquals([made.of(10), made.of(40)], [[false, null], [false, null]]);
});

Deno.test("SearchHints asks for more at a time while answers come quickly, for less when they are slow", async () => {
  const quick = hints(100_000, 1e9);
  for (let seq = 1; seq <= 100_000; seq++) if (!quick.made.knows(seq * 10)) await quick.made.ask(seq, slice);
  assert(quick.asked.length < 25);
  const slow = hints(2000, 1e9, () => 10);
  for (let seq = 1; seq <= 2000; seq++) if (!slow.made.knows(seq * 10)) await slow.made.ask(seq, slice);
  assert(slow.asked.length > 25);
});
