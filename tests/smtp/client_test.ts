import { SmtpClient } from "../../mod/smtp/client.ts";
import type { ClientFault, Step } from "../../mod/smtp/client.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock, settle } from "../support/fake_clock.ts";
import { type PeerManners, SmtpPeer } from "../support/smtp_peer.ts";

function meet(manners: PeerManners = {}, protocol: "smtp" | "lmtp" = "smtp") {
  const peer = new SmtpPeer(manners);
  const clock = new FakeClock();
  return { peer, clock, client: new SmtpClient(peer, { protocol, hostname: "mail.example.org", clock }) };
}

function faultIn(step: Step<unknown>): ClientFault {
  assert(!step.ok, "expected a fault");
  return step.error;
}

const OPEN = { name: "peer", required: false };

Deno.test("open() says EHLO and learns what is offered", async () => {
  const { peer, client } = meet({ offers: ["PIPELINING", "SIZE 5000"] });
  const opened = await client.open();
  assert(opened.ok && opened.value.pipelining && opened.value.maxSize === 5000);
  assertEquals(peer.commands, ["EHLO mail.example.org"]);
});

Deno.test("open() falls back to HELO, and says LHLO in LMTP", async () => {
  const old = meet({ on: { EHLO: "500 What?" }, offers: ["PIPELINING"] });
  const opened = await old.client.open();
  assert(opened.ok && !opened.value.pipelining);
  assertEquals(old.peer.commands, ["EHLO mail.example.org", "HELO mail.example.org"]);
  const lmtp = meet({}, "lmtp");
  assert((await lmtp.client.open()).ok);
  assertEquals(lmtp.peer.commands, ["LHLO mail.example.org"]);
});

Deno.test("open() gives a fault for every way a peer can be of no use", async () => {
  const cases: readonly (readonly [PeerManners, string, string])[] = [
    [{ greeting: "554 5.7.1 Go away" }, "reply", "greeting"],
    [{ greeting: "421 Busy" }, "reply", "greeting"],
    [{ greeting: "250 What?" }, "reply", "greeting"],
    [{ greeting: "!close" }, "lost", "greeting"],
    [{ greeting: "!reset" }, "lost", "greeting"],
    [{ greeting: "HTTP/1.0 400 Bad Request" }, "lost", "greeting"],
    [{ greeting: `220 ${"x".repeat(9000)}` }, "lost", "greeting"],
    [{ greeting: "220-a\r\n".repeat(500) }, "lost", "greeting"],
    [{ on: { EHLO: "451 Later" } }, "reply", "hello"],
    [{ on: { EHLO: "550 No", HELO: "550 No" } }, "reply", "hello"],
    [{ on: { EHLO: "550 No", HELO: "!close" } }, "lost", "hello"],
    [{ on: { EHLO: "!close" } }, "lost", "hello"],
    [{ on: { EHLO: "\u0000\u0001\u0002" } }, "lost", "hello"],
  ];
  for (const [manners, kind, stage] of cases) {
    const { client, clock } = meet(manners);
    const fault = faultIn(await client.open());
    assertEquals([fault.kind, fault.stage], [kind, stage], JSON.stringify(manners).slice(0, 80));
    assertEquals(clock.waiting, 0, "a timer is left");
  }
});

Deno.test("every reply has a deadline of its own", async () => {
  const cases: readonly (readonly [PeerManners, number])[] = [
    [{ greeting: "!silence" }, 5 * 60_000],
    [{ on: { EHLO: "!silence" } }, 5 * 60_000],
  ];
  for (const [manners, timeout] of cases) {
    const { client, clock, peer } = meet(manners);
    const opening = client.open();
    await clock.advance(timeout - 1);
    assertEquals(client.usable, true);
    await clock.advance(1);
    const fault = faultIn(await opening);
    assert(fault.kind === "lost" && fault.why === "no reply in time");
    assert(peer.destroyed && !client.usable);
  }
});

Deno.test("a peer that drips a reply octet by octet does not hold us", async () => {
  const { client, clock, peer } = meet({ greeting: "!silence" });
  const opening = client.open();
  for (let i = 0; i < 10; i++) {
    peer.feed("2");
    await clock.advance(60_000);
  }
  assertEquals(faultIn(await opening).kind, "lost");
});

Deno.test("startTls() says EHLO again and forgets what was offered in the clear", async () => {
  const { client, peer } = meet({
    offers: ["STARTTLS"],
    on: { EHLO: ["250-peer\r\n250 STARTTLS", "250-peer\r\n250 DSN"] },
  });
  await client.open();
  const begun = await client.startTls({ name: "mx.example.net", required: true });
  assert(begun.ok && begun.value.dsn && !begun.value.startTls);
  assertEquals(peer.commands, ["EHLO mail.example.org", "STARTTLS", "EHLO mail.example.org"]);
  assertEquals(peer.verify, { name: "mx.example.net", required: true });
  assertEquals(client.tls, "TLSv1.3");
});

Deno.test("startTls() refused leaves the connection in use; a broken handshake does not", async () => {
  const refusing = meet({ offers: ["STARTTLS"], on: { STARTTLS: "454 Not now" } });
  await refusing.client.open();
  assertEquals(faultIn(await refusing.client.startTls(OPEN)).kind, "reply");
  assert(refusing.client.usable);
  const broken = meet({ offers: ["STARTTLS"], tlsFails: true });
  await broken.client.open();
  const fault = faultIn(await broken.client.startTls(OPEN));
  assertEquals([fault.kind, fault.stage, broken.client.usable], ["lost", "handshake", false]);
});

Deno.test("startTls() refuses octets that were injected in the clear", async () => {
  const { client } = meet({
    offers: ["STARTTLS"],
    on: { STARTTLS: "220 Go\r\n250-injected\r\n250 AUTH PLAIN" },
  });
  await client.open();
  const fault = faultIn(await client.startTls(OPEN));
  assertEquals([fault.kind, fault.stage, client.usable, client.tls], ["lost", "handshake", false, null]);
});

Deno.test("authenticate() speaks PLAIN and LOGIN, and only under TLS", async () => {
  const plain = meet({ offers: ["AUTH LOGIN PLAIN"] });
  await plain.client.open();
  assertEquals(faultIn(await plain.client.authenticate("u", "p")).kind, "policy");
  assertEquals(plain.peer.commands.length, 1, "nothing may be sent in the clear");
  await plain.peer.startTls(null);
  assert((await plain.client.authenticate("u", "p\u00e4")).ok);
  assertEquals(plain.peer.commands[1], "AUTH PLAIN AHUAcMOk");
  const login = meet({
    offers: ["AUTH LOGIN"],
    on: { "AUTH": "334 VXNlcg==", "dQ==": "334 UGFzcw==", "cA==": "235 Yes" },
  });
  await login.client.open();
  await login.peer.startTls(null);
  assert((await login.client.authenticate("u", "p")).ok);
  assertEquals(login.peer.commands.slice(1), ["AUTH LOGIN", "dQ==", "cA=="]);
});

Deno.test("authenticate() tells why it failed, without the password", async () => {
  const wrong = meet({ offers: ["AUTH PLAIN"], on: { AUTH: "535 5.7.8 No" } });
  await wrong.client.open();
  await wrong.peer.startTls(null);
  const fault = faultIn(await wrong.client.authenticate("u", "secret"));
  assert(fault.kind === "reply" && fault.reply.status === "5.7.8");
  assert(!JSON.stringify(fault).includes("secret"));
  const none = meet({ offers: ["AUTH CRAM-MD5"] });
  await none.client.open();
  await none.peer.startTls(null);
  assertEquals(faultIn(await none.client.authenticate("u", "p")).kind, "policy");
});

Deno.test("reset() and quit() keep order", async () => {
  const { client, peer, clock } = meet();
  await client.open();
  assert((await client.reset()).ok && client.usable);
  await client.quit();
  assertEquals(peer.commands.slice(1), ["RSET", "QUIT"]);
  assert(peer.closed && !client.usable);
  assertEquals(clock.waiting, 0);
});

Deno.test("inStep() finds replies that nobody asked for, and knows a goodbye", async () => {
  const table = [["250 more", "lost"], ["421 4.3.2 Bye", "reply"], ["nonsense", "lost"]] as const;
  for (const [said, kind] of table) {
    const { client, peer } = meet();
    await client.open();
    assert((await client.inStep("mail")).ok);
    peer.feed(`${said}\r\n`);
    assertEquals(faultIn(await client.inStep("mail")).kind, kind, said);
    assertEquals(client.usable, false);
  }
});

Deno.test("quit() does not wait long for the answer", async () => {
  const { client, peer, clock } = meet({ on: { QUIT: "!silence" } });
  await client.open();
  const ended = client.quit();
  await clock.advance(10_000);
  await ended;
  assert(peer.closed || peer.destroyed);
});

Deno.test("a 421 at any time makes the connection unusable", async () => {
  const { client } = meet({ on: { RSET: "421 4.3.2 Bye" } });
  await client.open();
  assertEquals(faultIn(await client.reset()).kind, "reply");
  assertEquals(client.usable, false);
});

Deno.test("abort() ends a wait at once, but gives the final verdict a moment", async () => {
  const waiting = meet({ on: { RSET: "!silence" } });
  await waiting.client.open();
  const reset = waiting.client.reset();
  await settle();
  waiting.client.abort();
  assertEquals(faultIn(await reset).kind, "lost");
  const ending = meet();
  await ending.client.open();
  await ending.client.exchange("data", "DATA\r\n", 1000);
  const finished = ending.client.finish(new TextEncoder().encode("x\r\n"));
  await settle();
  ending.client.abort();
  await ending.clock.advance(9_000);
  assertEquals(ending.peer.destroyed, false);
  await ending.clock.advance(1_000);
  assertEquals(faultIn(await finished).kind, "lost");
});

Deno.test("write() reports what the peer said before it hung up", async () => {
  const { client, peer } = meet({ breaksInBody: 10, lastWords: "552 5.3.4 Too big" });
  await client.open();
  await client.exchange("data", "DATA\r\n", 1000);
  const fault = faultIn(await client.write("body", new Uint8Array(100)));
  assert(fault.kind === "reply" && fault.reply.code === 552);
  assert(peer.destroyed && !client.usable);
});
