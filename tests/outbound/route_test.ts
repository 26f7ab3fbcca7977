import type { Address } from "../../mod/mail/address.ts";
import { parseRoute, type Route, Routes } from "../../mod/outbound/route.ts";
import { assert, assertEquals } from "../support/assert.ts";

const SMTP: Route = { protocol: "smtp", host: "relay.example", port: 25, tls: "opportunistic", user: null };

Deno.test("parseRoute() reads the forms of the config", () => {
  const cases: readonly (readonly [string, Route])[] = [
    ["smtp://relay.example", SMTP],
    ["smtp://Relay.Example.:25/", SMTP],
    ["SMTP://relay.example:2525", { ...SMTP, port: 2525 }],
    ["smtp://192.0.2.1:26", { ...SMTP, host: "192.0.2.1", port: 26 }],
    ["smtp://[2001:DB8::1]", { ...SMTP, host: "2001:db8::1" }],
    ["smtp://[IPv6:2001:db8::1]:26", { ...SMTP, host: "2001:db8::1", port: 26 }],
    ["lmtp://localhost", { ...SMTP, protocol: "lmtp", host: "localhost", port: 24 }],
    ["submission://me@relay.example", { ...SMTP, port: 587, tls: "required", user: "me" }],
    ["submission://me%40example.org@relay.example:588", {
      ...SMTP,
      port: 588,
      tls: "required",
      user: "me@example.org",
    }],
    ["submissions://me@relay.example", { ...SMTP, port: 465, tls: "implicit", user: "me" }],
    ["submissions://relay.example", { ...SMTP, port: 465, tls: "implicit" }],
  ];
  for (const [text, expected] of cases) assertEquals(parseRoute(text), { ok: true, value: expected }, text);
});

Deno.test("parseRoute() says what is wrong", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["", "form"],
    ["relay.example", "form"],
    ["relay.example:25", "form"],
    ["http://relay.example", "scheme"],
    ["constructor://relay.example", "scheme"],
    ["smtp://", "no host name"],
    ["smtp://exa_mple..org", "no host name"],
    ["smtp://300.1.1.1", "no host name"],
    ["smtp://[relay.example]", "no host name"],
    ["smtp://relay.example:0", "port"],
    ["smtp://relay.example:65536", "port"],
    ["smtp://relay.example:x", "form"],
    ["smtp://relay.example/path", "form"],
    ["smtp://me@relay.example", "user name needs"],
    ["submission://@relay.example", "user name"],
    ["submission://%zz@relay.example", "user name"],
    ["submission://a%00b@relay.example", "user name"],
    ["submission://me:secret@@relay.example", "form"],
  ];
  for (const [text, part] of cases) {
    const read = parseRoute(text);
    assert(!read.ok && read.error.includes(part), `${text}: ${JSON.stringify(read)}`);
  }
});

Deno.test("Routes goes by the recipient's domain, the sender's address, the sender's domain, then all others", () => {
  const way = (host: string) => [{ ...SMTP, host }] as const;
  const routes = new Routes([["Example.ORG", way("own")], ["*", way("all")]], [
    ["me@sender.example", way("me")],
    ["Sender.Example", way("sender")],
    ["<>", way("reports")],
  ]);
  const me = { local: "me", domain: "sender.example" };
  const cases: readonly (readonly [string, Address | null, string])[] = [
    ["example.org", me, "own"],
    ["EXAMPLE.org", null, "own"],
    ["sub.example.org", me, "me"],
    ["other.example", { ...me, local: "ME" }, "me"],
    ["other.example", { ...me, local: "you" }, "sender"],
    ["other.example", { ...me, domain: "sub.sender.example" }, "all"],
    ["other.example", null, "reports"],
    ["[192.0.2.1]", { ...me, domain: "x.example" }, "all"],
  ];
  for (const [destination, sender, host] of cases) {
    assertEquals(
      routes.find(destination, sender)?.map((r) => r.host),
      [host],
      `${destination} ${sender?.local}`,
    );
  }
  assertEquals(new Routes([["example.org", way("own")]]).find("example.net", me), null);
});
