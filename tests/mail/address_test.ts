import fc from "fast-check";
import { assert, assertEquals } from "../support/assert.ts";
import {
  type Address,
  formatAddress,
  formatPath,
  needsUtf8,
  parseAddress,
  parseDomain,
  parseLocalPart,
  sameAddress,
} from "../../mod/mail/address.ts";
import { utf8 } from "../../mod/base/bytes.ts";

const units = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 }).map((a) =>
  String.fromCharCode(...a)
);

const GOOD: readonly [string, string, string][] = [
  ["a@b", "a", "b"],
  ["User.Name+tag@Example.ORG", "User.Name+tag", "example.org"],
  ['"quoted local"@example.org', "quoted local", "example.org"],
  ['"a\\"b\\\\c"@example.org', 'a"b\\c', "example.org"],
  ['"simple"@example.org', "simple", "example.org"],
  ['"a@b"@example.org', "a@b", "example.org"],
  ['""@example.org', "", "example.org"],
  ["a@[192.0.2.1]", "a", "[192.0.2.1]"],
  ["a@[IPv6:2001:DB8::1]", "a", "[IPv6:2001:db8::1]"],
  ["a@[ipv6:::1]", "a", "[IPv6:::1]"],
  ["jörg@example.org", "jörg", "example.org"],
  ["jo\u0308rg@example.org", "jörg", "example.org"],
  ["a@Bücher.example", "a", "xn--bcher-kva.example"],
  ["用户@例え.テスト", "用户", "xn--r8jz45g.xn--zckzah"],
  ["a@xn--bcher-kva.example", "a", "xn--bcher-kva.example"],
  ["@one.example,@two.example:a@b.example", "a", "b.example"],
  ["postmaster", "postmaster", ""],
  ["PostMaster", "PostMaster", ""],
  ["a@under_score.example", "a", "under_score.example"],
  ["!#$%&'*+-/=?^_`{|}~@b", "!#$%&'*+-/=?^_`{|}~", "b"],
  [`${"v".repeat(200)}@b`, "v".repeat(200), "b"],
];

for (const [text, local, domain] of GOOD) {
  Deno.test(`parseAddress() takes ${text.slice(0, 50)}`, () => {
    assertEquals(parseAddress(text), { ok: true, value: { local, domain } });
    assertEquals(parseAddress(utf8(text)), { ok: true, value: { local, domain } });
  });
}

const BAD = [
  "",
  "a",
  "@",
  "a@",
  "@b",
  "a@b@c",
  ".a@b",
  "a.@b",
  "a..b@c",
  "a b@c",
  "a@b c",
  "a@b.",
  "a@.b",
  "a@b..c",
  "a@-b.c",
  "a@b-.c",
  '"a@b',
  '"a"b@c',
  '"a"',
  'a"b"@c',
  "a@[1.2.3]",
  "a@[1.2.3.256]",
  "a@[IPv6:1::2::3]",
  "a@[x-tag:y]",
  "a@[1.2.3.4",
  "a@[IPv6:fe80::1%eth0]",
  "a\r\n@b",
  "a\0@b",
  '"a\nb"@c',
  "a@b\r\nRCPT TO:<x@y>",
  "a@b>",
  "<a@b>",
  "a@１.２.３.４",
  "a@b％2ec.example",
  "a@bü:25.example",
  "a@bü/x",
  "a@ü@b",
  "a\u2028b@c",
  "\ud800@b",
  "a@b/c",
  "a@b,c",
  "@a:b",
  "a%b",
];
for (const text of BAD) {
  Deno.test(`parseAddress() refuses ${JSON.stringify(text)}`, () => assert(!parseAddress(text).ok));
}

Deno.test("parseAddress() tells what is too long", () => {
  for (
    const t of [
      `${"a".repeat(256)}@b`,
      `a@${"b.".repeat(130)}c`,
      `a@${"b".repeat(64)}`,
      "ä".repeat(128) + "@b",
    ]
  ) {
    assertEquals(parseAddress(t), { ok: false, error: "too-long" });
  }
});

Deno.test("parseAddress() refuses octets that are not UTF-8", () => {
  assertEquals(parseAddress(Uint8Array.of(0xff, 0x40, 0x62)), { ok: false, error: "syntax" });
});

Deno.test("parseLocalPart() takes exactly the characters of RFC 5321, one by one", () => {
  const atext = /[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]/;
  for (let c = 0; c < 128; c++) {
    const char = String.fromCharCode(c);
    assertEquals(parseLocalPart(char).ok, atext.test(char), `bare ${c}`);
    assertEquals(
      parseLocalPart(`"${char}"`).ok,
      c >= 32 && c < 127 && char !== '"' && char !== "\\",
      `quoted ${c}`,
    );
    assertEquals(parseLocalPart(`"\\${char}"`).ok, c >= 32 && c < 127, `escaped ${c}`);
    assertEquals(parseDomain(char).ok, /[A-Za-z0-9_]/.test(char), `domain ${c}`);
  }
});

Deno.test("formatPath(), sameAddress(), needsUtf8()", () => {
  assertEquals(formatPath(null), "<>");
  assertEquals(formatPath({ local: "a b", domain: "c" }), '<"a b"@c>');
  assertEquals(formatAddress({ local: "Postmaster", domain: "" }), "Postmaster");
  assert(sameAddress({ local: "A", domain: "b" }, { local: "a", domain: "b" }));
  assert(!sameAddress({ local: "a", domain: "b" }, { local: "a", domain: "c" }));
  assert(needsUtf8({ local: "ä", domain: "b" }) && !needsUtf8({ local: "a", domain: "b" }));
});

const printable = fc.string({
  unit: fc.integer({ min: 32, max: 126 }).map((c) => String.fromCharCode(c)),
  maxLength: 30,
});
const local = fc.oneof(printable, fc.constantFrom("jörg", "用户", "a.b", "..", "a b"));
const domain = fc.constantFrom(
  "example.org",
  "xn--bcher-kva.example",
  "[192.0.2.1]",
  "[IPv6:2001:db8::1]",
  "b",
);

Deno.test("parseAddress() gives back what formatAddress() wrote", () => {
  fc.assert(fc.property(fc.record({ local, domain }), (a: Address) => {
    assertEquals(parseAddress(formatAddress(a)), { ok: true, value: { ...a } });
  }));
});

Deno.test("parseAddress() survives anything, and what it takes it takes again", () => {
  const text = fc.oneof(
    units,
    fc.string({ unit: fc.constantFrom(...'a@."\\[]:, <>ü6v%\r\n') }),
  );
  fc.assert(fc.property(text, (t) => {
    const first = parseAddress(t);
    if (first.ok) assertEquals(parseAddress(formatAddress(first.value)), first);
  }));
});

Deno.test("parseAddress() takes no time that grows faster than its input", () => {
  for (
    const t of [
      "a.".repeat(50_000),
      '"' + "\\a".repeat(50_000),
      "@a,".repeat(30_000),
      "ü".repeat(50_000) + "@b",
    ]
  ) {
    assert(!parseAddress(t).ok);
  }
});
