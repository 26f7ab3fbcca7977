import { checkYaml, entry, leaf, list, mapping, required, section, shown } from "../../mod/yaml/schema.ts";
import { formatProblems, parseYamlSource } from "../../mod/yaml/source.ts";
import { assertEquals } from "../support/assert.ts";

const word = leaf("a word", (x) => typeof x === "string" ? x.toUpperCase() : undefined);
const number = leaf("a number", (x) => typeof x === "number" ? x : undefined);
const schema = section({
  name: required(word, "the name"),
  size: entry(number, 7, "the size"),
  tags: entry(list(word), ["none"], "tags"),
  inner: entry(section({ deep: entry(number, 1, "deep"), deeper: entry(number, 2, "deeper") }), {}, "inner"),
  map: entry(mapping(word, number), {}, "a map"),
});

function check(text: string): unknown {
  const r = checkYaml(parseYamlSource(text), schema);
  return r.ok ? r.value : formatProblems("f", r.error);
}

Deno.test("checkYaml() fills in what is left out or left empty", () => {
  const filled = { name: "X", size: 7, tags: ["NONE"], inner: { deep: 1, deeper: 2 }, map: {} };
  assertEquals(check("name: x"), filled);
  assertEquals(check("name: x\nsize:\ninner:\nmap:\n"), filled);
  assertEquals(check("name: x\ninner: {deep: 3}\nmap: {a: 1}\n"), {
    ...filled,
    inner: { deep: 3, deeper: 2 },
    map: { A: 1 },
  });
});

Deno.test("checkYaml() tells all faults at once, each with its place and what is allowed", () => {
  assertEquals(
    check("nam: x\nsize: big\ntags: {a: b}\ninner:\n  dep: 1\n  zzz: 1\n  deep: [1]\nmap: {a: x, b: y}\n"),
    [
      'f:1:1: name: missing; write "name: VALUE"',
      'f:1:1: nam: unknown key; did you mean "name"? known here are name, size, tags, inner, map',
      'f:2:7: size: "big" is not a number',
      "f:3:7: tags: a mapping is not a list ([A, B], or lines with a hyphen)",
      'f:5:3: inner.dep: unknown key; did you mean "deep"? known here are deep, deeper',
      "f:6:3: inner.zzz: unknown key; known here are deep, deeper",
      "f:7:9: inner.deep: a list is not a number",
      'f:8:10: map.a: "x" is not a number',
      'f:8:16: map.b: "y" is not a number',
    ],
  );
  assertEquals(check("- a\n"), ["f:1:1: a list is not a mapping (KEY: VALUE lines)"]);
  assertEquals(check("name: [\n"), formatProblems("f", parseYamlSource("name: [\n").problems));
});

Deno.test("shown() keeps a value short and on one line", () => {
  assertEquals(shown("a\n\x1b[31mb"), '"a\\n\\u001b[31mb"');
  assertEquals(shown("x".repeat(100)).length, 58);
  assertEquals([shown(null), shown([]), shown({}), shown(true)], [
    "an empty value",
    "a list",
    "a mapping",
    "true",
  ]);
});
