import fc from "fast-check";
import { assert, assertEquals } from "../support/assert.ts";
import {
  parseContentType,
  parseDisposition,
  parseEncoding,
  parseLanguages,
} from "../../mod/mail/content_type.ts";
import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { MIME_PARAMETERS } from "../../mod/base/limits.ts";

// What Dovecot answers for broken fields is compared in structure_test.
Deno.test("parseContentType() reads type and parameters", () => {
  const t = parseContentType(utf8(' text/Plain (c);\r\n charset="u t\\"f"; b=c'));
  assertEquals([fromUtf8(t.type), fromUtf8(t.subtype)], ["text", "Plain"]);
  assertEquals(t.params.map((p) => [fromUtf8(p.name), fromUtf8(p.value)]), [["charset", 'u t"f'], [
    "b",
    "c",
  ]]);
});

Deno.test("parseContentType() stops at its number of parameters", () => {
  assertEquals(
    parseContentType(utf8("a/b" + "; c=d".repeat(MIME_PARAMETERS + 10))).params.length,
    MIME_PARAMETERS,
  );
});

Deno.test("parseDisposition(), parseEncoding(), parseLanguages()", () => {
  assertEquals(parseDisposition(utf8("(unfinished")), null);
  assertEquals(fromUtf8(parseDisposition(utf8("attachment; x"))?.kind ?? utf8("")), "attachment");
  assertEquals(parseEncoding(utf8(" base64 (c)"))?.length, 6);
  assertEquals(parseEncoding(utf8("base 64")), null);
  assertEquals(parseLanguages(utf8("en, @de;(c)fr")).map(fromUtf8), ["en", "de", "fr"]);
});

Deno.test("structured fields survive anything", () => {
  const text = fc.string({
    unit: fc.constantFrom(
      "a",
      "/",
      ";",
      "=",
      '"',
      "\\",
      "(",
      ")",
      " ",
      "\r\n",
      "*0",
      "*1*",
      "*",
      "%",
      "ü",
      "'",
      ",",
    ),
    maxLength: 60,
  });
  fc.assert(
    fc.property(text, (t) => {
      const bytes = utf8(t);
      for (const p of parseContentType(bytes).params) assert(p.value.length <= 3 * bytes.length + 2);
      parseDisposition(bytes);
      parseEncoding(bytes);
      parseLanguages(bytes);
    }),
    { numRuns: 500 },
  );
  for (const t of ["(", '"', ";", "a=b;", "a*0=b;", "\\", "a "]) {
    parseContentType(utf8("a/b;" + t.repeat(100_000)));
  }
});
