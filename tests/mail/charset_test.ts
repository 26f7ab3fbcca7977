import fc from "fast-check";
import { assertEquals } from "../support/assert.ts";
import { charsetDecoder, decodeCharset } from "../../mod/mail/charset.ts";
import { octets } from "./dovecot_answers.ts";
import { everyChunking } from "./chunking.ts";

const TABLE: readonly [string, string, string][] = [
  ["utf-8", "\xc3\xa4", "ä"],
  ["UTF8", "\xc3\xa4\xff", "ä\ufffd"],
  ["iso-8859-1", "\xe4", "ä"],
  ["ISO-8859-15", "\xa4", "€"],
  ["windows-1252", "\x80", "€"],
  ["cp1251", "\xcf\xf0", "Пр"],
  ["koi8-r", "\xf0\xd2", "Пр"],
  ["shift_jis", "\x93\xfa", "日"],
  ["cp932", "\x93\xfa", "日"],
  ["iso-2022-jp", "\x1b$B\x46\x7c\x1b(B", "日"],
  ["gb2312", "\xc4\xe3", "你"],
  ["ks_c_5601-1987", "\xb0\xa1", "가"],
  ["us-ascii", "plain", "plain"],
  ["us-ascii", "\xe4!", "ä!"],
  ["us-ascii", "\xc3\xa4\xe4", "ä\ufffd"],
  ["", "\xe2\x82\xac", "€"],
  ["no-such-charset", "\xe4\xc3\xa4", "äÃ¤"],
  ["iso-2022-kr", "a\xe4", "aä"],
  ["unknown-8bit", "\xc3", "Ã"],
  ["utf-7", "Hi Mom -+Jjo--!", "Hi Mom -☺-!"],
  ["UTF-7", "A+ImIDkQ.+-x", "A≢Α.+x"],
  ["utf-7", "+", "+"],
  ["utf-16le", "a\0", "a"],
];
for (const [label, bytes, expected] of TABLE) {
  Deno.test(`charsetDecoder() reads ${JSON.stringify(bytes)} as ${label} in every chunking`, () => {
    assertEquals(decodeCharset(label, octets(bytes)), expected);
    for (const chunks of everyChunking(octets(bytes))) {
      const decoder = charsetDecoder(label);
      assertEquals(chunks.map((c) => decoder.write(c)).join("") + decoder.end(), expected);
    }
  });
}

Deno.test("charsetDecoder() survives any name and octets, in any cut", () => {
  const label = fc.oneof(fc.string(), fc.constantFrom("utf-7", "us-ascii", "utf-8", "big5", "x-gbk"));
  fc.assert(fc.property(label, fc.uint8Array({ maxLength: 20 }), (name, bytes) => {
    const whole = decodeCharset(name, bytes);
    for (const chunks of everyChunking(bytes, 3)) {
      const decoder = charsetDecoder(name);
      assertEquals(chunks.map((c) => decoder.write(c)).join("") + decoder.end(), whole);
    }
  }));
});
