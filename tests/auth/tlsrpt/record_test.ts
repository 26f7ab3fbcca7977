import fc from "fast-check";
import { formatTlsRptRecord, parseTlsRptRecords } from "../../../mod/auth/tlsrpt/record.ts";
import { parseReportUris } from "../../../mod/auth/report_uri.ts";
import { utf8 } from "../../../mod/base/bytes.ts";
import { assert, assertEquals } from "../../support/assert.ts";

Deno.test("parseTlsRptRecords() finds where reports go, or nothing", () => {
  const mail = "mailto:tls@example.com";
  const cases: readonly (readonly [readonly string[], string | null])[] = [
    [["v=TLSRPTv1; rua=mailto:tls@example.com"], mail],
    [["v=TLSRPTv1;rua=mailto:tls@example.com;"], mail],
    [["v=TLSRPTv1 ; RUA = mailto:tls@example.com ; x=y"], mail],
    [["v=TLSRPTv1;rua=https://r.example/x,mailto:tls@example.com"], `https://r.example/x,${mail}`],
    [["v=TLSRPTv1; rua=https://r.example/?a=b"], "https://r.example/?a=b"],
    [["v=spf1 -all", "v=TLSRPTv1; rua=mailto:tls@example.com"], mail],
    [["v=TLSRPTv1; rua=mailto:tls@example.com", "v=TLSRPTv1; rua=mailto:tls@example.com"], null],
    [["v=TLSRPTv1; rua=mailto:tls@example.com; rua=mailto:b@example.com"], null],
    [["v=TLSRPTv1;"], null],
    [["v=TLSRPTv1"], null],
    [["v=TLSRPTv2; rua=mailto:tls@example.com"], null],
    [["v=tlsrptv1; rua=mailto:tls@example.com"], null],
    [["rua=mailto:tls@example.com; v=TLSRPTv1"], null],
    [["v=TLSRPTv1; rua="], null],
    [["v=TLSRPTv1; rua=ftp://x.example/"], null],
    [["v=TLSRPTv1; ; rua=mailto:tls@example.com"], null],
    [["v=TLSRPTv1; rua=mailto:täls@example.com"], null],
    [[], null],
  ];
  for (const [texts, wanted] of cases) {
    const found = parseTlsRptRecords(texts.map(utf8));
    assertEquals(found, wanted === null ? null : parseReportUris(wanted), texts.join(" | "));
  }
});

Deno.test("formatTlsRptRecord() writes what parseTlsRptRecords() reads", () => {
  const uris = parseReportUris("mailto:a%21b@example.com,https://r.example/a%3Bb");
  assertEquals(
    formatTlsRptRecord(parseReportUris("mailto:t@example.com")),
    "v=TLSRPTv1; rua=mailto:t@example.com",
  );
  assertEquals(parseTlsRptRecords([utf8(formatTlsRptRecord(uris))]), uris);
});

Deno.test("parseTlsRptRecords() never throws", () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 }), (records) => {
    parseTlsRptRecords(records);
    parseTlsRptRecords(
      records.map((r) => utf8(`v=TLSRPTv1; rua=${[...r].map((b) => String.fromCharCode(b)).join("")}`)),
    );
    return true;
  }));
  assert(parseTlsRptRecords([new Uint8Array(100_000).fill(0x3b)]) === null);
});
