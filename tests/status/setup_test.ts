import { authorityOf } from "../../mod/status/setup.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { testApp } from "../support/status_app.ts";

const FAR = { from: "203.0.113.9", host: "mail.example.org" } as const;
const PEM = `-----BEGIN CERTIFICATE-----\n${btoa("abc")}\n-----END CERTIFICATE-----\n`;

Deno.test("mail programs find their settings, under the names they ask by", async () => {
  const { ask } = testApp();
  const table: [string, string, number, string][] = [
    ["/mail/config-v1.1.xml", "autoconfig.example.net", 200, 'id="example.net"'],
    ["/mail/config-v1.1.xml?emailaddress=a@example.org", "autoconfig.example.net", 200, 'id="example.org"'],
    ["/.well-known/autoconfig/mail/config-v1.1.xml", "example.org", 200, 'id="example.org"'],
    ["/.well-known/autoconfig/mail/config-v1.1.xml", "mail.example.org", 200, 'id="example.org"'],
    ["/mail/config-v1.1.xml?emailaddress=a@evil.test", "autoconfig.example.org", 404, ""],
  ];
  for (const [path, host, status, part] of table) {
    const answer = await ask("GET", path, { ...FAR, host });
    assertEquals(answer.status, status, path);
    const text = await answer.text();
    assert(text.includes(part), text);
  }
});

Deno.test("Outlook finds its settings, however it writes the path", async () => {
  const { ask } = testApp();
  const body = (address: string) => `<Request><EMailAddress>${address}</EMailAddress></Request>`;
  for (
    const path of [
      "/autodiscover/autodiscover.xml",
      "/Autodiscover/Autodiscover.xml",
      "/AutoDiscover/AutoDiscover.XML",
    ]
  ) {
    const answer = await ask("POST", path, {
      ...FAR,
      host: "autodiscover.example.org",
      body: body("a@example.org"),
    });
    assert((await answer.text()).includes("<LoginName>a@example.org</LoginName>"), path);
  }
  for (const odd of ["a@evil.test", "", "x".repeat(20_000)]) {
    const answer = await ask("POST", "/autodiscover/autodiscover.xml", { ...FAR, body: body(odd) });
    assert((await answer.text()).includes("<ErrorCode>600"), odd);
  }
  assert((await (await ask("GET", "/autodiscover/autodiscover.xml", FAR)).text()).includes("600"));
});

Deno.test("people find pages, profile and certificate, whoever they are", async () => {
  const { ask } = testApp({ authority: () => PEM });
  const start = await (await ask("GET", "/setup", FAR)).text();
  const fingerprint =
    "BA:78:16:BF:8F:01:CF:EA:41:41:40:DE:5D:AE:22:23:B0:03:61:A3:96:17:7A:9C:B4:10:FF:61:F2:00:15:AD";
  assert(start.includes(fingerprint) && start.includes('href="/ca.crt"'));
  const led = await ask("GET", "/setup?address=You%40Example.org", FAR);
  assertEquals([led.status, led.headers.get("location")], [303, "/setup/you%40example.org"]);
  assertEquals((await ask("GET", "/setup?address=%3Cscript%3E@x", FAR)).status, 404);
  const page = await (await ask("GET", "/setup/you%40example.org", FAR)).text();
  for (const part of ["SSL/TLS", "993", "you@example.org", "apple.mobileconfig", 'class="qr"', fingerprint]) {
    assert(page.includes(part), part);
  }
  assert(page.includes("http://mail.example.org/setup/you%40example.org"));
  const home = await (await ask("GET", "/setup/you%40example.org")).text();
  assert(home.includes("http://mail.example.org:8080/setup/"), "a phone cannot ask loopback");
  assertEquals((await ask("GET", "/setup/you%40evil.test", FAR)).status, 303);
  assertEquals((await ask("GET", "/setup/you%40evil.test/apple.mobileconfig", FAR)).status, 404);
  const profile = await ask("GET", "/setup/you%40example.org/apple.mobileconfig", FAR);
  assertEquals(profile.headers.get("content-type"), "application/x-apple-aspen-config; charset=utf-8");
  assertEquals(await (await ask("GET", "/ca.pem", FAR)).text(), PEM);
  assertEquals(await (await ask("GET", "/ca.crt", FAR)).text(), "abc");
  assertEquals((await testApp().ask("GET", "/ca.crt", FAR)).status, 404);
  assertEquals((await ask("GET", "/setup", { ...FAR, host: "evil.example" })).status, 421);
});

Deno.test("authorityOf() takes the first certificate of a text, or none", async () => {
  assertEquals((await authorityOf(PEM))?.der, new TextEncoder().encode("abc"));
  for (const none of [null, "", "-----BEGIN PRIVATE KEY-----"]) assertEquals(await authorityOf(none), null);
});
