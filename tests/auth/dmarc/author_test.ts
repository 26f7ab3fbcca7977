import fc from "fast-check";
import { utf8 } from "../../../mod/base/bytes.ts";
import { authorDomains } from "../../../mod/auth/dmarc/author.ts";
import { assert, assertEquals } from "../../support/assert.ts";

Deno.test("authorDomains() finds the domain of From, however it is written", () => {
  const table: readonly (readonly [string, readonly string[]])[] = [
    ["From: a@Example.ORG", ["example.org"]],
    ["FROM : Ann <a@example.org>", ["example.org"]],
    ['From: "ceo@bank.example" <a@example.org>', ["example.org"]],
    ["From: =?utf-8?q?ceo=40bank.example?= <a@example.org>", ["example.org"]],
    ["From: a@example.org (ceo@bank.example)", ["example.org"]],
    ["From:\r\n Ann\r\n <a@\r\n example.org>", ["example.org"]],
    ["From: <@relay.example:a@example.org>", ["example.org"]],
    ["From: a@example.org, b@example.org", ["example.org"]],
    ["From: a@example.org, b@bank.example", ["example.org", "bank.example"]],
    ["From: a@example.org\r\nfrom: b@bank.example", ["example.org", "bank.example"]],
    ["From: Team: a@example.org, b@bank.example;", ["example.org", "bank.example"]],
    ["From: jürgen@bücher.example", ["xn--bcher-kva.example"]],
    ["From: a@example.org.", ["example.org"]],
    // Broken, as it is sent every day.
    ["From: joe@customer.example <noreply@service.example>", ["service.example"]],
    ["From: Smith, John <a@example.org>", ["example.org"]],
    ['From: "a@bank.example"@example.org', ["example.org"]],
    ["From: a@example . org", ["example.org"]],
    // Broken: whatever somebody could see in it.
    ["From: ceo@bank.example. <a@evil.example", ["bank.example", "evil.example"]],
    ["From: ceo@bank.example <>, a@evil.example", ["bank.example", "evil.example"]],
    ["From: a@evil.example <>, ceo@bank.example", ["bank.example", "evil.example"]],
    ["From: a@evil.example ceo@bank.example", ["bank.example", "evil.example"]],
    ['From: "never ends ceo@bank.example <a@evil.example>', ["evil.example"]],
    ["From: <a@evil.example> <ceo@bank.example>", ["bank.example", "evil.example"]],
    ["From: <ceo@bank.example> <a@evil.example>", ["bank.example", "evil.example"]],
    ["From: Ann <sales> <a@example.org>", ["example.org"]],
    ["From: <ceo@bank.example> <>", ["bank.example"]],
    ["From: a@ b", ["b"]],
    ["From: a@[192.0.2.1]", ["[192.0.2.1]"]],
    ["From: undisclosed:;", []],
    ["From:", []],
    ["From: nobody", []],
    ["From: <>", []],
    ["From: a@", []],
    ["From: a@b..c", ["b"]],
    ["Sender: a@example.org", []],
    ["", []],
  ];
  for (const [header, expected] of table) {
    const found = authorDomains(utf8(`${header}\r\n\r\nFrom: x@body.example\r\n`));
    assertEquals(found.sort(), [...expected].sort(), header);
  }
});

Deno.test("authorDomains() stops where there are too many", () => {
  const many = Array.from({ length: 5000 }, (_, i) => `a@d${i}.example`).join(", ");
  assertEquals(authorDomains(utf8(`From: ${many}\r\n\r\n`)).length, 4);
});

Deno.test("authorDomains() is quick whatever a field holds", () => {
  const start = performance.now();
  for (const piece of ['"\\\\', '"', "(", "<", "@", "@ a . ", "a@b <", "a@b   ", ","]) {
    authorDomains(utf8(`From: ${piece.repeat(900_000 / piece.length)}\r\n\r\n`));
  }
  assert(performance.now() - start < 2000);
});

Deno.test("authorDomains() takes any octets", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    const header = new Uint8Array([...utf8("From: "), ...bytes]);
    for (const domain of authorDomains(header)) assert(/^[a-z0-9._-]+$|^\[/.test(domain), domain);
  }));
});
