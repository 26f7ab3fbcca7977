import {
  expandDomain,
  expandText,
  hasLetter,
  macroAddress,
  type MacroValues,
} from "../../../mod/auth/spf/expand.ts";
import { parseMacroString } from "../../../mod/auth/spf/macro.ts";
import type { MacroString } from "../../../mod/auth/spf/types.ts";
import { parseIp } from "../../../mod/base/ip.ts";
import { assert, assertEquals } from "../../support/assert.ts";

// RFC 7208 7.4.
const VALUES: MacroValues = {
  s: "strong-bad@email.example.com",
  l: "strong-bad",
  o: "email.example.com",
  d: "email.example.com",
  i: "192.0.2.3",
  p: "mx.example.org",
  h: "mail.example.org",
  v: "in-addr",
  c: "192.0.2.3",
  r: "receiver.example",
  t: "1700000000",
};

function parsed(text: string): MacroString {
  const found = parseMacroString(text, "explanation");
  assert(found.ok, text);
  return found.value;
}

Deno.test("expandDomain() gives the examples of RFC 7208 7.4", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["%{s}", "strong-bad@email.example.com"],
    ["%{o}", "email.example.com"],
    ["%{d}", "email.example.com"],
    ["%{d4}", "email.example.com"],
    ["%{d3}", "email.example.com"],
    ["%{d2}", "example.com"],
    ["%{d1}", "com"],
    ["%{dr}", "com.example.email"],
    ["%{d2r}", "example.email"],
    ["%{l}", "strong-bad"],
    ["%{l-}", "strong.bad"],
    ["%{lr}", "strong-bad"],
    ["%{lr-}", "bad.strong"],
    ["%{l1r-}", "strong"],
    ["%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"],
    ["%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"],
    ["%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"],
    ["%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com"],
    ["%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"],
    ["Example.ORG.", "example.org"],
  ];
  for (const [text, wanted] of cases) assertEquals(expandDomain(parsed(text), VALUES), wanted, text);
  const six = macroAddress(parseIp("2001:db8::cb01") ?? new Uint8Array());
  assertEquals(
    expandDomain(parsed("%{ir}.%{v}._spf.%{d2}"), { ...VALUES, i: six, v: "ip6" }),
    "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6._spf.example.com",
  );
  assertEquals(macroAddress(new Uint8Array([192, 0, 2, 3])), "192.0.2.3");
});

Deno.test("expandDomain() drops labels on the left until 253 characters are left", () => {
  for (let length = 1; length <= 12; length++) {
    const label = "x".repeat(length);
    for (let count = 20; count < 300; count += 7) {
      const name = new Array(count).fill(label).join(".");
      let labels = name.split(".");
      while (labels.join(".").length > 253) labels = labels.slice(1);
      assertEquals(expandDomain([name], VALUES), labels.join("."));
      const parts = name.match(/[^]{1,29}/g) ?? [];
      assertEquals(expandDomain([...parts, "."], VALUES), labels.join("."));
    }
  }
  assertEquals(expandDomain(["x".repeat(254)], VALUES), "");
  assertEquals(expandDomain([`a.${"x".repeat(253)}`], VALUES), "x".repeat(253));
  const many: MacroString = new Array(20_000).fill(parsed("%{s}")[0]);
  assert((expandDomain([...many, ".example.org"], VALUES) ?? "").endsWith("example.com.example.org"));
});

Deno.test("what is not ASCII spoils all of a text (RFC 8616 4)", () => {
  const values = { ...VALUES, l: null, s: null };
  assertEquals(expandDomain(parsed("%{l}.example.org"), values), null);
  assertEquals(expandDomain([...parsed("%{s}"), `.${"a.".repeat(500)}b`], values), null);
  assertEquals(expandText(parsed("you are %{l}"), values, 100), null);
  assertEquals(expandDomain(parsed("%{d}"), values), "email.example.com");
});

Deno.test("capital letters escape what a URL may not have", () => {
  const values = { ...VALUES, l: "~jack&jill=up-a_b3.c(!*')%", h: "a b" };
  assertEquals(expandText(parsed("%{L}"), values, 100), "~jack%26jill%3Dup-a_b3.c%28%21%2A%27%29%25");
  assertEquals(expandText(parsed("%{H} %{Hr}"), values, 100), "a%20b a%20b");
});

Deno.test("expandText() keeps case and final dots, and is cut", () => {
  assertEquals(expandText(parsed("See %{d} at %{T}."), VALUES, 100), "See email.example.com at 1700000000.");
  assertEquals(expandText(parsed("%{l}%{l}"), VALUES, 12), "strong-badst");
  assert(
    hasLetter(parsed("a%{p}"), "p") && hasLetter(parsed("%{P}"), "p") && !hasLetter(parsed("p%{d}"), "p"),
  );
});
