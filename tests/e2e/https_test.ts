/** listen.https of the real server: MTA-STS, settings, the status page. */
import net from "node:net";
import https from "node:https";
import tls from "node:tls";
import { parseStsPolicy } from "../../mod/auth/mta_sts/policy.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import { HttpsFetcher } from "../../mod/sys/https.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { freePorts } from "../support/free_ports.ts";
import { RoostProcess } from "../support/roost_process.ts";
import { zone } from "../support/zone.ts";

interface Got {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** Asks by a name that leads to loopback; the certificate must be for it. */
function ask(
  at: { readonly port: number; readonly ca: string },
  host: string,
  path: string,
  { method = "GET", body = "", headers = {} }: {
    method?: string;
    body?: string;
    headers?: Record<string, string>;
  } = {},
): Promise<Got> {
  return new Promise((resolve, reject) => {
    const request = https.request({
      host: "127.0.0.1",
      servername: host,
      port: at.port,
      path,
      method,
      ca: at.ca,
      agent: false,
      headers: { host, "content-length": `${utf8(body).length}`, ...headers },
    }, (response) => {
      let text = "";
      response.on("data", (chunk) => text += chunk);
      response.on(
        "end",
        () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      );
    });
    request.on("error", reject);
    request.end(body);
  });
}

async function start(): Promise<{ roost: RoostProcess; at: { port: number; ca: string } }> {
  const [port = 0] = freePorts(1, "127.0.0.1");
  const roost = await RoostProcess.start({
    https: port,
    domains: { "example.test": "{ mta_sts: testing }" },
  });
  const ca = await Deno.readTextFile(`${roost.dir}/data/tls/ca.pem`);
  return { roost, at: { port, ca } };
}

Deno.test("listen.https serves policies and settings to all, and the status page to who has a token", async () => {
  const { roost, at } = await start();
  await using _ = roost;
  // As other servers do it, but for the port and the authority.
  const names = zone({ "mta-sts.example.test": { A: ["127.0.0.1"] } });
  const policy = await new HttpsFetcher(names, at).fetch("mta-sts.example.test", "/.well-known/mta-sts.txt");
  assert(policy.ok, JSON.stringify(policy));
  const read = parseStsPolicy(policy.value);
  assertEquals(read.ok && read.value.mode, "testing");

  const settings = await ask(
    at,
    "autoconfig.example.test",
    "/mail/config-v1.1.xml?emailaddress=alice@example.test",
  );
  assertEquals([settings.status, settings.headers["content-type"]], [200, "application/xml; charset=utf-8"]);
  assert(settings.text.includes("<hostname>mail.example.test</hostname>"));
  const body =
    `<Autodiscover><Request><EMailAddress>alice@example.test</EMailAddress></Request></Autodiscover>`;
  const outlook = await ask(at, "autodiscover.example.test", "/autodiscover/autodiscover.xml", {
    method: "POST",
    body: body + " ".repeat(10_000),
  });
  assertMatch(outlook.text, /<LoginName>alice@example\.test<\/LoginName>/);
  const profile = await ask(at, "mail.example.test", "/setup/alice%40example.test/apple.mobileconfig");
  assertEquals(profile.headers["content-type"], "application/x-apple-aspen-config; charset=utf-8");
  const page = await ask(at, "mail.example.test", "/setup/alice%40example.test", {
    headers: { host: `mail.example.test:${at.port}` },
  });
  assert(
    page.text.includes(`href="https://mail.example.test:${at.port}/setup/alice%40example.test"`),
    page.text,
  );

  // From this machine, too.
  assertEquals((await ask(at, "localhost", "/api/status")).status, 401);
  assertEquals((await ask(at, "autoconfig.example.test", "/api/status")).status, 404);
  const token = (await roost.verb("token", "add", "test")).out.match(/roost_[0-9a-f]{64}/)?.[0] ?? "";
  const status = await ask(at, "mail.example.test", "/api/status", {
    headers: { authorization: `Bearer ${token}` },
  });
  assertEquals(status.status, 200);
  const { listeners } = JSON.parse(status.text);
  assertEquals(
    listeners.filter((l: { kind: string }) => l.kind === "https").map((l: { port: number }) => l.port),
    [
      at.port,
    ],
  );
  const signedIn = await ask(at, "mail.example.test", "/sign-in", {
    method: "POST",
    body: `token=${token}`,
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      origin: `https://mail.example.test`,
      host: "mail.example.test",
    },
  });
  assertEquals(signedIn.status, 303);
  assertMatch(String(signedIn.headers["set-cookie"]), /; Secure$/);
  // Browsers that do not know our authority must be able to go on without TLS.
  assertEquals(signedIn.headers["strict-transport-security"], undefined);
});

/** Says something, octet by octet where `slowly`; gives what is answered first, or nothing at the end of the connection. */
function say(port: number, octets: Uint8Array, slowly = false): Promise<Uint8Array> {
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1", async () => {
      const each = slowly ? 1 : octets.length;
      for (let i = 0; i < octets.length; i += each) {
        await new Promise((sent) => socket.write(octets.slice(i, i + each), () => sent(null)));
      }
    });
    socket.setNoDelay(true);
    socket.on("error", () => {});
    socket.on("close", () => resolve(new Uint8Array()));
    socket.once("data", (chunk: Uint8Array) => {
      resolve(chunk);
      socket.destroy();
    });
  });
}

/** What a TLS client says first. */
async function helloFor(servername: string): Promise<Uint8Array> {
  const heard = Promise.withResolvers<Uint8Array>();
  const server = net.createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (chunk: Uint8Array) => {
      heard.resolve(new Uint8Array(chunk));
      socket.destroy();
    });
  });
  await new Promise<void>((up) => server.listen(0, "127.0.0.1", () => up()));
  const address = server.address();
  assert(address !== null && typeof address === "object");
  tls.connect({ host: "127.0.0.1", port: address.port, servername }).on("error", () => {});
  const hello = await heard.promise;
  server.close();
  return hello;
}

Deno.test("listen.https hangs up on what is no TLS, takes a ClientHello in pieces, and any name", async () => {
  const { roost, at } = await start();
  await using _ = roost;
  assertEquals((await say(at.port, utf8("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"))).length, 0);
  assertEquals((await say(at.port, Uint8Array.of(22, 3, 1, 0x41, 0))).length, 0);
  const answer = await say(at.port, await helloFor("mail.example.test"), true);
  // A handshake record with a ServerHello.
  assertEquals([answer[0], answer[5]], [22, 2]);
  const shown = await new Promise<string | undefined>((resolve, reject) => {
    const secure = tls.connect({
      host: "127.0.0.1",
      port: at.port,
      servername: "unknown.test",
      rejectUnauthorized: false,
      ALPNProtocols: ["h2", "http/1.1"],
    }, () => {
      resolve(`${secure.getPeerCertificate().subject?.CN} ${secure.alpnProtocol}`);
      secure.destroy();
    });
    secure.once("error", reject);
  });
  assertEquals(shown, "mail.example.test http/1.1");
  assertEquals((await ask(at, "mail.example.test", "/healthz")).status, 200);
  // Nor does a stop wait for who has said nothing yet, who has 30 seconds.
  const silent = net.connect(at.port, "127.0.0.1").on("error", () => {});
  await new Promise((up) => silent.once("connect", up));
  assertEquals((await ask(at, "mail.example.test", "/healthz")).status, 200);
  const began = performance.now();
  assertEquals(await roost.stop(), 0);
  assert(performance.now() - began < 20_000);
  silent.destroy();
});
