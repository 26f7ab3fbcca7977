import { REPORT_RECEIVED, REPORT_RECEIVED_AGE } from "../../mod/base/limits.ts";
import {
  isReceivedDmarc,
  isReceivedTls,
  type ReceivedDmarc,
  ReceivedReports,
  type ReceivedTls,
} from "../../mod/report/received.ts";
import { assertEquals } from "../support/assert.ts";

const NOW = Date.UTC(2026, 0, 2);
const TLS: ReceivedTls = {
  received: "2026-01-02T00:00:00.000Z",
  organization: "Far",
  id: "r1",
  begin: "2026-01-01T00:00:00.000Z",
  end: "2026-01-01T23:59:59.000Z",
  domain: "example.test",
  successes: 5,
  failures: 1,
  worst: [{ type: "certificate-expired", mx: "mx.example.test", sessions: 1 }],
};
const { successes: _successes, failures: _failures, ...BASE } = TLS;
const DMARC: ReceivedDmarc = {
  ...BASE,
  policy: "none",
  passed: 1,
  failed: 2,
  quarantined: 0,
  rejected: 0,
  worst: [],
};

Deno.test("ReceivedReports keeps the newest, each once, and not for ever", () => {
  const reports = new ReceivedReports(isReceivedTls);
  reports.add(TLS, NOW);
  reports.add({ ...TLS, successes: 6 }, NOW);
  reports.add({ ...TLS, domain: "other.test" }, NOW);
  assertEquals(reports.list(NOW).map((r) => [r.domain, r.successes]), [["other.test", 5], [
    "example.test",
    6,
  ]]);
  assertEquals(reports.list(NOW + REPORT_RECEIVED_AGE), []);
  for (let i = 0; i < REPORT_RECEIVED + 10; i++) reports.add({ ...TLS, id: `${i}` }, NOW);
  assertEquals(reports.list(NOW).length, REPORT_RECEIVED);
  assertEquals(reports.list(NOW)[0]?.id, `${REPORT_RECEIVED + 9}`);
});

Deno.test("ReceivedReports is the same after a restart, but for lines that are broken", () => {
  const reports = new ReceivedReports(isReceivedTls);
  reports.add(TLS, NOW);
  const next = new ReceivedReports(isReceivedTls);
  const bad = [{ ...TLS, worst: null }, { ...TLS, received: "x" }, { ...TLS, failures: "1" }, DMARC, null, 7];
  next.restore(
    `${[...reports.pieces()].join("")}nonsense\n${bad.map((b) => JSON.stringify(b)).join("\n")}\n{"rec`,
  );
  assertEquals(next.list(NOW), [TLS]);
  const dmarc = new ReceivedReports(isReceivedDmarc);
  dmarc.restore(`${JSON.stringify(DMARC)}\n${JSON.stringify(TLS)}\n`);
  assertEquals(dmarc.list(NOW), [DMARC]);
});
