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

/** A server's answer to a change of many. */
function changes(
  done: readonly string[],
  busy: readonly string[] = [],
  missing: readonly string[] = [],
): Response {
  return Response.json({ done: done.length, busy: busy.length, ids: { done, busy, missing } });
}

Deno.test("queue retry and drop ask a running server, which holds the queue, once for all", async () => {
  const { m, id } = await withMail();
  await m.startServer();
  const bodies: string[] = [];
  m.server = (_method, _path, _token, body) => {
    bodies.push(body);
    return changes([id, "two"]);
  };
  assertEquals(
    (await m.run(["queue", "retry", id, "two"])).out,
    `${id} to be tried now\ntwo to be tried now`,
  );
  await m.run(["queue", "drop", "all"]);
  await m.run([
    "queue",
    "bounce",
    "--domain",
    "x.test",
    "--older-than",
    "2h",
    "--sender",
    "<>",
    "--state",
    "held",
  ]);
  assertEquals(m.requests, [
    "POST /api/queue/retry",
    "POST /api/queue/drop?all=1",
    "POST /api/queue/bounce?domain=x.test&sender=%3C%3E&older_than=7200&state=held",
  ]);
  assertEquals(bodies, [JSON.stringify({ ids: [id, "two"] }), "", ""]);
  m.server = () => changes([], [], [id, "two"]);
  const r = await m.run(["queue", "drop", id, "two"]);
  assertEquals([r.code, r.err.split("\n")], [1, [
    `roost: there is no message ${id} in the queue`,
    "there is no message two in the queue",
  ]]);
  m.server = () => changes([]);
  const all = await m.run(["queue", "retry", "all"]);
  assertEquals([all.code, all.out], [0, "0 messages to be tried now"]); // all were delivered meanwhile
});

Deno.test("queue changes no file behind the back of a server that is slow, refuses or is another version", async () => {
  const { m, id } = await withMail();
  await m.startServer();
  const late = new DOMException("Signal timed out.", "TimeoutError");
  const answers: readonly (readonly [() => Response, RegExp])[] = [
    [() => {
      throw late;
    }, /did not answer in 600 s/],
    [() => Response.json({ error: "no such thing" }, { status: 400 }), /no such thing/],
    [() => Response.json({ done: true }), /another version/],
  ];
  for (const [answer, why] of answers) {
    m.server = answer;
    const r = await m.run(["queue", "drop", id]);
    assertEquals(r.code, 1);
    assertMatch(r.err, why);
  }
  m.server = null;
  assertEquals(JSON.parse((await m.run(["queue", "list", "--json"])).out).length, 1);
});

Deno.test("queue hosts, list and show tell who is left alone", async () => {
  const { m, id } = await withMail();
  assertMatch((await m.run(["queue", "hosts"])).err, /no server answers/);
  await m.startServer();
  const none = { hosts: [], destinations: [] };
  m.server = () => Response.json(none);
  assertEquals((await m.run(["queue", "hosts"])).out, "no host is left alone");
  const until = "2026-01-02T03:09:05.000Z";
  const host = {
    host: "mx.test",
    address: "192.0.2.1",
    port: 25,
    since: until,
    until,
    failures: 3,
    why: "lost",
  };
  const away = { hosts: [host], destinations: [{ destination: "else.test", until, failures: 2 }] };
  m.server = () => Response.json(away);
  const hosts = await m.run(["queue", "hosts"]);
  assertMatch(
    hosts.out,
    /^mx\.test \(192\.0\.2\.1 port 25\) +3 +2026-01-02T03:09:05Z +lost\nelse\.test +2 /m,
  );
  assertEquals(JSON.parse((await m.run(["queue", "hosts", "--json"])).out), away);
  assertMatch(
    (await m.run(["queue", "list"])).out,
    /\n2 hosts and domains are left alone for now; "roost queue/,
  );
  assertMatch(
    (await m.run(["queue", "show", id])).out,
    /left alone +else\.test: next try 2026-01-02T03:09:05Z$/,
  );
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
  m.server = () => changes([], [id]);
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

const BOUNCED = ["a@x.test", "b@x.test", "c@y.test"].map((address) =>
  JSON.stringify({
    version: 1,
    address,
    bounces: 3,
    first: 1,
    last: Date.UTC(2026, 0, 1),
    why: "no such user",
  })
).join("\n") + "\n";

Deno.test("queue suppressed lists and clears, in the file while no server runs", async () => {
  const m = new Machine();
  assertEquals((await m.run(["queue", "suppressed"])).out, "no address is suppressed");
  await m.fs.makeDir("/home/data");
  await m.fs.createWith("/home/data/suppressed.jsonl", [new TextEncoder().encode(BOUNCED)]);
  const list = (await m.run(["queue", "suppressed", "list"])).out;
  assertMatch(list, /^c@y\.test +3 +2026-01-01T00:00:00Z +2026-01-08T00:00:00Z +no such user$/m);
  const remove = async (...what: string[]) => {
    const ran = m.run(["queue", "suppressed", "remove", ...what]);
    for (let i = 0; i < 20; i++) await m.clock.advance(0); // it writes with pauses
    return await ran;
  };
  assertEquals((await remove("C@y.test")).out, "C@y.test may be written to");
  assertEquals((await remove("@x.test")).code, 0);
  assertEquals(JSON.parse((await m.run(["queue", "suppressed", "--json"])).out), []);
  const again = await remove("c@y.test");
  assertEquals([again.code, again.err], [1, "roost: c@y.test is not suppressed"]);
  for (const odd of [["remove"], ["eat", "x"], ["list", "x"], ["remove", "nobody"], ["remove", "@"]]) {
    assertEquals((await m.run(["queue", "suppressed", ...odd])).code, 2, odd.join(" "));
  }
});

Deno.test("queue suppressed asks a running server", async () => {
  const m = new Machine();
  await m.startServer();
  m.server = (method) => Response.json(method === "GET" ? [] : { removed: 1 });
  assertEquals((await m.run(["queue", "suppressed"])).out, "no address is suppressed");
  assertEquals((await m.run(["queue", "suppressed", "remove", "a@x.test", "--json"])).code, 0);
  assertEquals(m.requests, ["GET /api/queue/suppressed", "DELETE /api/queue/suppressed/a%40x.test"]);
  m.server = () => Response.json({ error: "no such address" }, { status: 404 });
  assertEquals((await m.run(["queue", "suppressed", "remove", "a@x.test"])).code, 1);
});
