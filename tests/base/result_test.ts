import { err, ok, unreachable } from "../../mod/base/result.ts";
import { assertEquals, assertThrows } from "../support/assert.ts";

Deno.test("ok() and err() wrap; unreachable() names what got there", () => {
  assertEquals(ok(1), { ok: true, value: 1 });
  assertEquals(err("why"), { ok: false, error: "why" });
  assertThrows(() => unreachable({ kind: "x" } as never), `Cannot get here: unexpected {"kind":"x"}`);
});
