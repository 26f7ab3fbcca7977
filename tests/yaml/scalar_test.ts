import fc from "fast-check";
import { parse } from "yaml";
import { plainScalar } from "../../mod/yaml/scalar.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("plainScalar() follows the core schema of YAML 1.2", () => {
  const cases: [string, unknown][] = [
    ["", null],
    ["~", null],
    ["Null", null],
    ["nULL", "nULL"],
    ["true", true],
    ["FALSE", false],
    ["no", "no"],
    ["on", "on"],
    ["y", "y"],
    ["12", 12],
    ["-0x10", "-0x10"],
    ["0x1F", 31],
    ["0o17", 15],
    ["017", 17],
    ["+1.5e3", 1500],
    [".5", 0.5],
    ["5.", 5],
    [".", "."],
    ["1_000", "1_000"],
    ["12:30", "12:30"],
    ["-.inf", -Infinity],
    [".NaN", NaN],
    ["2026-01-31", "2026-01-31"],
    ["1e999", Infinity],
    ["constructor", "constructor"],
  ];
  for (const [text, value] of cases) assertEquals(plainScalar(text), value, text);
});

Deno.test("plainScalar() reads numbers and words as the library does that edits files", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(..."0123456789.eE+-oxXaAfFnNiItrulsyY~"), maxLength: 7 }),
      (text) => {
        // What is no plain scalar at all is not ours to tell.
        if (/^[-+]?$|^(---|\.\.\.)$/.test(text)) return;
        assertEquals(plainScalar(text), parse(text), text);
      },
    ),
    { numRuns: 2000 },
  );
});
