import { assert, assertEquals } from "../support/assert.ts";
import { decodeText, isPlainText, TextDecoding } from "../../mod/mail/text.ts";
import { scanStructure } from "../../mod/mail/structure.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import { everyChunking } from "./chunking.ts";

function message(type: string, encoding: string, body: string) {
  const bytes = utf8(`Content-Type: ${type}\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n${body}`);
  const part = scanStructure(bytes);
  return { part, body: bytes.subarray(part.bodyStart, part.bodyEnd) };
}

const TABLE: readonly [string, string, string, string][] = [
  ["text/plain; charset=utf-8", "quoted-printable", "J=C3=\r\n=A4", "Jä"],
  ["text/plain; charset=iso-8859-1", "base64", "SuQ=", "Jä"],
  ["text/html", "8bit", "<b>ä</b>", "<b>ä</b>"],
  ["text/plain; charset=nonsense", "nonsense", "ä", "ä"],
];
for (const [type, encoding, body, expected] of TABLE) {
  Deno.test(`TextDecoding reads ${type}, ${encoding}, in every chunking`, () => {
    const m = message(type, encoding, body);
    assertEquals(decodeText(m.part, m.body), expected);
    for (const chunks of everyChunking(m.body)) {
      const decoding = new TextDecoding(m.part);
      assertEquals(chunks.map((c) => decoding.write(c)).join("") + decoding.end(), expected);
    }
  });
}

Deno.test("TextDecoding stops at its cap", () => {
  const m = message("text/plain", "7bit", "0123456789");
  const decoding = new TextDecoding(m.part, 4);
  assertEquals(decoding.write(m.body) + decoding.write(m.body) + decoding.end(), "0123");
  assert(decoding.full);
});

Deno.test("isPlainText() tells where octets are text", () => {
  assert(isPlainText(message("text/plain; charset=UTF-8", "8BIT", "").part));
  assert(!isPlainText(message("text/plain; charset=UTF-8", "base64", "").part));
  assert(!isPlainText(message("text/plain; charset=koi8-r", "8bit", "").part));
});
