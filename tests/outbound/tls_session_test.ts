import type { StsFault } from "../../mod/auth/mta_sts/cache.ts";
import type { StsPolicy } from "../../mod/auth/mta_sts/policy.ts";
import { PublishedPolicies } from "../../mod/outbound/published_policies.ts";
import { failureOf, policyFaultOf, sessionOf, type TlsSession } from "../../mod/outbound/tls_session.ts";
import type { Batch } from "../../mod/queue/transport.ts";
import { assertEquals } from "../support/assert.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { deliverOnce } from "../support/mx_transport.ts";
import type { PeerManners } from "../support/smtp_peer.ts";
import { zone, type ZoneData } from "../support/zone.ts";

Deno.test("failureOf() sorts what TLS libraries and our own checks say", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["ERR_TLS_CERT_ALTNAME_INVALID", "certificate-host-mismatch"],
    ["Hostname/IP does not match certificate's altnames: Host: a.", "certificate-host-mismatch"],
    ["the certificate is not for mx.a.example", "certificate-host-mismatch"],
    ["CERT_HAS_EXPIRED", "certificate-expired"],
    ["certificate has expired", "certificate-expired"],
    ["CERT_NOT_YET_VALID", "certificate-expired"],
    ["the certificate of CN=a is out of date", "certificate-expired"],
    ["SELF_SIGNED_CERT_IN_CHAIN", "certificate-not-trusted"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "certificate-not-trusted"],
    ["self-signed certificate in certificate chain", "certificate-not-trusted"],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "certificate-not-trusted"],
    ["unable to get local issuer certificate", "certificate-not-trusted"],
    ["invalid peer certificate: UnknownIssuer", "certificate-not-trusted"],
    ["the certificate of CN=a does not lead to the trust anchor", "certificate-not-trusted"],
    ["the certificate matches no TLSA record", "validation-failure"],
    ["handshake took too long", "validation-failure"],
    ["", "validation-failure"],
  ];
  for (const [why, type] of cases) assertEquals(failureOf(why), type, why);
});

const ZONE: ZoneData = {
  "plain.example": { MX: ["10 mx.plain.example"] },
  "mx.plain.example": { A: ["192.0.2.1"] },
  "dane.example": { MX: ["10 mx.dane.example"], secure: true },
  "mx.dane.example": { A: ["192.0.2.1"], secure: true },
  "_25._tcp.mx.dane.example": {
    TLSA: [{ usage: 3, selector: 1, matching: 1, data: new Uint8Array(32).fill(0xa5) }],
    secure: true,
  },
  "unusable.example": { MX: ["10 mx.unusable.example"], secure: true },
  "mx.unusable.example": { A: ["192.0.2.1"], secure: true },
  "_25._tcp.mx.unusable.example": {
    TLSA: [{ usage: 1, selector: 1, matching: 1, data: new Uint8Array(32) }],
    secure: true,
  },
  "broken.example": { MX: ["10 mx.broken.example"], secure: true },
  "mx.broken.example": { A: ["192.0.2.1"], secure: true },
  "_25._tcp.mx.broken.example": "servfail",
};

interface Case {
  readonly name: string;
  readonly domain: string;
  readonly peers: readonly PeerManners[];
  readonly sts?: StsPolicy | StsFault;
  /** Of the message. */
  readonly batch?: Partial<Batch>;
  /** "TYPE REACHED FAILURE" of each session. */
  readonly wanted: readonly string[];
}

const TLS: PeerManners = { offers: ["STARTTLS"], certificateFault: null };
const ENFORCE: StsPolicy = { mode: "enforce", maxAge: 86400, mx: ["*.plain.example"] };
const TESTING: StsPolicy = { ...ENFORCE, mode: "testing" };
const BROKEN: PeerManners = { ...TLS, tlsFails: true };

const CASES: readonly Case[] = [
  { name: "valid", domain: "plain.example", peers: [TLS], wanted: ["no-policy-found valid -"] },
  {
    name: "any certificate",
    domain: "plain.example",
    peers: [{ ...TLS, certificateFault: "CERT_HAS_EXPIRED" }],
    wanted: ["no-policy-found encrypted -"],
  },
  {
    name: "no TLS",
    domain: "plain.example",
    peers: [{}],
    wanted: ["no-policy-found clear starttls-not-supported"],
  },
  {
    name: "broken TLS, then in the clear",
    domain: "plain.example",
    peers: [BROKEN, TLS],
    wanted: ["no-policy-found broken validation-failure"],
  },
  {
    name: "STARTTLS refused",
    domain: "plain.example",
    peers: [{ ...TLS, on: { STARTTLS: "454 not now" } }],
    wanted: ["no-policy-found broken validation-failure"],
  },
  { name: "no host", domain: "plain.example", peers: [], wanted: [] },
  { name: "enforced", domain: "plain.example", peers: [TLS], sts: ENFORCE, wanted: ["sts valid -"] },
  {
    name: "enforced, no TLS",
    domain: "plain.example",
    peers: [{}],
    sts: ENFORCE,
    wanted: ["sts clear starttls-not-supported"],
  },
  {
    name: "tested, no TLS",
    domain: "plain.example",
    peers: [{}],
    sts: TESTING,
    wanted: ["sts clear starttls-not-supported"],
  },
  {
    name: "tested, expired",
    domain: "plain.example",
    peers: [{ ...TLS, certificateFault: "CERT_HAS_EXPIRED" }],
    sts: TESTING,
    wanted: ["sts encrypted certificate-expired"],
  },
  {
    name: "tested, other host",
    domain: "plain.example",
    peers: [TLS],
    sts: { ...TESTING, mx: ["other.example"] },
    wanted: ["sts null validation-failure", "sts valid -"],
  },
  {
    name: "enforced, other host",
    domain: "plain.example",
    peers: [TLS],
    sts: { ...ENFORCE, mx: ["other.example"] },
    wanted: ["sts null validation-failure"],
  },
  {
    name: "not fetched",
    domain: "plain.example",
    peers: [TLS],
    sts: { kind: "unreachable", why: "x" },
    wanted: ["sts null sts-policy-fetch-error", "sts valid -"],
  },
  {
    name: "not believed",
    domain: "plain.example",
    peers: [TLS],
    sts: { kind: "untrusted", why: "x" },
    wanted: ["sts null sts-webpki-invalid", "sts valid -"],
  },
  {
    name: "malformed",
    domain: "plain.example",
    peers: [TLS],
    sts: { kind: "malformed", why: "x" },
    wanted: ["sts null sts-policy-invalid", "sts valid -"],
  },
  {
    name: "DANE not met",
    domain: "dane.example",
    peers: [{ ...TLS, chain: [new Uint8Array([0x30, 0])] }],
    wanted: ["tlsa broken validation-failure"],
  },
  {
    name: "DANE stripped",
    domain: "dane.example",
    peers: [{}],
    wanted: ["tlsa clear starttls-not-supported"],
  },
  {
    name: "DANE unusable",
    domain: "unusable.example",
    peers: [TLS],
    wanted: ["tlsa null tlsa-invalid", "tlsa valid -"],
  },
  { name: "DNS broken", domain: "broken.example", peers: [TLS], wanted: ["tlsa null dnssec-invalid"] },
  {
    name: "a report",
    domain: "plain.example",
    peers: [{}],
    sts: ENFORCE,
    batch: { tlsOptional: true },
    wanted: [],
  },
  { name: "REQUIRETLS", domain: "plain.example", peers: [{}], batch: { requireTls: true }, wanted: [] },
];

for (const { name, domain, peers, sts, batch, wanted } of CASES) {
  Deno.test(`deliver() tells of its TLS sessions: ${name}`, async () => {
    const sessions: TlsSession[] = [];
    const resolver = zone(ZONE);
    const found = sts && "mode" in sts ? sts : null;
    const fault = sts && "why" in sts ? sts : null;
    const log = new MemoryLog();
    const port = { find: () => Promise.resolve(found), fault: () => fault };
    await deliverOnce(domain, peers, {
      resolver,
      tlsPolicies: new PublishedPolicies({ resolver, sts: port, log }),
      tlsSessions: { note: (s) => sessions.push(s) },
    }, batch);
    const told = sessions.map((s) => `${s.published.type} ${s.reached} ${s.fault?.type ?? "-"}`);
    assertEquals(told, wanted);
    for (const s of sessions) assertEquals([s.destination, s.host], [domain, `mx.${domain}`]);
    const dane = sessions.find((s) => s.published.type === "tlsa" && domain === "dane.example");
    if (dane) assertEquals(dane.published.strings, [`3 1 1 ${"a5".repeat(32)}`]);
    if (found && sessions[0]) assertEquals(sessions[0].published.strings[0], "version: STSv1");
  });
}

Deno.test("sessionOf() knows no certificate that nobody judged", () => {
  const seen = { kind: "secure", certificate: undefined, localAddress: "192.0.2.9" } as const;
  const session = sessionOf("a.example", "mx.a.example", { kind: "opportunistic" }, "192.0.2.1", seen);
  assertEquals([session.reached, session.fault, session.localAddress], ["encrypted", null, "192.0.2.9"]);
  assertEquals(policyFaultOf("a.example", "mx.a.example", { kind: "opportunistic" }), null);
});
