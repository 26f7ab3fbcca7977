import { simpleParser } from "mailparser";
import { fromUtf8 } from "../../mod/base/bytes.ts";
import { formatReportMail, type ReportMail } from "../../mod/report/report_mail.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";

const MAIL: ReportMail = {
  from: { local: "postmaster", domain: "example.org" },
  to: { local: "tls", domain: "a.example" },
  subject:
    "Report Domain: a.example Submitter: example.org Report-ID: <2026-01-01_a.example@mail.example.org>",
  id: "2026-01-01.a.example.tls",
  hostname: "mail.example.org",
  now: Date.UTC(2026, 0, 2, 3, 4, 5),
  fields: [["TLS-Report-Domain", "a.example"]],
  type: "multipart/report; report-type=tlsrpt",
  text: "A report.",
  attached: {
    type: "application/tlsrpt+gzip",
    name: "example.org!a.example!1!2.json.gz",
    octets: new Uint8Array(500).fill(7),
  },
};

Deno.test("formatReportMail() writes what a mail program reads", async () => {
  const octets = formatReportMail(MAIL);
  const text = fromUtf8(octets);
  assert(octets.every((b) => b < 0x80) && !/[^\r]\n/.test(text));
  assert(text.split("\r\n").every((line) => line.length <= 120));
  const parsed = await simpleParser(text);
  assertEquals(parsed.subject, MAIL.subject);
  assertEquals(parsed.headers.get("tls-report-domain"), "a.example");
  assertEquals(parsed.messageId, "<2026-01-01.a.example.tls@mail.example.org>");
  assertEquals(parsed.text?.trim(), "A report.");
  const [attached] = parsed.attachments;
  assertEquals([attached?.contentType, attached?.filename], [MAIL.attached.type, MAIL.attached.name]);
  assertEquals(new Uint8Array(attached?.content ?? []), MAIL.attached.octets);
  assertMatch(text, /^Content-Type: multipart\/report; report-type=tlsrpt;\s+boundary=/m);
});

Deno.test("formatReportMail() lets nothing break out of a field", async () => {
  const text = fromUtf8(formatReportMail({ ...MAIL, subject: "x\r\nBcc: all@a.example", id: "a..b/%c." }));
  const parsed = await simpleParser(text);
  assertEquals(parsed.bcc, undefined);
  assertEquals(parsed.messageId, "<a.b.c@mail.example.org>");
});
