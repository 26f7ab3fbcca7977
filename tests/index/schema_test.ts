import { rowOf, uidOf } from "../../mod/index/schema.ts";
import { assert, assertEquals } from "../support/assert.ts";

Deno.test("rowOf() sorts by folder, then UID, and uidOf() gives the UID back", () => {
  const top = 2 ** 32 - 1;
  assertEquals(uidOf(rowOf(3, top)), top);
  assertEquals(uidOf(rowOf(1_000_000, 1)), 1);
  assert(rowOf(3, top) < rowOf(4, 1));
  assert(Number.isSafeInteger(rowOf(2_000_000, top)));
});
