import { assert, assertEquals } from "../support/assert.ts";
import { eventOf, isStrangers, isTraced } from "../../mod/trace/events.ts";

Deno.test("eventOf() tells the message's ID from the queue's", () => {
  const cases: readonly (readonly [string, Record<string, string>, string | null, string | null])[] = [
    ["mail accepted", { id: "t1" }, "t1", null],
    ["queued", { id: "t1", queue: "q1" }, "t1", "q1"],
    ["queued", { id: "q1", trace: "t1" }, "t1", "q1"],
    ["delivered", { id: "t1", mailbox: "INBOX" }, "t1", null],
    ["delivered", { id: "q1", trace: "t1", to: "a@b.example" }, "t1", "q1"],
    ["deferred", { id: "q1", trace: "t1" }, "t1", "q1"],
    ["dropped", { id: "q1" }, null, "q1"],
    ["tls policy bars host", { trace: "t1" }, "t1", null],
  ];
  for (const [event, fields, trace, queue] of cases) {
    const e = eventOf(event, { ...fields, x: 1 }, 5);
    assertEquals(
      [e.trace, e.queue, e.at, e.fields["x"], "id" in e.fields],
      [trace, queue, 5, 1, false],
      event,
    );
  }
});

Deno.test("isTraced() knows decisions about mail, isStrangers() those that are only counted", () => {
  assert(isTraced("mail refused") && isTraced("recipient refused") && !isTraced("listening"));
  assert(isStrangers("recipient refused") && !isStrangers("mail refused") && !isStrangers("listening"));
});
