import { previewEnd, previewOf, previewPart } from "../../mod/imap/preview.ts";
import { scanStructure } from "../../mod/mail/structure.ts";
import { ODD_MAILS } from "../interop/odd_mails.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { latin1 } from "./pieces.ts";

function preview(mail: string): string | null {
  const bytes = latin1(mail);
  const part = previewPart(scanStructure(bytes));
  return part && previewOf(part, bytes.subarray(part.bodyStart, previewEnd(part)));
}

const html = (text: string) => `Content-Type: text/html; charset=utf-8\r\n\r\n${text}`;

Deno.test("previewOf() gives the beginning of a message as people read it", () => {
  const table: readonly (readonly [string, string | null])[] = [
    ["\r\nHello\r\n  there\t,  world\r\n", "Hello there , world"],
    ["\r\n> quoted\r\n\r\nAn answer\r\n> more\r\n", "An answer"],
    ["\r\n> only quoted\r\n", "> only quoted"],
    ["\r\n", ""],
    [`\r\n${"word ".repeat(100)}`, "word ".repeat(40).trim()],
    [
      "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nR3LDvMOfZQ==",
      "Gr\u00fc\u00dfe",
    ],
    [html("<p>One</p><p>t<b>w</b>o&nbsp;&amp; &#51;&#x34; &unknown; &#0;</p>"), "One two & 34 &unknown;"],
    [html("<HEAD><title>No</title></HEAD><Style>a{}</style><!-- > no --><body a='>'>Yes"), "'>Yes"],
    [html("<style>never ends"), ""],
    [html("a < b"), "a"],
    [html("<!-- never ends"), ""],
    [html("&#8204;&#847; \u00c2\u00adPre"), "Pre"],
    ["Content-Type: image/png\r\n\r\nx", null],
    [
      "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Disposition: attachment\r\n\r\nfile\r\n--b\r\n\r\ntext\r\n--b--",
      "text",
    ],
    [
      "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\nplain\r\n--b\r\nContent-Type: text/html\r\n\r\n<b>html\r\n--b--",
      "plain",
    ],
    ["Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ninner", "inner"],
  ];
  for (const [mail, want] of table) {
    assertEquals(preview(mail), want, mail);
  }
});

Deno.test("previewOf() takes its time with no text", () => {
  for (const mail of ODD_MAILS) assert((preview(mail) ?? "").length <= 400);
  const start = performance.now();
  for (const part of ["<", "<style", "<!--", "</", "&", "&#", "<a ", "\u00e2\u0080\u008b", "> "]) {
    preview(html(part.repeat(20_000)));
  }
  assert(performance.now() - start < 1500);
});
