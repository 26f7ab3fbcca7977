import { parseEvents } from "js-yaml";
import { UNFOLDED_ALIASES } from "../../mod/base/limits.ts";
import { buildTree } from "../../mod/yaml/tree.ts";
import { assert, assertEquals } from "../support/assert.ts";

const tree = (text: string) => buildTree(text, parseEvents(text, {}));

Deno.test("buildTree() keeps values, aliases and merge keys as they are written", () => {
  const cases: [string, unknown][] = [
    ["", null],
    ["# x\n", null],
    ["...\n", null],
    ["x", "x"],
    ["a: &l [1, '2', \"3\"]\nb: *l\n", { a: [1, "2", "3"], b: [1, "2", "3"] }],
    ["a: &x 1\nb: &x 2\nc: *x\n", { a: 1, b: 2, c: 2 }],
    ["<<: {a: 1}\n", { "<<": { a: 1 } }],
    ["a:\n- |\n  x\n   y\n- >-\n  x\n  y\n", { a: ["x\n y\n", "x y"] }],
    ["1: a\n0x10: b\n~: c\n", { "1": "a", "16": "b", "": "c" }],
    ["? a\n: b\n? c\n", { a: "b", c: null }],
  ];
  for (const [text, value] of cases) {
    const { root, faults } = tree(text);
    assertEquals(faults, [], text);
    assertEquals(root?.value ?? null, value, text);
  }
});

Deno.test("buildTree() makes members of names that objects have, and changes no object but its own", () => {
  const value = tree("__proto__: {polluted: true}\nconstructor: 1\n").root?.value;
  assert(typeof value === "object" && value !== null);
  assertEquals(Object.getPrototypeOf(value), Object.prototype);
  assertEquals(Object.keys(value), ["__proto__", "constructor"]);
  assertEquals("polluted" in {}, false);
});

Deno.test("buildTree() bounds what aliases unfold to, and shares what they name", () => {
  const list = `a: &a [${Array(98).fill("x").join(", ")}]\nb:\n`;
  const uses = (n: number) => list + "- *a\n".repeat(n);
  const most = Math.floor(UNFOLDED_ALIASES / 99);
  assertEquals(tree(uses(most)).faults, []);
  const over = tree(uses(most + 50)).faults;
  assertEquals(over.length, 1);
  assertEquals(over[0]?.offset, uses(most).length + 2);
  const nested = "a: &a [x, x]\nb: &b [*a, *a]\n" +
    [..."cdefghijklmnop"].map((c, i) => `${c}: &${c} [*${"bcdefghijklmno"[i]}, *${"bcdefghijklmno"[i]}]\n`)
      .join("");
  assertEquals(tree(nested).faults.length, 1);
});
