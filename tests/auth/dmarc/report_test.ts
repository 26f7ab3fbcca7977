import fc from "fast-check";
import {
  type DmarcReportHead,
  type DmarcRow,
  formatDmarcReport,
  readDmarcReport,
} from "../../../mod/auth/dmarc/report.ts";
import { assert, assertEquals } from "../../support/assert.ts";

const HEAD: DmarcReportHead = {
  organization: "example.org",
  email: "postmaster@example.org",
  id: "2026-01-01_a.example@mail.example.org",
  begin: Date.UTC(2026, 0, 1),
  end: Date.UTC(2026, 0, 1, 23, 59, 59),
  error: "",
  published: {
    domain: "a.example",
    p: "reject",
    sp: "none",
    np: "",
    adkim: "s",
    aspf: "r",
    fo: "0",
    testing: "n",
  },
};
const ROW: DmarcRow = {
  sourceIp: "2001:db8::1",
  count: 7,
  disposition: "none",
  dkim: "pass",
  spf: "fail",
  reasons: [{ type: "local_policy", comment: "a <list> & more" }],
  headerFrom: "a.example",
  envelopeFrom: "",
  dkimResults: [{ domain: "a.example", selector: "s1", result: "pass" }],
  spfResults: [{ domain: "b.example", scope: "mfrom", result: "softfail" }],
};

function readAll(xml: string) {
  const rows: DmarcRow[] = [];
  const report = readDmarcReport(xml);
  for (;;) {
    const next = report.next();
    if (next.done) return { rows, head: next.value };
    if (next.value) rows.push(next.value);
  }
}

Deno.test("readDmarcReport() reads what formatDmarcReport() writes", () => {
  const bare = { ...ROW, reasons: [], dkimResults: [], sourceIp: "192.0.2.1" };
  const xml = [...formatDmarcReport({ ...HEAD, error: "two records" }, [ROW, bare])].join("");
  const read = readAll(xml);
  assertEquals(read.rows, [ROW, bare]);
  assertEquals(read.head, { ok: true, value: { ...HEAD, error: "two records" } });
  // A policy for subdomains must be told (RFC 9990's schema); without one it is the domain's.
  const without = { ...HEAD, published: { ...HEAD.published, sp: "" } };
  const again = readAll([...formatDmarcReport(without, [])].join("")).head;
  assertEquals(again.ok && again.value.published.sp, "reject");
});

Deno.test("readDmarcReport() reads reports of the older format", () => {
  const read = readAll(`<?xml version="1.0" encoding="UTF-8" ?>
<feedback>
  <report_metadata>
    <org_name>Company X</org_name><email>noreply@x.example</email>
    <extra_contact_info>http://x.example/help</extra_contact_info>
    <report_id>9391651994964116463</report_id>
    <date_range><begin>1335571200</begin><end>1335657599</end></date_range>
  </report_metadata>
  <policy_published>
    <domain>Example.COM.</domain><adkim>r</adkim><aspf>r</aspf><p>none</p><sp>none</sp><pct>100</pct>
  </policy_published>
  <record>
    <row><source_ip>72.150.241.94</source_ip><count>2</count>
      <policy_evaluated><disposition>none</disposition><dkim>fail</dkim><spf>pass</spf></policy_evaluated></row>
    <identifiers><header_from>example.com</header_from></identifiers>
    <auth_results>
      <dkim><domain>example.com</domain><result>fail</result><human_result></human_result></dkim>
      <spf><domain>example.com</domain><result>pass</result></spf>
    </auth_results>
  </record>
</feedback>`);
  assert(read.head.ok, JSON.stringify(read.head));
  assertEquals(read.head.value.published.domain, "example.com");
  assertEquals(read.head.value.begin, 1335571200_000);
  assertEquals(read.rows, [{
    sourceIp: "72.150.241.94",
    count: 2,
    disposition: "none",
    dkim: "fail",
    spf: "pass",
    reasons: [],
    headerFrom: "example.com",
    envelopeFrom: "",
    dkimResults: [{ domain: "example.com", selector: "", result: "fail" }],
    spfResults: [{ domain: "example.com", scope: "", result: "pass" }],
  }]);
});

Deno.test("readDmarcReport() refuses what is none", () => {
  const xml = [...formatDmarcReport(HEAD, [ROW])].join("");
  const cases: readonly (readonly [string, string])[] = [
    ["<html><body>hi</body></html>", "it is no report"],
    [xml.replace(/<begin>\d+/, "<begin>soon"), "it has no date range"],
    [xml.replace(/<end>\d+/, "<end>5"), "it has no date range"],
    [xml.replace(/<report_id>.*?<\/report_id>/, ""), "it has no report_id"],
    [xml.replace(/<domain>a.example<\/domain>/, ""), "it has no domain"],
    [xml.slice(0, -12), "it ends too early"],
    ["", "it ends too early"],
  ];
  for (const [text, error] of cases) assertEquals(readAll(text).head, { ok: false, error }, error);
  assertEquals(readAll(xml.replace("<count>7<", "<count>-7<")).rows[0]?.count, 0);
});

Deno.test("formatDmarcReport() lets nothing break out of an element", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), fc.string(), (a, b) => {
    const row = {
      ...ROW,
      headerFrom: a,
      envelopeFrom: b,
      dkimResults: [{ domain: b, selector: a, result: b }],
    };
    const head = { ...HEAD, organization: a, error: b };
    const read = readAll([...formatDmarcReport(head, [row])].join(""));
    assert(read.head.ok, JSON.stringify(read));
    assertEquals([read.rows.length, read.rows[0]?.count], [1, 7]);
    return true;
  }));
});
