import { type Finding, judge } from "../../mod/inbound/verdict.ts";
import { REPLY } from "../../mod/smtp/reply.ts";
import { assertEquals } from "../support/assert.ts";

const hint: Finding = { check: "reverse-name", reason: "no name", score: 1, refuse: null };
const later: Finding = { check: "greylist", reason: "first try", score: 0, refuse: REPLY.greylisted };
const rate: Finding = { check: "rate", reason: "too many", score: 1, refuse: REPLY.tooManyMessages };
const never: Finding = { check: "helo", reason: "a lie", score: 3, refuse: REPLY.heloRefused };

Deno.test("judge() adds up, and lets the refusal for good win", () => {
  assertEquals(judge([]), { score: 0, reasons: "", refuse: null });
  assertEquals(judge([hint]), { score: 1, reasons: "reverse-name: no name", refuse: null });
  assertEquals(judge([later, rate]).refuse, REPLY.greylisted);
  assertEquals(judge([later, never, rate]), {
    score: 4,
    reasons: "greylist: first try; helo: a lie; rate: too many",
    refuse: REPLY.heloRefused,
  });
});
