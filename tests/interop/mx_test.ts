/** MX records that lead nowhere good, asked of a real name server: each ends soon, says why, and holds nobody up. */
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { imapClient, mailer } from "../support/clients.ts";
import { startDnsServer, type ZoneData } from "../support/dns_server.ts";
import { loopback } from "../support/neighbours.ts";
import { eventually } from "../support/programs.ts";
import { RoostProcess } from "../support/roost_process.ts";

const ALICE = "alice@example.test";
const mx = (...exchanges: string[]) => ({
  MX: exchanges.map((exchange, i) => ({ preference: 10 * (i + 1), exchange })),
});

/** Domain, and what its sender is told: a bounce's status, or why it waits. */
const ENDS: readonly (readonly [string, RegExp])[] = [
  ["us.test", /^Status: 5\.4\.6/m],
  ["us-by-cname.test", /^Status: 5\.4\.6/m],
  ["any.test", /^Status: 5\.4\.4/m],
  ["none.test", /^Status: 5\.1\.10/m],
  ["dangling.test", /^Status: 5\.4\.4/m],
  ["missing.test", /^Status: 5\.1\.2/m],
];
const WAITS: readonly (readonly [string, RegExp])[] = [
  ["loop.test", /loop of aliases/],
  ["loopback.test", /cannot connect/],
  ["broken.test", /SERVFAIL/],
];

function zone(here: string): ZoneData {
  return {
    "us.test": mx("mx.us.test"),
    "mx.us.test": { A: [here] },
    "us-by-cname.test": mx("alias.us.test"),
    "alias.us.test": { CNAME: ["mx.us.test"] },
    // No host's address: whoever connects there connects to this machine.
    "any.test": mx("mx.any.test"),
    "mx.any.test": { A: ["0.0.0.0"] },
    "none.test": { MX: [{ preference: 0, exchange: "" }] },
    "dangling.test": mx("nobody.dangling.test"),
    "loop.test": mx("a.loop.test"),
    "a.loop.test": { CNAME: ["b.loop.test"] },
    "b.loop.test": { CNAME: ["a.loop.test"] },
    // Nobody listens there.
    "loopback.test": mx("mx.loopback.test"),
    "mx.loopback.test": { A: ["127.254.254.254"] },
    "broken.test": "SERVFAIL",
  };
}

Deno.test("MX records that loop, lead to us, to this machine or nowhere are told from each other, at once", async () => {
  const here = loopback();
  const dns = await startDnsServer(zone(here));
  try {
    await using roost = await RoostProcess.start({
      address: here,
      ports: { smtp: 25 },
      config: `dns: { servers: ["127.0.0.1:${dns.port}"] }`,
    });
    const begin = performance.now();
    for (const [domain] of [...ENDS, ...WAITS]) {
      await mailer(roost, "submissions").sendMail({
        from: ALICE,
        to: `x@${domain}`,
        subject: domain,
        text: "x",
      });
    }
    const bounces = await eventually("a bounce for each that is for good", async () => {
      const client = await imapClient(roost);
      const box = await client.mailboxOpen("INBOX");
      const all: string[] = [];
      if (box.exists > 0) {
        for await (const m of client.fetch("1:*", { source: true })) all.push(`${m.source}`);
      }
      await client.logout();
      return all.length >= ENDS.length && all;
    }, 30).catch((e) => {
      throw new Error(`${e}\n${roost.log}`);
    });
    for (const [domain, want] of ENDS) {
      const bounce = bounces.find((b) => b.includes(`Final-Recipient: rfc822; x@${domain}\r\n`));
      assertMatch(bounce ?? "none", want, domain);
    }
    assertEquals(bounces.length, ENDS.length);
    const listed = await roost.verb("queue", "list", "--json");
    for (const [domain, want] of WAITS) {
      const waiting = roost.log.split("\n").filter((l) => l.includes(`"to":"x@${domain}"`)).join("\n");
      assertMatch(waiting, want, domain);
      assert(listed.out.includes(`x@${domain}`), `${domain}: ${listed.out}`);
    }
    assert(performance.now() - begin < 40_000);
  } finally {
    await dns.close();
  }
});
