import { createStatusApp } from "../../mod/status/app.ts";
import type { QueueItem, StatusPorts } from "../../mod/status/types.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { RECEIVED, SNAPSHOT } from "../support/status_snapshot.ts";

const ITEM: QueueItem = {
  id: "q1",
  state: "deferred",
  sender: "<script>@x",
  size: 1,
  arrived: "2026-01-02T03:04:05.000Z",
  attempts: 1,
  next: null,
  recipients: [{ address: "a@b", state: "pending", reply: "451 <b>later</b>" }],
};

function app(over: Partial<StatusPorts> = {}) {
  const calls: string[] = [];
  const ports: StatusPorts = {
    stsPolicy: (host) => host === "mta-sts.example.org" ? "version: STSv1\r\n" : null,
    snapshot: () => Promise.resolve(SNAPSHOT),
    metrics: () => Promise.resolve("m 1\n"),
    authority: () => null,
    queue: () => Promise.resolve([ITEM]),
    select: (which) => Promise.resolve(calls.push(JSON.stringify(which)) > 0 ? ["q1", "q2", "q3"] : []),
    change(action, id) {
      calls.push(`${action} ${id}`);
      return Promise.resolve(id === "q1" ? "done" : id === "q2" ? "busy" : "missing");
    },
    changeMany(action, ids) {
      calls.push(`${action} ${ids}`);
      return Promise.resolve({ done: ["q1"], busy: ["q2"], missing: ["q3"] });
    },
    suppressed: () => [],
    unsuppress: (address) =>
      Promise.resolve(calls.push(`unsuppress ${address}`) > 0 && address === "@x.test" ? 2 : 0),
    away: () => ({ hosts: [], destinations: [{ destination: "x.test", until: "soon", failures: 1 }] }),
    received: () => Promise.resolve(RECEIVED),
    sendReports: () => Promise.resolve(2),
    rescan: () => Promise.resolve(3),
    reload: () => Promise.resolve(null),
    failed: (e) => void calls.push(`failed ${e.message}`),
    tokenIsRight: (t) => t === "right",
    ...over,
  };
  const hono = createStatusApp(ports, () => ["mail.example.org"]);
  const ask = (
    method: string,
    path: string,
    { from = "127.0.0.1", host = "localhost:8080", token = "", body = "" } = {},
  ): Promise<Response> =>
    Promise.resolve(hono.fetch(
      new Request(`http://x${path}`, {
        method,
        headers: {
          host,
          ...(token ? { authorization: `Bearer ${token}` } : {}),
          ...(body ? { "content-length": `${body.length}` } : {}),
        },
        ...(body ? { body } : {}),
      }),
      { remoteAddress: from, now: Date.UTC(2026, 0, 2, 4) },
    ));
  return { ask, calls };
}

const ACCESS: readonly {
  readonly what: Parameters<ReturnType<typeof app>["ask"]>;
  readonly status: number;
}[] = [
  { what: ["GET", "/healthz", { from: "203.0.113.9", host: "anything" }], status: 200 },
  {
    what: ["GET", "/.well-known/mta-sts.txt", { from: "203.0.113.9", host: "MTA-STS.example.org" }],
    status: 200,
  },
  { what: ["GET", "/.well-known/mta-sts.txt", { from: "203.0.113.9", host: "example.org" }], status: 421 },
  { what: ["GET", "/.well-known/mta-sts.txt", {}], status: 401 },
  { what: ["GET", "/api/status", { host: "mta-sts.example.org" }], status: 421 },
  { what: ["GET", "/", {}], status: 200 },
  { what: ["GET", "/api/status", {}], status: 200 },
  { what: ["GET", "/api/status", { from: "::1", host: "[::1]:8080" }], status: 200 },
  { what: ["GET", "/api/status", { host: "mail.example.org" }], status: 200 },
  { what: ["GET", "/api/status", { host: "evil.example" }], status: 421 },
  { what: ["GET", "/api/status", { from: "203.0.113.9" }], status: 401 },
  { what: ["GET", "/api/status", { from: "203.0.113.9", token: "wrong" }], status: 401 },
  { what: ["GET", "/api/status", { from: "203.0.113.9", token: "right" }], status: 200 },
  { what: ["GET", "/api/status?token=right", { from: "203.0.113.9" }], status: 401 },
  { what: ["GET", "/metrics", {}], status: 200 },
  { what: ["GET", "/api/queue/q1", {}], status: 200 },
  { what: ["GET", "/api/queue/q2", {}], status: 404 },
  { what: ["GET", "/api/reports/tls", {}], status: 200 },
  { what: ["GET", "/api/reports/dmarc", {}], status: 200 },
  { what: ["GET", "/api/reports/dmarc", { from: "203.0.113.9" }], status: 401 },
  { what: ["POST", "/api/reload", {}], status: 401 },
  { what: ["POST", "/api/reload", { token: "right" }], status: 200 },
  { what: ["POST", "/api/queue/q1/retry", {}], status: 401 },
  { what: ["POST", "/api/queue/q1/retry", { token: "right" }], status: 200 },
  { what: ["POST", "/api/queue/q9/drop", { token: "right" }], status: 404 },
  { what: ["POST", "/api/queue/q1/hold", {}], status: 401 },
  { what: ["POST", "/api/queue/q1/hold", { token: "right" }], status: 200 },
  { what: ["POST", "/api/queue/q1/release", { token: "right" }], status: 200 },
  { what: ["POST", "/api/queue/q2/bounce", { token: "right" }], status: 409 },
  { what: ["POST", "/api/queue/q1/eat", { token: "right" }], status: 404 },
  { what: ["POST", "/api/queue/bounce?all=1", {}], status: 401 },
  { what: ["POST", "/api/queue/bounce?all=1", { token: "right" }], status: 200 },
  { what: ["POST", "/api/queue/bounce", { token: "right" }], status: 400 },
  { what: ["POST", "/api/queue/bounce", { body: '{"ids":["q1"]}' }], status: 401 },
  { what: ["GET", "/api/queue/suppressed", {}], status: 200 },
  { what: ["GET", "/api/queue/suppressed", { from: "203.0.113.9" }], status: 401 },
  { what: ["DELETE", "/api/queue/suppressed/%40x.test", {}], status: 401 },
  { what: ["DELETE", "/api/queue/suppressed/%40x.test", { token: "right" }], status: 200 },
  { what: ["DELETE", "/api/queue/suppressed/a%40y.test", { token: "right" }], status: 404 },
  { what: ["GET", "/api/queue/away", {}], status: 200 },
  { what: ["GET", "/api/queue/away", { from: "203.0.113.9" }], status: 401 },
  { what: ["POST", "/api/queue/drop?state=odd", { token: "right" }], status: 400 },
  { what: ["POST", "/api/queue/rescan", { token: "right" }], status: 200 },
  { what: ["POST", "/api/reports/send", {}], status: 401 },
  { what: ["POST", "/api/reports/send", { token: "right" }], status: 200 },
  { what: ["GET", "/ca.pem", {}], status: 404 },
  { what: ["GET", "/../../etc/passwd", {}], status: 401 },
  { what: ["GET", "/nothing", { token: "right" }], status: 404 },
];

Deno.test("status app: who may read, who may change", async () => {
  for (const { what, status } of ACCESS) {
    const { ask } = app();
    const response = await ask(...what);
    assertEquals(response.status, status, JSON.stringify(what));
    assertEquals(response.headers.get("access-control-allow-origin"), null);
    assert(response.headers.get("content-security-policy"), "every answer has its security headers");
    await response.body?.cancel();
  }
});

Deno.test("status app: what is done to many messages, and how many", async () => {
  const { ask, calls } = app();
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

Deno.test("status app: what strangers wrote is text on the page", async () => {
  const page = await (await app().ask("GET", "/")).text();
  assert(page.includes("&lt;script&gt;@x") && page.includes("&lt;b&gt;later"), page);
  assert(!page.includes("<script>") && !page.includes("<b>later"));
});

Deno.test("status app: a reload that fails says why; an exception tells nothing outside", async () => {
  const bad = await app({ reload: () => Promise.resolve("roost.yaml:3:1: unknown key") }).ask(
    "POST",
    "/api/reload",
    { token: "right" },
  );
  assertEquals([bad.status, await bad.json()], [422, { error: "roost.yaml:3:1: unknown key" }]);
  const { ask, calls } = app({ snapshot: () => Promise.reject(new Error("secret path")) });
  const failed = await ask("GET", "/api/status");
  assertEquals([failed.status, (await failed.text()).includes("secret")], [500, false]);
  assertEquals(calls, ["failed secret path"]);
});

Deno.test("the MTA-STS policy is plain text, as senders want it", async () => {
  const response = await app().ask("GET", "/.well-known/mta-sts.txt", { host: "mta-sts.example.org:443" });
  assertEquals(response.headers.get("content-type"), "text/plain");
  assertEquals(await response.text(), "version: STSv1\r\n");
});
