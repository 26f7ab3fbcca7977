import { simpleParser } from "mailparser";
import * as v from "valibot";
import { parseTlsReport } from "../../mod/auth/tlsrpt/report.ts";
import type { Body } from "../../mod/base/body.ts";
import { fromUtf8 } from "../../mod/base/bytes.ts";
import { ok } from "../../mod/base/result.ts";
import { DAY } from "../../mod/report/daily_ledger.ts";
import { unpack } from "../../mod/report/gzip.ts";
import { HandOver } from "../../mod/report/hand_over.ts";
import { TlsLedger } from "../../mod/report/tls_ledger.ts";
import { type Reporter, TlsReports } from "../../mod/report/tls_reports.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { TLS_REPORT } from "../support/tls_report_schema.ts";
import { zone, type ZoneData } from "../support/zone.ts";

const ZONE: ZoneData = {
  "_smtp._tls.a.example": { TXT: ["v=TLSRPTv1; rua=mailto:tls@a.example,https://r.example/v1"] },
  "_smtp._tls.odd.example": { TXT: ["v=TLSRPTv1"] },
  "_smtp._tls.broken.example": "servfail",
};
const REPORTER: Reporter = {
  from: { local: "postmaster", domain: "example.org" },
  hostname: "mail.example.org",
};

function setUp(reporter: Reporter | null = REPORTER) {
  const clock = new FakeClock(20_000 * DAY + 1000);
  const ledger = new TlsLedger(clock);
  const mails: string[] = [];
  const posts: Uint8Array[] = [];
  const handOver = new HandOver({
    queue: {
      async submit(_, body: Body) {
        let text = "";
        for await (const chunk of body.stream()) text += fromUtf8(chunk);
        mails.push(text);
        return "q";
      },
    },
    post: (_, octets) => {
      posts.push(octets);
      return Promise.resolve(ok(undefined));
    },
    log: new MemoryLog(),
  });
  const reports = new TlsReports({ ledger, resolver: zone(ZONE), handOver, clock, reporter: () => reporter });
  for (const name of ["a", "odd", "broken", "silent"]) {
    for (const type of ["starttls-not-supported", null] as const) {
      ledger.note({
        destination: `${name}.example`,
        published: { type: "sts", strings: ["version: STSv1"], mx: ["mx.a.example"] },
        reached: type ? "clear" : "valid",
        fault: type && { type, why: "STARTTLS is not offered" },
        host: "mx.a.example",
        address: "2001:db8::1",
        localAddress: "2001:db8::9",
      });
    }
  }
  return { reports, mails, posts };
}

function key(domain: string) {
  return { day: 20_000, domain };
}

Deno.test("TlsReports mails and posts a report that keeps to its schema", async () => {
  const { reports, mails, posts } = setUp();
  assertEquals(await reports.send(key("a.example")), "done");
  const mail = await simpleParser(mails[0] ?? "");
  assertEquals(
    mail.subject,
    "Report Domain: a.example Submitter: example.org Report-ID: <2024-10-04_a.example@mail.example.org>",
  );
  assertEquals(mail.headers.get("tls-report-domain"), "a.example");
  assertEquals(mail.headers.get("tls-report-submitter"), "example.org");
  assertMatch(mails[0] ?? "", /^TLS-Required: No\r$/m);
  assertMatch(mails[0] ?? "", /^Content-Type: multipart\/report; report-type=tlsrpt;/m);
  const [attached] = mail.attachments;
  assertEquals([attached?.contentType, attached?.filename], [
    "application/tlsrpt+gzip",
    "example.org!a.example!1728000000!1728086399!001.json.gz",
  ]);
  const json = await unpack(new Uint8Array(attached?.content ?? []), "gzip", 100_000);
  assert(json.ok);
  assertEquals(new Uint8Array(attached?.content ?? []), posts[0]);
  const checked = v.safeParse(TLS_REPORT, JSON.parse(fromUtf8(json.value)));
  assert(checked.success, JSON.stringify(checked.issues));
  const read = parseTlsReport(json.value);
  assert(read.ok);
  assertEquals([read.value.start, read.value.end], [20_000 * DAY, 20_001 * DAY - 1000]);
  assertEquals(read.value.policies.map((p) => [p.domain, p.successes, p.failures]), [["a.example", 1, 1]]);
});

Deno.test("TlsReports sends nothing to who wants none, and waits for a DNS that does not answer", async () => {
  const { reports, mails, posts } = setUp();
  assertEquals(await reports.send(key("silent.example")), "none");
  assertEquals(await reports.send(key("odd.example")), "none");
  assertEquals(await reports.send(key("broken.example")), "later");
  assertEquals(await reports.send(key("unknown.example")), "none");
  assertEquals(await setUp(null).reports.send(key("a.example")), "none");
  assertEquals([mails.length, posts.length], [0, 0]);
});
