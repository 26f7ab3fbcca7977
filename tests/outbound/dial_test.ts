import { Dialer, type Target } from "../../mod/outbound/dial.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { FakeConnector, type PeerManners, SmtpPeer } from "../support/smtp_peer.ts";

const TARGET: Target = {
  protocol: "smtp",
  host: "mx.example.net",
  address: "192.0.2.1",
  port: 25,
  tls: { kind: "opportunistic" },
  login: null,
};
const REQUIRED: Target = { ...TARGET, tls: { kind: "required", name: "relay.example", implicit: false } };

function meet(...manners: PeerManners[]) {
  const peers = manners.map((m) => new SmtpPeer(m));
  const connector = new FakeConnector({ "192.0.2.1": peers });
  const clock = new FakeClock();
  return { peers, connector, clock, dialer: new Dialer({ connector, clock, hostname: "me" }) };
}

const IDLE = new AbortController().signal;
const TLS: PeerManners = { offers: ["STARTTLS", "AUTH PLAIN"] };

async function outcome(dialer: Dialer, target: Target, signal = IDLE): Promise<string> {
  const dialed = await dialer.dial(target, signal);
  return dialed.ok ? `ready ${dialed.value.tls ?? "clear"}` : `${dialed.error.kind} ${dialed.error.status}`;
}

Deno.test("dial() takes TLS where it is offered and goes in the clear where not", async () => {
  const offered = meet(TLS);
  assertEquals(await outcome(offered.dialer, TARGET), "ready TLSv1.3");
  assertEquals(offered.peers[0]?.verify, { name: "mx.example.net", required: false });
  assertEquals(await outcome(meet({}).dialer, TARGET), "ready clear");
  assertEquals(
    await outcome(meet({ ...TLS, on: { STARTTLS: "454 Not now" } }).dialer, TARGET),
    "ready clear",
  );
});

Deno.test("dial() connects anew in the clear when the handshake breaks, and remembers for a while", async () => {
  for (const broken of [{ ...TLS, tlsFails: true }, { ...TLS, on: { STARTTLS: "!close" } }]) {
    const { dialer, connector, peers, clock } = meet(broken, TLS, TLS, TLS);
    assertEquals(await outcome(dialer, TARGET), "ready clear");
    assertEquals(connector.calls.length, 2);
    assertEquals(peers[1]?.commands, ["EHLO me"]);
    assertEquals(await outcome(dialer, TARGET), "ready clear");
    assertEquals(connector.calls.length, 3);
    await clock.advance(11 * 60_000);
    assertEquals(await outcome(dialer, TARGET), "ready TLSv1.3");
  }
});

Deno.test("dial() with required TLS never goes in the clear", async () => {
  const cases: readonly (readonly [PeerManners, string])[] = [
    [TLS, "ready TLSv1.3"],
    [{}, "deferred 4.7.4"],
    [{ ...TLS, on: { STARTTLS: "454 Not now" } }, "deferred 4.0.0"],
    [{ ...TLS, tlsFails: true }, "deferred 4.7.5"],
  ];
  for (const [manners, expected] of cases) {
    const { dialer, connector, peers } = meet(manners, {});
    assertEquals(await outcome(dialer, REQUIRED), expected, JSON.stringify(manners));
    assertEquals(connector.calls.length, 1);
    if (peers[0]?.verify) assertEquals(peers[0].verify, { name: "relay.example", required: true });
  }
});

Deno.test("dial() logs in under TLS and never without", async () => {
  const login = { user: "u", password: "secret" };
  const good = meet(TLS);
  assertEquals(await outcome(good.dialer, { ...REQUIRED, login }), "ready TLSv1.3");
  assert(good.peers[0]?.commands.at(-1)?.startsWith("AUTH PLAIN"));
  const wrong = meet({ ...TLS, on: { AUTH: "535 5.7.8 No" } });
  assertEquals(await outcome(wrong.dialer, { ...REQUIRED, login }), "deferred 4.7.8");
  const clear = meet({ offers: ["AUTH PLAIN"] });
  assertEquals(await outcome(clear.dialer, { ...TARGET, login }), "deferred 4.7.0");
  assert(!clear.peers[0]?.commands.some((c) => c.startsWith("AUTH")));
});

Deno.test("dial() begins implicit TLS before the greeting", async () => {
  const { dialer, peers } = meet({ greeting: "!silence" });
  const peer = peers[0];
  assert(peer);
  const dialing = dialer.dial({
    ...REQUIRED,
    tls: { kind: "required", name: "relay.example", implicit: true },
  }, IDLE);
  while (!peer.tls) await new Promise((r) => queueMicrotask(() => r(null)));
  peer.feed("220 hi\r\n");
  const dialed = await dialing;
  assert(dialed.ok && dialed.value.tls === "TLSv1.3");
  assertEquals(peer.commands, ["EHLO me"]);
});

Deno.test("dial() tells what kept it from connecting", async () => {
  const { dialer } = meet();
  assertEquals(await outcome(dialer, TARGET), "deferred 4.4.1");
  assertEquals(await outcome(meet({ greeting: "554 No" }).dialer, TARGET), "deferred 4.3.2");
  assertEquals(await outcome(meet({ greeting: "!reset" }).dialer, TARGET), "deferred 4.4.2");
});

Deno.test("dial() stops when told", async () => {
  const { dialer, peers, clock } = meet({ on: { EHLO: "!silence" } });
  const stop = new AbortController();
  const dialing = outcome(dialer, TARGET, stop.signal);
  await clock.advance(0);
  stop.abort();
  assertEquals(await dialing, "deferred 4.4.2");
  assert(peers[0]?.destroyed);
  assertEquals(clock.waiting, 0);
  const late = meet({});
  assertEquals(await outcome(late.dialer, TARGET, stop.signal), "deferred 4.4.2");
});

Deno.test("dial() with TLSA records takes the certificate they name, and never goes in the clear", async () => {
  const shown = new Uint8Array([1, 2, 3]);
  const dane = (data: Uint8Array): Target => ({
    ...TARGET,
    tls: {
      kind: "dane",
      records: [{ usage: 3, selector: 0, matching: 0, data }],
      names: ["mx.base.example", "mx.example.net"],
    },
  });
  const cases: readonly (readonly [PeerManners, Uint8Array, string])[] = [
    [{ ...TLS, chain: [shown] }, shown, "ready TLSv1.3"],
    [{ ...TLS, chain: [shown] }, new Uint8Array([9]), "deferred 4.7.5"],
    [TLS, shown, "deferred 4.7.5"],
    [{}, shown, "deferred 4.7.4"],
    [{ ...TLS, tlsFails: true }, shown, "deferred 4.7.5"],
    [{ ...TLS, on: { STARTTLS: "454 Not now" } }, shown, "deferred 4.0.0"],
  ];
  for (const [manners, data, expected] of cases) {
    const { dialer, connector, peers } = meet(manners, {});
    assertEquals(await outcome(dialer, dane(data)), expected, JSON.stringify(manners));
    assertEquals(connector.calls.length, 1);
    if (peers[0]?.verify) assertEquals(peers[0].verify.name, "mx.base.example");
  }
});

Deno.test("dial() with TLSA records that nobody can use takes any certificate, and never goes in the clear", async () => {
  const target: Target = { ...TARGET, tls: { kind: "encrypted" } };
  const cases: readonly (readonly [PeerManners, string])[] = [
    [TLS, "ready TLSv1.3"],
    [{}, "deferred 4.7.4"],
    [{ ...TLS, tlsFails: true }, "deferred 4.7.5"],
  ];
  for (const [manners, expected] of cases) {
    const { dialer, connector, peers } = meet(manners, {});
    assertEquals(await outcome(dialer, target), expected, JSON.stringify(manners));
    assertEquals(connector.calls.length, 1);
    if (peers[0]?.verify) assertEquals(peers[0].verify, { name: "mx.example.net", required: false });
  }
});
