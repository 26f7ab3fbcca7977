import { clockIsSet, NO_ROOST_BEFORE } from "../../mod/base/clock.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("clockIsSet() believes no clock that stands where machines without a battery start", () => {
  for (const time of [0, Date.UTC(1970, 0, 1), Date.UTC(2000, 0, 1), Date.UTC(2025, 11, 31)]) {
    assertEquals(clockIsSet(time), false);
  }
  for (const time of [NO_ROOST_BEFORE, Date.UTC(2026, 10, 22)]) assertEquals(clockIsSet(time), true);
});
