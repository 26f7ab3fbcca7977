import { assert, assertEquals } from "../support/assert.ts";
import { type AskOptions, testApp } from "../support/status_app.ts";

const ACCESS: readonly {
  readonly what: [string, string, AskOptions];
  readonly status: number;
}[] = [
  { what: ["GET", "/healthz", { from: "203.0.113.9", host: "anything" }], status: 200 },
  {
    what: ["GET", "/.well-known/mta-sts.txt", { from: "203.0.113.9", host: "MTA-STS.example.org" }],
    status: 200,
  },
  { what: ["GET", "/.well-known/mta-sts.txt", { from: "203.0.113.9", host: "example.org" }], status: 421 },
  { what: ["GET", "/.well-known/mta-sts.txt", {}], status: 401 },
  { what: ["GET", "/api/status", { host: "mta-sts.example.org" }], status: 404 },
  { what: ["GET", "/api/status", { host: "autoconfig.example.org", token: "right" }], status: 404 },
  { what: ["POST", "/api/reload", { host: "autoconfig.example.org", token: "right" }], status: 404 },
  { what: ["POST", "/sign-in", { host: "autoconfig.example.org", body: "token=right" }], status: 404 },
  { what: ["GET", "/", { host: "autoconfig.example.org", from: "203.0.113.9" }], status: 303 },
  { what: ["GET", "/setup", { host: "autoconfig.example.org", from: "203.0.113.9" }], status: 200 },
  { what: ["GET", "/mail/config-v1.1.xml", { host: "autoconfig.example.org", secure: true }], status: 200 },
  { what: ["GET", "/metrics", { host: "autoconfig.example.net" }], status: 421 },
  { what: ["GET", "/api/status", { secure: true }], status: 401 },
  { what: ["GET", "/api/status", { secure: true, host: "127.0.0.1" }], status: 401 },
  { what: ["GET", "/api/status", { secure: true, token: "reader" }], status: 200 },
  { what: ["GET", "/", {}], status: 200 },
  { what: ["GET", "/api/status", {}], status: 200 },
  { what: ["GET", "/api/status", { from: "::1", host: "[::1]:8080" }], status: 200 },
  { what: ["GET", "/api/status", { host: "mail.example.org" }], status: 401 },
  { what: ["GET", "/api/status", { host: "mail.example.org", token: "reader" }], status: 200 },
  { what: ["GET", "/api/status", { headers: { "x-forwarded-for": "203.0.113.9" } }], status: 401 },
  { what: ["GET", "/api/status", { headers: { via: "1.1 proxy" } }], status: 401 },
  { what: ["GET", "/api/status", { headers: { "x-forwarded-proto": "https" } }], status: 401 },
  { what: ["GET", "/api/status", { headers: { "cf-connecting-ip": "" } }], status: 401 },
  // nginx without a word about proxy_set_header.
  { what: ["GET", "/api/status", { host: "127.0.0.1:8080", old: true }], status: 401 },
  { what: ["GET", "/api/status", { host: "127.0.0.1:8080", old: true, token: "reader" }], status: 200 },
  // For whom a proxy says it asks makes nobody welcome.
  {
    what: ["GET", "/api/status", { from: "203.0.113.9", headers: { "x-forwarded-for": "127.0.0.1" } }],
    status: 401,
  },
  { what: ["GET", "/api/status", { from: "203.0.113.9", host: "localhost" }], status: 401 },
  { what: ["GET", "/%2e%2e/api/status", { from: "203.0.113.9" }], status: 401 },
  { what: ["GET", "//api/status", { from: "203.0.113.9" }], status: 401 },
  { what: ["GET", "/api%2fstatus", { token: "right" }], status: 404 },
  { what: ["GET", "/style.css/../api/status", { from: "203.0.113.9" }], status: 401 },
  { what: ["GET", "/setup/..%2fapi%2fstatus", { from: "203.0.113.9" }], status: 303 },
  { what: ["OPTIONS", "/api/reload", { headers: { origin: "http://evil.example" } }], status: 401 },
  { what: ["PUT", "/api/queue", { token: "right" }], status: 404 },
  { what: ["GET", "/api/status", { from: "127.evil" }], status: 401 },
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
  { what: ["POST", "/api/reload", { token: "reader" }], status: 401 },
  { what: ["GET", "/api/health", {}], status: 200 },
  { what: ["GET", "/api/history", {}], status: 200 },
  { what: ["GET", "/api/decisions", { from: "203.0.113.9" }], status: 401 },
  { what: ["GET", "/api/accounts", { from: "203.0.113.9" }], status: 401 },
  { what: ["GET", "/api/domains", {}], status: 200 },
  { what: ["GET", "/style.css", { from: "203.0.113.9", host: "mail.example.org" }], status: 200 },
  { what: ["GET", "/live.js", { from: "203.0.113.9", host: "evil.example" }], status: 421 },
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
    const { ask } = testApp();
    const response = await ask(...what);
    assertEquals(response.status, status, JSON.stringify(what));
    assertEquals(response.headers.get("access-control-allow-origin"), null);
    assert(response.headers.get("content-security-policy"), "every answer has its security headers");
    await response.body?.cancel();
  }
});

Deno.test("status app: what strangers wrote is text on the page", async () => {
  const page = await (await testApp().ask("GET", "/queue")).text();
  assert(page.includes("&lt;script&gt;@x") && page.includes("&lt;b&gt;later"), page);
  assert(!page.includes("<script>@") && !page.includes("<b>later"));
});

Deno.test("status app: a reload that fails says why; an exception tells nothing outside", async () => {
  const bad = await testApp({ reload: () => Promise.resolve("roost.yaml:3:1: unknown key") }).ask(
    "POST",
    "/api/reload",
    { token: "right" },
  );
  assertEquals([bad.status, await bad.json()], [422, { error: "roost.yaml:3:1: unknown key" }]);
  const { ask, calls } = testApp({ snapshot: () => Promise.reject(new Error("secret path")) });
  const failed = await ask("GET", "/api/status");
  assertEquals([failed.status, (await failed.text()).includes("secret")], [500, false]);
  assertEquals(calls, ["failed secret path"]);
});

Deno.test("the MTA-STS policy is plain text, as senders want it", async () => {
  const response = await testApp().ask("GET", "/.well-known/mta-sts.txt", {
    host: "mta-sts.example.org:443",
  });
  assertEquals(response.headers.get("content-type"), "text/plain");
  assertEquals(await response.text(), "version: STSv1\r\n");
});

Deno.test("the status app answers open challenges of an authority to everybody, under any name, and nothing else", async () => {
  const { ask } = testApp();
  for (
    const [token, status, text] of [["open-token", 200, "open-token.print"], ["other", 404, null]] as const
  ) {
    const answer = await ask("GET", `/.well-known/acme-challenge/${token}`, {
      from: "192.0.2.1",
      host: "imap.example.org",
    });
    const got = await answer.text();
    assertEquals([answer.status, text === null ? null : got], [status, text]);
  }
});

Deno.test("POST /api/certificates/renew needs the right to change, and tells why it failed", async () => {
  const { ask } = testApp();
  const path = "/api/certificates/renew";
  assertEquals((await ask("POST", path)).status, 401);
  assertEquals(await (await ask("POST", path, { token: "right" })).json(), { renewed: true });
  const refused = await ask("POST", `${path}?revoke=yes`, { token: "right" });
  assertEquals([refused.status, await refused.json()], [422, { error: "no certificate to revoke" }]);
});

Deno.test("only browsers that came by TLS, by our own name, are told to stay with it", async () => {
  const { ask } = testApp({ strictTransport: () => true });
  const cases: readonly (readonly [AskOptions, boolean])[] = [
    [{ secure: true, host: "mail.example.org" }, true],
    [{ secure: true, host: "mail.example.org:443" }, true],
    [{ secure: false, host: "mail.example.org" }, false],
    [{ secure: false, host: "mail.example.org", headers: { "x-forwarded-proto": "https" } }, false],
    [{ secure: true, host: "autoconfig.example.org" }, false],
    [{ secure: true, host: "192.0.2.1" }, false],
  ];
  for (const [options, told] of cases) {
    const response = await ask("GET", "/healthz", options);
    const strict = response.headers.get("strict-transport-security");
    assertEquals(strict, told ? "max-age=2592000" : null, JSON.stringify(options));
    await response.body?.cancel();
  }
  const never = await testApp().ask("GET", "/healthz", { secure: true, host: "mail.example.org" });
  assertEquals(never.headers.get("strict-transport-security"), null);
  await never.body?.cancel();
});

Deno.test("tokens are asked for over TLS where there is TLS", async () => {
  const { ask } = testApp({ secureOrigin: () => "https://mail.example.org:8443" });
  const from = "203.0.113.9";
  const cases: readonly (readonly [string, string, AskOptions, number])[] = [
    ["GET", "/sign-in?x=1", { from, host: "mail.example.org" }, 307],
    ["GET", "//evil.example/", { from, host: "mail.example.org:8080" }, 307],
    ["GET", "/sign-in", { from, host: "mail.example.org", secure: true }, 200],
    ["GET", "/sign-in", { from, host: "192.0.2.1:8080" }, 200],
    ["GET", "/sign-in", { host: "mail.example.org" }, 200],
    // A proxy has its own TLS.
    ["GET", "/sign-in", { from, host: "mail.example.org", headers: { "x-forwarded-for": "192.0.2.7" } }, 200],
    ["POST", "/api/reload", { from, host: "mail.example.org", token: "right" }, 200],
    // Who does not know our authority yet comes for its certificate.
    ["GET", "/setup", { from, host: "mail.example.org" }, 200],
    ["GET", "/.well-known/acme-challenge/open-token", { from, host: "mail.example.org" }, 200],
  ];
  for (const [method, path, options, status] of cases) {
    const response = await ask(method, path, options);
    assertEquals(response.status, status, path + JSON.stringify(options));
    const location = response.headers.get("location");
    if (status === 307) assertEquals(location, `https://mail.example.org:8443${path}`);
    await response.body?.cancel();
  }
});
