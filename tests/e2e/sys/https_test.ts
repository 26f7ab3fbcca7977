/** Fetching over HTTPS from a server on loopback. */
import https from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import tls from "node:tls";
import { fromUtf8, utf8 } from "../../../mod/base/bytes.ts";
import { systemClock } from "../../../mod/sys/clock.ts";
import { HttpsFetcher, postOverHttps } from "../../../mod/sys/https.ts";
import { systemRandom } from "../../../mod/sys/random.ts";
import { issueAuthority, issueServer } from "../../../mod/tls/own_ca.ts";
import { assert, assertEquals, assertMatch } from "../../support/assert.ts";
import { zone } from "../../support/zone.ts";

const HOST = "mta-sts.a.example";
const ZONE = zone({
  [HOST]: { A: ["127.0.0.1"] },
  "broken.example": "servfail",
});

/** A server with a certificate for HOST from an authority of its own; `authority` is that one's, PEM. */
async function serve(handle: (request: IncomingMessage, response: ServerResponse) => void) {
  const ca = await issueAuthority("test", systemClock, systemRandom);
  const { certificate, key } = await issueServer(ca, { dns: [HOST], ip: [] }, systemClock, systemRandom);
  const server = https.createServer({ cert: certificate, key }, handle);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const at = server.address();
  assert(at !== null && typeof at === "object");
  return {
    port: at.port,
    authority: ca.certificate,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

Deno.test("fetch() believes no certificate of an unknown authority", async () => {
  let asked = 0;
  await using server = await serve((_, response) => {
    asked++;
    response.writeHead(200, { "content-type": "text/plain" }).end("x");
  });
  const got = await new HttpsFetcher(ZONE, { port: server.port }).fetch(HOST, "/x");
  assert(!got.ok);
  assertMatch(got.error, /^cannot reach mta-sts\.a\.example: .*certificate/);
  assertEquals(asked, 0, "nothing is asked of a server that is not who it should be");
});

Deno.test("fetch() tells what the DNS did, and who does not answer", async () => {
  const fetcher = new HttpsFetcher(ZONE, { port: 1, timeout: 30_000 });
  const cases: readonly (readonly [string, RegExp])[] = [
    ["missing.example", /^missing\.example has no address$/],
    ["broken.example", /^cannot look up broken\.example: servfail$/],
    [HOST, /^cannot reach mta-sts\.a\.example: .*refused/i],
  ];
  for (const [host, wanted] of cases) {
    const got = await fetcher.fetch(host, "/x");
    assertMatch(got.ok ? "ok" : got.error, wanted);
  }
});

Deno.test("fetch() gives up in time on who takes the connection and says nothing", async () => {
  const silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = silent.accept();
  const got = await new HttpsFetcher(ZONE, { port: silent.addr.port, timeout: 300 }).fetch(HOST, "/x");
  assertEquals(got.ok ? "ok" : got.error, `no reply from ${HOST} in time`);
  (await accepted).close();
  silent.close();
});

Deno.test("fetch() takes a text of a server with the right name, and nothing that is odd", async () => {
  const plain = { "content-type": "text/plain; charset=utf-8" };
  await using server = await serve((request, response) => {
    switch (request.url) {
      case "/good":
        return void response.writeHead(200, plain).end(`for ${request.headers.host}`);
      case "/moved":
        return void response.writeHead(302, { location: "/good" }).end();
      case "/html":
        return void response.writeHead(200, { "content-type": "text/html" }).end("<p>");
      case "/untyped":
        return void response.writeHead(200).end("x");
      case "/large":
        return void response.writeHead(200, plain).end("x".repeat(2000));
      case "/cut":
        response.writeHead(200, { ...plain, "content-length": "100" }).write("half");
        return void setTimeout(() => response.socket?.destroy(), 50);
      case "/drip": {
        response.writeHead(200, plain).write("a");
        const timer = setInterval(() => response.write("a"), 50);
        return void response.once("close", () => clearInterval(timer));
      }
      default:
        response.writeHead(404, plain).end("no");
    }
  });
  // Newer than the type's declaration.
  const authorities = tls as typeof tls & { setDefaultCACertificates(pems: readonly string[]): void };
  const before = tls.getCACertificates("default");
  authorities.setDefaultCACertificates([...before, server.authority]);
  try {
    const resolver = zone({ [HOST]: { A: ["127.0.0.1"] }, "other.example": { A: ["127.0.0.1"] } });
    const fetcher = new HttpsFetcher(resolver, { port: server.port, timeout: 30_000, size: 1000 });
    const impatient = new HttpsFetcher(resolver, { port: server.port, timeout: 1000, size: 1000 });
    const cases: readonly (readonly [string, string, RegExp])[] = [
      [HOST, "/good", /^ok for mta-sts\.a\.example:\d+$/],
      [HOST, "/moved", /replied 302$/],
      [HOST, "/missing", /replied 404$/],
      [HOST, "/html", /replied with "text\/html", not text\/plain$/],
      [HOST, "/untyped", /replied with "", not text\/plain$/],
      [HOST, "/large", /replied with more than 1000 octets$/],
      [HOST, "/cut", /^cannot reach mta-sts\.a\.example: /],
      [HOST, "/drip", /in time$/],
      ["other.example", "/good", /^cannot reach other\.example: .*(altname|not valid for)/i],
    ];
    for (const [host, path, wanted] of cases) {
      const got = await (path === "/drip" ? impatient : fetcher).fetch(host, path);
      assertMatch(got.ok ? `ok ${fromUtf8(got.value)}` : got.error, wanted, path);
    }
  } finally {
    authorities.setDefaultCACertificates(before);
  }
});

Deno.test("postOverHttps() hands octets to who has the right certificate, and tells what was answered", async () => {
  const got: string[] = [];
  await using server = await serve((request, response) => {
    let text = "";
    request.on("data", (chunk) => text += chunk);
    request.on("end", () => {
      got.push(
        `${request.method} ${request.url} ${request.headers["content-type"]} ${request.headers.host} ${text}`,
      );
      if (request.url === "/moved") response.writeHead(307, { location: "/x" }).end();
      else if (request.url === "/no") response.writeHead(500).end();
      else if (request.url === "/endless") {
        response.writeHead(200);
        const write = () => {
          while (!response.destroyed && response.write("x".repeat(65536)));
        };
        response.on("drain", write);
        write();
      } else response.writeHead(201).end("thanks");
    });
  });
  const resolver = zone({ [HOST]: { A: ["127.0.0.1"] }, "other.example": { A: ["127.0.0.1"] } });
  const post = async (host: string, path: string) => {
    const url = `https://${host}:${server.port}${path}`;
    const done = await postOverHttps(resolver, url, utf8("report"), "application/tlsrpt+gzip", 30_000);
    return done.ok ? "ok" : done.error;
  };
  assertMatch(await post(HOST, "/x"), /certificate/);
  assertEquals(got, [], "nothing is told to a server that is not who it should be");
  // Newer than the type's declaration.
  const authorities = tls as typeof tls & { setDefaultCACertificates(pems: readonly string[]): void };
  const before = tls.getCACertificates("default");
  authorities.setDefaultCACertificates([...before, server.authority]);
  try {
    assertEquals(await post(HOST, "/v1/x?y=1"), "ok");
    assertEquals(got, [`POST /v1/x?y=1 application/tlsrpt+gzip ${HOST}:${server.port} report`]);
    assertMatch(await post(HOST, "/moved"), /replied 307$/);
    assertMatch(await post(HOST, "/no"), /replied 500$/);
    assertMatch(await post(HOST, "/endless"), /more than 65536 octets$/);
    assertMatch(await post("other.example", "/x"), /altname|not valid for/i);
    assertEquals(got.length, 4);
  } finally {
    authorities.setDefaultCACertificates(before);
  }
});
