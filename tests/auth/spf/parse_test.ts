import fc from "fast-check";
import { parseRecord, selectRecords } from "../../../mod/auth/spf/parse.ts";
import { fromUtf8, utf8 } from "../../../mod/base/bytes.ts";
import { assert, assertEquals } from "../../support/assert.ts";

function parsed(text: string) {
  return parseRecord(utf8(`v=spf1 ${text}`));
}

Deno.test("selectRecords() takes v=spf1 in any case, ended by a space or the end", () => {
  const cases: readonly (readonly [string, boolean])[] = [
    ["v=spf1", true],
    ["V=SpF1 -all", true],
    ["v=spf1 ", true],
    ["v=spf10", false],
    ["v=spf1\t-all", false],
    [" v=spf1", false],
    ["v=spf", false],
    ["", false],
    ["v=spf1\u00a0", false],
    ["v=spf2.0/pra -all", false],
    ["v\u200b=spf1", false],
  ];
  for (const [text, wanted] of cases) assertEquals(selectRecords([utf8(text)]).length === 1, wanted, text);
  assertEquals(selectRecords(["a", "v=spf1 a", "v=spf1 b"].map(utf8)).map(fromUtf8), [
    "v=spf1 a",
    "v=spf1 b",
  ]);
});

Deno.test("parseRecord() reads every mechanism and modifier", () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ["all", { kind: "all" }],
    ["ALL", { kind: "all" }],
    ["include:a.test", { kind: "include", target: ["a.test"] }],
    ["exists:%{i}", {
      kind: "exists",
      target: [{ letter: "i", escaped: false, keep: Infinity, reversed: false, delimiters: "." }],
    }],
    ["a", { kind: "a", target: null, bits4: 32, bits6: 128 }],
    ["a/0", { kind: "a", target: null, bits4: 0, bits6: 128 }],
    ["mx//0", { kind: "mx", target: null, bits4: 32, bits6: 0 }],
    ["Mx:a.test/24//64", { kind: "mx", target: ["a.test"], bits4: 24, bits6: 64 }],
    ["a:a/b.test/8", { kind: "a", target: ["a/b.test"], bits4: 8, bits6: 128 }],
    ["ptr", { kind: "ptr", target: null }],
    ["ptr:a.test", { kind: "ptr", target: ["a.test"] }],
    ["ip4:192.0.2.1", { kind: "ip4", address: new Uint8Array([192, 0, 2, 1]), bits: 32 }],
    ["ip4:192.0.2.1/7", { kind: "ip4", address: new Uint8Array([192, 0, 2, 1]), bits: 7 }],
    ["ip6:::/0", { kind: "ip6", address: new Uint8Array(16), bits: 0 }],
    ["ip6:::ffff:1.2.3.4/96", {
      kind: "ip6",
      address: new Uint8Array([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 1, 2, 3, 4]),
      bits: 96,
    }],
  ];
  for (const [text, mechanism] of cases) {
    const got = parsed(text);
    assert(got.ok, text);
    assertEquals<unknown>(got.value.directives, [{ result: "pass", mechanism, text }]);
  }
  const signs = parsed("+all  -all ~all ?all ");
  assertEquals(signs.ok && signs.value.directives.map((d) => d.result), [
    "pass",
    "fail",
    "softfail",
    "neutral",
  ]);
  const modifiers = parsed("Redirect=a.test x-y.z_1=%{d}/: a=b EXP=b.test all=");
  assertEquals(modifiers.ok && [modifiers.value.redirect, modifiers.value.explanation], [["a.test"], [
    "b.test",
  ]]);
  assertEquals(parseRecord(utf8("v=spf1")), {
    ok: true,
    value: { directives: [], redirect: null, explanation: null },
  });
});

Deno.test("parseRecord() finds a mistake anywhere, and names the term", () => {
  const bad = [
    "all:",
    "all:a.test",
    "all/8",
    "-",
    "--all",
    "+-all",
    "foo",
    "foo:a.test",
    "al",
    "include",
    "include:",
    "include:test",
    "include/8",
    "include:a.test/24",
    "exists",
    "exists:",
    "exists:a.test/8",
    "a:",
    "a/",
    "a//",
    "a/33",
    "a//129",
    "a/24/24",
    "a/24//64/",
    "a/-1",
    "a/024",
    "a/1000",
    "a:/8",
    "a:test",
    "a:1.2.3.4",

    "aa",
    "a,",
    "mx:",
    "mx/",
    "mx=/%",
    "ptr:",
    "ptr/8",
    "ptr:a.test/8",
    "ip4",
    "ip4:",
    "ip4:1.2.3",
    "ip4:1.2.3.4.5",
    "ip4:1.2.3.256",
    "ip4:01.2.3.4",
    "ip4:1.2.3.4/33",
    "ip4:1.2.3.4/",
    "ip4:1.2.3.4/08",
    "ip4:1.2.3.4//8",
    "ip4:::1",
    "ip4/8",
    "ip6:1.2.3.4",
    "ip6:",
    "ip6:::1/129",
    "ip6:::g",
    "ip6:1::2::3",
    "ip6:fe80::1%1",
    "ip6:::1/",
    "redirect:a.test",
    "redirect=",
    "redirect=test",
    "exp=",
    "exp=%{c}.a.test",
    "x=%{c}",
    "x=%",
    "=x",
    "1=x",
    "-x=y",
    "x\u00e9=y",
    "a:\u00fc.test",
    "a\t",
    "a\0",
    "a:a\x7f.test",
    "\u00a0all",
    "redirect=a.test redirect=a.test",
    "exp=a.test EXP=b.test",
  ];
  for (const text of bad) {
    for (const around of [text, `+all ${text}`, `${text} a`]) {
      const got = parsed(around);
      assert(!got.ok, around);
      assert(got.error.term !== "" && got.error.why !== "");
    }
  }
});

Deno.test("parseRecord() takes any octets, up to 64 KiB, quickly", () => {
  const terms = [
    "a",
    "mx:",
    "include:",
    "%{",
    "d}",
    "/",
    "//64",
    " ",
    "=",
    "redirect",
    "exp=",
    "ip6:",
    "::",
    "1.2.3.4",
    "\u00fc",
    "\0",
    "-",
    "all",
    "ptr",
    ".",
  ];
  fc.assert(fc.property(fc.array(fc.constantFrom(...terms)), (t) => {
    parsed(t.join(""));
  }));
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (octets) => {
    parseRecord(octets);
    selectRecords([octets]);
  }));
  for (
    const unit of [
      "/",
      "//1",
      "a ",
      "a=",
      ":",
      "a:/",
      "%{d}",
      "ip6:::",
      "1",
      "a-",
      "-",
      "x".repeat(99) + "=%{p} ",
    ]
  ) {
    parsed(unit.repeat(65_536 / unit.length));
    parsed(`a:${unit.repeat(65_536 / unit.length)}`);
  }
});
