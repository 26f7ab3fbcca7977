import { canonicalField, fieldWithoutB, SignedFields } from "../../../mod/auth/dkim/signed_fields.ts";
import { fromAscii, utf8 } from "../../../mod/base/bytes.ts";
import { scanHeader } from "../../../mod/mail/header.ts";
import { assertEquals, assertThrows } from "../../support/assert.ts";

Deno.test("canonicalField() relaxes as RFC 6376 3.4.2 says", () => {
  const table: readonly (readonly [string, string])[] = [
    // RFC 6376 3.4.5
    ["A: X\r\n", "a:X\r\n"],
    ["B : Y\t\r\n\tZ  \r\n", "b:Y Z\r\n"],
    ["SUBJect:AbC\r\n", "subject:AbC\r\n"],
    ["Subject:\r\n", "subject:\r\n"],
    ["Subject: \t \r\n", "subject:\r\n"],
    ["Subject:\r\n \r\n x\r\n", "subject:x\r\n"],
    ["Subject: a\r\n  b\r\n\t \tc \r\n", "subject:a b c\r\n"],
    ["Subject \t : a:b\r\n", "subject:a:b\r\n"],
    ["Subject: a", "subject:a\r\n"],
    ["Subject: a\n b\n", "subject:a b\r\n"],
    ["Subject: a\rb\r\n", "subject:a\rb\r\n"],
    ["X-\u00e4: \u00f6 \u00fc\r\n", "x-\u00e4:\u00f6 \u00fc\r\n"],
    ["x:", "x:\r\n"],
  ];
  for (const [raw, relaxed] of table) {
    assertEquals(
      new TextDecoder().decode(canonicalField(utf8(raw), "relaxed")),
      relaxed,
      JSON.stringify(raw),
    );
    assertEquals(new TextDecoder().decode(canonicalField(utf8(raw), "simple")), raw);
  }
});

Deno.test("fieldWithoutB() takes out the value of b= with the white space around it, and no other", () => {
  const table: readonly (readonly [raw: string, simple: string, relaxed: string])[] = [
    ["S: a=1; b=xyz\r\n", "S: a=1; b=", "s:a=1; b="],
    ["S: a=1; b=xyz;\r\n", "S: a=1; b=;", "s:a=1; b=;"],
    ["S: b=x\r\n yz \r\n", "S: b=", "s:b="],
    ["S:b =\r\n\tx y ; bh=b=q; d=b\r\n", "S:b =; bh=b=q; d=b", "s:b =; bh=b=q; d=b"],
    ["S: a=1;\r\n\tb\r\n\t=x; c=2\r\n", "S: a=1;\r\n\tb\r\n\t=; c=2", "s:a=1; b =; c=2"],
    ["S: bh=abc; ab=c; B=d\r\n", "S: bh=abc; ab=c; B=d", "s:bh=abc; ab=c; B=d"],
    ["S: b=x; b=y\r\n", "S: b=; b=y", "s:b=; b=y"],
    ["S:\r\n", "S:", "s:"],
    ["S: ; ;b\r\n", "S: ; ;b", "s:; ;b"],
  ];
  for (const [raw, simple, relaxed] of table) {
    assertEquals(fromAscii(fieldWithoutB(utf8(raw), "simple")), simple, JSON.stringify(raw));
    assertEquals(fromAscii(fieldWithoutB(utf8(raw), "relaxed")), relaxed, JSON.stringify(raw));
  }
});

const HEADER = scanHeader(utf8("A: 1\r\nB: 2\r\nA: 3\r\nS: b=own\r\nS: b=other\r\na : 4\r\n\r\n"));

Deno.test("SignedFields picks from the bottom, over-signs, and never the signature itself", () => {
  const fields = new SignedFields(HEADER);
  const table: readonly (readonly [names: string, own: number | null, places: number[]])[] = [
    ["a", null, [5]],
    ["a:a:a:a:a", null, [5, 2, 0]],
    ["b:a:b:a", null, [1, 5, 2]],
    ["x:b", null, [1]],
    ["s", 3, [4]],
    ["s:s:s", 3, [4]],
    ["s:s", 4, [3]],
    ["s:s:s", null, [4, 3]],
    ["", null, []],
    ["constructor:__proto__", null, []],
  ];
  for (const [names, own, places] of table) assertEquals(fields.pick(names.split(":"), own), places, names);
});

Deno.test("SignedFields puts the signed octets together", () => {
  const fields = new SignedFields(HEADER);
  const raw = utf8("S: b=own\r\n");
  assertEquals(fromAscii(fields.data(["a", "b", "a", "x"], "relaxed", raw, 3)), "a:4\r\nb:2\r\na:3\r\ns:b=");
  assertEquals(fromAscii(fields.data(["a", "b"], "simple", raw, 3)), "a : 4\r\nB: 2\r\nS: b=");
  assertThrows(() => fields.field(6, "simple"), "field 6");
});
