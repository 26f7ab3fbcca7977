import { dnsRecords, formatZone, nullRecords, reverseName } from "../../mod/app/dns_records.ts";
import { parseConfig } from "../../mod/config/load.ts";
import { assert, assertEquals } from "../support/assert.ts";

function listenOf(text: string) {
  const parsed = parseConfig("/r.yaml", `hostname: a.test\nlisten: ${text}\n`);
  assert(parsed.ok);
  return parsed.value.config.listen;
}

Deno.test("dnsRecords() names what the domain needs and only what we serve", () => {
  const records = dnsRecords({
    domain: "example.test",
    hostname: "mail.example.test",
    listen: listenOf('{ smtp: ["192.0.2.1:25", "[2001:db8::1]:25", "127.0.0.1:25"], imaps: "[::]:1993" }'),
    keys: [{ selector: "s1", algorithm: "ed25519", p: "AAAA" }],
    stsPolicy: "version: STSv1",
  });
  assertEquals(records.map((r) => `${r.name} ${r.type} ${r.value}`), [
    "mail.example.test A 192.0.2.1",
    "mail.example.test AAAA 2001:db8::1",
    "example.test MX 10 mail.example.test.",
    "example.test TXT v=spf1 mx -all",
    "mail.example.test TXT v=spf1 a -all",
    "s1._domainkey.example.test TXT v=DKIM1; k=ed25519; p=AAAA",
    "_dmarc.example.test TXT v=DMARC1; p=quarantine; rua=mailto:postmaster@example.test",
    "_mta-sts.example.test TXT v=STSv1; id=2f0354d1a49d706e7728;",
    "mta-sts.example.test CNAME mail.example.test.",
    "_imaps._tcp.example.test SRV 0 1 1993 mail.example.test.",
  ]);
});

Deno.test("formatZone() quotes text and cuts it at 255 octets", () => {
  const long = "x".repeat(300);
  assertEquals(
    formatZone([
      { name: "a.test", type: "TXT", value: `${long}"`, why: "" },
      ...nullRecords("b.test").slice(0, 1),
    ]),
    `a.test. 3600 IN TXT "${"x".repeat(255)}" "${"x".repeat(45)}\\""\nb.test. 3600 IN MX 0 .`,
  );
});

Deno.test("reverseName() turns addresses round", () => {
  assertEquals(reverseName("192.0.2.1"), "1.2.0.192.in-addr.arpa");
  assertEquals(reverseName("2001:db8::1"), `1.${"0.".repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa`);
  assertEquals(reverseName("x"), null);
});
