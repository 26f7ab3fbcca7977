import { matches, waitStateOf } from "../../mod/queue/filter.ts";
import { applied, newMessage, type QueuedMessage } from "../../mod/queue/record.ts";
import type { QueueFilter } from "../../mod/queue/types.ts";
import { assertEquals } from "../support/assert.ts";
import { envelope } from "./rig.ts";

const NEW = newMessage({
  id: "1",
  created: 1000,
  envelope: envelope(["a@x.test", "b@y.test"], "Me@home.test"),
  size: 1,
  offset: 1,
});
const REPORT = newMessage({ ...NEW, envelope: envelope(["a@x.test"], null) });

function tried(state: "pending" | "delivered"): QueuedMessage {
  const outcome = { recipient: 0, state, status: "4.0.0", why: "", host: null, reply: null };
  return applied(NEW, {
    kind: "attempt",
    at: 5,
    destination: "x.test",
    attempts: 1,
    next: 9,
    outcomes: [outcome],
  });
}

Deno.test("waitStateOf() tells what was tried from what was not", () => {
  assertEquals(waitStateOf(NEW), "pending");
  assertEquals(waitStateOf(tried("pending")), "deferred");
  assertEquals(waitStateOf(tried("delivered")), "pending");
  assertEquals(waitStateOf(applied(tried("pending"), { kind: "hold", at: 6 })), "held");
});

Deno.test("matches() goes by all that a filter names", () => {
  const table: readonly (readonly [QueueFilter, QueuedMessage, boolean])[] = [
    [{}, NEW, true],
    [{ destination: "X.test" }, NEW, true],
    [{ destination: "x.test" }, tried("delivered"), false],
    [{ destination: "y.test" }, tried("delivered"), true],
    [{ destination: "test" }, NEW, false],
    [{ sender: "me@home.test" }, NEW, true],
    [{ sender: "@HOME.test" }, NEW, true],
    [{ sender: "@ome.test" }, NEW, false],
    [{ sender: "<>" }, NEW, false],
    [{ sender: "<>" }, REPORT, true],
    [{ sender: "me@home.test" }, REPORT, false],
    [{ olderThan: 500 }, NEW, true],
    [{ olderThan: 501 }, NEW, false],
    [{ state: "deferred" }, NEW, false],
    [{ state: "deferred", sender: "me@home.test" }, tried("pending"), true],
  ];
  for (const [filter, message, is] of table) {
    assertEquals(matches(message, filter, 1500), is, JSON.stringify(filter));
  }
});
