import fc from "fast-check";
import { formatPath } from "../../mod/mail/address.ts";
import { parsePath } from "../../mod/smtp/path.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("parsePath() reads what RFC 5321 4.1.2 and RFC 6531 permit", () => {
  const table: [string, string, string][] = [
    ["<a@b.c>", "a", "b.c"],
    ["<A.b+c@EXAMPLE.Org>", "A.b+c", "example.org"],
    ["<!#$%&'*+-/=?^_`{|}~@x>", "!#$%&'*+-/=?^_`{|}~", "x"],
    ['<"a b"@c>', "a b", "c"],
    ['<"a\\"b\\\\c"@d>', 'a"b\\c', "d"],
    ['<"a@b"@c>', "a@b", "c"],
    ['<"plain"@c>', "plain", "c"],
    ["<@one:a@b>", "a", "b"],
    ["<@one,@two.x,@[1.2.3.4]:a@b>", "a", "b"],
    ["<a@[192.0.2.1]>", "a", "[192.0.2.1]"],
    ["<a@[IPv6:2001:DB8::0:1]>", "a", "[IPv6:2001:db8::1]"],
    ["<a%b@c>", "a%b", "c"],
    ["<x!y@c>", "x!y", "c"],
    ["<dörte@sörensen.example>", "dörte", "xn--srensen-90a.example"],
    ["<do\u0308rte@b>", "dörte", "b"],
    ["<用户@例子.测试>", "用户", "xn--fsqu00a.xn--0zwm56d"],
    ["<a@host_name.x>", "a", "host_name.x"],
    [`<${"a".repeat(255)}@b>`, "a".repeat(255), "b"],
    ["<a@1.2.3.4>", "a", "1.2.3.4"],
  ];
  for (const [text, local, domain] of table) {
    const read = parsePath(`x${text} tail`, 1, false);
    assertEquals(read?.address, { local, domain }, text);
    assertEquals(read?.end, text.length + 1, text);
    // deno-lint-ignore no-control-regex -- ASCII is exactly this range
    assertEquals(read?.international, !/^[\x00-\x7f]*$/.test(text), text);
  }
});

Deno.test("parsePath() refuses everything else", () => {
  const bad = [
    "",
    "a@b",
    "<",
    "<a",
    "<a@",
    "<a@>",
    "<@b>",
    "<a>",
    "<postmaster>",
    "< a@b>",
    "<a@b >",
    "<a@@b>",
    "<a@b@c>",
    "<.a@b>",
    "<a.@b>",
    "<a..b@c>",
    "<a b@c>",
    "<a,b@c>",
    "<a@b,c>",
    "<<a@b>>",
    '<"a@b>',
    '<""@b>',
    '<"a"b@c>',
    '<a"b"@c>',
    '<"a\\"@b>',
    "<a@-b>",
    "<a@b->",
    "<a@b-.c>",
    "<a@.b>",
    "<a@b.>",
    "<a@b..c>",
    "<a@b/c>",
    "<a@b:25>",
    "<a@[1.2.3]>",
    "<a@[1.2.3.256]>",
    "<a@[1.2.3.04]>",
    "<a@[IPv6:1.2.3.4]>",
    "<a@[IPv6:zz]>",
    "<a@[tag:x]>",
    "<a@[1.2.3.4>",
    "<@one a@b>",
    "<@:a@b>",
    "<@one:>",
    "<@one:a>",
    `<${"a".repeat(256)}@b>`,
    `<${"ä".repeat(128)}@b>`,
    `<a@${"a".repeat(64)}.x>`,
    `<a@${"abcdefg.".repeat(32)}x>`,
    "<a@１２７.0.0.1>",
    "<a@b\u200e>",
    "<a\u0085@b>",
    "<a@b；c>",
    "(a@b)",
    "<a@b",
    '<"a\tb"@c>',
  ];
  for (const text of bad) assertEquals(parsePath(text, 0, false), null, text);
});

Deno.test("parsePath() knows the null path and, for RCPT, a bare postmaster", () => {
  assertEquals(parsePath("<> x", 0, false), { address: null, international: false, end: 2 });
  for (const name of ["postmaster", "POSTMASTER", "PostMaster"]) {
    assertEquals(parsePath(`<${name}>`, 0, true)?.address, { local: name, domain: "" });
  }
  assertEquals(parsePath("<root>", 0, true), null);
});

Deno.test("parsePath() reads back what formatPath() gives", () => {
  const local = fc.string({ unit: fc.constantFrom(...'ab.@ "\\%!+<>ä用'), minLength: 1, maxLength: 12 });
  fc.assert(fc.property(local, (text) => {
    const address = { local: text.normalize("NFC"), domain: "example.test" };
    assertEquals(parsePath(formatPath(address), 0, false)?.address, address);
  }));
});
