/** Strangers' sessions with the real policy on a `ScriptConn`: what they are told, what is logged, what reaches mailboxes. */
import { BlockPool } from "../../mod/base/block_pool.ts";
import type { Authenticator } from "../../mod/account/directory.ts";
import { parseNetwork } from "../../mod/base/ip.ts";
import { AccountRates } from "../../mod/inbound/account_rate.ts";
import { Greylist } from "../../mod/inbound/checks/greylist.ts";
import { HoldBack } from "../../mod/inbound/checks/hold_back.ts";
import { Defences, type DefenceSettings } from "../../mod/inbound/defences.ts";
import { InboundPolicy } from "../../mod/inbound/policy.ts";
import { RateLimiter } from "../../mod/inbound/ratelimit.ts";
import { InboundReceiver } from "../../mod/inbound/receive.ts";
import type { ListenerKind } from "../../mod/smtp/ports.ts";
import { serveSmtp } from "../../mod/smtp/serve.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { parseDialog, playDialog } from "../support/dialog.ts";
import { FakeClock, settle } from "../support/fake_clock.ts";
import { ScriptConn } from "../support/script_conn.ts";
import { SeededRandom } from "../support/seeded_random.ts";
import { zone, type ZoneData } from "../support/zone.ts";
import { InboundRig, TLS } from "./rig.ts";

const TRUSTED = ["198.51.100.0/24"].flatMap((n) => parseNetwork(n) ?? []);
const NAMED: ZoneData = {
  "1.2.0.192.in-addr.arpa": { PTR: ["mx.far.example"] },
  "mx.far.example": { A: ["192.0.2.1"] },
  "1.100.51.198.in-addr.arpa": { PTR: ["mx.friend.example"] },
  "mx.friend.example": { A: ["198.51.100.1"] },
};
const BLOCKING = { blocklists: [{ zone: "bl.example", results: [] }] };
const BLOCKED: ZoneData = { ...NAMED, "1.2.0.192.bl.example": { A: ["127.0.0.2"] } };
const MAIL = `S: 220 *
C: EHLO mx.far.example
S: ...
S: 250 STARTTLS
C: MAIL FROM:<a@far.example>
`;

/** Everything that outlives a connection. */
class House {
  readonly rig = new InboundRig();
  readonly clock = new FakeClock();
  readonly random = new SeededRandom();
  readonly greylist = new Greylist();
  readonly resolver;
  readonly #policy: InboundPolicy;

  constructor(settings: Partial<DefenceSettings> = {}, data: ZoneData = NAMED, perMinute = 100) {
    const { clock } = this;
    const { directory, log } = this.rig;
    this.resolver = zone(data);
    const defences = new Defences({
      hostname: "mx.example.test",
      trusted: TRUSTED,
      bannerDelay: 0,
      refuseEarlyTalkers: true,
      refuseHelo: false,
      holdBack: true,
      blocklists: [],
      allowlists: [],
      greylist: null,
      accountRate: { perHour: 3, perDay: 100 },
      ...settings,
    }, {
      directory,
      resolver: this.resolver,
      clock,
      log,
      messages: new RateLimiter(clock, { burst: perMinute, perMinute }, TRUSTED),
      accounts: new AccountRates(clock),
      holdBack: new HoldBack(clock),
      greylist: this.greylist,
    });
    const connections = new RateLimiter(clock, { burst: 99, perMinute: 99 }, TRUSTED);
    this.#policy = new InboundPolicy(directory, connections, undefined, defences);
  }

  serve(conn: ScriptConn, listener: ListenerKind): Promise<void> {
    const { clock, random } = this;
    const { dispatcher, directory, log } = this.rig;
    const authenticator: Authenticator = {
      password: (login, p) =>
        Promise.resolve(p === "secret" ? { kind: "ok", account: login } : { kind: "refused" }),
    };
    return serveSmtp(conn, {
      listener,
      hostname: "mx.example.test",
      messageSize: 1_000_000,
      recipients: 100,
      bodyInMemory: 50_000,
      cleartextLoopback: false,
      authOnSmtp: false,
      startTlsAvailable: () => true,
    }, {
      policy: this.#policy,
      receiver: new InboundReceiver({ dispatcher, directory, clock, log }, "mx.example.test"),
      authenticator,
      bodies: new BlockPool(1 << 20),
      spooler: { start: () => Promise.reject(new Error("nothing is spooled here")) },
      clock,
      random,
      log,
    }, new AbortController().signal);
  }

  /** Plays a dialog to its end. */
  async converse(dialog: string, address = "192.0.2.1", listener: ListenerKind = "smtp"): Promise<string> {
    const conn = new ScriptConn({ address, port: 4000 }, listener === "submissions" ? TLS : null);
    const over = this.serve(conn, listener);
    await playDialog(parseDialog("defences", dialog), conn, { advance: (ms) => this.clock.advance(ms) });
    conn.end();
    await over;
    assertEquals(this.clock.waiting, 0);
    return conn.output;
  }

  /** The reasons logged, in order. */
  get reasons(): unknown[] {
    return this.rig.log.lines.filter((l) => l.event === "client judged").map((l) => l.fields["reasons"]);
  }
}

const TO_ALICE = `${MAIL}S: 250 *
C: RCPT TO:<alice@example.test>
S: 250 *
C: DATA
S: 354 *
C: Subject: x
C:
C: y
C: .
S: 250 *
`;

Deno.test("a verified name stands in Received:, of strangers and of trusted hosts", async () => {
  const house = new House();
  await house.converse(TO_ALICE);
  await house.converse(TO_ALICE, "198.51.100.1");
  await house.converse(TO_ALICE, "127.0.0.1");
  const from = house.rig.delivered.map((d) => /Received: from .*/.exec(d.text)?.[0].trim());
  assertEquals(from, [
    "Received: from mx.far.example (mx.far.example [192.0.2.1])",
    "Received: from mx.far.example (mx.friend.example [198.51.100.1])",
    "Received: from mx.far.example ([127.0.0.1])",
  ]);
  assertEquals(house.reasons, []);
  assertEquals(house.resolver.calls.some((c) => c.includes("127")), false);
});

Deno.test("the greeting does not wait for DNS, MAIL does, so long and no longer; its failure refuses nobody", async () => {
  const house = new House(BLOCKING, {
    "1.2.0.192.in-addr.arpa": "timeout",
    "1.2.0.192.bl.example": "servfail",
  });
  house.resolver.lookup = () => new Promise(() => {});
  await house.converse(TO_ALICE.replace(/(C: MAIL.*\n)/, "$1! advance 4999\n! advance 1\n"));
  const failing = new House(BLOCKING, {
    "1.2.0.192.in-addr.arpa": "timeout",
    "1.2.0.192.bl.example": "servfail",
  });
  await failing.converse(TO_ALICE);
  assertEquals([...house.reasons, ...failing.reasons], []);
  assertEquals([house.rig.delivered.length, failing.rig.delivered.length], [1, 1]);
});

Deno.test("what DNS tells late, but in time, counts", async () => {
  const house = new House(BLOCKING, BLOCKED);
  const ask = house.resolver.lookup;
  house.resolver.lookup = async (name, type) => {
    await house.clock.sleep(1000);
    return await ask(name, type);
  };
  // The greeting and EHLO are answered before; MAIL waits for both steps to the name.
  await house.converse(
    `${MAIL}C: RCPT TO:<alice@example.test>
! advance 1999
! advance 1
S: 250 *
S: 554 5.7.1 *
`,
  );
  assertEquals(
    house.rig.log.lines.find((l) => l.event === "client judged")?.fields["name"],
    "mx.far.example",
  );
});

Deno.test("what speaks against a greeting is noted, and refused where the config says so", async () => {
  const noted = new House();
  await noted.converse(TO_ALICE.replace("EHLO mx.far.example", "EHLO mx.example.test"), "203.0.113.5");
  assertEquals(noted.reasons, [
    "helo: it greets with our own name; reverse-name: the address has no name",
  ]);
  const strict = new House({ refuseHelo: true });
  await strict.converse(`${MAIL.replace("EHLO mx.far.example", "EHLO [127.0.0.1]")}S: 550 5.7.1 *\n`);
  assertEquals(strict.reasons, ["helo: it greets with another address than its own"]);
  // Neither trusted networks nor those who log in.
  await strict.converse(TO_ALICE.replace("EHLO mx.far.example", "EHLO mx.example.test"), "198.51.100.1");
});

Deno.test("who talks before the greeting is refused, strangers on port 25 only", async () => {
  const talk = "EHLO x\r\nQUIT\r\n";
  const table: [string, ListenerKind, Partial<DefenceSettings>, RegExp][] = [
    ["192.0.2.1", "smtp", {}, /^554 5\.5\.1 [^\r]*\r\n$/],
    ["192.0.2.1", "smtp", { refuseEarlyTalkers: false }, /^220 .*221 /s],
    ["192.0.2.1", "submission", {}, /^220 .*221 /s],
    ["198.51.100.1", "smtp", {}, /^220 .*221 /s],
    ["127.0.0.1", "smtp", {}, /^220 .*221 /s],
  ];
  for (const [address, listener, settings, output] of table) {
    const house = new House(settings);
    const conn = new ScriptConn({ address, port: 4000 });
    await house.serve(conn.feed(talk).end(), listener);
    await settle();
    assertMatch(conn.output, output);
    const told = house.rig.log.lines.some((l) => l.fields["why"] === "talked before the greeting");
    assertEquals(told, output.source.startsWith("^554"));
  }
});

Deno.test("the greeting waits as long as configured, for strangers only", async () => {
  const house = new House({ bannerDelay: 2000 });
  await house.converse("! advance 1999\n! advance 1\nS: 220 *\n");
  await house.converse("S: 220 *\n", "198.51.100.1");
  const conn = new ScriptConn({ address: "192.0.2.1", port: 4000 });
  const over = house.serve(conn, "smtp");
  await house.clock.advance(1999);
  assertEquals(conn.output, "");
  conn.feed("EHLO x\r\n");
  await house.clock.advance(1);
  await over;
  assertMatch(conn.output, /^554 /);
});

Deno.test("refusals come more slowly each time, to strangers, and never those that are only for now", async () => {
  const unknown = "C: RCPT TO:<nobody@example.test>\n";
  const start = `${MAIL}S: 250 *\n`;
  const house = new House();
  const slow = new ScriptConn({ address: "192.0.2.1", port: 4000 });
  const end = house.serve(slow, "smtp");
  await slow.until("220 ");
  slow.feed(
    `EHLO c.example\r\nMAIL FROM:<a@far.example>\r\n${"RCPT TO:<nobody@example.test>\r\n".repeat(5)}`,
  );
  await settle();
  const seen = () => slow.output.split("550 5.1.1").length - 1;
  const counts: number[] = [seen()];
  for (const ms of [999, 1, 1999, 1, 2999, 1]) {
    await house.clock.advance(ms);
    counts.push(seen());
  }
  assertEquals(counts, [2, 2, 3, 3, 4, 4, 5]);
  slow.end();
  await end;
  // At once: trusted, and this machine.
  await house.converse(start + `${unknown}S: 550 *\n`.repeat(8), "198.51.100.1");
  await house.converse(start + `${unknown}S: 550 *\n`.repeat(8), "127.0.0.1");
});

Deno.test("greylisting asks strangers to come again; not those who have logged in, are trusted, or write to postmaster", async () => {
  const house = new House({ greylist: 120_000 });
  const first = `${MAIL}S: 250 *\nC: RCPT TO:<alice@example.test>\nS: 451 4.7.1 *\n`;
  await house.converse(`${first}C: RCPT TO:<postmaster@example.test>\nS: 250 *\n`);
  await house.converse(first);
  await house.clock.advance(120_000);
  await house.converse(TO_ALICE);
  await house.converse(TO_ALICE, "198.51.100.1");
  await house.converse(TO_ALICE, "127.0.0.1");
  assertEquals(house.reasons, ["greylist: first try", "greylist: first try"]);
  assertEquals(house.greylist.size, 2);
});

Deno.test("listed hosts are refused with the list's name, but may write to postmaster", async () => {
  const house = new House(BLOCKING, BLOCKED);
  await house.converse(
    `${MAIL}S: 250 *
C: RCPT TO:<alice@example.test>
S: 554 5.7.1 Client host is listed by bl.example
C: RCPT TO:<Postmaster@example.test>
S: 250 *
`,
  );
  assertEquals(house.reasons, ["blocklist: listed by bl.example"]);
  const vouched = new House(
    { ...BLOCKING, allowlists: [{ zone: "wl.example", results: [] }], greylist: 1000 },
    { ...BLOCKED, "1.2.0.192.wl.example": { A: ["127.0.0.1"] } },
  );
  await vouched.converse(TO_ALICE);
  assertEquals(vouched.reasons, []);
});

Deno.test("one address may send so many messages a minute to port 25", async () => {
  const house = new House({}, NAMED, 2);
  await house.converse(TO_ALICE);
  await house.converse(TO_ALICE);
  await house.converse(`${MAIL}S: 450 4.7.1 *\n`);
  for (let i = 0; i < 3; i++) await house.converse(TO_ALICE, "198.51.100.1");
  assertEquals(house.reasons, ["rate: too many messages"]);
});

Deno.test("an account may write to so many recipients an hour, told once in the log; trusted networks may more", async () => {
  const house = new House();
  // Typing errors of those who have logged in are answered at once, too.
  const wrong = "C: RCPT TO:<nobody@example.test>\nS: 550 5.1.1 *\n".repeat(5);
  const login = `S: 220 *
C: EHLO c
S: ...
S: 250 AUTH*
C: AUTH PLAIN AGFsaWNlQGV4YW1wbGUudGVzdABzZWNyZXQ=
S: 235 *
C: MAIL FROM:<alice@example.test>
S: 250 *
`;
  const to = (n: number) => `C: RCPT TO:<x${n}@far.example>\n`;
  const many = `${login}${to(1)}S: 250 *\n${to(2)}S: 250 *\n${to(3)}S: 250 *\n`;
  await house.converse(
    `${many}${wrong}${to(4)}S: 450 4.7.1 *\n${to(5)}S: 450 4.7.1 *\n`,
    "192.0.2.1",
    "submissions",
  );
  const warnings = house.rig.log.lines.filter((l) => l.event === "account sends too much");
  assertEquals(warnings.map((l) => l.fields["account"]), ["alice@example.test"]);
  await house.converse(`${many}${to(4)}S: 250 *\n`, "198.51.100.1", "submissions");
  assert(house.resolver.calls.length === 0, "nothing is asked about submissions");
});
