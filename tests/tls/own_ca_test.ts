import { X509Certificate } from "node:crypto";
import { issueAuthority, issueServer } from "../../mod/tls/own_ca.ts";
import { certificateReader } from "../../mod/sys/tls.ts";
import { assert, assertEquals, assertRejects } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { SeededRandom } from "../support/seeded_random.ts";

const DAY = 86_400_000;

Deno.test("own CA: authority and server certificate chain, name what they are for, and end in time", async () => {
  const clock = new FakeClock();
  const random = new SeededRandom(7);
  const ca = await issueAuthority("Roost at mail.example.org", clock, random);
  const pair = await issueServer(
    ca,
    { dns: ["mail.example.org", "*.example.org"], ip: ["127.0.0.1", "::1", "2001:db8::7"] },
    clock,
    random,
  );
  const authority = new X509Certificate(ca.certificate);
  const server = new X509Certificate(pair.certificate);
  assert(authority.ca && !server.ca);
  assert(server.checkIssued(authority) && server.verify(authority.publicKey));
  assert(certificateReader.matches(pair) && certificateReader.matches(ca));
  assert(!certificateReader.matches({ certificate: pair.certificate, key: ca.key }));
  const facts = certificateReader.read(pair.certificate);
  assertEquals(facts.dnsNames, ["mail.example.org", "*.example.org"]);
  assertEquals(facts.ipNames, ["127.0.0.1", "::1", "2001:db8::7"]);
  assertEquals(Math.round((facts.notAfter - clock.now()) / DAY), 397);
  assert(facts.notBefore <= clock.now() - DAY + 1000, "clocks that are late by hours still take it");
  assertEquals(pair.certificate.split("BEGIN CERTIFICATE").length, 3, "the chain holds the authority");
});

Deno.test("own CA: a certificate without a name is refused", async () => {
  const clock = new FakeClock();
  const random = new SeededRandom(7);
  const ca = await issueAuthority("x", clock, random);
  await assertRejects(() => issueServer(ca, { dns: [], ip: [] }, clock, random), "without a name");
});

Deno.test("own CA: renewed with its key, its old certificate still vouches for what it signs", async () => {
  const clock = new FakeClock();
  const random = new SeededRandom();
  const old = await issueAuthority("Roost", clock, random);
  await clock.advance(3640 * 86_400_000);
  const renewed = await issueAuthority("Roost", clock, random, old.key);
  const server = await issueServer(renewed, { dns: ["a.test"], ip: [] }, clock, random);
  const [leaf, first, second] = [server, old, renewed].map((pair) => new X509Certificate(pair.certificate));
  for (const authority of [first, second]) {
    assert(authority && leaf?.verify(authority.publicKey) && leaf.checkIssued(authority));
  }
});
