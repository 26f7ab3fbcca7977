import { timingSafeEqual } from "@std/crypto";
import { assertEquals } from "../support/assert.ts";

Deno.test("@std/crypto: timingSafeEqual() compares octets of any view; lengths may differ", () => {
  const a = new Uint8Array([0, 1, 2, 3]);
  assertEquals(timingSafeEqual(a.subarray(1, 3), new Uint8Array([1, 2])), true);
  assertEquals(timingSafeEqual(a, new Uint8Array([0, 1, 2, 4])), false);
  assertEquals(timingSafeEqual(a, a.subarray(1)), false);
  assertEquals(timingSafeEqual(a.buffer, a), true);
});
