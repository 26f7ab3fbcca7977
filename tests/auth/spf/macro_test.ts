import fc from "fast-check";
import { parseDomainSpec, parseMacroString } from "../../../mod/auth/spf/macro.ts";
import { assert, assertEquals } from "../../support/assert.ts";

const D = { letter: "d", escaped: false, keep: Infinity, reversed: false, delimiters: "." } as const;

Deno.test("parseMacroString() reads letters, transformers and delimiters", () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ["", []],
    ["plain.text", ["plain.text"]],
    ["%{d}", [D]],
    ["%{D}", [{ ...D, escaped: true }]],
    ["a%{d}b", ["a", D, "b"]],
    ["%{d2}", [{ ...D, keep: 2 }]],
    ["%{dr}", [{ ...D, reversed: true }]],
    ["%{d0012R-.+,/_=}", [{ ...D, keep: 12, reversed: true, delimiters: "-.+,/_=" }]],
    ["%{d99999999999999999999}", [{ ...D, keep: 1e20 }]],
    ["100%%%_%-x", ["100% %20x"]],
    ["%%{d}", ["%{d}"]],
    ["%%%{d}", ["%", D]],
  ];
  for (const [text, wanted] of cases) {
    assertEquals<unknown>(parseMacroString(text, "domain"), { ok: true, value: wanted }, text);
  }
});

Deno.test("parseMacroString() refuses what is none", () => {
  for (
    const text of [
      ..."%|%a|%{|%{}|%{d|%{x}|%{dd}|%{rd}|%{d-2}|%{d0}|%{d00r}|%{d;}|%(d)|a b|a\tb|\x7f|\0|\u00fc|%{d }|% {d}|\u212a"
        .split("|"),
    ]
  ) {
    assert(!parseMacroString(text, "domain").ok, text);
  }
});

Deno.test("parseMacroString() takes spaces and c, r, t in explanations only", () => {
  for (const text of ["a b", "%{c}", "%{R}", "%{t}"]) {
    assert(parseMacroString(text, "explanation").ok, text);
    assert(!parseMacroString(text, "modifier").ok, text);
    assert(!parseMacroString(text, "domain").ok, text);
  }
});

Deno.test("parseDomainSpec() wants a macro or a top label at the end", () => {
  for (
    const text of [
      "a.b",
      "a.b.",
      ".b",
      "%{d}",
      "a%{d}",
      "a.%%",
      "a%_",
      "x%-",
      "a.b-c",
      "a.1-2",
      "a.x1",
      "a/b.c",
      "%{d}.com",
      "a.1--2",
    ]
  ) assert(parseDomainSpec(text).ok, text);
  for (
    const text of [
      "",
      "a",
      "a.",
      ".",
      "a..",
      "a.1",
      "a.-b",
      "a.b-",
      "a.b_c",
      "%{d}a",
      "%{d}.",
      "a.b/24",
      "%%-",
      "a.}",
      "a.%%x",
      "a.b:c",
    ]
  ) assert(!parseDomainSpec(text).ok, text);
});

Deno.test("the parsers take any text, quickly", () => {
  const text = fc.string({ unit: fc.constantFrom(..."%{}dlsipr09.-+/_ a\0\u00fc") });
  fc.assert(fc.property(text, (t) => {
    parseDomainSpec(t);
    parseMacroString(t, "explanation");
  }));
  for (const unit of ["%{d}", "%{", "a.", "1", "%", "a-", "%{d1r.}", "-"]) {
    parseDomainSpec(unit.repeat(65_536 / unit.length));
  }
});
