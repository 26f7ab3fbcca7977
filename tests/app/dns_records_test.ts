import { type DnsFacts, dnsRecords, nullRecords } from "../../mod/app/dns_records.ts";
import { parseConfig } from "../../mod/config/load.ts";
import { assert, assertEquals } from "../support/assert.ts";

function listenOf(text: string) {
  const parsed = parseConfig("/r.yaml", `hostname: a.test\nlisten: ${text}\n`);
  assert(parsed.ok);
  return parsed.value.config.listen;
}

function facts(changes: Partial<DnsFacts> = {}): DnsFacts {
  return {
    domain: "example.test",
    hostname: "mail.example.test",
    addresses: [],
    listen: listenOf('{ smtp: ["0.0.0.0:25"] }'),
    sources: [],
    smarthost: null,
    keys: [],
    stsPolicy: null,
    issuer: null,
    ...changes,
  };
}

const lines = (changes: Partial<DnsFacts>) =>
  dnsRecords(facts(changes)).map((r) => `${r.name} ${r.type} ${r.value}`);

Deno.test("dnsRecords() names what the domain needs, what we serve, and what we do not", () => {
  const listen =
    '{ smtp: ["192.0.2.1:25"], imaps: "[::]:1993", imap: ["127.0.0.1:143", "0.0.0.0:143"], pop3: "127.0.0.1:110", http: "127.0.0.1:80" }';
  const records = lines({
    addresses: ["192.0.2.1", "2001:db8::1"],
    listen: listenOf(listen),
    keys: [{ selector: "s1", algorithm: "ed25519", p: "AAAA", state: "active" }],
    stsPolicy: "version: STSv1",
    issuer: "letsencrypt.org",
  });
  assertEquals(records, [
    "mail.example.test A 192.0.2.1",
    "mail.example.test AAAA 2001:db8::1",
    "example.test MX 10 mail.example.test.",
    "example.test TXT v=spf1 mx -all",
    "mail.example.test TXT v=spf1 a -all",
    "s1._domainkey.example.test TXT v=DKIM1; k=ed25519; p=AAAA",
    "_dmarc.example.test TXT v=DMARC1; p=quarantine; rua=mailto:postmaster@example.test",
    "_mta-sts.example.test TXT v=STSv1; id=2f0354d1a49d706e7728;",
    "mta-sts.example.test CNAME mail.example.test.",
    "_smtp._tls.example.test TXT v=TLSRPTv1; rua=mailto:postmaster@example.test",
    "_submissions._tcp.example.test SRV 0 0 0 .",
    "_submission._tcp.example.test SRV 0 0 0 .",
    "_imaps._tcp.example.test SRV 0 1 1993 mail.example.test.",
    "_imap._tcp.example.test SRV 10 1 143 mail.example.test.",
    "_pop3s._tcp.example.test SRV 0 0 0 .",
    "_pop3._tcp.example.test SRV 0 0 0 .",
    "autoconfig.example.test CNAME mail.example.test.",
    "_autodiscover._tcp.example.test SRV 0 1 443 mail.example.test.",
    'mail.example.test CAA 0 issue "letsencrypt.org"',
  ]);
});

Deno.test("dnsRecords() leads mail programs to listen.https", () => {
  const settings = (listen: string) =>
    dnsRecords(facts({ listen: listenOf(listen) })).filter((r) => r.role === "settings").map((r) =>
      `${r.name} ${r.type} ${r.value}`
    );
  const srv = (port: number) => `_autodiscover._tcp.example.test SRV 0 1 ${port} mail.example.test.`;
  const cname = (label: string) => `${label}.example.test CNAME mail.example.test.`;
  assertEquals(settings('{ https: ["127.0.0.1:443", "[::]:443"] }'), [
    cname("autoconfig"),
    cname("autodiscover"),
    srv(443),
  ]);
  assertEquals(settings('{ https: "[::]:8443" }'), [cname("autoconfig"), srv(8443)]);
  assertEquals(settings('{ https: "127.0.0.1:443" }'), []);
});

Deno.test("dnsRecords() lets the smarthost send, and writes the SPF record of a server named as its domain once", () => {
  const spf = (changes: Partial<DnsFacts>) =>
    dnsRecords(facts(changes)).filter((r) => r.role === "spf").map((r) => `${r.name} ${r.value}`);
  const own = "mail.example.test v=spf1 a -all";
  assertEquals(spf({ smarthost: "relay.far.test" }), ["example.test v=spf1 mx a:relay.far.test ~all", own]);
  assertEquals(spf({ smarthost: "192.0.2.9" }), ["example.test v=spf1 mx ip4:192.0.2.9 ~all", own]);
  assertEquals(spf({ smarthost: "2001:db8::9" }), ["example.test v=spf1 mx ip6:2001:db8::9 ~all", own]);
  assertEquals(spf({ hostname: "example.test" }), ["example.test v=spf1 mx -all"]);
  assertEquals(spf({ addresses: ["192.0.2.1"], sources: ["192.0.2.1", "2001:db8::2"] }), [
    "example.test v=spf1 mx ip6:2001:db8::2 -all",
    "mail.example.test v=spf1 a ip6:2001:db8::2 -all",
  ]);
});

Deno.test("dnsRecords() publishes keys in every state, and insists on those that sign", () => {
  const keys = (["new", "active", "retired"] as const).map((state) => {
    return { selector: state, algorithm: "rsa", p: "AA", state } as const;
  });
  const found = dnsRecords(facts({ keys })).filter((r) => r.role === "dkim");
  assertEquals(found.map((r) => [r.name.split(".")[0], r.need]), [["new", "may"], ["active", "must"], [
    "retired",
    "may",
  ]]);
  assertEquals(new Set(found.map((r) => r.why)).size, 3);
});

Deno.test("nullRecords() says that no mail comes or goes", () => {
  assertEquals(nullRecords("b.test").map((r) => `${r.name} ${r.type} ${r.value}`), [
    "b.test MX 0 .",
    "b.test TXT v=spf1 -all",
    "_dmarc.b.test TXT v=DMARC1; p=reject; sp=reject; adkim=s; aspf=s",
    "*._domainkey.b.test TXT v=DKIM1; p=",
  ]);
});
