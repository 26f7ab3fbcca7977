import { assertEquals } from "../support/assert.ts";
import { formatMetrics } from "../../mod/status/metrics.ts";
import { VerdictCounts } from "../../mod/status/verdicts.ts";

function samples(counts: VerdictCounts): string[] {
  return formatMetrics(counts.metrics()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

Deno.test("VerdictCounts count what checks found and what was done", () => {
  const counts = new VerdictCounts();
  assertEquals(samples(counts), []);
  const fine = {
    spf: "pass x.example",
    dkim: "fail a.example (bad), pass x.example",
    dmarc: "pass x.example p=none",
  };
  counts.note("mail accepted", fine);
  counts.note("mail accepted", fine);
  counts.note("mail refused", {
    spf: "fail x.example (no, not at all)",
    dkim: "none",
    dmarc: "fail x.example p=reject (nothing)",
    arc: "fail y.example",
    verdict: "reject",
  });
  assertEquals(samples(counts), [
    'roost_checks_total{check="arc",result="fail"} 1',
    'roost_checks_total{check="dkim",result="none"} 1',
    'roost_checks_total{check="dkim",result="pass"} 2',
    'roost_checks_total{check="dmarc",result="fail"} 1',
    'roost_checks_total{check="dmarc",result="pass"} 2',
    'roost_checks_total{check="spf",result="fail"} 1',
    'roost_checks_total{check="spf",result="pass"} 2',
    'roost_verdicts_total{verdict="deliver"} 2',
    'roost_verdicts_total{verdict="reject"} 1',
  ]);
});

Deno.test("VerdictCounts count no mail that was not looked at, and nothing they do not know", () => {
  const counts = new VerdictCounts();
  counts.note("mail accepted", { account: "a@b" });
  counts.note("mail accepted", undefined);
  counts.note("delivered", { dmarc: "pass" });
  counts.note("mail accepted", { dmarc: "odd x", spf: 7, verdict: "eaten" });
  assertEquals(samples(counts), []);
});
