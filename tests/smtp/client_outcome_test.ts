import type { ClientReply } from "../../mod/smtp/client_reply.ts";
import { accepts, outcomeOf, rcptOutcome, sameForAll, verdictOf } from "../../mod/smtp/client_outcome.ts";
import { assertEquals } from "../support/assert.ts";

function reply(code: number, status: string | null = null): ClientReply {
  return { code, status, lines: ["text"] };
}

Deno.test("outcomeOf() takes 5xx for good and all else for now", () => {
  const cases: readonly (readonly [ClientReply, string, string])[] = [
    [reply(550, "5.1.1"), "failed", "5.1.1"],
    [reply(550), "failed", "5.0.0"],
    [reply(450, "4.2.1"), "deferred", "4.2.1"],
    [reply(450), "deferred", "4.0.0"],
    [reply(354), "deferred", "4.5.0"],
    [reply(250, "2.0.0"), "deferred", "4.5.0"],
  ];
  for (const [given, kind, status] of cases) {
    const outcome = outcomeOf(given, "rcpt");
    assertEquals([outcome.kind, "status" in outcome && outcome.status], [kind, status], `${given.code}`);
    assertEquals(accepts(given), given.code === 250);
  }
});

Deno.test("rcptOutcome() tells too many recipients from a full mailbox", () => {
  const cases: readonly (readonly [ClientReply, string, boolean])[] = [
    [reply(452, "4.5.3"), "4.5.3", true],
    [reply(452), "4.0.0", true],
    [reply(452, "4.2.2"), "4.2.2", false],
    [reply(552, "5.5.3"), "4.5.3", true],
    [reply(552, "5.2.2"), "5.2.2", false],
  ];
  for (const [given, status, again] of cases) {
    const outcome = rcptOutcome(given);
    assertEquals(outcome.kind !== "delivered" && [outcome.status, outcome.again], [status, again]);
  }
});

Deno.test("verdictOf() and sameForAll() speak for those the message is for", () => {
  assertEquals(verdictOf(reply(250)).kind, "delivered");
  assertEquals(verdictOf(reply(554)).kind, "failed");
  const all = sameForAll(verdictOf(reply(250)), 3);
  assertEquals(all.kind === "answered" && all.outcomes.length, 3);
});
