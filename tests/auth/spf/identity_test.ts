import { checkableDomain, identityOf, toAscii } from "../../../mod/auth/spf/identity.ts";
import { assertEquals } from "../../support/assert.ts";

Deno.test("identityOf() finds whose name is used", () => {
  const cases: readonly (readonly [string, string, string, string, string | null])[] = [
    ["you@a.test", "mail.b.test", "mailfrom", "you", "a.test"],
    ["", "Mail.B.test.", "helo", "postmaster", "mail.b.test"],
    ["@a.test", "mail.b.test", "mailfrom", "postmaster", "a.test"],
    ["a.test", "mail.b.test", "mailfrom", "postmaster", "a.test"],
    ["postmaster", "mail.b.test", "mailfrom", "postmaster", null],
    ["a@b@c.test", "mail.b.test", "mailfrom", "a@b", "c.test"],
    ["you@", "mail.b.test", "mailfrom", "you", null],
    ["", "[192.0.2.1]", "helo", "postmaster", null],
    ["", "", "helo", "postmaster", null],
    ["j\u00f6@b\u00fccher.test", "x", "mailfrom", "j\u00f6", "xn--bcher-kva.test"],
  ];
  for (const [mailFrom, helo, identity, local, domain] of cases) {
    const got = identityOf(mailFrom, helo);
    assertEquals([got.identity, got.local, got.domain], [identity, local, domain], `${mailFrom} ${helo}`);
  }
});

Deno.test("checkableDomain() wants two labels that can be", () => {
  const long = "a".repeat(63);
  for (const text of ["a.test", "_x.A.Test", `${long}.test`, "a.b.c.", "1.2.3.4a"]) {
    assertEquals(checkableDomain(text), text.toLowerCase().replace(/\.$/, ""), text);
  }
  for (
    const text of [
      "",
      ".",
      "test",
      "a..test",
      ".a.test",
      `${long}a.test`,
      "192.0.2.1",
      "[192.0.2.1]",
      "[IPv6:2001:db8::1.2.3.4]",
      "a.test\r\n",
      "a\0.test",
      `${`${long}.`.repeat(4)}x`,
      "\u00fc",
      "\ufffd.test",
    ]
  ) assertEquals(checkableDomain(text), null, text);
});

Deno.test("toAscii() leaves ASCII as it is, and says when there is none", () => {
  assertEquals(toAscii("JUMPIN' JUPITER"), "JUMPIN' JUPITER");
  assertEquals(toAscii("M\u00fcnchen.Test"), "xn--mnchen-3ya.test");
  for (const text of ["\u00fc b.test", "\ud800.test", "[\u00fc]", "\u2028"]) {
    assertEquals(toAscii(text), null, text);
  }
});
