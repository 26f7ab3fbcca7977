import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import type tls from "node:tls";
import { certificateReader, Certificates } from "../../mod/sys/tls.ts";
import { issueAuthority, issueServer } from "../../mod/tls/own_ca.ts";
import { assert, assertEquals, assertThrows } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { SeededRandom } from "../support/seeded_random.ts";

const clock = new FakeClock();
const random = new SeededRandom(3);

async function entry(...dns: string[]) {
  const authority = await issueAuthority("test", clock, random);
  return { source: dns.join(), ...(await issueServer(authority, { dns, ip: [] }, clock, random)) };
}

/** What a client that asks for `name` is given. */
function chosen(certificates: Certificates, name: string): tls.SecureContext | undefined {
  const options = certificates.serverTls();
  if (!options.SNICallback) return options.secureContext;
  let got: tls.SecureContext | undefined;
  options.SNICallback(name, (_, context) => got = context);
  return got;
}

Deno.test("Certificates: one alone is not looked up by name, for the runtime keeps what a look-up never ended", async () => {
  const certificates = new Certificates();
  certificates.use([await entry("a.test")]);
  assertEquals(certificates.serverTls().SNICallback, undefined);
  certificates.use([await entry("a.test"), await entry("b.test")]);
  assertEquals(typeof certificates.serverTls().SNICallback, "function");
});

Deno.test("Certificates are chosen by name, by wildcard, else the first; swapping takes effect at once", async () => {
  const certificates = new Certificates();
  assertThrows(() => certificates.serverTls(), "no certificate is loaded");
  certificates.use([await entry("a.test"), await entry("b.test", "*.c.test")]);
  const a = chosen(certificates, "a.test");
  const b = chosen(certificates, "B.TEST");
  assert(a && b && a !== b);
  assert(chosen(certificates, "x.c.test") === b);
  assert(chosen(certificates, "x.y.c.test") === a, "a wildcard stands for one label");
  assert(chosen(certificates, "unknown.test") === a && certificates.serverTls().secureContext === a);
  assertEquals(certificates.list().map((c) => c.source), ["a.test", "b.test,*.c.test"]);
  certificates.use([await entry("b.test")]);
  assert(chosen(certificates, "b.test") !== b);
});

Deno.test("Certificates: a broken pair leaves the old ones served", async () => {
  const certificates = new Certificates();
  const good = await entry("a.test");
  const other = await entry("b.test");
  certificates.use([good]);
  const before = chosen(certificates, "a.test");
  assertThrows(() => certificates.use([good, { ...other, certificate: "not PEM" }]));
  assert(chosen(certificates, "a.test") === before);
});

Deno.test("certificateReader.chain() keeps the certificate and who certifies it, in order, and nothing else", async () => {
  const ca = await issueAuthority("test", clock, random);
  const stranger = await issueAuthority("test", clock, new SeededRandom(9));
  const leaf = (await issueServer(ca, { dns: ["a.test"], ip: [] }, clock, random)).certificate
    .slice(0, -ca.certificate.length);
  const junk = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  const { key } = ca;
  const cases: readonly (readonly [string, string])[] = [
    [leaf + ca.certificate, leaf + ca.certificate],
    [leaf, leaf],
    [
      `some words\n${leaf}${junk}${stranger.certificate}${ca.certificate}${ca.certificate}`,
      leaf + ca.certificate,
    ],
    // A name alone certifies nothing.
    [leaf + stranger.certificate, leaf],
    [leaf + leaf + key + ca.certificate, leaf + ca.certificate],
    [leaf + junk.repeat(50) + ca.certificate, leaf],
    [ca.certificate + leaf, ca.certificate],
  ];
  for (const [sent, kept] of cases) assertEquals(certificateReader.chain(sent), kept);
  for (const bad of ["", "x", junk, junk + leaf, key]) assertThrows(() => certificateReader.chain(bad));
});

Deno.test("certificateReader.renewalId() names a certificate as RFC 9773 has it", async () => {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await crypto.subtle.generateKey(algorithm, false, ["sign", "verify"]) as CryptoKeyPair;
  const made = (serialNumber: string, ...extensions: x509.Extension[]) =>
    x509.X509CertificateGenerator.createSelfSigned({
      serialNumber,
      name: "CN=x",
      keys,
      signingAlgorithm: algorithm,
      extensions,
    })
      .then((c) => c.toString("pem"));
  // Section 4.1's own example.
  const issuer = new x509.AuthorityKeyIdentifierExtension("69885b6b87464041e1b37b847ba0ae2cde01c8d4");
  assertEquals(
    certificateReader.renewalId(await made("0087654321", issuer)),
    "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE",
  );
  assertEquals(certificateReader.renewalId(await made("07", issuer)), "aYhba4dGQEHhs3uEe6CuLN4ByNQ.Bw");
  assertEquals(certificateReader.renewalId(await made("07")), null);
});
