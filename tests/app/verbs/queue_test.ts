import { assert, assertEquals, assertMatch } from "../../support/assert.ts";
import { Machine } from "../../support/command.ts";

async function withMail(): Promise<{ m: Machine; id: string }> {
  const m = new Machine();
  const r = await m.run(
    ["sendmail", "-f", "you", "-i", "a@else.test", "b@else.test", "c@other.test"],
    "Subject: x\n\nhi\n",
  );
  assertEquals([r.code, r.err], [0, ""]);
  const [first] = JSON.parse((await m.run(["queue", "list", "--json"])).out);
  return { m, id: first.id };
}

Deno.test("queue list and show read the spool", async () => {
  assertEquals((await new Machine().run(["queue", "list"])).out, "the queue is empty");
  const { m, id } = await withMail();
  const list = await m.run(["queue", "list"]);
  assertMatch(
    list.out,
    new RegExp(
      `^${id} .* you@example\\.test +a@else\\.test, b@else\\.test and 1 more +2026-01-02T03:04:05Z$`,
      "m",
    ),
  );
  const shown = JSON.parse((await m.run(["queue", "show", id, "--json"])).out);
  assertEquals(shown.recipients, [
    { address: "a@else.test", state: "pending", reply: null },
    { address: "b@else.test", state: "pending", reply: null },
    { address: "c@other.test", state: "pending", reply: null },
  ]);
  assert((await m.run(["queue", "show", id])).out.includes("c@other.test: pending"));
});

Deno.test("queue retry and drop change the files while no server runs", async () => {
  const { m, id } = await withMail();
  await m.clock.advance(60_000);
  assertEquals((await m.run(["queue", "retry", "all"])).code, 0);
  assertEquals(JSON.parse((await m.run(["queue", "show", id, "--json"])).out).next, "2026-01-02T03:05:05Z");
  assertEquals((await m.run(["queue", "drop", id])).out, `${id} dropped`);
  assertEquals((await m.run(["queue", "list", "--json"])).out, "[]");
});

Deno.test("queue retry and drop ask a running server, which holds the queue", async () => {
  const { m, id } = await withMail();
  await m.startServer();
  await m.run(["queue", "retry", id]);
  await m.run(["queue", "drop", id]);
  assertEquals(m.requests, [`POST /api/queue/${id}/retry`, `POST /api/queue/${id}/drop`]);
  m.server = () => Response.json({ error: "no such message" }, { status: 404 });
  const r = await m.run(["queue", "drop", id]);
  assertEquals([r.code, r.err], [1, `roost: there is no message ${id} in the queue`]);
  const all = await m.run(["queue", "retry", "all"]);
  assertEquals([all.code, all.out], [0, "0 messages to be tried now"]); // all were delivered meanwhile
});

Deno.test("queue tells what it needs", async () => {
  const m = new Machine();
  for (const args of [["queue"], ["queue", "show"], ["queue", "hold", "x"]]) {
    assertEquals((await m.run(args)).code, 2);
  }
  for (const args of [["queue", "show", "nope"], ["queue", "drop", "nope"], ["queue", "retry", "../../x"]]) {
    assertEquals((await m.run(args)).code, 1, args.join(" "));
  }
});
