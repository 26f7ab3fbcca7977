import { assertEquals, assertMatch } from "../../support/assert.ts";
import { Machine } from "../../support/command.ts";
import type { Story } from "../../../mod/trace/story.ts";

const STORY: Story = {
  asked: "a@x.example",
  messages: [{
    id: "t1",
    events: [{
      at: "2026-01-02T03:04:05.678Z",
      event: "mail refused",
      queue: null,
      text: "refused from 192.0.2.1",
      details: ["SPF: fail"],
      advice: "do this",
      fields: {},
    }],
  }],
  refusals: [],
  more: true,
};

Deno.test("why asks the running server and tells each decision with its reasons and what to do", async () => {
  const m = new Machine();
  await m.startServer();
  m.server = () => Response.json(STORY);
  const told = await m.run(["why", "<a@x.example>", "--since", "90m"]);
  assertEquals(m.requests.at(-1), "GET /api/why/%3Ca%40x.example%3E?since=5400");
  assertEquals(
    told.out,
    `message t1
  2026-01-02 03:04:05Z  refused from 192.0.2.1
      SPF: fail
      -> do this

There is more: the newest are told. An ID or --since narrows it.`,
  );
  assertEquals(JSON.parse((await m.run(["why", "t1", "--json"])).out), JSON.parse(JSON.stringify(STORY)));
  assertEquals(m.requests.at(-1), "GET /api/why/t1");
});

Deno.test("why says when nothing is known, and why that may be", async () => {
  const m = new Machine();
  const none = await m.run(["why", "a@x.example"]);
  assertEquals([none.code, none.out.trim()], [1, ""]);
  assertMatch(none.err, /nothing is known of it \(30 days are kept\)/);
  assertMatch((await m.run(["why", "x", "--since", "2d"])).err, /looked back 2d/);
  const json = await m.run(["why", "x", "--json"]);
  assertEquals([json.code, JSON.parse(json.out).messages], [1, []]);
});

Deno.test("why refuses what it cannot answer", async () => {
  const m = new Machine();
  for (const args of [[], ["a", "b"], [" "], ["a", "--since", "soon"]]) {
    assertEquals((await m.run(["why", ...args])).code, 2, args.join());
  }
  await m.startServer();
  m.server = () => Response.json({ odd: 1 });
  assertMatch((await m.run(["why", "x"])).err, /another version/);
  m.server = () => Response.json({ error: "no" }, { status: 401 });
  assertMatch((await m.run(["why", "x"])).err, /no$/);
});
