import { assert, assertEquals } from "../support/assert.ts";
import { TRACE_FOUND } from "../../mod/base/limits.ts";
import { openSqlite } from "../../mod/sys/sqlite.ts";
import { findTraced, type Found } from "../../mod/trace/search.ts";
import { TraceFile } from "../../mod/trace/trace_file.ts";
import type { TraceEvent } from "../../mod/trace/types.ts";

type Row = readonly [
  event: string,
  trace: string | null,
  queue: string | null,
  fields?: TraceEvent["fields"],
];

/** A forward that bounced, and other mail around it. */
const ROWS: readonly Row[] = [
  ["mail accepted", "t0", null, {
    sender: "z@z.example",
    recipient: "other@example.test",
    messageId: "m0@z.example",
  }],
  ["mail accepted", "t1", null, {
    sender: "Ann@x.example",
    recipient: "list@example.test",
    messageId: "M1@x.example",
  }],
  ["queued", "t1", "q1", { to: "far@y.example near@y.example", via: "list@example.test" }],
  ["queued", "t1", "q1", { recipients: 2 }],
  ["delivered", "t1", null, { account: "bob@example.test", mailbox: "INBOX", file: "f" }],
  ["deferred", "t1", "q1", { to: "far@y.example", why: "timeout" }],
  ["held", null, "q1"],
  ["failed", "t1", "q1", { to: "far@y.example" }],
  ["bounced", "t1", "q1", { as: "q1-b1" }],
  ["queued", "q1-b1", "q1-b1", { to: "ann@x.example" }],
  ["delivered", "q1-b1", "q1-b1", { to: "ann@x.example" }],
  ["refused", null, null, {
    remote: "192.0.2.9",
    concerned: "spam@s.example > ann@x.example; b > c",
    count: 3,
  }],
];

async function ask(asked: string, rows: readonly Row[] = ROWS, since = 0): Promise<Found> {
  const file = new TraceFile(openSqlite(":memory:"), ":memory:");
  rows.forEach(([event, trace, queue, fields = {}], i) => file.add([{ at: i, event, trace, queue, fields }]));
  try {
    return await findTraced(file, asked, since, { sleep: () => Promise.resolve() });
  } finally {
    file.close();
  }
}

Deno.test("findTraced() finds the whole story of a message by each of its names", async () => {
  for (
    const asked of [
      "t1",
      "q1",
      "q1-b1",
      "<m1@X.example>",
      "far@y.example",
      "T1",
      "list@example.test",
      "bob@example.test",
    ]
  ) {
    const found = await ask(asked);
    assertEquals(found.messages.map((m) => [m.id, m.events.length]), [["t1", 10]], asked);
    assertEquals([found.more, found.refusals.length], [false, 0], asked);
  }
});

Deno.test("findTraced() finds refusals by client and by those concerned, and nothing by a part of a name", async () => {
  assertEquals((await ask("192.0.2.9")).refusals.length, 1);
  const ann = await ask("ann@x.example");
  assertEquals([ann.messages.map((m) => m.id), ann.refusals.length], [["t1"], 1]);
  for (const asked of ["nn@x.example", "x.example", "192.0.2.", "t", "q", "", " ", "%", "nobody@x.example"]) {
    assertEquals(await ask(asked), { messages: [], refusals: [], more: false }, asked);
  }
  assertEquals((await ask("@y.example")).messages.map((m) => m.id), ["t1"]);
});

Deno.test("findTraced() knows a Message-ID that was made here", async () => {
  const rows: readonly Row[] = [["mail accepted", "0abcdefghjkmn1", null, { sender: "a@x.example" }]];
  assertEquals((await ask("<0abcdefghjkmn1@example.test>", rows)).messages.length, 1);
});

Deno.test("findTraced() looks no further back than it is told", async () => {
  assertEquals((await ask("z@z.example", ROWS, 1)).messages, []);
});

Deno.test("findTraced() tells the newest of very many", async () => {
  const rows = Array.from(
    { length: TRACE_FOUND + 50 },
    (_, i): Row => ["mail accepted", `t${i}`, null, { sender: "a@x.example" }],
  );
  const found = await ask("a@x.example", rows);
  assertEquals([found.messages.length, found.more], [TRACE_FOUND, true]);
  assert(found.messages.at(-1)?.id === `t${TRACE_FOUND + 49}`);
});
