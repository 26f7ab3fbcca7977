/** Requests of ACME over real HTTPS, to a server that keeps to nothing. */
import https from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import { fromUtf8, utf8 } from "../../../mod/base/bytes.ts";
import { AcmeHttps } from "../../../mod/sys/acme_https.ts";
import { systemClock } from "../../../mod/sys/clock.ts";
import { systemRandom } from "../../../mod/sys/random.ts";
import { issueAuthority, issueServer } from "../../../mod/tls/own_ca.ts";
import { assert, assertEquals, assertMatch } from "../../support/assert.ts";
import { zone } from "../../support/zone.ts";

const HOST = "ca.example";
const ZONE = zone({ [HOST]: { A: ["127.0.0.1"] } });

async function serve(handle: (request: IncomingMessage, response: ServerResponse) => void) {
  const ca = await issueAuthority("test", systemClock, systemRandom);
  const names = { dns: [HOST], ip: ["127.0.0.1"] };
  const { certificate, key } = await issueServer(ca, names, systemClock, systemRandom);
  const server = https.createServer({ cert: certificate, key }, handle);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const at = server.address();
  assert(at !== null && typeof at === "object");
  const stop = new AbortController();
  const options = { agent: "roost/test", signal: stop.signal, timeout: 30_000 };
  return {
    stop,
    trusting: new AcmeHttps(ZONE, { ...options, ca: ca.certificate }),
    impatient: new AcmeHttps(ZONE, { ...options, ca: ca.certificate, timeout: 1000 }),
    trustingNobody: new AcmeHttps(ZONE, { ...options, ca: null }),
    at: (path: string, host = HOST) => `https://${host}:${at.port}${path}`,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

Deno.test("AcmeHttps sends what ACME wants, to names and addresses, and trusts the authority it is told of", async () => {
  const heard: string[] = [];
  await using server = await serve((request, response) => {
    const { "content-type": type = "-", "user-agent": agent = "-" } = request.headers;
    heard.push(`${request.method} ${request.url} ${type} ${agent}`);
    response.writeHead(201, { "replay-nonce": "n", "content-type": "application/json" }).end("{}");
  });
  const posted = await server.trusting.send("POST", server.at("/a?b"), utf8("{}"), 100);
  assert(posted.ok);
  assertEquals([posted.value.status, posted.value.header("replay-nonce"), posted.value.header("x")], [
    201,
    "n",
    null,
  ]);
  assertEquals(fromUtf8(posted.value.body), "{}");
  assertEquals((await server.trusting.send("HEAD", server.at("/n"), null, 100)).ok, true);
  assertEquals((await server.trusting.send("GET", server.at("/d", "127.0.0.1"), null, 100)).ok, true);
  assertEquals(heard, [
    "POST /a?b application/jose+json roost/test",
    "HEAD /n - roost/test",
    "GET /d - roost/test",
  ]);
  const refused = await server.trustingNobody.send("GET", server.at("/"), null, 100);
  assertMatch(refused.ok ? "ok" : refused.error, /certificate/);
});

Deno.test("AcmeHttps bounds replies in size and time, follows nobody, and ends with the server", async () => {
  await using server = await serve((request, response) => {
    if (request.url === "/big") response.end("x".repeat(1_000_000));
    else if (request.url === "/moved") response.writeHead(302, { location: "/big" }).end();
    else if (request.url === "/drip") response.writeHead(200).write("x");
  });
  const ask = (path: string) => server.trusting.send("GET", server.at(path), null, 1000);
  const big = await ask("/big");
  assertMatch(big.ok ? "ok" : big.error, /more than 1000 octets/);
  const moved = await ask("/moved");
  assertEquals(moved.ok && moved.value.status, 302);
  const drip = await server.impatient.send("GET", server.at("/drip"), null, 1000);
  assertMatch(drip.ok ? "ok" : drip.error, /no reply .* in time/);
  const silent = ask("/silent");
  server.stop.abort();
  assertEquals((await silent).ok, false);
});
