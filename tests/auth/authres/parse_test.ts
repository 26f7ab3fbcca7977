import fc from "fast-check";
import { utf8 } from "../../../mod/base/bytes.ts";
import {
  type AuthResults,
  parseArcAuthResults,
  parseAuthResults,
  readArcInstance,
  withoutComments,
} from "../../../mod/auth/authres/parse.ts";
import { assert, assertEquals } from "../../support/assert.ts";

/** "id: method=result reason type.name=value; ..." for easy tables. */
function short(parsed: AuthResults | null): string | null {
  if (!parsed) return null;
  const results = parsed.results.map((r) => {
    const reason = r.reason === "" ? "" : ` [${r.reason}]`;
    return `${r.method}=${r.result}${reason}${
      r.properties.map((p) => ` ${p.type}.${p.name}=${p.value}`).join("")
    }`;
  });
  return `${parsed.id}: ${results.join("; ")}`;
}

const TABLE: readonly (readonly [string, string | null])[] = [
  // RFC 8601 appendix B
  [" example.org 1; none", "example.org: "],
  [
    " example.com;\r\n          spf=pass smtp.mailfrom=example.net",
    "example.com: spf=pass smtp.mailfrom=example.net",
  ],
  [
    " example.com;\r\n   auth=pass (cram-md5) smtp.auth=sender@example.net;\r\n  spf=pass smtp.mailfrom=example.net",
    "example.com: auth=pass smtp.auth=sender@example.net; spf=pass smtp.mailfrom=example.net",
  ],
  [
    " foo.example.net (foobar) 1 (baz);\r\n dkim (Because I like it) / 1 (One yay) = (wait for it) fail\r\n policy (A dot can go here) . (like that) expired\r\n (this surprised me) = (as I wasn't expecting it) 1362471462",
    "foo.example.net: dkim=fail policy.expired=1362471462",
  ],
  [
    ' example.com; dkim=pass reason="good signature" header.i=@mail-router.example.net; dkim=fail reason="bad \\"signature\\"" header.i=@newyork.example.com',
    'example.com: dkim=pass [good signature] header.i=@mail-router.example.net; dkim=fail [bad "signature"] header.i=@newyork.example.com',
  ],
  // As large receivers write it.
  [
    " mx.google.com;\r\n dkim=pass header.i=@gmail.com header.s=20230601 header.b=a/b+c=;\r\n spf=pass (google.com: domain of x@y.org designates 192.0.2.1 as permitted sender) smtp.mailfrom=x@y.org",
    "mx.google.com: dkim=pass header.i=@gmail.com header.s=20230601 header.b=a/b+c=; spf=pass smtp.mailfrom=x@y.org",
  ],
  [
    " spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=x.org; dkim=none",
    null, // Microsoft's, without a name
  ],
  [
    " mx.microsoft.com 1; dmarc=pass action=none header.from=x.org;compauth=pass reason=100;",
    "mx.microsoft.com: dmarc=pass .action=none header.from=x.org; compauth=pass [100]",
  ],
  [' x; spf=pass smtp.mailfrom="a b"@y.org', "x: spf=pass smtp.mailfrom=a b@y.org"],
  [' "x y"; none', "x y: "],
  [" x; NONE", "x: "],
  [" x", "x: "],
  [" X.Example; SPF=Pass", "X.Example: spf=pass"],
  [" x; dkim=pass (a (nested (comment)) \\) ) header.d=y", "x: dkim=pass header.d=y"],
  // Broken
  ["", null],
  [" ; spf=pass", null],
  [" x spf=pass", null],
  [" x; spf", null],
  [" x; spf=", null],
  [" x; spf=pass smtp.mailfrom", null],
  [" x; spf=pass smtp.=y", null],
  [" x; spf=pass (never ends", null],
  [' x; spf=pass reason="never ends', null],
  [" x; =pass", null],
];

Deno.test("parseAuthResults() reads RFC 8601's examples, what receivers write, and nothing broken", () => {
  for (const [text, expected] of TABLE) assertEquals(short(parseAuthResults(utf8(text))), expected, text);
});

Deno.test("parseArcAuthResults() wants an instance first", () => {
  const read = (text: string) => {
    const parsed = parseArcAuthResults(utf8(text));
    return parsed && `${parsed.instance} ${short(parsed)}`;
  };
  assertEquals(read(" i=1; x; spf=pass"), "1 x: spf=pass");
  assertEquals(read("i = 50 ;\r\n\tx 1; none"), "50 x: ");
  assertEquals(read(" (c) I=7;x"), "7 x: ");
  for (const bad of ["x; spf=pass", "i=0; x", "i=51; x", "i=1", "i=; x", "i=1 x", "i=999; x"]) {
    assertEquals(read(bad), null, bad);
  }
});

Deno.test("readArcInstance() does not mind the results", () => {
  const read = (text: string) => readArcInstance(utf8(text));
  assertEquals(read(" i=3; x; what (is this"), 3);
  for (const bad of ["x; i=3", "i=0;", "i=51;", "", `i=1; ${"x".repeat(70_000)}`]) {
    assertEquals(read(bad), null);
  }
});

Deno.test("parseAuthResults() is bounded", () => {
  const results = (n: number) => utf8(`x${"; a=b".repeat(n)}`);
  assertEquals(parseAuthResults(results(100))?.results.length, 100);
  assertEquals(parseAuthResults(results(101)), null);
  assertEquals(parseAuthResults(utf8(`x; a=b${" c.d=e".repeat(101)}`)), null);
  assertEquals(parseAuthResults(utf8(`x; a=b reason="${"r".repeat(70_000)}"`)), null);
  const start = performance.now();
  parseAuthResults(utf8(`x; a=b ${"(".repeat(65_000)}`));
  parseAuthResults(utf8(`x; a=b ${"()".repeat(32_000)} ${'"\\'.repeat(200)}`));
  withoutComments("(".repeat(1_000_000));
  assert(performance.now() - start < 1000);
});

Deno.test("parseAuthResults() takes any octets", () => {
  const piece = fc.constantFrom(
    "x",
    ";",
    "=",
    ".",
    "(",
    ")",
    '"',
    "\\",
    " ",
    "\r\n ",
    "a=b",
    "i=1",
    "/",
    "\0",
    "é",
  );
  fc.assert(
    fc.property(fc.array(piece).map((p) => p.join("")), (text) => {
      const parsed = parseAuthResults(utf8(text));
      for (const r of parsed?.results ?? []) {
        assert(/^[a-z0-9_-]+$/.test(r.method) && /^[a-z0-9_-]+$/.test(r.result));
      }
      parseArcAuthResults(utf8(text));
    }),
  );
  fc.assert(fc.property(fc.uint8Array(), (bytes) => void parseAuthResults(bytes)));
});

Deno.test("withoutComments() leaves quoted strings and what stands outside", () => {
  const table = [
    ["a(b)c", "ac"],
    ["a(b(c)d)e", "ae"],
    ["a(b\\)c)d", "ad"],
    ['a"(b)"c', 'a"(b)"c'],
    ['a"\\"(b)"c', 'a"\\"(b)"c'],
    ["a(b", "a"],
    ["a)b", "a)b"],
    ['a(")b', "ab"],
  ] as const;
  for (const [text, expected] of table) assertEquals(withoutComments(text), expected, text);
});
