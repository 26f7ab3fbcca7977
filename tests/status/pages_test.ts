import { LIVE_LOOK, LIVE_STREAMS } from "../../mod/base/limits.ts";
import { PAGES } from "../../mod/status/layout.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { testApp } from "../support/status_app.ts";

Deno.test("every page of the navigation opens", async () => {
  const { ask } = testApp();
  for (const [path, name] of PAGES) {
    const answer = await ask("GET", path);
    assertEquals(
      [answer.status, answer.headers.get("content-type")],
      [200, "text/html; charset=UTF-8"],
      path,
    );
    assert((await answer.text()).includes(`<title>${name} - Roost on mail.example.org`), path);
  }
});

Deno.test("the queue's form says what is missing", async () => {
  const { ask, calls } = testApp();
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const signIn = await ask("POST", "/sign-in", { body: "token=right", headers });
  const cookie = signIn.headers.get("set-cookie")?.split(";")[0] ?? "";
  const page = await (await ask("GET", "/queue", { headers: { cookie } })).text();
  const key = /name="key" value="([0-9a-f]+)"/.exec(page)?.[1];
  const post = async (fields: string) =>
    await (await ask("POST", "/queue", { body: `key=${key}&${fields}`, headers: { ...headers, cookie } }))
      .text();
  assert((await post("action=hold")).includes("Nothing was ticked"));
  assert((await post("action=eat&id=q1")).includes("nothing that can be done"));
  assertEquals(calls, []);
  assert((await post("action=drop&id=q1&id=q2")).includes("1 dropped; 1 being tried"));
  assertEquals(calls, ["drop q1,q2"]);
});

Deno.test("a sign-in that is odd or wrong says so", async () => {
  const { ask } = testApp();
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  for (const body of ["", "token=", "token=no", `token=${"x".repeat(300)}`, "token=a%0Ab"]) {
    const answer = await ask("POST", "/sign-in", { body: body || "x", headers });
    assertEquals([answer.status, answer.headers.get("set-cookie")], [401, null], body);
  }
  const foreign = await ask("POST", "/sign-in", {
    body: "token=right",
    headers: { ...headers, origin: "http://x.test" },
  });
  assertEquals([foreign.status, foreign.headers.get("set-cookie")], [400, null]);
});

Deno.test("HEAD opens no live stream", async () => {
  const { ask } = testApp();
  for (let i = 0; i < 50; i++) assertEquals((await ask("HEAD", "/live")).status, 200);
  const answer = await ask("GET", "/live");
  assertEquals(answer.status, 200);
  await answer.body?.cancel();
});

Deno.test("the live stream is an event stream", async () => {
  const answer = await testApp().ask("GET", "/live");
  assertEquals(answer.headers.get("content-type"), "text/event-stream");
  await answer.body?.cancel();
});

Deno.test("a live stream whose page was left makes room at the next look, though nothing has changed", async () => {
  const { ask, clock } = testApp();
  let left = false;
  const gone = () => left;
  const readers = [];
  for (let i = 0; i < LIVE_STREAMS; i++) {
    const reader = (await ask("GET", "/live", { gone })).body?.getReader();
    await reader?.read();
    readers.push(reader?.read());
  }
  assertEquals((await ask("GET", "/live")).status, 503);
  left = true;
  await clock.advance(LIVE_LOOK);
  await Promise.all(readers);
  const next = await ask("GET", "/live");
  assertEquals(next.status, 200);
  await next.body?.cancel();
});
