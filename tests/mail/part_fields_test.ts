import { assert, assertEquals } from "../support/assert.ts";
import { isWord, parameter, readPartFields } from "../../mod/mail/part_fields.ts";
import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";

Deno.test("readPartFields() gives the default of where the part stands", () => {
  const plain = readPartFields(utf8("\r\n"), false);
  assertEquals([fromUtf8(plain.type), fromUtf8(plain.subtype), plain.params.length], ["text", "plain", 1]);
  const digest = readPartFields(utf8("\r\n"), true);
  assertEquals([fromUtf8(digest.type), fromUtf8(digest.subtype), digest.params.length], [
    "message",
    "rfc822",
    0,
  ]);
});

Deno.test("readPartFields() reads every field", () => {
  const f = readPartFields(
    utf8(
      "Content-Type: image/png; name=x\r\nCONTENT-ID: <1>\r\nContent-Description: d\r\nContent-MD5: m\r\n" +
        "Content-Location: l\r\nContent-Language: en\r\nContent-Disposition: inline\r\nContent-Transfer-Encoding: base64\r\n\r\n",
    ),
    false,
  );
  const text = [
    f.type,
    f.subtype,
    f.id,
    f.description,
    f.md5,
    f.location,
    f.languages[0],
    f.disposition?.kind,
    f.encoding,
  ];
  assertEquals(text.map((b) => b && fromUtf8(b)), [
    "image",
    "png",
    "<1>",
    "d",
    "m",
    "l",
    "en",
    "inline",
    "base64",
  ]);
  assertEquals(fromUtf8(parameter(f.params, "name") ?? utf8("")), "x");
  assertEquals(parameter(f.params, "charset"), null);
});

Deno.test("isWord() compares ASCII case only", () => {
  assert(isWord(utf8("TeXt"), "text") && !isWord(utf8("texts"), "text") && !isWord(utf8("[ext"), "{ext"));
});
