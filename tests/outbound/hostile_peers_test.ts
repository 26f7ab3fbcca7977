import fc from "fast-check";
import { memoryBody } from "../../mod/base/body.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import { SmtpTransport } from "../../mod/outbound/deliver.ts";
import { Routes } from "../../mod/outbound/route.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock, settle } from "../support/fake_clock.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { SeededRandom } from "../support/seeded_random.ts";
import { FakeConnector, SmtpPeer } from "../support/smtp_peer.ts";
import { zone } from "../support/zone.ts";

const NO_COMMAND = "500 5.5.1 What?";
const replies = fc.constantFrom(
  "250 Fine",
  "250-a\r\n250 b",
  "220 Hi",
  "354 Go on",
  "421 4.3.2 Bye",
  "450 4.2.0 Later",
  "521 5.3.2 Never",
  "550 5.1.1 No",
  "250 a\r\n250 b\r\n250 c",
  NO_COMMAND,
  "250-a",
  "garbage",
  "\u0000\r\n\r\n",
  "!close",
  "!reset",
  "!silence",
);
const offers = fc.subarray([
  "PIPELINING",
  "CHUNKING",
  "STARTTLS",
  "SIZE 10",
  "SIZE",
  "DSN",
  "8BITMIME",
  "SMTPUTF8",
  "DELIVERBY",
]);
const keys = [
  "EHLO",
  "HELO",
  "STARTTLS",
  "MAIL",
  "RCPT",
  "RCPT TO:<b",
  "DATA",
  "BDAT",
  ".",
  "RSET",
  "QUIT",
] as const;
/** One that goes along with its envelope, and one in several chunks. */
const BODIES = [
  memoryBody(utf8("Subject: x\r\n\r\n.x\r\n")),
  memoryBody(...Array.from({ length: 3 }, () => utf8("y".repeat(65_534) + "\r\n"))),
];
const manners = fc.record({
  greeting: fc.oneof({ weight: 4, arbitrary: fc.constant("220 Hi") }, { weight: 1, arbitrary: replies }),
  offers,
  tlsFails: fc.boolean(),
  // Few odd answers a peer, so that the later stages are met too.
  on: fc.dictionary(fc.constantFrom(...keys), replies, { maxKeys: 3 }),
});

/** Waits for something while time flies. */
async function passing<T>(clock: FakeClock, waiting: Promise<T>): Promise<T> {
  let done = false;
  const ended = waiting.finally(() => done = true);
  await settle(1);
  for (let minutes = 0; !done && minutes < 24 * 60; minutes += 5) await clock.advance(5 * 60_000);
  assert(done, "it takes more than a day");
  return await ended;
}

Deno.test("deliver() has an honest outcome for everybody with any mix of mad peers", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(manners, { minLength: 6, maxLength: 6 }),
      fc.constantFrom(...BODIES),
      async (all, body) => {
        const peers = all.map((m) => new SmtpPeer(m));
        const clock = new FakeClock();
        const log = new MemoryLog();
        const transport = new SmtpTransport({
          resolver: zone({ "d.example": { A: ["192.0.2.1", "192.0.2.2"] } }),
          connector: new FakeConnector({ "192.0.2.1": peers.slice(0, 3), "192.0.2.2": peers.slice(3) }),
          clock,
          random: new SeededRandom(),
          log,
          hostname: "me",
          network: "open",
          routes: new Routes([]),
          isOwnName: () => false,
          isOwnAddress: () => false,
          passwordFor: () => Promise.resolve(null),
        });
        const delivering = transport.deliver({
          sender: null,
          recipients: ["a", "b", "c"].map((local) => ({ address: { local, domain: "d.example" } })),
          destination: "d.example",
          body,
          deliverBy: { at: clock.now() + 3_600_000, mode: "notify" },
          eightBit: false,
          smtpUtf8: false,
          traceId: "t",
        }, new AbortController().signal);
        const outcomes = await passing(clock, delivering);
        await passing(clock, transport.close());
        await clock.advance(60_000); // goodbyes nobody waits for
        assertEquals(clock.waiting, 0, "a timer is left");
        assertEquals(log.lines, [], "nothing unforeseen");
        assertEquals(outcomes.length, 3);
        for (const o of outcomes) {
          if (o.kind === "delivered") continue;
          assertEquals(o.status[0], o.kind === "failed" ? "5" : "4", JSON.stringify(o));
          assert(!/[\r\n\0]/.test(o.why), JSON.stringify(o));
        }
        // Whoever was given the whole message is the last one to get it.
        const given = peers.filter((p, i) => {
          // What it does not know it has not taken: the message may come again by DATA.
          const unknown = p.chunks.length > 0 && all[i]?.on["."] === NO_COMMAND;
          return !unknown && p.messages.some((m) => m !== ".\r\n");
        });
        assert(given.length <= 1, `${given.length} hosts were given the message`);
        const delivered = outcomes.some((o) => o.kind === "delivered");
        assert(!delivered || given.length === 1);
      },
    ),
    { numRuns: 400, seed: 1 },
  );
});
