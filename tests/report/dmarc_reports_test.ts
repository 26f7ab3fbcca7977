import { simpleParser } from "mailparser";
import { type DmarcRow, readDmarcReport } from "../../mod/auth/dmarc/report.ts";
import type { Body } from "../../mod/base/body.ts";
import { fromUtf8 } from "../../mod/base/bytes.ts";
import { ok } from "../../mod/base/result.ts";
import { formatAddress } from "../../mod/mail/address.ts";
import { DmarcLedger } from "../../mod/report/dmarc_ledger.ts";
import { DmarcReports } from "../../mod/report/dmarc_reports.ts";
import { unpack } from "../../mod/report/gzip.ts";
import { HandOver } from "../../mod/report/hand_over.ts";
import type { Reporter } from "../../mod/report/tls_reports.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { judged } from "../support/judged.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { zone, type ZoneData } from "../support/zone.ts";

const ZONE: ZoneData = {
  "_dmarc.a.example": { TXT: ["v=DMARC1; p=reject; rua=mailto:dmarc@a.example"] },
  "a.example._report._dmarc.yes.example": { TXT: ["v=DMARC1"] },
  "a.example._report._dmarc.tidy.example": { TXT: ["v=DMARC1; rua=mailto:x@tidy.example;"] },
  "a.example._report._dmarc.elsewhere.example": { TXT: ["v=DMARC1; rua=mailto:x@victim.example"] },
  "a.example._report._dmarc.other.example": { TXT: ["v=spf1 -all"] },
  "a.example._report._dmarc.broken.example": "servfail",
};
const REPORTER: Reporter = {
  from: { local: "postmaster", domain: "example.org" },
  hostname: "mail.example.org",
};
const KEY = { day: 10, domain: "a.example" };

function setUp(rua: string, reporter: Reporter | null = REPORTER) {
  const clock = new FakeClock(11 * 86_400_000 + 1000);
  const ledger = new DmarcLedger();
  const mails: { to: string; text: string }[] = [];
  const handOver = new HandOver({
    queue: {
      async submit(envelope, body: Body) {
        let text = "";
        for await (const chunk of body.stream()) text += fromUtf8(chunk);
        mails.push({ to: envelope.recipients.map((r) => formatAddress(r.address)).join(), text });
        assertEquals(envelope.tlsOptional, undefined);
        return "q";
      },
    },
    post: () => Promise.resolve(ok(undefined)),
    log: new MemoryLog(),
  });
  const reports = new DmarcReports({
    ledger,
    resolver: zone(ZONE),
    handOver,
    clock,
    reporter: () => reporter,
  });
  for (let i = 0; i < 500; i++) ledger.observe(judged({ address: `192.0.2.${i % 250}` }, rua));
  return { reports, mails, clock };
}

/** Sends; the clock must run, since long reports are written with pauses. */
async function sent({ reports, clock }: ReturnType<typeof setUp>): Promise<string> {
  const sending = reports.send(KEY);
  await clock.advance(0);
  await clock.advance(0);
  return await sending;
}

Deno.test("DmarcReports mails a report as it should be", async () => {
  const rig = setUp("mailto:dmarc@a.example");
  assertEquals(await sent(rig), "done");
  const mail = await simpleParser(rig.mails[0]?.text ?? "");
  assertEquals(
    mail.subject,
    "Report Domain: a.example Submitter: example.org Report-ID: <1970-01-11_a.example@mail.example.org>",
  );
  assertMatch(rig.mails[0]?.text ?? "", /^Content-Type: multipart\/mixed;/m);
  const [attached] = mail.attachments;
  assertEquals([attached?.contentType, attached?.filename], [
    "application/gzip",
    "example.org!a.example!864000!950399.xml.gz",
  ]);
  const xml = await unpack(new Uint8Array(attached?.content ?? []), "gzip", 1_000_000);
  assert(xml.ok);
  const rows: DmarcRow[] = [];
  const report = readDmarcReport(fromUtf8(xml.value));
  let next = report.next();
  for (; !next.done; next = report.next()) if (next.value) rows.push(next.value);
  assert(next.value.ok, JSON.stringify(next.value));
  assertEquals([next.value.value.begin, next.value.value.end], [864000_000, 950399_000]);
  assertEquals([rows.length, rows[0]?.count, rows[0]?.headerFrom], [250, 2, "news.a.example"]);
});

Deno.test("DmarcReports sends to others only what they want", async () => {
  const cases: readonly (readonly [rua: string, outcome: string, to: string])[] = [
    ["mailto:x@sub.a.example", "done", "x@sub.a.example"],
    ["mailto:x@yes.example", "done", "x@yes.example"],
    ["mailto:x@no.example", "none", ""],
    ["mailto:x@other.example", "none", ""],
    ["mailto:someone@tidy.example", "done", "x@tidy.example"],
    ["mailto:x@elsewhere.example", "none", ""],
    ["mailto:x@broken.example", "later", ""],
    [
      "mailto:x@no.example,mailto:dmarc@a.example,mailto:x@yes.example",
      "done",
      "dmarc@a.example x@yes.example",
    ],
    ["https://r.a.example/", "none", ""],
    ["mailto:dmarc@a.example!100", "done", ""],
  ];
  for (const [rua, outcome, to] of cases) {
    const rig = setUp(rua);
    assertEquals([await sent(rig), rig.mails.map((m) => m.to).join(" ")], [outcome, to], rua);
  }
  assertEquals(await sent(setUp("mailto:dmarc@a.example", null)), "none");
  assertEquals(await setUp("mailto:dmarc@a.example").reports.send({ ...KEY, day: 9 }), "none");
});
