import { assert, assertEquals } from "../support/assert.ts";
import { CONFIG, Machine } from "../support/command.ts";

Deno.test("roost reload asks the running server, with its token", async () => {
  const m = new Machine();
  await m.startServer();
  let shown = "";
  m.server = (_method, _path, token) => {
    shown = token;
    return Response.json({ reloaded: true });
  };
  const r = await m.run(["reload"]);
  assertEquals([r.code, r.out], [0, "reloaded"]);
  assertEquals(m.requests, ["POST /api/reload"]);
  assertEquals(shown, "Bearer secret");
});

Deno.test("roost reload says what is wrong, or that nothing runs", async () => {
  const m = new Machine();
  const none = await m.run(["reload"]);
  assertEquals(none.code, 1);
  assert(none.err.includes("nothing to reload: there is no /home/data/control.token"));
  await m.startServer();
  m.server = () => Response.json({ error: "roost.yaml:1:1: no\nroost.yaml:2:1: no" }, { status: 422 });
  const bad = await m.run(["reload"]);
  assertEquals([bad.code, bad.err.split("\n").length], [1, 3]);
  m.server = () => new Response("<html>", { status: 502 });
  assert((await m.run(["reload"])).err.includes("status 502"));
  m.server = null;
  assert((await m.run(["reload"])).err.includes("no server answers at 127.0.0.1:8080"));
  const deaf = new Machine({ "/home/roost.yaml": CONFIG.replace(/, http: \[.*?\]/, "") });
  assert((await deaf.run(["reload"])).err.includes("no listen.http"));
});
