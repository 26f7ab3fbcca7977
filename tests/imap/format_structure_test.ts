import { writeEnvelope, writeStructure } from "../../mod/imap/format_structure.ts";
import { ResponseBuffer } from "../../mod/imap/response_buffer.ts";
import { parseEnvelope } from "../../mod/mail/envelope.ts";
import { scanStructure } from "../../mod/mail/structure.ts";
import { assertEquals } from "../support/assert.ts";
import { latin1, taken } from "./pieces.ts";

function message(...lines: string[]): Uint8Array {
  return latin1(lines.join("\r\n"));
}

function envelope(...lines: string[]): string {
  const out = new ResponseBuffer();
  writeEnvelope(out, parseEnvelope(message(...lines, "", "")));
  return taken(out);
}

function structure(extended: boolean, ...lines: string[]): string {
  const out = new ResponseBuffer();
  writeStructure(out, scanStructure(message(...lines)), extended);
  return taken(out);
}

Deno.test("writeEnvelope() writes what Dovecot writes", () => {
  const alice = '(("Alice" NIL "alice" "example.org"))';
  const table: readonly (readonly [string, readonly string[], string])[] = [
    ["nothing", ["X: y"], "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"],
    [
      "an ordinary mail",
      [
        "Date: Mon, 7 Feb 1994 21:52:25 -0800 (PST)",
        "From: Alice <alice@example.org>",
        'Subject: a "b" \\c',
        'To: bob@example.net, "C, D" <cd@example.net>',
        "Message-ID: <1@x>",
        "In-Reply-To: <0@x>",
      ],
      `("Mon, 7 Feb 1994 21:52:25 -0800 (PST)" "a \\"b\\" \\\\c" ${alice} ${alice} ${alice} ` +
      `((NIL NIL "bob" "example.net")("C, D" NIL "cd" "example.net")) NIL NIL "<0@x>" "<1@x>")`,
    ],
    [
      "a group and folding",
      ["From: alice@example.org", "To: friends: bob@x.org,", "\tcarol@x.org;", "Subject: one", " two"],
      '(NIL "one two" ((NIL NIL "alice" "example.org")) ((NIL NIL "alice" "example.org")) ((NIL NIL "alice" "example.org")) ' +
      '((NIL NIL "friends" NIL)(NIL NIL "bob" "x.org")(NIL NIL "carol" "x.org")(NIL NIL NIL NIL)) NIL NIL NIL NIL)',
    ],
    [
      "raw 8-bit text",
      ["From: a@b.c", "Subject: caf\u00e9"],
      '(NIL {4}\r\ncaf\u00e9 ((NIL NIL "a" "b.c")) ((NIL NIL "a" "b.c")) ((NIL NIL "a" "b.c")) NIL NIL NIL NIL NIL)',
    ],
  ];
  for (const [name, lines, want] of table) assertEquals(envelope(...lines), want, name);
});

Deno.test("writeStructure() writes BODY and BODYSTRUCTURE", () => {
  const mixed = [
    'Content-Type: multipart/mixed; boundary="b"',
    "",
    "preamble",
    "--b",
    "",
    "text",
    "--b",
    "Content-Type: application/pdf; name=x.pdf",
    "Content-Transfer-Encoding: base64",
    'Content-Disposition: attachment; filename="x y.pdf"',
    "Content-ID: <i@x>",
    "Content-Language: en, de",
    "",
    "AAAA",
    "--b",
    "Content-Type: message/rfc822",
    "",
    "Subject: inner",
    "",
    "one",
    "two",
    "--b--",
    "",
  ];
  const inner = '(NIL "inner" NIL NIL NIL NIL NIL NIL NIL NIL)';
  const table: readonly (readonly [string, boolean, readonly string[], string])[] = [
    [
      "no MIME at all",
      false,
      ["Subject: x", "", "a", "b", ""],
      '("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 6 2)',
    ],
    [
      "no MIME at all, extended",
      true,
      ["Subject: x", "", "a", ""],
      '("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 3 1 NIL NIL NIL NIL)',
    ],
    [
      "a multipart",
      false,
      mixed,
      '(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 4 0)' +
      '("application" "pdf" ("name" "x.pdf") "<i@x>" NIL "base64" 4)' +
      `("message" "rfc822" NIL NIL NIL "7bit" 26 ${inner} ("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 8 1) 3) "mixed")`,
    ],
    [
      "a multipart, extended",
      true,
      mixed,
      '(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 4 0 NIL NIL NIL NIL)' +
      '("application" "pdf" ("name" "x.pdf") "<i@x>" NIL "base64" 4 NIL ("attachment" ("filename" "x y.pdf")) ("en" "de") NIL)' +
      `("message" "rfc822" NIL NIL NIL "7bit" 26 ${inner} ` +
      '("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 8 1 NIL NIL NIL NIL) 3 NIL NIL NIL NIL) "mixed" ("boundary" "b") NIL NIL NIL)',
    ],
    [
      "a multipart without parts",
      false,
      ["Content-Type: multipart/mixed; boundary=x", "", "no boundary here"],
      '(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0) "mixed")',
    ],
  ];
  for (const [name, extended, lines, want] of table) assertEquals(structure(extended, ...lines), want, name);
});

Deno.test("writeEnvelope() and writeStructure() answer as Dovecot 2.3 does for sound and broken mail", () => {
  const url = new URL("./fixtures/dovecot_structures.json", import.meta.url);
  const rows: readonly { readonly message: string; readonly answers: readonly string[] }[] = JSON.parse(
    Deno.readTextFileSync(url),
  );
  assertEquals(rows.length, 31);
  for (const { message, answers } of rows) {
    const bytes = latin1(message);
    const root = scanStructure(bytes);
    const out = new ResponseBuffer();
    const ours = [
      (out.ascii("ENVELOPE "), writeEnvelope(out, parseEnvelope(bytes)), taken(out)),
      (out.ascii("BODY "), writeStructure(out, root, false), taken(out)),
      (out.ascii("BODYSTRUCTURE "), writeStructure(out, root, true), taken(out)),
    ];
    // The fixture holds octets as characters; TextDecoder has other characters for 0x80-0x9f.
    assertEquals(ours, [...answers], message);
  }
});
