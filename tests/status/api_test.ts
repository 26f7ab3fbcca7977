import { assertEquals } from "../support/assert.ts";
import { testApp } from "../support/status_app.ts";

Deno.test("api: what is done to many messages, and how many", async () => {
  const { ask, calls } = testApp();
  const reply = await ask("POST", "/api/queue/bounce?domain=x.test&older_than=60", { token: "right" });
  assertEquals(await reply.json(), { done: 1, busy: 1, ids: { done: ["q1"], busy: ["q2"] } });
  assertEquals(calls, ['{"destination":"x.test","olderThan":60000}', "bounce q1,q2,q3"]);
  const body = JSON.stringify({ ids: ["q1", "q7"] });
  const named = await ask("POST", "/api/queue/drop", { token: "right", body });
  assertEquals((await named.json()).ids, { done: ["q1"], busy: ["q2"], missing: ["q3"] });
  assertEquals(calls.slice(2), ["drop q1,q7"]);
  for (const odd of ['{"ids":"all"}', '{"ids":[1]}', "[]", "q1", "null"]) {
    assertEquals((await ask("POST", "/api/queue/drop", { token: "right", body: odd })).status, 400, odd);
  }
  const much = await ask("POST", "/api/queue/drop", { token: "right", body: " ".repeat(9 * 1024 * 1024) });
  assertEquals([much.status, calls.length], [413, 3]);
});

Deno.test("GET /api/why hands on what is asked, with a bound in seconds", async () => {
  const { ask } = testApp();
  assertEquals(
    (await (await ask("GET", "/api/why/a%40x.example?since=60")).json()).asked,
    "a@x.example 60000",
  );
  assertEquals((await (await ask("GET", "/api/why/%3Cm%2F1%40x%3E")).json()).asked, "<m/1@x> null");
  assertEquals((await ask("GET", "/api/why/x?since=soon")).status, 400);
  assertEquals((await ask("GET", "/api/why/x", { from: "192.0.2.1" })).status, 401);
});
