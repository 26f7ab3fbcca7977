import { formatProblems, parseYamlSource } from "../../mod/yaml/source.ts";
import { faultMessage } from "../../mod/yaml/fault.ts";
import { assert, assertEquals } from "../support/assert.ts";

Deno.test("faultMessage() says what to do about each mistake, where it is", () => {
  const cases: [string, string, string][] = [
    ["a:\n\tb: 1\n", "2:1", "a tab cannot indent"],
    [
      "a: [::]:25\n",
      "1:8",
      "cannot be read from here on; a value that holds [ ] { } : # or quotes needs quotes",
    ],
    ["a: b: c\n", "1:5", "cannot be read from here on"],
    ['a: "x" y\n', "1:8", "cannot be read from here on"],
    ["a: @x\n", "1:4", "cannot be read from here on"],
    ["a: 1\n b: 2\n", "2:3", "indented unlike the lines of its mapping"],
    ["a:\n  b: 1\n c: 2\n", "3:2", "indented unlike the lines of its mapping"],
    ["a 1\nb: 2\n", "2:2", "indented unlike the lines of its mapping"],
    ["a: x\nfoo\nb: 1\n", "3:2", "indented unlike the lines of its mapping"],
    ["- a\nb: 1\n", "2:1", "indented unlike the lines of its mapping"],
    ["r:\n  *: x\n", "2:6", "a key that begins with * needs quotes"],
    ["a: [1, 2\nb: 3\n", "2:1", "what a [, a { or a quote began above does not end"],
    ["a: {b: 1\n", "2:1", "what a [, a { or a quote began above does not end"],
    ["a: 'x\nb: 1\n", "2:1", "what a [, a { or a quote began above does not end"],
    ["a: 'x", "1:6", "the quote that began above does not end"],
    ["a: [1}\n", "1:6", 'a comma, "]" or "}" is missing'],
    ["l: { smtp: [::]:25 }\n", "1:16", 'a comma, "]" or "}" is missing or out of place; a value that holds'],
    ["a: [1,,2]\n", "1:7", 'a comma, "]" or "}" is missing'],
    ['a: "C:\\mail"\n', "1:8", "there is no such escape"],
    ["a: \0\n", "1:4", "a control character"],
    ["a: \x01\n", "1:4", "a control character"],
    ['a: "\x01"\n', "1:5", "a control character"],
    [`a: ${"[".repeat(200)}`, "1:103", "nested too deeply"],
    ["a: !secret x\n", "1:4", "tags are not read here"],
    ["a: !x!y\n", "1:8", "tags are not read here"],
    ["a: *secret\n", "1:4", "nothing above is named &secret"],
    ["a: &x [*x]\n", "1:8", "nothing above is named &x"],
    ["a: & b\n", "1:5", "a text that begins with & or *"],
    ["%x\na: 1\n", "2:1", "a line that begins with %"],
    ["a: |x\n b\n", "1:5", "only + or - and a digit"],
    ["[a]: 1\n", "1:1", "a key must be a name"],
    ["b: &x y\n*x : 1\n", "2:1", "a key must be a name"],
    ["a: 1\nb: 1\n'a': 2\n", "3:1", "this key is there twice"],
    ["a: 1\n# ---\n---\n", "3:1", "a second document starts here"],
    ["a: 1\n...\nb: 1\n", "2:1", "a second document starts here"],
  ];
  for (const [text, place, message] of cases) {
    const lines = formatProblems("f", parseYamlSource(text).problems);
    assertEquals(lines.length, 1, `${JSON.stringify(text)} ${lines.join("\n")}`);
    assert(lines[0]?.startsWith(`f:${place}: ${message}`), `${JSON.stringify(text)}: ${lines[0]}`);
  }
});

Deno.test("faultMessage() has words for what the parser never said so far", () => {
  assert(faultMessage("a: b", 3, "something new").startsWith("cannot be read from here on"));
});
