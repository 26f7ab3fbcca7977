import fc from "fast-check";
import { allowsMx, formatStsPolicy, parseStsPolicy } from "../../../mod/auth/mta_sts/policy.ts";
import { utf8 } from "../../../mod/base/bytes.ts";
import { assert, assertEquals } from "../../support/assert.ts";

const GOOD =
  "version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.Example.net\r\nmax_age: 604800\r\n";

Deno.test("parseStsPolicy() reads policies in every form that is allowed", () => {
  const mx = ["mail.example.com", "*.example.net"];
  const policy = { mode: "enforce", maxAge: 604800, mx };
  const cases: readonly (readonly [string, unknown])[] = [
    [GOOD, policy],
    [GOOD.replaceAll("\r\n", "\n"), policy],
    [GOOD.replace(/\r\n$/, ""), policy],
    [GOOD.replaceAll(": ", ":"), policy],
    [GOOD.replaceAll(": ", " :\t "), policy],
    [GOOD.replaceAll("\r\n", "  \r\n"), policy],
    [`${GOOD}\r\n`, policy],
    [`${GOOD}later_field: größe, x\r\n`, policy],
    [`${GOOD}mode: none\r\nmax_age: 1\r\n`, policy],
    [GOOD.replace("enforce", "testing"), { ...policy, mode: "testing" }],
    [GOOD.replace("604800", "9999999999"), { ...policy, maxAge: 31_557_600 }],
    ["version: STSv1\nmode: none\nmax_age: 0\n", { mode: "none", maxAge: 0, mx: [] }],
    [GOOD.replace("mail.example.com", "mail.example.com."), policy],
  ];
  for (const [text, wanted] of cases) {
    const read = parseStsPolicy(utf8(text));
    assertEquals<unknown>(read.ok ? read.value : read.error, wanted, text);
  }
});

Deno.test("parseStsPolicy() refuses what is no policy, and says why", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["", "version is not STSv1"],
    ["<html><body>404</body></html>", 'line 1 is not "key: value"'],
    [GOOD.replace("STSv1", "STSv2"), "version is not STSv1"],
    [GOOD.replace("version: STSv1\r\n", ""), "version is not STSv1"],
    [GOOD.replace("enforce", "Enforce"), "mode is none of enforce, testing and none"],
    [GOOD.replace("mode: enforce\r\n", ""), "mode is none of enforce, testing and none"],
    [GOOD.replace("604800", "-1"), "max_age is no number of seconds"],
    [GOOD.replace("604800", "1e3"), "max_age is no number of seconds"],
    [GOOD.replace("604800", "12345678901"), "max_age is no number of seconds"],
    [GOOD.replace(/max_age.*/, ""), "max_age is no number of seconds"],
    [GOOD.replace(/mx: .*\r\n/g, ""), "no mx"],
    [GOOD.replace("*.Example.net", "*"), "line 4: no host name"],
    [GOOD.replace("*.Example.net", "a.*.example.net"), "line 4: no host name"],
    [GOOD.replace("*.Example.net", "mx1 mx2"), "line 4: no host name"],
    [GOOD.replace("*.Example.net", "-a.example"), "line 4: no host name"],
    [GOOD.replace("*.Example.net", "bücher.example"), "line 4: no host name"],
    [GOOD.replace("mode: enforce", "mode:"), 'line 2 is not "key: value"'],
    [GOOD.replace("mode: enforce", "mode enforce"), 'line 2 is not "key: value"'],
    [GOOD.replace("mode: enforce\r\n", "\r\nmode: enforce\r\n"), 'line 2 is not "key: value"'],
    [GOOD.replace("enforce", "enf\0orce"), 'line 2 is not "key: value"'],
    [GOOD.replaceAll("\r\n", "\r"), 'line 1 is not "key: value"'],
    [`${GOOD}${"mx: a.example\n".repeat(200)}`, "more than 200 hosts"],
  ];
  for (const [text, wanted] of cases) {
    const read = parseStsPolicy(utf8(text));
    assertEquals(read.ok ? JSON.stringify(read.value) : read.error, wanted, text);
  }
});

Deno.test("parseStsPolicy() takes any octets", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    parseStsPolicy(bytes);
  }));
  fc.assert(fc.property(fc.string(), (value) => {
    const read = parseStsPolicy(utf8(`${GOOD}mx: ${value}\n`));
    assert(!read.ok || read.value.mx.every((m) => /^[*a-z0-9.-]+$/.test(m)));
  }));
});

Deno.test("allowsMx() takes names as they stand, and one label for a star", () => {
  const policy = { mx: ["mail.example.com", "*.example.net"] };
  const cases: readonly (readonly [string, boolean])[] = [
    ["mail.example.com", true],
    ["a.example.net", true],
    ["example.net", false],
    ["a.b.example.net", false],
    ["mail.example.com.evil.example", false],
    ["xmail.example.com", false],
    ["aexample.net", false],
    [".example.net", false],
    ["", false],
  ];
  for (const [host, wanted] of cases) assertEquals(allowsMx(policy, host), wanted, host);
});

Deno.test("formatStsPolicy() writes what parseStsPolicy() reads", () => {
  for (const mode of ["enforce", "testing", "none"] as const) {
    const policy = { mode, maxAge: 86400, mx: ["mx.a.example", "*.b.example"] };
    const text = formatStsPolicy(policy);
    assert(
      text.startsWith(`version: STSv1\r\nmode: ${mode}\r\n`) && text.endsWith("max_age: 86400\r\n"),
      text,
    );
    const read = parseStsPolicy(utf8(text));
    assertEquals<unknown>(read.ok && read.value, policy);
  }
});
