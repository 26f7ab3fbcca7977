import fc from "fast-check";
import { fromAscii, fromUtf8 } from "../../mod/base/bytes.ts";
import { EnvelopeWriter } from "../../mod/imap/envelope_writer.ts";
import { writeEnvelope } from "../../mod/imap/format_structure.ts";
import { KeptHeader, readHeaderFacts } from "../../mod/imap/header_facts.ts";
import { ResponseBuffer } from "../../mod/imap/response_buffer.ts";
import { parseEnvelope } from "../../mod/mail/envelope.ts";
import { ODD_MAILS } from "../interop/odd_mails.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { latin1 } from "./pieces.ts";

const writer = new EnvelopeWriter();

function written(mail: string): string {
  const out = new ResponseBuffer(16);
  writer.write(out, latin1(mail), { uid: 1 }, undefined);
  return fromAscii(out.take());
}

function parsed(mail: string): string {
  const out = new ResponseBuffer(16);
  writeEnvelope(out, parseEnvelope(latin1(mail)));
  return fromAscii(out.take());
}

Deno.test("EnvelopeWriter writes usual fields", () => {
  const mail =
    'From: "A B" <a@b.c>\r\nTo: x.y@z,\r\n =?utf-8?q?J=C3=BC?=  K. L <j@k> , <l@m>\r\nSubject: Hi there \r\n' +
    "Date: Mon, 1 Jan 2024 10:00:00 +0000\r\nReply-To: r@s\r\nMessage-ID: <i@j>\r\n\r\nCc: body@x\r\n";
  const from = '(("A B" NIL "a" "b.c"))';
  assertEquals(
    written(mail),
    `("Mon, 1 Jan 2024 10:00:00 +0000" "Hi there" ${from} ${from} ((NIL NIL "r" "s")) ` +
      '((NIL NIL "x.y" "z")("=?utf-8?q?J=C3=BC?= K. L" NIL "j" "k")(NIL NIL "l" "m")) NIL NIL NIL "<i@j>")',
  );
  assertEquals(written("\r\n"), "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)");
});

Deno.test("EnvelopeWriter has the fields kept that are searched", () => {
  const mail = "Subject: a\r\nX: b\r\nSender: c@d\r\nReferences: <r@s>\r\n\r\nTo: body\r\n";
  const kept: Uint8Array[] = [];
  const texts = {
    get: () => null,
    put: (_: unknown, kind: string, t: Uint8Array) => void (kind === "FIELDS" && kept.push(t.slice())),
  };
  writer.write(new ResponseBuffer(), latin1(mail), { uid: 1 }, texts);
  assertEquals(kept.map(fromUtf8), ["\0Subject: a\r\nReferences: <r@s>\r\n"]);
  assertEquals(new KeptHeader(kept[0] ?? new Uint8Array()).facts, readHeaderFacts(latin1(mail)));
});

Deno.test("EnvelopeWriter writes of odd mails what is written of their parsed header", () => {
  for (const mail of ODD_MAILS) {
    assertEquals(written(mail), parsed(mail), mail);
    assertEquals(written(mail.replaceAll("\r\n", "\n")), parsed(mail.replaceAll("\r\n", "\n")), mail);
  }
});

Deno.test("EnvelopeWriter writes of any header what is written of it parsed", () => {
  const piece = fc.constantFrom(
    ...'abZ09 \t.,@<>()[]:;"\\=?_-+\r\n\0\x7f\xe4',
    "a@b",
    "a.b@c.d",
    "<a@b>",
    '"a b"',
    '"a" <b@c>',
    "a b <c@d>",
    ", ",
    "\r\n ",
    "\r\n\t",
    "\n ",
    "  ",
    "=?utf-8?q?a?=",
    "(c)",
    "g: a@b;",
    "<@r:a@b>",
    "@[1.2.3.4]",
  );
  const value = fc.array(piece, { maxLength: 10 }).map((all) => all.join("").replace(/\r?\n(?![ \t])/g, ""));
  const name = fc.constantFrom(
    "From",
    "sender",
    "REPLY-TO",
    "To",
    "Cc",
    "Bcc",
    "Subject ",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "X-To",
  );
  const end = fc.constantFrom("\r\n", "\n");
  const field = fc.tuple(name, fc.constantFrom(":", ": ", ":\r\n "), value, end).map((all) => all.join(""));
  const mail = fc.tuple(
    fc.array(field, { maxLength: 8 }),
    fc.constantFrom("\r\n", "\n", "", "\r\nTo: b@c\r\n"),
  )
    .map(([fields, rest]) => fields.join("") + rest);
  fc.assert(fc.property(mail, (text) => {
    assertEquals(written(text), parsed(text), JSON.stringify(text));
  }));
});

Deno.test("EnvelopeWriter stays quick, and right, with very many addresses and fields", () => {
  const many = `To: ${Array.from({ length: 30_000 }, (_, i) => `"A ${i}" <a${i}@b>`).join(", ")}\r\n\r\n`;
  const doubled = "To: a@b\r\nSender: c@d\r\n".repeat(500) + "\r\n";
  const start = performance.now();
  for (const mail of [many, doubled]) assertEquals(written(mail), parsed(mail));
  assert(performance.now() - start < 1000);
});
