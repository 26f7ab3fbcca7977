import { assertEquals } from "../support/assert.ts";
import { storyOf } from "../../mod/trace/story.ts";
import type { TraceEvent } from "../../mod/trace/types.ts";

Deno.test("storyOf() tells each decision once, with its time", () => {
  const e = (at: number, event: string, fields: TraceEvent["fields"], queue: string | null): TraceEvent => ({
    at,
    event,
    trace: "t",
    queue,
    fields,
  });
  const story = storyOf("t", {
    messages: [{
      id: "t",
      events: [
        e(0, "queued", { recipients: 1, size: 10 }, "q"),
        e(1000, "queued", { to: "b@y" }, "q"),
        e(2000, "queued", { recipients: 1 }, "q2"),
      ],
    }],
    refusals: [],
    more: false,
  });
  assertEquals(story.messages[0]?.events.map((x) => [x.at, x.queue, x.text]), [
    ["1970-01-01T00:00:01.000Z", "q", "queued as q for b@y"],
    ["1970-01-01T00:00:02.000Z", "q2", "queued as q2 for 1 recipients"],
  ]);
});

Deno.test("storyOf() begins with the arrival, after what was found of the client", () => {
  const order = ["client judged", "queued", "delivered", "mail accepted", "failed"];
  const events = order.map((event, at): TraceEvent => ({ at, event, trace: "t", queue: null, fields: {} }));
  const told = (some: readonly TraceEvent[]) =>
    storyOf("t", { messages: [{ id: "t", events: some }], refusals: [], more: false }).messages[0]?.events
      .map((e) => e.event);
  assertEquals(told(events), ["client judged", "mail accepted", "queued", "delivered", "failed"]);
  assertEquals(told(events.slice(3)), ["mail accepted", "failed"]);
  assertEquals(told(events.slice(0, 3)), order.slice(0, 3));
  assertEquals(told([]), []);
});
