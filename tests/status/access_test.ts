import type { Session } from "../../mod/status/sessions.ts";
import { Gate } from "../../mod/status/access.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { SeededRandom } from "../support/seeded_random.ts";
import { testApp } from "../support/status_app.ts";

const FORM = { "content-type": "application/x-www-form-urlencoded" };
const FAR = { from: "203.0.113.9", host: "mail.example.org" } as const;

async function signedIn(token: string) {
  const app = testApp();
  const answer = await app.ask("POST", "/sign-in", { ...FAR, body: `token=${token}`, headers: FORM });
  assertEquals([answer.status, answer.headers.get("location")], [303, "/"]);
  const set = answer.headers.get("set-cookie") ?? "";
  assert(/^roost=[0-9a-f]{64};.*HttpOnly.*SameSite=Strict/.test(set) && !/Secure/.test(set), set);
  const cookie = set.split(";")[0] ?? "";
  const page = await (await app.ask("GET", "/queue", { ...FAR, headers: { cookie } })).text();
  const key = /name="key" value="([0-9a-f]+)"/.exec(page)?.[1] ?? null;
  return { ...app, cookie, key };
}

Deno.test("a browser signs in, acts by its own form only, and signs out", async () => {
  const { ask, calls, cookie, key } = await signedIn("right");
  assert(key);
  const post = (body: string, headers: Record<string, string>) =>
    ask("POST", "/queue", { ...FAR, body, headers: { ...FORM, ...headers } });
  const good = `key=${key}&action=hold&id=q1`;
  const table: [string, Record<string, string>, number][] = [
    [good, {}, 401],
    [good, { cookie: "roost=0" }, 401],
    ["action=hold&id=q1", { cookie }, 403],
    [`key=0&action=hold&id=q1`, { cookie }, 403],
    [good, { cookie, origin: "https://evil.example" }, 403],
    [good, { cookie, origin: "null" }, 403],
    [good, { cookie, "sec-fetch-site": "cross-site" }, 403],
    [good, { cookie, "content-type": "text/plain" }, 403],
    [`${good}&x=${"x".repeat(70_000)}`, { cookie }, 403],
  ];
  for (const [body, headers, status] of table) {
    assertEquals((await post(body, headers)).status, status, JSON.stringify(headers));
  }
  assertEquals(calls, []);
  const origin = "http://mail.example.org";
  assertEquals((await post(good, { cookie, origin, "sec-fetch-site": "same-origin" })).status, 200);
  assertEquals(calls, ["hold q1"]);
  // The cookie alone opens nothing that programs use.
  assertEquals((await ask("POST", "/api/queue/q1/drop", { ...FAR, headers: { cookie } })).status, 401);
  assertEquals((await ask("GET", "/api/queue", { ...FAR, headers: { cookie } })).status, 200);
  await ask("POST", "/sign-out", { ...FAR, headers: { cookie } });
  assertEquals((await ask("GET", "/api/queue", { ...FAR, headers: { cookie } })).status, 401);
});

Deno.test("who may only read gets no buttons", async () => {
  const { ask, cookie, key } = await signedIn("reader");
  assertEquals(key, null);
  const body = "key=&action=drop&id=q1";
  assertEquals((await ask("POST", "/queue", { ...FAR, body, headers: { ...FORM, cookie } })).status, 403);
});

Deno.test("a browser that is not signed in is led there, a program is told", async () => {
  const { ask } = testApp();
  const page = await ask("GET", "/queue", { ...FAR, headers: { accept: "text/html" } });
  assertEquals([page.status, page.headers.get("location")], [303, "/sign-in"]);
  assertEquals((await ask("GET", "/queue", FAR)).status, 401);
  assertEquals((await ask("GET", "/sign-in", FAR)).status, 200);
});

Deno.test("wrong tokens are answered ever more slowly, a right one at once", async () => {
  const { ask, clock } = testApp();
  for (let i = 0; i < 3; i++) {
    assertEquals((await ask("GET", "/api/status", { ...FAR, token: "no" })).status, 401);
  }
  let answered = false;
  const slow = ask("GET", "/api/status", { ...FAR, token: "no" }).then((r) => {
    answered = true;
    return r;
  });
  assertEquals((await ask("GET", "/api/status", { ...FAR, token: "right" })).status, 200);
  const form = ask("POST", "/sign-in", { ...FAR, body: "token=no", headers: FORM });
  assert(!answered);
  await clock.advance(10_000);
  assertEquals([(await slow).status, (await form).status], [401, 401]);
});

Deno.test("the cookie is for TLS only where a proxy says that there is TLS", async () => {
  const headers = { ...FORM, "x-forwarded-proto": "https" };
  const answer = await testApp().ask("POST", "/sign-in", { ...FAR, body: "token=right", headers });
  assert(/; Secure/.test(answer.headers.get("set-cookie") ?? ""));
});

Deno.test("Gate.stillAllowed() ends with the session and with its token", async () => {
  let right: "read" | null = "read";
  const clock = new FakeClock();
  const gate = new Gate({ clock, random: new SeededRandom(1), rightOf: () => Promise.resolve(right) });
  const session: Session = { token: "t", formKey: "k", until: clock.monotonic() + 1000 };
  const may = (home: boolean) => gate.stillAllowed({ right: "read", session, token: null }, home);
  assertEquals([await may(false), await may(true)], [true, true]);
  right = null;
  assertEquals([await may(false), await may(true)], [false, true]);
  right = "read";
  await clock.advance(1000);
  const shown = (token: string | null) => gate.stillAllowed({ right: "read", session: null, token }, false);
  assertEquals([await may(false), await shown("t"), await shown(null)], [false, true, true]);
  right = null;
  assertEquals(await shown("t"), false);
});
