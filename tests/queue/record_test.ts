import fc from "fast-check";
import { assertEquals } from "../support/assert.ts";
import {
  applied,
  isDone,
  type JournalLine,
  newMessage,
  pendingOf,
  type QueuedMessage,
  summary,
  unreportedOf,
} from "../../mod/queue/record.ts";
import type { RecipientState } from "../../mod/queue/types.ts";
import { envelope } from "./rig.ts";

const TO = ["a@x.test", "b@x.test", "c@y.test"];

function message(sender: string | null = "me@home.test"): QueuedMessage {
  return newMessage({ id: "1", created: 1000, envelope: envelope(TO, sender), size: 5, offset: 9 });
}

function attempt(
  at: number,
  destination: string,
  states: Readonly<Record<number, RecipientState>>,
): JournalLine {
  const outcomes = Object.entries(states).map(([recipient, state]) => ({
    recipient: Number(recipient),
    state,
    status: "4.0.0",
    why: "because",
    host: "mx",
    reply: null,
  }));
  return { kind: "attempt", at, destination, attempts: 1, next: at + 10, outcomes };
}

Deno.test("applied() follows a message to its end", () => {
  let m = message();
  assertEquals([pendingOf(m), pendingOf(m, "x.test"), isDone(m)], [[0, 1, 2], [0, 1], false]);
  m = applied(m, attempt(2000, "x.test", { 0: "delivered", 1: "pending" }));
  assertEquals([pendingOf(m), m.destinations.get("x.test")], [[1, 2], { attempts: 1, next: 2010 }]);
  m = applied(m, attempt(3000, "x.test", { 0: "failed", 1: "expired" }));
  assertEquals(m.recipients.map((r) => r.state), ["delivered", "expired", "pending"]);
  m = applied(m, attempt(3000, "y.test", { 2: "failed" }));
  assertEquals([pendingOf(m), unreportedOf(m), isDone(m)], [[], [1, 2], false]);
  m = applied(m, { kind: "reported", at: 4000, recipients: [1, 2], bounces: 1 });
  assertEquals([unreportedOf(m), isDone(m), m.bounces], [[], true, 1]);
});

Deno.test("unreportedOf() tells nobody about a bounce, nor who does not want it", () => {
  const failed = attempt(1, "x.test", { 0: "failed" });
  assertEquals(unreportedOf(applied(message(null), failed)), []);
  for (const [notify, told] of [[["never"], []], [["success", "delay"], []], [["failure"], [0]]] as const) {
    const plain = message();
    const [first, ...others] = plain.envelope.recipients;
    if (!first) throw new Error("no recipient");
    const recipients = [{ ...first, options: { notify: [...notify] } }, ...others];
    const m = newMessage({ ...plain, envelope: { ...plain.envelope, recipients } });
    assertEquals(unreportedOf(applied(m, failed)), [...told]);
  }
});

Deno.test("applied() takes retry, hold and release", () => {
  let m = applied(message(), attempt(2000, "x.test", { 0: "pending" }));
  m = applied(m, { kind: "retry", at: 2001 });
  assertEquals(m.destinations.get("x.test"), { attempts: 1, next: 2001 });
  m = applied(m, { kind: "hold", at: 1 });
  assertEquals(m.held, true);
  assertEquals(applied(m, { kind: "release", at: 2 }).held, false);
});

Deno.test("summary() makes the same message as the whole journal", () => {
  const state = fc.constantFrom<RecipientState>("pending", "delivered", "failed", "expired");
  const line: fc.Arbitrary<JournalLine> = fc.oneof(
    fc.tuple(fc.nat(9), fc.option(state), fc.option(state)).map(([at, a, b]) =>
      attempt(at, "x.test", { ...(a ? { 0: a } : {}), ...(b ? { 1: b } : {}) })
    ),
    fc.tuple(fc.nat(9), state).map(([at, s]) => attempt(at, "y.test", { 2: s })),
    fc.constantFrom<JournalLine>({ kind: "hold", at: 1 }, { kind: "release", at: 1 }, {
      kind: "bounce",
      at: 2,
    }, {
      kind: "retry",
      at: 77,
    }),
  );
  fc.assert(fc.property(fc.array(line), (lines) => {
    let whole = lines.reduce(applied, message());
    const told = unreportedOf(whole);
    whole = applied(whole, { kind: "reported", at: 5, recipients: told, bounces: 1 });
    assertEquals(summary(whole).reduce(applied, message()), whole);
  }));
});

Deno.test("applied() does not mind a line about nobody", () => {
  const m = message();
  assertEquals(applied(m, attempt(1, "x.test", { 99: "failed" })).recipients, m.recipients);
});
