import { PIECES, rowOf, signOf, stripeOf, uidOf, uidOfSign } from "../../mod/index/schema.ts";
import { assert, assertEquals } from "../support/assert.ts";

Deno.test("rowOf() sorts by folder, then UID, and uidOf() gives the UID back", () => {
  const top = 2 ** 32 - 1;
  assertEquals(uidOf(rowOf(3, top)), top);
  assertEquals(uidOf(rowOf(1_000_000, 1)), 1);
  assert(rowOf(3, top) < rowOf(4, 1));
  assert(Number.isSafeInteger(rowOf(2_000_000, top)));
});

Deno.test("signOf() and stripeOf() keep messages and blocks apart", () => {
  const top = 2 ** 32 - 1;
  assertEquals(uidOfSign(signOf(60_000, top, PIECES - 1)), top);
  assert(signOf(3, 7, PIECES - 1) < signOf(3, 8));
  assert(signOf(3, top, PIECES - 1) < signOf(4, 0));
  assert(stripeOf(1, 8191) < stripeOf(2, 0));
  assert(Number.isSafeInteger(signOf(100_000, top, PIECES - 1)));
});
