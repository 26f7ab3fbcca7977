import fc from "fast-check";
import { load } from "js-yaml";
import { parse } from "yaml";
import { formatYaml, type YamlValue } from "../../mod/yaml/format.ts";
import { parseYamlSource } from "../../mod/yaml/source.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("formatYaml() writes blocks, quoted where it must be", () => {
  assertEquals(
    formatYaml({
      version: 1,
      none: undefined,
      words: ["plain", "no", "1.5", "", "a: b", "#x", "a:", "$x$i=1,2", "2026-01-31T12:00:00Z", "é"],
      empty: { list: [], mapping: {}, nothing: { at: undefined } },
      "a b": [{ name: "x", list: [true, null] }, [1, [2]]],
    }, "Two lines\nof comment."),
    `# Two lines
# of comment.

version: 1
words:
  - plain
  - "no"
  - "1.5"
  - ""
  - "a: b"
  - "#x"
  - "a:"
  - $x$i=1,2
  - 2026-01-31T12:00:00Z
  - "é"
empty:
  list: []
  mapping: {}
  nothing: {}
"a b":
  - name: x
    list:
      - true
      - null
  - - 1
    - - 2
`,
  );
});

const TEXT = fc.oneof(
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.string({
    unit: fc.constantFrom(..."ab1-:#.,$+~ \n\t\"'\\{[&*!|>%@`?\u0085\u2028\ufeff\x7f"),
    maxLength: 8,
  }),
  fc.constantFrom("no", "On", "null", "~", "-", "---", "1e3", "0x1", ".inf", "<<", "__proto__", "=", "12:30"),
);
const { value: VALUE } = fc.letrec<{ value: YamlValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    TEXT,
    fc.constantFrom(null, true, false),
    fc.double(),
    fc.integer(),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(TEXT.filter((name) => name !== "__proto__"), tie("value"), {
      maxKeys: 4,
      noNullPrototype: true,
    }),
  ),
}));

Deno.test("formatYaml() writes what reads back equal, by our reader and both libraries", () => {
  fc.assert(
    fc.property(VALUE, (value) => {
      const text = formatYaml(value, "x");
      const plain: unknown = value;
      const source = parseYamlSource(text);
      assertEquals(source.problems, [], text);
      assertEquals(source.value, plain, text);
      assertEquals(parse(text), plain, text);
      assertEquals(load(text), plain, text);
    }),
    { numRuns: 500 },
  );
});
