import fc from "fast-check";
import { assert, assertEquals } from "../support/assert.ts";
import { charsetOf, fileNameOf, findParameter, formatParameter } from "../../mod/mail/parameters.ts";
import { parseContentType } from "../../mod/mail/content_type.ts";
import { scanStructure } from "../../mod/mail/structure.ts";
import { utf8 } from "../../mod/base/bytes.ts";

const TABLE: readonly [string, string | null][] = [
  ["name=a", "a"],
  ['name="=?utf-8?q?=C3=A4?="', "ä"],
  ["name==?utf-8?q?=C3=A4?=", "ä"],
  ["name*=utf-8'en'%C3%A4", "ä"],
  ["name*=iso-8859-1''%E4", "ä"],
  ["name*0=a; name*1=b", "ab"],
  ["name*1=b; NAME*0=a", "ab"],
  ["name*0*=utf-8''%C3; name*1*=%A4; name*2=%41", "ä%41"],
  ["name*=broken", "broken"],
  ["name*=utf-8''%zz", "%zz"],
  ["name=plain; name*=utf-8''better", "better"],
  ["other=x", null],
];
for (const [params, expected] of TABLE) {
  Deno.test(`findParameter() decodes ${params}`, () => {
    assertEquals(findParameter(parseContentType(utf8(`a/b; ${params}`)).params, "name"), expected);
  });
}

Deno.test("charsetOf(), fileNameOf()", () => {
  const part = scanStructure(
    utf8('Content-Type: text/plain; charset=UTF-8; name=a\r\nContent-Disposition: x; filename="b c"\r\n\r\n'),
  );
  assertEquals([charsetOf(part), fileNameOf(part)], ["utf-8", "b c"]);
  assertEquals(fileNameOf(scanStructure(utf8("\r\n"))), null);
});

Deno.test("findParameter() reads what formatParameter() wrote", () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.string({ unit: "grapheme" })), (value) => {
    const written = formatParameter("name", value);
    assert(/^[\x20-\x7e]*$/.test(written));
    if (!value.includes("=?")) {
      assertEquals(findParameter(parseContentType(utf8(`a/b; ${written}`)).params, "name"), value);
    }
  }));
});
