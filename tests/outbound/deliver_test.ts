import { memoryBody } from "../../mod/base/body.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import { OUTBOUND_ADDRESSES } from "../../mod/base/limits.ts";
import type { AddressFamily } from "../../mod/outbound/address_order.ts";
import { SmtpTransport, type TransportPorts } from "../../mod/outbound/deliver.ts";
import { parseRoute, Routes } from "../../mod/outbound/route.ts";
import type { Batch, RecipientOutcome } from "../../mod/queue/transport.ts";
import { type Conn, ConnectionLost } from "../../mod/wire/conn.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock, settle } from "../support/fake_clock.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { SeededRandom } from "../support/seeded_random.ts";
import { FakeConnector, type PeerManners, SmtpPeer } from "../support/smtp_peer.ts";
import { zone, type ZoneData } from "../support/zone.ts";

interface Setup {
  readonly zone?: ZoneData;
  /** Hosts to try in order, after one blank each. */
  readonly routes?: Readonly<Record<string, string>>;
  /** Peers by address, each used once, in order. */
  readonly peers?: Readonly<Record<string, readonly PeerManners[]>>;
  readonly ports?: Partial<TransportPorts>;
}

function setUp(setup: Setup) {
  const peers = Object.fromEntries(
    Object.entries(setup.peers ?? {}).map(([a, all]) => [a, all.map((m) => new SmtpPeer(m))]),
  );
  const connector = new FakeConnector(peers);
  const clock = new FakeClock();
  const log = new MemoryLog();
  const routes = Object.entries(setup.routes ?? {}).flatMap(([domain, text]) => {
    const [first, ...others] = text.split(" ").flatMap((one) => {
      const read = parseRoute(one);
      return read.ok ? [read.value] : [];
    });
    return first ? [[domain, [first, ...others]] as const] : [];
  });
  const transport = new SmtpTransport({
    resolver: zone(setup.zone ?? {}),
    connector,
    clock,
    random: new SeededRandom(),
    log,
    hostname: "mail.example.org",
    network: "open",
    routes: new Routes(routes),
    isOwnName: (name) => name === "mail.example.org",
    isOwnAddress: (address) => address === "203.0.113.1",
    passwordFor: (user) => Promise.resolve(user === "me" ? "secret" : null),
    ...setup.ports,
  });
  return { transport, peers, connector, clock, log };
}

function batch(destination: string, ...locals: string[]): Batch {
  return {
    sender: { local: "alice", domain: "example.org" },
    recipients: (locals.length > 0 ? locals : ["bob"]).map((local) => ({
      address: { local, domain: destination },
    })),
    destination,
    body: memoryBody(utf8("Subject: hi\r\n\r\nhi\r\n")),
    eightBit: false,
    smtpUtf8: false,
    traceId: "t1",
  };
}

const IDLE = new AbortController().signal;

/** "delivered mx1.a.example", "failed 5.1.1 mx1.a.example", "deferred 4.4.1 down". */
function short(outcomes: readonly RecipientOutcome[]): string[] {
  return outcomes.map((o) => {
    if (o.kind === "delivered") return `delivered ${o.host}`;
    return [o.kind, o.status, o.host, o.destinationDown ? "down" : null].filter((p) => p !== null).join(" ");
  });
}

const ZONE: ZoneData = {
  "a.example": { MX: ["10 mx1.a.example", "20 mx2.a.example"] },
  "mx1.a.example": { A: ["192.0.2.1"], AAAA: ["2001:db8::1"] },
  "mx2.a.example": { A: ["192.0.2.2"] },
  "odd.example": { MX: ["10 gone.odd.example", "20 broken.odd.example", "30 mx2.a.example"] },
  "broken.odd.example": "servfail",
  "dead.example": { MX: ["10 gone.odd.example"] },
  "unsure.example": { MX: ["10 broken.odd.example", "20 gone.odd.example"] },
  "self.example": { MX: ["10 alias.self.example"] },
  "backup.example": { MX: ["10 mx1.a.example", "20 alias.self.example", "30 mx2.a.example"] },
  "alias.self.example": { A: ["203.0.113.1"] },
};

Deno.test("deliver() tries IPv6 and IPv4, then the next host", async () => {
  const first = setUp({ zone: ZONE, peers: { "2001:db8::1": [{}] } });
  assertEquals(short(await first.transport.deliver(batch("a.example"), IDLE)), ["delivered mx1.a.example"]);
  assertEquals(first.connector.calls, ["2001:db8::1:25"]);
  const next = setUp({ zone: ZONE, peers: { "192.0.2.2": [{}] } });
  assertEquals(short(await next.transport.deliver(batch("a.example"), IDLE)), ["delivered mx2.a.example"]);
  assertEquals(next.connector.calls, ["2001:db8::1:25", "192.0.2.1:25", "192.0.2.2:25"]);
});

Deno.test("deliver() tells of MX records that lead into a local network, and tries them no longer than others", async () => {
  const inner = ["10.0.0.5", "127.0.0.1", "192.168.1.1", "169.254.1.1", "100.64.0.1", "fd00::1", "fe80::1"];
  for (const address of inner) {
    const data: ZoneData = {
      "inner.example": { MX: ["10 mx.inner.example"] },
      "mx.inner.example": { [address.includes(":") ? "AAAA" : "A"]: [address] },
    };
    const { transport, connector, log } = setUp({ zone: data });
    assertEquals(short(await transport.deliver(batch("inner.example"), IDLE)), [
      "deferred 4.4.1 mx.inner.example down",
    ]);
    assertEquals(connector.calls.length, 1);
    assertEquals(log.lines.map((l) => [l.event, l.fields]), [["mx is not public", {
      trace: "t1",
      destination: "inner.example",
      host: "mx.inner.example",
      addresses: address,
    }]]);
    // What the config names is meant so.
    const routed = setUp({ zone: data, routes: { "inner.example": `smtp://mx.inner.example:25` } });
    await routed.transport.deliver(batch("inner.example"), IDLE);
    assertEquals(routed.log.lines, []);
  }
  const many = Array.from({ length: 400 }, (_, i) => `10.0.${i >> 8}.${i & 255}`);
  const flood = setUp({
    zone: { "inner.example": { MX: ["10 mx.inner.example"] }, "mx.inner.example": { A: many } },
  });
  await flood.transport.deliver(batch("inner.example"), IDLE);
  assertEquals(flood.connector.calls.length, OUTBOUND_ADDRESSES);
  assertEquals(String(flood.log.lines[0]?.fields["addresses"]).split(" ").length, OUTBOUND_ADDRESSES);
});

Deno.test("deliver() gives every recipient an outcome", async () => {
  const on = { "RCPT TO:<b": "550 5.1.1 No", "RCPT TO:<c": "450 4.2.1 Later" };
  const { transport } = setUp({ zone: ZONE, peers: { "2001:db8::1": [{ on, offers: ["DSN"] }] } });
  const outcomes = await transport.deliver(batch("a.example", "a", "b", "c"), IDLE);
  assertEquals(short(outcomes), [
    "delivered mx1.a.example",
    "failed 5.1.1 mx1.a.example",
    "deferred 4.2.1 mx1.a.example",
  ]);
  assert(outcomes[0]?.kind === "delivered" && outcomes[0].dsnPassedOn && outcomes[0].tls === null);
  assert(outcomes[1]?.kind === "failed" && outcomes[1].reply?.lines[0] === "No" && outcomes[1].atRecipient);
  const later = setUp({ zone: ZONE, peers: { "2001:db8::1": [{ on: { ".": "550 5.1.1 No" } }] } });
  const [after] = await later.transport.deliver(batch("a.example"), IDLE);
  assert(after?.kind === "failed" && !after.atRecipient, "said of the message, not of one recipient");
});

Deno.test("deliver() decides by the DNS what is for good", async () => {
  const cases: readonly (readonly [string, string])[] = [
    ["missing.example", "failed 5.1.2 down"],
    ["dead.example", "failed 5.4.4 gone.odd.example down"],
    ["unsure.example", "deferred 4.4.3 broken.odd.example down"],
    ["self.example", "failed 5.4.6 alias.self.example down"],
    ["a.example", "deferred 4.4.1 mx2.a.example down"],
  ];
  for (const [destination, expected] of cases) {
    const { transport } = setUp({ zone: ZONE });
    assertEquals(
      short(await transport.deliver(batch(destination, "a", "b"), IDLE)),
      [expected, expected],
      destination,
    );
  }
  const { transport } = setUp({ zone: ZONE, peers: { "192.0.2.2": [{}] } });
  assertEquals(short(await transport.deliver(batch("odd.example"), IDLE)), ["delivered mx2.a.example"]);
});

Deno.test("deliver() stops before hosts that come after ourselves", async () => {
  const { transport, connector } = setUp({ zone: ZONE });
  assertEquals(short(await transport.deliver(batch("backup.example"), IDLE)), [
    "deferred 4.4.1 mx1.a.example down",
  ]);
  assertEquals(connector.calls, ["2001:db8::1:25", "192.0.2.1:25"]);
});

Deno.test("deliver() goes on after a host that refuses itself, not after one that judged the message", async () => {
  const cases: readonly (readonly [PeerManners, string, number])[] = [
    [{ greeting: "554 No" }, "delivered mx2.a.example", 2],
    [{ greeting: "421 Busy" }, "delivered mx2.a.example", 2],
    [{ greeting: "!close" }, "delivered mx2.a.example", 2],
    [{ on: { EHLO: "550 No", HELO: "550 No" } }, "delivered mx2.a.example", 2],
    [{ on: { MAIL: "451 4.3.0 Later" } }, "delivered mx2.a.example", 2],
    [{ on: { RCPT: "!close" } }, "delivered mx2.a.example", 2],
    [{ on: { MAIL: "550 5.7.1 No" } }, "failed 5.7.1 mx1.a.example", 1],
    [{ on: { RCPT: "550 5.1.1 No" } }, "failed 5.1.1 mx1.a.example", 1],
    [{ on: { RCPT: "450 4.2.0 Later" } }, "deferred 4.2.0 mx1.a.example", 1],
    [{ on: { ".": "554 5.7.1 Spam" } }, "failed 5.7.1 mx1.a.example", 1],
    // The message may have been taken: no other host may get it now.
    [{ on: { ".": "!close" } }, "deferred 4.4.2 mx1.a.example", 1],
    [{ breaksInBody: 5 }, "deferred 4.4.2 mx1.a.example", 1],
    [{ on: { ".": "!reset" } }, "deferred 4.4.2 mx1.a.example", 1],
  ];
  for (const [manners, expected, hosts] of cases) {
    const { transport, connector } = setUp({
      zone: { ...ZONE, "mx1.a.example": { A: ["192.0.2.1"] } },
      peers: { "192.0.2.1": [manners], "192.0.2.2": [{}] },
    });
    assertEquals(
      short(await transport.deliver(batch("a.example"), IDLE)),
      [expected],
      JSON.stringify(manners),
    );
    assertEquals(connector.calls.length, hosts, JSON.stringify(manners));
  }
});

Deno.test("deliver() fails for good only when all hosts do", async () => {
  const bad = { on: { EHLO: "550 5.7.1 No", HELO: "550 5.7.1 No" } };
  const simple = { ...ZONE, "mx1.a.example": { A: ["192.0.2.1"] } };
  const both = setUp({ zone: simple, peers: { "192.0.2.1": [bad], "192.0.2.2": [bad] } });
  assertEquals(short(await both.transport.deliver(batch("a.example"), IDLE)), [
    "failed 5.7.1 mx2.a.example down",
  ]);
  const one = setUp({ zone: simple, peers: { "192.0.2.1": [bad] } });
  assertEquals(short(await one.transport.deliver(batch("a.example"), IDLE)), [
    "deferred 4.4.1 mx2.a.example down",
  ]);
});

Deno.test("deliver() does not knock at every door", async () => {
  const hosts = Array.from({ length: 30 }, (_, i) => `192.0.2.${i + 1}`);
  const many = { "many.example": { A: hosts } };
  const silent = setUp({ zone: many });
  await silent.transport.deliver(batch("many.example"), IDLE);
  assertEquals(silent.connector.calls.length, 10);
  const rude = setUp({
    zone: many,
    peers: Object.fromEntries(hosts.map((h) => [h, [{ greeting: "421 Busy" }]])),
  });
  await rude.transport.deliver(batch("many.example"), IDLE);
  assertEquals(rude.connector.calls.length, 3);
});

Deno.test("deliver() splits many recipients, and gives those over the peer's cap another transaction", async () => {
  const locals = Array.from({ length: 250 }, (_, i) => `user${i}`);
  const many = setUp({ zone: ZONE, peers: { "2001:db8::1": [{ offers: ["PIPELINING"] }] } });
  const outcomes = await many.transport.deliver(batch("a.example", ...locals), IDLE);
  assert(outcomes.length === 250 && outcomes.every((o) => o.kind === "delivered"));
  assertEquals(many.peers["2001:db8::1"]?.[0]?.messages.length, 3);
  const on = { "RCPT TO:<b": ["452 4.5.3 Too many", "250 Fine"], "RCPT TO:<c": "452 4.5.3 Too many" };
  const capped = setUp({ zone: ZONE, peers: { "2001:db8::1": [{ on }] } });
  assertEquals(short(await capped.transport.deliver(batch("a.example", "a", "b", "c"), IDLE)), [
    "delivered mx1.a.example",
    "delivered mx1.a.example",
    "deferred 4.5.3 mx1.a.example",
  ]);
});

Deno.test("deliver() keeps what was answered when the connection breaks between transactions", async () => {
  const locals = Array.from({ length: 150 }, (_, i) => `user${i}`);
  const on = { "MAIL": ["250 Fine", "421 Enough"] };
  const { transport, peers } = setUp({
    zone: { ...ZONE, "mx1.a.example": { A: ["192.0.2.1"] } },
    peers: { "192.0.2.1": [{ on }], "192.0.2.2": [{}] },
  });
  const outcomes = short(await transport.deliver(batch("a.example", ...locals), IDLE));
  assertEquals(outcomes.filter((o) => o === "delivered mx1.a.example").length, 100);
  assertEquals(outcomes.filter((o) => o === "delivered mx2.a.example").length, 50);
  assertEquals(peers["192.0.2.2"]?.[0]?.commands.filter((c) => c.startsWith("RCPT")).length, 50);
});

Deno.test("deliver() uses a connection again, and connects anew when it has died meanwhile", async () => {
  const { transport, peers, connector, clock } = setUp({
    zone: ZONE,
    peers: { "2001:db8::1": [{ on: { MAIL: ["250 a", "250 b", "421 Idle too long"] } }, {}] },
  });
  for (let i = 0; i < 3; i++) {
    assertEquals(short(await transport.deliver(batch("a.example"), IDLE)), ["delivered mx1.a.example"]);
  }
  const [first, second] = peers["2001:db8::1"] ?? [];
  assertEquals([first?.messages.length, second?.messages.length], [2, 1]);
  assertEquals(connector.calls.length, 2);
  await transport.close();
  assertEquals(second?.commands.at(-1), "QUIT");
  assertEquals(clock.waiting, 0);
});

Deno.test("deliver() does not use a connection again that may be in the middle of something", async () => {
  const { transport, peers, clock } = setUp({
    zone: { ...ZONE, "mx1.a.example": { A: ["192.0.2.1"] } },
    peers: { "192.0.2.1": [{ on: { DATA: "451 4.3.0 Later" } }, {}] },
  });
  assertEquals(short(await transport.deliver(batch("a.example"), IDLE)), [
    "deferred 4.3.0 mx1.a.example",
  ]);
  assertEquals(short(await transport.deliver(batch("a.example"), IDLE)), ["delivered mx1.a.example"]);
  await transport.close();
  assertEquals(peers["192.0.2.1"]?.map((p) => p.commands.at(-1)), ["QUIT", "QUIT"]);
  assertEquals(clock.waiting, 0);
});

Deno.test("deliver() does not go round with a peer that takes nothing", async () => {
  const on = { "RCPT TO:<b": ["452 4.5.3 Too many", "250 Fine"], ".": "451 4.3.0 Later" };
  const { transport, peers } = setUp({ zone: ZONE, peers: { "2001:db8::1": [{ on }] } });
  assertEquals(short(await transport.deliver(batch("a.example", "a", "b"), IDLE)), [
    "deferred 4.3.0 mx1.a.example",
    "deferred 4.5.3 mx1.a.example",
  ]);
  assertEquals(peers["2001:db8::1"]?.[0]?.messages.length, 1);
  await transport.close();
});

Deno.test("deliver() clears a transaction that came to nothing before the next", async () => {
  const { transport, peers } = setUp({
    zone: ZONE,
    peers: { "2001:db8::1": [{ on: { RCPT: ["550 No", "250 Fine"] } }] },
  });
  await transport.deliver(batch("a.example"), IDLE);
  await transport.deliver(batch("a.example"), IDLE);
  const verbs = peers["2001:db8::1"]?.[0]?.commands.map((c) => c.slice(0, 4));
  assertEquals(verbs, ["EHLO", "MAIL", "RCPT", "RSET", "MAIL", "RCPT", "DATA"]);
  await transport.close();
});

Deno.test("deliver() by route logs in, and keeps mail when the config is at fault", async () => {
  const relay = { offers: ["STARTTLS", "AUTH PLAIN"] };
  const set = (route: string, manners: PeerManners = relay) =>
    setUp({
      routes: { "*": route },
      zone: { "relay.example": { A: ["192.0.2.9"] } },
      peers: { "192.0.2.9": [manners] },
    });
  const good = set("submission://me@relay.example");
  const outcomes = await good.transport.deliver(batch("a.example"), IDLE);
  assertEquals(short(outcomes), ["delivered relay.example"]);
  assert(outcomes[0]?.kind === "delivered" && outcomes[0].tls === "TLSv1.3");
  assertEquals(good.connector.calls, ["192.0.2.9:587"]);
  const cases: readonly (readonly [string, PeerManners, string])[] = [
    ["submission://other@relay.example", relay, "deferred 4.7.8 relay.example down"],
    ["submission://me@missing.example", relay, "deferred 4.4.4 missing.example down"],
    ["submission://me@relay.example", { offers: ["AUTH PLAIN"] }, "deferred 4.7.4 relay.example down"],
    [
      "submission://me@relay.example",
      { ...relay, on: { AUTH: "535 No" } },
      "deferred 4.7.8 relay.example down",
    ],
  ];
  for (const [route, manners, expected] of cases) {
    assertEquals(
      short(await set(route, manners).transport.deliver(batch("a.example"), IDLE)),
      [expected],
      route,
    );
  }
});

Deno.test("deliver() speaks LMTP, to an own address too when a route says so", async () => {
  const { transport, peers, connector } = setUp({
    routes: { "a.example": "lmtp://203.0.113.1" },
    peers: { "203.0.113.1": [{ on: { ".": ["250 Fine", "452 4.2.2 Full"] } }] },
  });
  assertEquals(short(await transport.deliver(batch("a.example", "a", "b"), IDLE)), [
    "delivered 203.0.113.1",
    "deferred 4.2.2 203.0.113.1",
  ]);
  assertEquals(connector.calls, ["203.0.113.1:24"]);
  assertEquals(peers["203.0.113.1"]?.[0]?.commands[0], "LHLO mail.example.org");
});

Deno.test("deliver() heeds the TLS policy of a host", async () => {
  const required = {
    decide: () => Promise.resolve({ kind: "required", name: "mx1.a.example", implicit: false } as const),
  };
  const clear = setUp({ zone: ZONE, peers: { "2001:db8::1": [{}] }, ports: { tlsPolicies: required } });
  const [outcome] = await clear.transport.deliver(batch("a.example"), IDLE);
  assertEquals(outcome?.kind, "deferred");
  assertEquals(clear.peers["2001:db8::1"]?.[0]?.commands.filter((c) => c.startsWith("MAIL")), []);
  const unknown = { decide: () => Promise.resolve({ kind: "temp", why: "timeout" } as const) };
  const unsure = setUp({ zone: ZONE, ports: { tlsPolicies: unknown } });
  assertEquals(short(await unsure.transport.deliver(batch("a.example"), IDLE)), [
    "deferred 4.7.5 mx2.a.example down",
  ]);
  assertEquals(unsure.connector.calls, []);
});

Deno.test("deliver() stops when told, and what is not foreseen is deferred", async () => {
  const stop = new AbortController();
  const { transport, clock } = setUp({
    zone: ZONE,
    peers: { "2001:db8::1": [{ on: { MAIL: "!silence" } }] },
  });
  const delivering = transport.deliver(batch("a.example", "a", "b"), stop.signal);
  await clock.advance(0);
  stop.abort();
  const outcomes = await delivering;
  assert(outcomes.length === 2 && outcomes.every((o) => o.kind === "deferred" && !o.destinationDown));
  assertEquals(clock.waiting, 0);
  const early = setUp({ zone: ZONE, peers: { "2001:db8::1": [{}] } });
  const [never] = await early.transport.deliver(batch("a.example"), stop.signal);
  assert(never?.kind === "deferred" && early.connector.calls.length === 0);
  const broken = setUp({
    zone: ZONE,
    ports: {
      isOwnName: () => {
        throw new TypeError("bug");
      },
    },
  });
  assertEquals(short(await broken.transport.deliver(batch("a.example"), IDLE)), ["deferred 4.3.0"]);
  assertEquals(broken.log.lines.map((l) => l.level), ["error"]);
});

Deno.test("SmtpTransport sends what requires TLS over verified TLS to hosts that promise the same, or not at all", async () => {
  const routes = { "r.example": "smtp://192.0.2.9" };
  const tls = ["STARTTLS", "REQUIRETLS"];
  const table: readonly (readonly [string, PeerManners, string])[] = [
    ["r.example", { offers: tls }, "delivered 192.0.2.9"],
    ["r.example", { offers: ["STARTTLS"] }, "failed 5.7.30 192.0.2.9"],
    ["r.example", { offers: ["REQUIRETLS"] }, "failed 5.7.30 192.0.2.9"],
    ["r.example", { offers: tls, tlsFails: true }, "deferred 4.7.5 192.0.2.9 down"],
    // MX records that nobody vouches for.
    ["a.example", { offers: tls }, "failed 5.7.30 mx2.a.example"],
  ];
  for (const [destination, manners, want] of table) {
    const { transport, peers } = setUp({ zone: ZONE, routes, peers: { "192.0.2.9": [manners] } });
    const outcomes = await transport.deliver({ ...batch(destination), requireTls: true }, IDLE);
    assertEquals(short(outcomes), [want]);
    const peer = peers["192.0.2.9"]?.[0];
    if (!want.startsWith("delivered")) assertEquals(peer?.messages, []);
    else {
      assertEquals(peer?.verify, { name: "192.0.2.9", required: true });
      assert(peer?.commands.some((c) => c.startsWith("MAIL ") && c.endsWith(" REQUIRETLS")));
    }
    await transport.close();
  }
});

Deno.test("deliver() asks for a policy with the security of MX and addresses together, and defers what it bars", async () => {
  const data: ZoneData = {
    ...ZONE,
    "both.example": { MX: ["10 mx.both.example"], secure: true },
    "mx.both.example": { A: ["192.0.2.2"], secure: true },
    "mx-only.example": { MX: ["10 mx2.a.example"], secure: true },
    "host-only.example": { MX: ["10 mx.both.example"] },
  };
  const asked: string[] = [];
  const refusing: TransportPorts["tlsPolicies"] = {
    decide(destination, host) {
      asked.push(`${destination} ${host.name}:${host.port} ${host.secure}`);
      return Promise.resolve({ kind: "refused", why: "not in the list" });
    },
  };
  const { transport, connector, log } = setUp({ zone: data, ports: { tlsPolicies: refusing } });
  for (const destination of ["both.example", "mx-only.example", "host-only.example"]) {
    const [outcome] = await transport.deliver(batch(destination), IDLE);
    assert(outcome?.kind === "deferred" && outcome.status === "4.7.5" && outcome.why === "not in the list");
  }
  assertEquals(asked, [
    "both.example mx.both.example:25 true",
    "mx-only.example mx2.a.example:25 false",
    "host-only.example mx.both.example:25 false",
  ]);
  assertEquals(connector.calls, []);
  assertEquals(log.lines.map((l) => [l.event, l.fields.why]), [
    ["tls policy bars host", "not in the list"],
    ["tls policy bars host", "not in the list"],
    ["tls policy bars host", "not in the list"],
  ]);
  const waived = setUp({ zone: data, peers: { "192.0.2.2": [{}] }, ports: { tlsPolicies: refusing } });
  const outcomes = await waived.transport.deliver({ ...batch("both.example"), tlsOptional: true }, IDLE);
  assertEquals(short(outcomes), ["delivered mx.both.example"]);
});

Deno.test("deliver() goes on by DATA where BDAT is offered and does not work", async () => {
  const broken: PeerManners = { offers: ["PIPELINING", "CHUNKING"], on: { BDAT: "500 5.5.1 What?" } };
  const { transport, peers, connector } = setUp({ zone: ZONE, peers: { "2001:db8::1": [broken, broken] } });
  for (let n = 0; n < 2; n++) {
    assertEquals(short(await transport.deliver(batch("a.example"), IDLE)), ["delivered mx1.a.example"]);
  }
  assertEquals(connector.calls, ["2001:db8::1:25", "2001:db8::1:25"]);
  const [first, second] = peers["2001:db8::1"] ?? [];
  assertEquals(first?.commands.filter((c) => /^(DATA|BDAT)/.test(c)), ["BDAT 19 LAST"]);
  assertEquals(second?.commands.filter((c) => /^(DATA|BDAT)/.test(c)), ["DATA", "DATA"]);
});

Deno.test("deliver() does not send a message along on a kept connection that the peer has ended", async () => {
  const offers = ["PIPELINING", "CHUNKING"];
  const { transport, peers } = setUp({ zone: ZONE, peers: { "2001:db8::1": [{ offers }, { offers }] } });
  assertEquals(short(await transport.deliver(batch("a.example"), IDLE)), ["delivered mx1.a.example"]);
  peers["2001:db8::1"]?.[0]?.end();
  assertEquals(short(await transport.deliver(batch("a.example"), IDLE)), ["delivered mx1.a.example"]);
  assertEquals(peers["2001:db8::1"]?.map((p) => p.messages.length), [1, 1]);
});

Deno.test("deliver() goes down the list of a route, past hosts that are away or put us off, not past one that refuses the message", async () => {
  const routes = { "a.example": "smtp://192.0.2.1 smtp://192.0.2.2:2525 smtp://192.0.2.3" };
  const cases: readonly (readonly [PeerManners | null, string, number])[] = [
    [{}, "delivered 192.0.2.1", 1],
    [null, "delivered 192.0.2.2", 2],
    [{ greeting: "421 Busy" }, "delivered 192.0.2.2", 2],
    [{ on: { MAIL: "451 Later" } }, "delivered 192.0.2.2", 2],
    [{ on: { MAIL: "550 5.7.1 No" } }, "failed 5.7.1 192.0.2.1", 1],
    [{ on: { RCPT: "550 5.1.1 No" } }, "failed 5.1.1 192.0.2.1", 1],
  ];
  for (const [manners, expected, calls] of cases) {
    const peers = { ...(manners ? { "192.0.2.1": [manners] } : {}), "192.0.2.2": [{}] };
    const { transport, connector } = setUp({ routes, peers });
    assertEquals(short(await transport.deliver(batch("a.example"), IDLE)), [expected]);
    assertEquals(connector.calls, ["192.0.2.1:25", "192.0.2.2:2525"].slice(0, calls), expected);
  }
});

Deno.test("deliver() leaves a host alone that was not reached, for all destinations, until it is back", async () => {
  const back: string[] = [];
  const data: ZoneData = {
    ...ZONE,
    "b.example": { MX: ["10 mx2.a.example"] },
    "c.example": { MX: ["10 mx2.a.example"] },
  };
  const { transport, connector, clock } = setUp({
    zone: data,
    peers: { "192.0.2.2": [{ greeting: "421 Busy" }, {}, {}] },
    ports: { back: (destinations) => void back.push(...[...destinations].sort()) },
  });
  assertEquals(short(await transport.deliver(batch("b.example"), IDLE)), [
    "deferred 4.3.2 mx2.a.example down",
  ]);
  const [untried] = await transport.deliver(batch("c.example"), IDLE);
  assert(untried?.kind === "deferred" && untried.destinationDown && (untried.until ?? 0) > clock.now());
  assert(/^not tried, 192\.0\.2\.2 port 25 is left alone until 2026-.*Busy/.test(untried.why), untried.why);
  assertEquals([connector.calls.length, transport.awayHosts().map((h) => h.host)], [1, ["mx2.a.example"]]);
  await clock.advance(70_000);
  assertEquals(short(await transport.deliver(batch("c.example"), IDLE)), ["delivered mx2.a.example"]);
  assertEquals([back, transport.awayHosts()], [["b.example", "c.example"], []]);
  await transport.close();
});

Deno.test("deliver() tries a host again at once that is forgiven, and one of several that is not away", async () => {
  const { transport, connector } = setUp({ zone: ZONE, peers: { "192.0.2.2": [{}, {}] } });
  assertEquals(short(await transport.deliver(batch("a.example"), IDLE)), ["delivered mx2.a.example"]);
  await transport.close();
  const calls = connector.calls.length;
  assertEquals(short(await transport.deliver(batch("a.example"), IDLE)), ["delivered mx2.a.example"]);
  assertEquals(connector.calls.slice(calls), ["192.0.2.2:25"]);
  transport.forgive("a.example");
  await transport.deliver(batch("a.example"), IDLE);
  assertEquals(connector.calls.slice(calls + 1), ["2001:db8::1:25", "192.0.2.1:25", "192.0.2.2:25"]);
});

Deno.test("deliver() comes from the address and under the name that a route or the config has", async () => {
  const sources: string[] = [];
  const peer = new SmtpPeer({});
  const four = "192.0.2.9";
  const connector = {
    connect(address: string, _port: number, source?: string) {
      sources.push(`${address} from ${source}`);
      return address === "192.0.2.1" ? Promise.resolve(peer) : Promise.reject(new ConnectionLost("local"));
    },
  };
  const { transport } = setUp({ zone: ZONE, ports: { connector, sources: [four], hostname: "out.example" } });
  assertEquals(short(await transport.deliver(batch("a.example"), IDLE)), ["delivered mx1.a.example"]);
  assertEquals(sources, ["2001:db8::1 from undefined", `192.0.2.1 from ${four}`]);
  assertEquals(peer.commands[0], "EHLO out.example");
  const routes = new Routes([["*", [{
    protocol: "smtp",
    host: "192.0.2.3",
    port: 25,
    tls: "opportunistic",
    user: null,
    sources: ["192.0.2.8"],
    hostname: "route.example",
  }]]]);
  const routed = setUp({ ports: { connector, sources: [four], routes } });
  const [outcome] = await routed.transport.deliver(batch("a.example"), IDLE);
  assertEquals(sources.at(-1), "192.0.2.3 from 192.0.2.8");
  assert(outcome?.kind === "deferred" && outcome.status === "4.3.5", JSON.stringify(outcome));
  assertEquals(outcome.why, "cannot send from 192.0.2.8: this machine has no such address (source_address)");
  assertEquals(routed.transport.awayHosts(), []); // not the host's fault
});

Deno.test("deliver() keeps to the family of addresses that is wanted", async () => {
  const cases: readonly (readonly [AddressFamily, readonly string[]])[] = [
    ["any", ["2001:db8::1:25", "192.0.2.1:25", "192.0.2.2:25"]],
    ["ipv4_first", ["192.0.2.1:25", "2001:db8::1:25", "192.0.2.2:25"]],
    ["ipv4", ["192.0.2.1:25", "192.0.2.2:25"]],
    ["ipv6", ["2001:db8::1:25"]],
  ];
  for (const [family, calls] of cases) {
    const { transport, connector } = setUp({ zone: ZONE, ports: { family } });
    await transport.deliver(batch("a.example"), IDLE);
    assertEquals(connector.calls, calls, family);
  }
});

Deno.test("deliver() does not wait for an address that is silent, and spares it from then on", async () => {
  const peers: Record<string, SmtpPeer[]> = { "192.0.2.1": [new SmtpPeer({}), new SmtpPeer({})] };
  const calls: string[] = [];
  let giveUp = () => {};
  const connector = {
    connect(address: string): Promise<Conn> {
      calls.push(address);
      const peer = peers[address]?.shift();
      if (peer) return Promise.resolve(peer);
      return new Promise((_, reject) => giveUp = () => reject(new ConnectionLost("timeout")));
    },
  };
  const { transport, clock } = setUp({ zone: ZONE, ports: { connector } });
  const first = transport.deliver(batch("a.example"), IDLE);
  await clock.advance(2000);
  assertEquals(short(await first), ["delivered mx1.a.example"]);
  assertEquals(calls, ["2001:db8::1", "192.0.2.1"]);
  giveUp();
  await settle();
  assertEquals(transport.awayHosts().map((h) => h.address), ["2001:db8::1"]);
  await transport.close();
  assertEquals(short(await transport.deliver(batch("a.example"), IDLE)), ["delivered mx1.a.example"]);
  assertEquals(calls.slice(2), ["192.0.2.1"]);
  await transport.close();
});

Deno.test("deliver() tells the next host how much time is left, and says whether it did", async () => {
  for (const [offers, want] of [[["DELIVERBY"], true], [[], false]] as const) {
    const { transport, peers, clock } = setUp({ zone: ZONE, peers: { "2001:db8::1": [{ offers }] } });
    const at = clock.now() + 90_500;
    const mode = want ? "return" : "notify";
    const [outcome] = await transport.deliver({ ...batch("a.example"), deliverBy: { at, mode } }, IDLE);
    assert(outcome?.kind === "delivered" && outcome.byPassedOn === want);
    const [peer] = peers["2001:db8::1"] ?? [];
    assertEquals(peer?.commands[1], `MAIL FROM:<alice@example.org>${want ? " BY=90;R" : ""}`);
  }
});
