import { assert, assertEquals } from "../support/assert.ts";
import { buildReport, type DsnFacts, type DsnRecipient } from "../../mod/mail/dsn.ts";
import { findSection } from "../../mod/mail/section.ts";
import { scanStructure } from "../../mod/mail/structure.ts";
import { fieldValue, firstField, scanHeader } from "../../mod/mail/header.ts";
import { decodeWords } from "../../mod/mail/encoded_word.ts";
import { DSN_RETURNED } from "../../mod/base/limits.ts";
import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";

const RECIPIENT: DsnRecipient = {
  address: { local: "bob", domain: "example.net" },
  original: "rfc822;Bob@example.net",
  action: "failed",
  status: "5.1.1",
  reply: "550 5.1.1 No such user",
  remote: "mx.example.net",
  reason: "The mailbox does not exist",
  lastAttempt: 0,
  retryUntil: null,
};
const HEADER = utf8("From: a@example.org\r\nSubject: Hello\r\n\r\n");
const FACTS: DsnFacts = {
  reportingHost: "mail.example.org",
  to: { local: "a", domain: "example.org" },
  envelopeId: null,
  arrived: 0,
  recipients: [RECIPIENT],
  now: 0,
  zone: 0,
  uniqueId: "1.x",
  header: HEADER,
  message: null,
};

function read(facts: DsnFacts) {
  const report = buildReport(facts);
  const root = scanStructure(report.octets);
  const part = (n: number) => {
    const range = findSection(root, [n], "body");
    return range ? fromUtf8(report.octets.subarray(range.start, range.end)) : "";
  };
  const header = scanHeader(report.octets);
  const field = (name: string) => {
    const f = firstField(header, name);
    return f ? fromUtf8(fieldValue(header, f)) : null;
  };
  const types = root.children.map((c) => `${c.type}/${c.subtype}`);
  return { report, root, part, field, types };
}

Deno.test("buildReport() makes a report that programs and people read", () => {
  const r = read(FACTS);
  assertEquals(`${r.root.type}/${r.root.subtype}`, "multipart/report");
  assertEquals(r.types, ["text/plain", "message/delivery-status", "text/rfc822-headers"]);
  assertEquals(r.field("to"), "<a@example.org>");
  assertEquals(r.field("subject"), "Your message was not delivered: Hello");
  assertEquals(r.field("auto-submitted"), "auto-replied");
  assertEquals([r.report.eightBit, r.report.smtpUtf8], [false, false]);
  const text = r.part(1);
  for (
    const s of [
      "bob@example.net",
      "The mailbox does not exist.",
      "mx.example.net answered: 550 5.1.1 No such user",
    ]
  ) {
    assert(text.includes(s), text);
  }
  assertEquals(
    r.part(2),
    "Reporting-MTA: dns; mail.example.org\r\nArrival-Date: Thu, 1 Jan 1970 00:00:00 +0000\r\n\r\n" +
      "Original-Recipient: rfc822; Bob@example.net\r\nFinal-Recipient: rfc822; bob@example.net\r\nAction: failed\r\n" +
      "Status: 5.1.1\r\nRemote-MTA: dns; mx.example.net\r\nDiagnostic-Code: smtp; 550 5.1.1 No such user\r\n" +
      "Last-Attempt-Date: Thu, 1 Jan 1970 00:00:00 +0000\r\n",
  );
  assertEquals(r.part(3), fromUtf8(HEADER));
});

Deno.test("buildReport() brings back the message when asked and small enough", () => {
  const message = utf8("Subject: Hello\r\n\r\nbody\r\n");
  assertEquals(read({ ...FACTS, message }).types[2], "message/rfc822");
  assertEquals(read({ ...FACTS, message }).part(3), fromUtf8(message));
  const large = new Uint8Array(DSN_RETURNED + 1).fill(0x61);
  const r = read({ ...FACTS, message: large });
  assertEquals(r.types[2], "text/rfc822-headers");
  assert(r.report.octets.length < 4000);
  assert(read({ ...FACTS, header: large }).report.octets.length < DSN_RETURNED + 4000);
});

Deno.test("buildReport() speaks of delay and success", () => {
  const delayed: DsnRecipient = { ...RECIPIENT, action: "delayed", status: "4.4.1", retryUntil: 86_400_000 };
  const r = read({ ...FACTS, recipients: [delayed], envelopeId: "id+1" });
  assertEquals(r.field("subject"), "Your message is delayed: Hello");
  assert(r.part(1).includes("We try until Fri, 2 Jan 1970"));
  assert(r.part(2).includes("Will-Retry-Until: Fri, 2 Jan 1970 00:00:00 +0000"));
  assert(r.part(2).includes("Original-Envelope-Id: id+1"));
  const delivered = read({
    ...FACTS,
    recipients: [{ ...RECIPIENT, action: "delivered", status: "2.0.0" }, { ...RECIPIENT, action: "relayed" }],
  });
  assertEquals(delivered.field("subject"), "Your message was delivered: Hello");
  assert(delivered.part(1).includes("passed on"));
  assertEquals(delivered.part(2).match(/Action: /g)?.length, 2);
});

Deno.test("buildReport() uses the types of RFC 6533 where addresses or headers are not ASCII", () => {
  const recipient = { ...RECIPIENT, address: { local: "jörg", domain: "example.net" }, reply: "550 nö" };
  const header = utf8("Subject: Grüße\r\n\r\n");
  const r = read({ ...FACTS, recipients: [recipient], header });
  assertEquals(r.types, ["text/plain", "message/global-delivery-status", "message/global-headers"]);
  assert(r.part(2).includes("Final-Recipient: utf-8; jörg@example.net"));
  assert(r.part(2).includes("Diagnostic-Code: smtp; 550 nö"));
  assertEquals([r.report.eightBit, r.report.smtpUtf8], [true, false]);
  assertEquals(decodeWords(r.field("subject") ?? ""), "Your message was not delivered: Grüße");
  assert(r.report.octets.subarray(0, r.root.bodyStart).every((c) => c < 128));
  assert(read({ ...FACTS, to: { local: "jörg", domain: "b" } }).report.smtpUtf8);
});

Deno.test("buildReport() lets nothing from outside break out of its place", () => {
  const evil = "x\r\n\r\n--=_1_x_dsn\r\nContent-Type: text/html\r\n\r\n<script>\0\r\nAction: delivered";
  const recipient = { ...RECIPIENT, reply: evil, remote: evil, reason: evil, original: evil, status: evil };
  const r = read({
    ...FACTS,
    recipients: [recipient],
    envelopeId: evil,
    header: utf8("Subject: a\0\r b\r\n\r\n"),
  });
  assertEquals(r.types, ["text/plain", "message/delivery-status", "text/rfc822-headers"]);
  const groups = r.part(2).split("\r\n\r\n");
  assertEquals(groups.length, 2);
  assertEquals(groups[1]?.match(/^Action:/gm)?.length, 1);
});
