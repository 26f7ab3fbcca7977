import { WRONG_TOKEN_FORGET, WRONG_TOKEN_WAIT } from "../../mod/base/limits.ts";
import { WrongTokens } from "../../mod/status/wrong_tokens.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("WrongTokens makes a network wait longer each time, and no other", () => {
  const wrong = new WrongTokens();
  const waits = Array.from({ length: 10 }, (_, i) => wrong.failed(i, "203.0.113.9"));
  assertEquals(waits, [0, 0, 0, 250, 500, 1000, 2000, 4000, WRONG_TOKEN_WAIT, WRONG_TOKEN_WAIT]);
  assertEquals(wrong.failed(10, "203.0.113.10"), 0);
  assertEquals(wrong.failed(10 + WRONG_TOKEN_FORGET, "203.0.113.9"), 0);
  const six = Array.from({ length: 5 }, (_, i) => wrong.failed(i, `2001:db8::${i}`));
  assertEquals(six.at(-1), 500, "a whole /64 belongs to one");
  assertEquals(wrong.failed(0, "odd"), 0);
});
