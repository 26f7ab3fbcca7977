import fc from "fast-check";
import { parseDocument } from "yaml";
import { quickstartConfig } from "../../mod/config/template.ts";
import { formatProblems, parseYamlSource } from "../../mod/yaml/source.ts";
import { assert, assertEquals } from "../support/assert.ts";

Deno.test("parseYamlSource() knows where keys and values stand", () => {
  const source = parseYamlSource(
    "a: 1\nlisten:\n  smtp: [x,\n    y]\n  deep:\n    - {k: v}\nempty:\nlast: z\n",
  );
  assertEquals(source.problems, []);
  const cases: [(string | number)[], "key" | "value", number, number][] = [
    [[], "value", 1, 1],
    [["a"], "value", 1, 4],
    [["a"], "key", 1, 1],
    [["listen", "smtp", 1], "value", 4, 5],
    [["listen", "deep", 0, "k"], "value", 6, 11],
    [["listen", "deep", 0, "k"], "key", 6, 8],
    [["listen", "missing"], "value", 3, 3],
    [["empty"], "value", 7, 1],
    [["a", "under a scalar"], "value", 1, 4],
    [["nowhere", "at", "all"], "value", 1, 1],
  ];
  for (const [path, part, line, column] of cases) {
    assertEquals(source.position(path, part), { line, column }, `${path.join(".")} ${part}`);
  }
});

Deno.test("parseYamlSource() tells faults of syntax with their place, and never throws", () => {
  const lines = (text: string) => formatProblems("f.yaml", parseYamlSource(text).problems);
  assertEquals(lines("a: 1\na: 2\n"), ["f.yaml:2:1: this key is there twice; keep one of them"]);
  assert(lines("a: [1, 2\nb: 3\n").length > 0);
  assert(lines("a: 1\n---\nb: 2\n").length > 0, "two documents");
  const bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" +
    [..."bcdefgh"].map((c, i) => `${c}: &${c} [${Array(10).fill(`*${"abcdefg"[i]}`).join(",")}]\n`).join("");
  assert(lines(bomb)[0]?.includes("alias"), "aliases that unfold without end");
  fc.assert(fc.property(fc.string({ unit: fc.constantFrom(..."a:-[]{}\"'&*!|> \n\t#,?1") }), (text) => {
    const source = parseYamlSource(text);
    source.position(["a", 0, "b"]);
    assert(source.problems.every((p) => p.position.line >= 1 && p.position.column >= 1));
  }));
});

/** What the library that edits files reads; null where it finds faults. */
function otherReading(text: string): { readonly value: unknown } | null {
  const document = parseDocument(text, { logLevel: "error" });
  if (document.errors.length > 0) return null;
  try {
    return { value: document.toJS({ maxAliasCount: 100 }) };
  } catch {
    return null; // aliases without end
  }
}

Deno.test("parseYamlSource() reads files as the library does that edits them", async () => {
  const bad = new URL("../config/bad/", import.meta.url);
  const owner = { local: "o'neil+x", domain: "example.org" };
  const texts = [
    quickstartConfig({ hostname: "mail.example.org", data: "/var/lib/roost", closed: true, owner }),
  ];
  for await (const { name } of Deno.readDir(bad)) {
    texts.push(await Deno.readTextFile(new URL(`${name}/roost.yaml`, bad)));
  }
  for (const text of texts) {
    const source = parseYamlSource(text);
    assertEquals(source.problems.length > 0 ? null : { value: source.value }, otherReading(text), text);
  }
  const unit = fc.constantFrom(..."ab1:-  \n\n\"'[]{},#~.", "a: ", "- ", "\n  ", "x\n", "null", "0x1", "no");
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 14 }), (text) => {
      const source = parseYamlSource(text);
      const other = otherReading(text);
      // They do not agree on every broken text.
      if (source.problems.length === 0 && other !== null) assertEquals(source.value, other.value, text);
    }),
    { numRuns: 1000 },
  );
});
