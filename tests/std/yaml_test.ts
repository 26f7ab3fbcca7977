import { parse, stringify } from "@std/yaml";
import { assertEquals, assertThrows } from "../support/assert.ts";

Deno.test("@std/yaml: parse() and stringify() are inverse; broken YAML throws", () => {
  const value = { a: [1, "two"], b: { c: null } };
  assertEquals(parse(stringify(value)), value);
  assertThrows(() => parse("a: [1"));
});
