import {
  appleProfile,
  autoconfig,
  autodiscover,
  autodiscoverAddress,
  ourAddress,
  xml,
} from "../../mod/status/clients.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { CLIENTS } from "../support/status_app.ts";

Deno.test("ourAddress() takes plain addresses in our domains alone", () => {
  assertEquals(ourAddress("You@Example.ORG", CLIENTS), "you@example.org");
  assertEquals(ourAddress("you+tag@example.net", CLIENTS), "you+tag@example.net");
  for (
    const other of [
      "",
      "you",
      "@example.org",
      "a@b",
      "a@example.org.evil",
      "a b@example.org",
      '"a"@example.org',
      "a@example.org<",
      "<a@example.org",
      `${"x".repeat(65)}@example.org`,
      "a@b@example.org",
    ]
  ) {
    assertEquals(ourAddress(other, CLIENTS), null, other);
  }
});

Deno.test("autoconfig() lists all ways, the best of each kind first", () => {
  const text = autoconfig(CLIENTS, "example.org");
  const servers = [
    ...text.matchAll(/<(incoming|outgoing)Server type="(\w+)">[\s\S]*?<port>(\d+)<[\s\S]*?Type>(\w+)</g),
  ];
  assertEquals(servers.map((m) => m.slice(1).join(" ")), [
    "incoming imap 993 SSL",
    "incoming imap 143 STARTTLS",
    "incoming pop3 995 SSL",
    "outgoing smtp 587 STARTTLS",
  ]);
  assert(text.includes("<username>%EMAILADDRESS%</username>") && text.includes('id="example.org"'));
});

Deno.test("autodiscover() answers for an address; autodiscoverAddress() finds it", () => {
  const text = autodiscover(CLIENTS, "a&b@example.org");
  assertEquals([...text.matchAll(/<Type>(\w+)<\/Type>[\s\S]*?<Port>(\d+)/g)].map((m) => m.slice(1)), [
    ["IMAP", "993"],
    ["POP3", "995"],
    ["SMTP", "587"],
  ]);
  assert(text.includes("<LoginName>a&amp;b@example.org</LoginName>") && text.includes("<Encryption>TLS<"));
  const asked =
    "<Autodiscover><Request><EMailAddress> a@example.org\n</EMailAddress></Request></Autodiscover>";
  assertEquals(autodiscoverAddress(asked), "a@example.org");
  assertEquals(autodiscoverAddress("<a:EMailAddress>x@y.z</a:EMailAddress>"), "x@y.z");
  for (const odd of ["", "<EMailAddress></EMailAddress>", "<EMailAddress>a b</EMailAddress>", "a@b.c"]) {
    assertEquals(autodiscoverAddress(odd), null, odd);
  }
});

Deno.test("appleProfile() has mail and our authority, and the same names each time", async () => {
  const der = new Uint8Array([1, 2, 3]);
  const text = await appleProfile(CLIENTS, "a&b@example.org", der) ?? "";
  assert(text.includes("<string>a&amp;b@example.org</string>") && text.includes("<data>AQID</data>"));
  assert(/PortNumber<\/key><integer>993</.test(text) && /PortNumber<\/key><integer>587</.test(text));
  const uuids = [...text.matchAll(/UUID<\/key><string>([^<]+)/g)].map((m) => m[1] ?? "");
  assertEquals([uuids.length, new Set(uuids).size], [3, 3]);
  for (const id of uuids) {
    assert(/^[0-9A-F]{8}-[0-9A-F]{4}-8[0-9A-F]{3}-A[0-9A-F]{3}-[0-9A-F]{12}$/.test(id), id);
  }
  assertEquals(await appleProfile(CLIENTS, "a&b@example.org", der), text);
  assert(!(await appleProfile(CLIENTS, "a@example.org", null))?.includes("security.root"));
  assertEquals(await appleProfile({ ...CLIENTS, services: [] }, "a@example.org", null), null);
});

Deno.test("xml() leaves no sign with a meaning", () => {
  assertEquals(xml(`<a b="c'">&`), "&lt;a b=&quot;c&apos;&quot;&gt;&amp;");
});
