import { assert, assertEquals } from "../support/assert.ts";
import { SeededRandom } from "../support/seeded_random.ts";
import { feedbackOf, lineOfAttempt, unforeseen } from "../../mod/queue/outcome.ts";
import { applied, newMessage } from "../../mod/queue/record.ts";
import { TERMS } from "../../mod/queue/schedule.ts";
import type { RecipientOutcome } from "../../mod/queue/transport.ts";
import { delivered, envelope, notDelivered } from "./rig.ts";

const TO = ["a@x.test", "b@x.test"];
const MESSAGE = newMessage({ id: "1", created: 0, envelope: envelope(TO), size: 1, offset: 1 });

function line(outcomes: readonly RecipientOutcome[], now = 1000, aborted = false) {
  const attempt = { destination: "x.test", places: [0, 1], outcomes, aborted };
  return lineOfAttempt(MESSAGE, attempt, now, new SeededRandom(1));
}

Deno.test("lineOfAttempt() keeps each recipient's outcome", () => {
  const kept = line([delivered(), notDelivered("failed")]);
  assertEquals(kept?.attempts, 1);
  assertEquals(kept?.outcomes, [
    { recipient: 0, state: "delivered", status: "2.0.0", why: "", host: "mx.test", reply: "250 2.0.0 taken" },
    {
      recipient: 1,
      state: "failed",
      status: "5.1.1",
      why: "failed by test",
      host: "mx.test",
      reply: "550 no such user",
    },
  ]);
});

Deno.test("lineOfAttempt() expires what is deferred when it is too old", () => {
  const states = (now: number) =>
    line([notDelivered("deferred"), delivered()], now)?.outcomes.map((o) => o.state);
  assertEquals(states(TERMS.lifetime - 1), ["pending", "delivered"]);
  assertEquals(states(TERMS.lifetime), ["expired", "delivered"]);
});

Deno.test("lineOfAttempt() does not count what was broken off, but keeps what was told", () => {
  assertEquals(line([notDelivered("deferred"), notDelivered("deferred")], 1000, true), null);
  const kept = line([delivered(), notDelivered("deferred")], 1000, true);
  assertEquals([kept?.attempts, kept?.outcomes.length], [0, 1]);
});

Deno.test("lineOfAttempt() keeps the mail when an outcome is missing, and bounds texts", () => {
  const kept = line([{ ...notDelivered("deferred"), why: "w".repeat(9000) } as RecipientOutcome]);
  assertEquals(kept?.outcomes.map((o) => [o.state, o.why.length]), [["pending", 500], ["pending", 15]]);
  assertEquals(unforeseen().kind, "deferred");
});

Deno.test("feedbackOf() tells how it is with the destination", () => {
  const told = (outcomes: readonly RecipientOutcome[], aborted = false) =>
    feedbackOf({ destination: "x", places: [0, 1], outcomes, aborted });
  const down = notDelivered("deferred", true);
  assertEquals(told([down, down]), { kind: "away", until: null });
  assertEquals(told([down, delivered()]), "good");
  assertEquals(told([notDelivered("deferred")]), "good");
  assertEquals([told([]), told([down], true)], [null, null]);
  const nowhere = notDelivered("failed", true);
  assertEquals([told([nowhere]), told([nowhere, down])], [null, "good"]);
});

Deno.test("feedbackOf() knows strain, and until when nothing is to be tried", () => {
  const told = (...outcomes: readonly RecipientOutcome[]) =>
    feedbackOf({ destination: "x", places: [0, 1], outcomes, aborted: false });
  const deferred = notDelivered("deferred");
  assert(deferred.kind === "deferred");
  const busy: RecipientOutcome = { ...deferred, reply: { code: 421, status: null, lines: ["busy"] } };
  const lost: RecipientOutcome = { ...deferred, reply: null, status: "4.4.2" };
  assertEquals([told(delivered(), busy), told(lost), told(deferred)], ["strained", "strained", "good"]);
  const down = notDelivered("deferred", true);
  assert(down.kind === "deferred");
  assertEquals(told({ ...down, until: 9 }, { ...down, until: 7 }), { kind: "away", until: 7 });
  assertEquals(told({ ...down, until: 9 }, down), { kind: "away", until: null });
});

Deno.test("lineOfAttempt() keeps once why something was not tried, and its end; and that a destination is away", () => {
  const down = notDelivered("deferred", true);
  assert(down.kind === "deferred");
  const untried: RecipientOutcome = { ...down, until: 5000 };
  const first = line([untried, untried]);
  assertEquals([first?.attempts, first?.next, first?.away, first?.outcomes.map((o) => o.why)], [
    0,
    5000,
    true,
    [
      "deferred by test",
      "deferred by test",
    ],
  ]);
  assert(first);
  const told = applied(MESSAGE, first);
  const again = (now: number) => {
    const outcomes = [untried, { ...untried, why: "not tried again" }];
    return lineOfAttempt(
      told,
      { destination: "x.test", places: [0, 1], outcomes, aborted: false },
      now,
      new SeededRandom(1),
    );
  };
  assertEquals(again(1000), null);
  assertEquals(again(TERMS.lifetime)?.outcomes.map((o) => [o.state, o.why]), [
    ["expired", "deferred by test"],
    ["expired", "deferred by test"],
  ]);
  assertEquals(line([untried, untried], TERMS.lifetime)?.outcomes.map((o) => o.state), [
    "expired",
    "expired",
  ]);
  assertEquals([line([down, down])?.away, line([down, delivered()])?.away], [true, undefined]);
});
