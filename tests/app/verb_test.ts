import { table } from "../../mod/app/verb.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("table() aligns columns and leaves no spaces at line ends", () => {
  assertEquals(
    table([["a", "long one", ""], ["bcd", "x", "y"], ["e"]]),
    "a    long one\nbcd  x         y\ne",
  );
  assertEquals(table([]), "");
});
