import fc from "fast-check";
import { compileSearch, type SearchFacts } from "../../mod/imap/search_key.ts";
import { ReadFields } from "../../mod/imap/search_text.ts";
import type { SearchKey } from "../../mod/imap/types.ts";
import { assert, assertEquals } from "../support/assert.ts";

const VIEW = [{ uid: 5, flags: 1, size: 10, internalDate: 0 }];
const CONTEXT = { view: VIEW, keywords: [], now: 0, isRecent: () => false };
const [MESSAGE] = VIEW;
const UNREAD: SearchFacts = { fields: null, found: null };

function answer(key: SearchKey, facts: SearchFacts): number {
  assert(MESSAGE);
  return compileSearch(key, CONTEXT).test(MESSAGE, 1, facts);
}

const leaf = fc.constantFrom<SearchKey>(
  { kind: "all" },
  { kind: "not", key: { kind: "all" } },
  { kind: "header", field: "subject", text: "x" },
  { kind: "header", field: "subject", text: "" },
  { kind: "on", day: 3, sent: true },
);
const tree = fc.letrec<{ key: SearchKey }>((tie) => ({
  key: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.record({ kind: fc.constant("not" as const), key: tie("key") }),
    fc.record({ kind: fc.constant("or" as const), left: tie("key"), right: tie("key") }),
    fc.record({ kind: fc.constant("and" as const), keys: fc.array(tie("key"), { maxLength: 3 }) }),
  ),
})).key;

Deno.test("compileSearch() never changes its mind when more is known", () => {
  fc.assert(
    fc.property(tree, fc.boolean(), fc.constantFrom(3, 4), (key, has, sentDay) => {
      const fields = new ReadFields(new Map(has ? [["subject", ["axb"]]] : []), sentDay);
      const early = answer(key, UNREAD);
      const late = answer(key, { fields, found: [] });
      assert(late !== 2, "with all fields known there is an answer");
      if (early !== 2) assertEquals(late, early);
    }),
    { numRuns: 500, seed: 1 },
  );
});

Deno.test("compileSearch() tells what has to be looked at", () => {
  const compiled = compileSearch({
    kind: "and",
    keys: [
      { kind: "text", text: "A" },
      { kind: "body", text: "" },
      { kind: "body", text: "B" },
      { kind: "header", field: "to", text: "x" },
      { kind: "on", day: 1, sent: true },
      { kind: "larger", octets: 5 },
    ],
  }, CONTEXT);
  assertEquals(compiled.needles, [{ text: "a", headers: true }, { text: "b", headers: false }]);
  assertEquals([...compiled.fields], ["to", "date"]);
  assertEquals([compiled.size, compiled.date], [true, false]);
});
