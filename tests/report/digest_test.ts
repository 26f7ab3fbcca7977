import { type DmarcRow, formatDmarcReport } from "../../mod/auth/dmarc/report.ts";
import { formatTlsReport } from "../../mod/auth/tlsrpt/report.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import { REPORT_WORST } from "../../mod/base/limits.ts";
import { digestDmarc, digestTls } from "../../mod/report/digest.ts";
import { assert, assertEquals } from "../support/assert.ts";

const NOW = Date.UTC(2026, 0, 2);
const isOurs = (domain: string) => domain === "example.test";
let pauses = 0;
const clock = {
  now: () => NOW,
  sleep: () => {
    pauses++;
    return Promise.resolve();
  },
};

Deno.test("digestTls() tells of our domains what went wrong most", () => {
  const detail = (type: string, sessions: number) => ({
    type,
    sendingIp: null,
    mx: "mx.example.test",
    receivingIp: null,
    sessions,
    reason: null,
  });
  const policy = {
    type: "sts",
    strings: [],
    mx: [],
    domain: "example.test",
    successes: 10,
    failures: 4,
    details: [],
  };
  const json = utf8(formatTlsReport({
    organization: "Far",
    start: NOW - 86_400_000,
    end: NOW - 1000,
    contact: "x@far.example",
    id: "r1",
    policies: [
      { ...policy, details: [detail("certificate-expired", 1), detail("starttls-not-supported", 3)] },
      { ...policy, type: "tlsa", failures: 0 },
      { ...policy, domain: "victim.test" },
    ],
  }));
  assertEquals(digestTls(json, isOurs, NOW), {
    ok: true,
    value: [{
      received: "2026-01-02T00:00:00.000Z",
      organization: "Far",
      id: "r1",
      begin: "2026-01-01T00:00:00.000Z",
      end: "2026-01-01T23:59:59.000Z",
      domain: "example.test",
      successes: 20,
      failures: 4,
      worst: [
        { type: "starttls-not-supported", mx: "mx.example.test", sessions: 3 },
        { type: "certificate-expired", mx: "mx.example.test", sessions: 1 },
      ],
    }],
  });
  assertEquals(digestTls(json, () => false, NOW), { ok: false, error: "it is about no domain of ours" });
  assertEquals(digestTls(utf8("{}"), isOurs, NOW), { ok: false, error: "it has no date range" });
});

Deno.test("digestDmarc() tells who fails most, with pauses for others", async () => {
  const row = (sourceIp: string, count: number, over: Partial<DmarcRow> = {}): DmarcRow => ({
    sourceIp,
    count,
    disposition: "none",
    dkim: "fail",
    spf: "fail",
    reasons: [],
    headerFrom: "example.test",
    envelopeFrom: "",
    dkimResults: [],
    spfResults: [],
    ...over,
  });
  const head = {
    organization: "Far",
    email: "x@far.example",
    id: "r1",
    begin: NOW - 86_400_000,
    end: NOW - 1000,
    error: "",
    published: {
      domain: "example.test",
      p: "none",
      sp: "",
      np: "",
      adkim: "r",
      aspf: "r",
      fo: "",
      testing: "n",
    },
  };
  const rows = [
    row("192.0.2.1", 5, { dkim: "pass" }),
    row("192.0.2.1", 2, { spf: "pass" }),
    row("192.0.2.2", 1, { disposition: "quarantine" }),
    row("192.0.2.3", 4, { disposition: "reject" }),
    row("192.0.2.2", 6),
    ...Array.from({ length: 5000 }, (_, i) => row(`198.51.${i >> 8}.${i & 255}`, 1)),
  ];
  const xml = [...formatDmarcReport(head, rows)].join("");
  const digest = await digestDmarc(xml, isOurs, clock);
  assert(digest.ok);
  const { passed, failed, quarantined, rejected, worst, policy } = digest.value;
  assertEquals({ passed, failed, quarantined, rejected, policy }, {
    passed: 7,
    failed: 5011,
    quarantined: 1,
    rejected: 4,
    policy: "none",
  });
  assertEquals(worst.slice(0, 2).map((w) => [w.source, w.messages]), [["192.0.2.2", 7], ["192.0.2.3", 4]]);
  assertEquals(worst.length, REPORT_WORST);
  assert(pauses >= 50);
  pauses = 0;
  await digestDmarc(`<feedback>${"<!-- -->".repeat(100_000)}</feedback>`, isOurs, clock);
  assert(pauses >= 45);
  assertEquals(await digestDmarc(xml, () => false, clock), {
    ok: false,
    error: "it is about no domain of ours",
  });
  assertEquals(await digestDmarc("<feedback/>", isOurs, clock), { ok: false, error: "it has no date range" });
});
