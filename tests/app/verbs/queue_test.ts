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

Deno.test("queue hold, release and bounce change the files while no server runs", async () => {
  const { m, id } = await withMail();
  assertEquals((await m.run(["queue", "hold", id])).out, `${id} held`);
  assertMatch((await m.run(["queue", "list"])).out, /1 more +held$/m);
  assertEquals(JSON.parse((await m.run(["queue", "show", id, "--json"])).out).state, "held");
  assertEquals((await m.run(["queue", "release", id])).out, `${id} released`);
  assertEquals((await m.run(["queue", "bounce", id])).out, `${id} sent back`);
  const shown = JSON.parse((await m.run(["queue", "show", id, "--json"])).out);
  assertEquals(shown.recipients[2].state, "failed");
  assertMatch(shown.recipients[2].reply, /^returned by the administrator/);
});

Deno.test("queue verbs take filters, and --json", async () => {
  const { m, id } = await withMail();
  await m.clock.advance(2 * 3600_000);
  const young = await m.run(["sendmail", "-f", "me", "-i", "a@third.test"], "Subject: y\n\nhi\n");
  assertEquals(young.code, 0);
  const ids = async (...filter: string[]): Promise<string[]> => {
    const items: { id: string }[] = JSON.parse((await m.run(["queue", "list", ...filter, "--json"])).out);
    return items.map((i) => i.id);
  };
  const other = (await ids()).filter((i) => i !== id);
  assertEquals(await ids("--domain", "other.test"), [id]);
  assertEquals(await ids("--sender", "me@example.test"), other);
  assertEquals(await ids("--older-than", "1h"), [id]);
  assertEquals(await ids("--state", "held"), []);
  assertEquals((await m.run(["queue", "list", "--state", "held"])).out, "no such message in the queue");
  assertEquals((await m.run(["queue", "hold", "--older-than=1h"])).out, "1 message held");
  assertEquals(await ids("--state", "held"), [id]);
  assertEquals(JSON.parse((await m.run(["queue", "release", "all", "--json"])).out), {
    done: [id, ...other],
    busy: [],
  });
  assertEquals((await m.run(["queue", "drop", id, "--state", "held"])).code, 2);
  assertEquals((await m.run(["queue", "drop", id, ...other])).code, 0);
  assertEquals(await ids(), []);
});

Deno.test("queue bounce says what is being tried at the moment", async () => {
  const { m, id } = await withMail();
  await m.startServer();
  m.server = () => Response.json({ error: "busy" }, { status: 409 });
  assertMatch((await m.run(["queue", "bounce", id])).err, /being tried at this moment/);
  const all = await m.run(["queue", "bounce", "all"]);
  assertEquals([all.out, all.err], [
    "0 messages sent back",
    "1 message left alone, being tried at this moment",
  ]);
});

Deno.test("queue tells what it needs", async () => {
  const m = new Machine();
  for (
    const args of [["queue"], ["queue", "show"], ["queue", "eat", "x"], ["queue", "drop"], [
      "queue",
      "list",
      "--state",
      "odd",
    ], [
      "queue",
      "list",
      "--older-than",
      "old",
    ]]
  ) {
    assertEquals((await m.run(args)).code, 2);
  }
  for (const args of [["queue", "show", "nope"], ["queue", "drop", "nope"], ["queue", "retry", "../../x"]]) {
    assertEquals((await m.run(args)).code, 1, args.join(" "));
  }
});
