import fc from "fast-check";
import * as v from "valibot";
import { formatTlsReport, parseTlsReport, type TlsReport } from "../../../mod/auth/tlsrpt/report.ts";
import { utf8 } from "../../../mod/base/bytes.ts";
import { REPORT_DETAILS, REPORT_POLICIES, REPORT_TEXT } from "../../../mod/base/limits.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { TLS_REPORT } from "../../support/tls_report_schema.ts";

const REPORT: TlsReport = {
  organization: "example.org",
  start: Date.UTC(2026, 0, 1),
  end: Date.UTC(2026, 0, 1, 23, 59, 59),
  contact: "postmaster@example.org",
  id: "2026-01-01_a.example@mail.example.org",
  policies: [
    {
      type: "sts",
      strings: ["version: STSv1", "mode: testing", "mx: *.a.example", "max_age: 86400"],
      domain: "a.example",
      mx: ["*.a.example"],
      successes: 5326,
      failures: 303,
      details: [
        {
          type: "certificate-expired",
          sendingIp: "2001:db8::1",
          mx: "mx1.a.example",
          receivingIp: "192.0.2.1",
          sessions: 100,
          reason: null,
        },
        {
          type: "sts-policy-invalid",
          sendingIp: null,
          mx: null,
          receivingIp: null,
          sessions: 3,
          reason: "no mx",
        },
      ],
    },
    {
      type: "no-policy-found",
      strings: [],
      domain: "a.example",
      mx: [],
      successes: 1,
      failures: 0,
      details: [],
    },
  ],
};

Deno.test("formatTlsReport() writes what RFC 8460 has, and parseTlsReport() reads it", () => {
  const json = formatTlsReport(REPORT);
  const checked = v.safeParse(TLS_REPORT, JSON.parse(json));
  assert(checked.success, JSON.stringify(checked.issues));
  assertEquals(checked.output["date-range"], {
    "start-datetime": "2026-01-01T00:00:00Z",
    "end-datetime": "2026-01-01T23:59:59Z",
  });
  assertEquals(parseTlsReport(utf8(json)), { ok: true, value: REPORT });
});

Deno.test("parseTlsReport() reads what senders of the world make of it", () => {
  const read = parseTlsReport(utf8(`\ufeff{
    "organization-name": "Company-X", "report-id": "5065427c-23d3", "contact-info": "sts@company-x.example",
    "date-range": { "start-datetime": "2016-04-01T00:00:00Z", "end-datetime": "2016-04-01T23:59:59+00:00" },
    "new-key": [{}],
    "policies": [{
      "policy": { "policy-type": "sts", "policy-domain": "Company-Y.example.", "mx-host": "*.mail.company-y.example",
        "policy-string": "version: STSv1" },
      "summary": { "total-successful-session-count": "5326", "total-failure-session-count": -3 },
      "failure-details": [{ "result-type": "new\\nkind", "failed-session-count": 1e99, "additional-information": "x" }, null, 7]
    }]
  }`));
  assert(read.ok, JSON.stringify(read));
  const [policy] = read.value.policies;
  assert(policy);
  assertEquals([policy.domain, policy.mx, policy.strings], [
    "company-y.example",
    ["*.mail.company-y.example"],
    ["version: STSv1"],
  ]);
  assertEquals([policy.successes, policy.failures], [5326, 0]);
  const [failure] = policy.details;
  assertEquals([failure?.type, failure?.sessions, failure?.reason], [
    "new kind",
    Number.MAX_SAFE_INTEGER,
    "x",
  ]);
});

Deno.test("parseTlsReport() refuses what is none", () => {
  const good = JSON.parse(formatTlsReport(REPORT));
  const range = good["date-range"];
  const cases: readonly (readonly [string, string])[] = [
    ["", "it is not JSON"],
    ["{", "it is not JSON"],
    ["[]", "it has no date range"],
    ["null", "it has no date range"],
    [
      JSON.stringify({ ...good, "date-range": { ...range, "end-datetime": "2025-01-01T00:00:00Z" } }),
      "it has no date range",
    ],
    [JSON.stringify({ ...good, "report-id": 7 }), "it has no report-id"],
    [JSON.stringify({ ...good, policies: {} }), "it has no policies"],
    [JSON.stringify({ ...good, policies: [{}] }), "a policy has no domain"],
    ["[".repeat(1_000_000), "nested too deeply"],
    [`{"policies":[${"{},".repeat(300_000)}{}]}`, "too many values"],
    [`{"policies":[${"1,".repeat(300_000)}1]}`, "too many values"],
    [`${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`, "nested too deeply"],
  ];
  for (const [json, error] of cases) {
    assertEquals(parseTlsReport(utf8(json)), { ok: false, error }, json.slice(0, 80));
  }
});

Deno.test("parseTlsReport() keeps only so much of a large report", () => {
  const detail = {
    type: "x".repeat(1100),
    sendingIp: null,
    mx: null,
    receivingIp: null,
    sessions: 1,
    reason: null,
  };
  const policy = { ...REPORT.policies[0], details: Array.from({ length: 110 }, () => detail) };
  const large = { ...REPORT, policies: Array.from({ length: 30 }, () => policy) } as TlsReport;
  const read = parseTlsReport(utf8(formatTlsReport(large)));
  assert(read.ok);
  assertEquals(read.value.policies.length, REPORT_POLICIES);
  assertEquals(read.value.policies[0]?.details.length, REPORT_DETAILS);
  assertEquals(read.value.policies[0]?.details[0]?.type.length, REPORT_TEXT);
});

Deno.test("parseTlsReport() never throws, whatever the JSON holds", () => {
  fc.assert(fc.property(fc.json({ maxDepth: 5 }), fc.uint8Array({ maxLength: 200 }), (json, octets) => {
    const value: unknown = JSON.parse(json);
    parseTlsReport(octets);
    for (const key of ["date-range", "policies", "report-id", "organization-name"]) {
      parseTlsReport(utf8(JSON.stringify({ ...JSON.parse(formatTlsReport(REPORT)), [key]: value })));
    }
    parseTlsReport(utf8(JSON.stringify({
      ...JSON.parse(formatTlsReport(REPORT)),
      policies: [{ policy: value, summary: value, "failure-details": [value] }],
    })));
    return true;
  }));
});
