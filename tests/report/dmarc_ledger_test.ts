import { REPORT_ROWS, REPORT_SIGNATURES } from "../../mod/base/limits.ts";
import type { DkimOutcome } from "../../mod/auth/types.ts";
import { DmarcLedger } from "../../mod/report/dmarc_ledger.ts";
import { assertEquals } from "../support/assert.ts";
import { judged } from "../support/judged.ts";

const KEY = { day: 10, domain: "a.example" };

function signature(domain: string, result: DkimOutcome["result"]): DkimOutcome {
  return {
    result,
    domain,
    selector: "s1",
    identity: `@${domain}`,
    algorithm: "rsa-sha256",
    signature: "abcdefgh",
    reason: "",
    testing: false,
    keyBits: 2048,
    unsigned: 0,
  };
}

Deno.test("DmarcLedger counts messages that fared alike", () => {
  const ledger = new DmarcLedger();
  const passed = judged({
    disposition: "none",
    dkim: [signature("x.example", "fail"), signature("a.example", "pass")],
  });
  const { evaluation } = passed;
  const good = {
    ...passed,
    evaluation: {
      ...evaluation,
      outcome: { ...evaluation.outcome, result: "pass" as const, dkimAligned: true },
    },
  };
  const spared = judged({ disposition: "none", override: { type: "local_policy", comment: "a list" } });
  for (const m of [judged(), judged(), good, spared, judged({ address: "192.0.2.2" })]) ledger.observe(m);
  const wanted = ledger.report(KEY);
  assertEquals(wanted?.published, {
    domain: "a.example",
    p: "reject",
    sp: "",
    np: "quarantine",
    adkim: "s",
    aspf: "r",
    fo: "0",
    testing: "n",
  });
  assertEquals(
    wanted?.rows.map((r) => [r.sourceIp, r.count, r.disposition, r.dkim, r.spf, r.reasons[0]?.type ?? null]),
    [
      ["192.0.2.1", 2, "reject", "fail", "fail", null],
      ["192.0.2.1", 1, "pass", "pass", "fail", null],
      ["192.0.2.1", 1, "none", "fail", "fail", "local_policy"],
      ["192.0.2.2", 1, "reject", "fail", "fail", null],
    ],
  );
  assertEquals(wanted?.rows[1]?.dkimResults.map((d) => d.domain), ["a.example", "x.example"]);
  assertEquals(wanted?.rows[0]?.spfResults, [{ domain: "b.example", scope: "mfrom", result: "pass" }]);
  const next = new DmarcLedger();
  next.days.restore([...ledger.days.pieces()].join(""));
  assertEquals(next.report(KEY), wanted);
  next.observe(judged());
  assertEquals(next.report(KEY)?.rows.map((r) => r.count), [3, 1, 1, 1]);
});

Deno.test("DmarcLedger counts only for those who want reports", () => {
  const ledger = new DmarcLedger();
  ledger.observe(judged({}, ""));
  const { evaluation } = judged();
  ledger.observe(judged({ evaluation: { ...evaluation, record: null } }));
  assertEquals([...ledger.days.pieces()], []);
});

Deno.test("DmarcLedger has bounds, and says how many messages found no room", () => {
  const ledger = new DmarcLedger();
  const many = Array.from({ length: 50 }, (_, i) => signature(`d${i}.example`, "pass"));
  for (let i = 0; i < REPORT_ROWS + 5; i++) {
    ledger.observe(judged({ envelopeFrom: `${i}.example`, dkim: many }));
  }
  const counted = ledger.report(KEY);
  assertEquals([counted?.rows.length, counted?.left], [REPORT_ROWS, 5]);
  assertEquals(counted?.rows[0]?.dkimResults.length, REPORT_SIGNATURES);
});

Deno.test("DmarcLedger reads no entry that somebody has spoilt", () => {
  const ledger = new DmarcLedger();
  ledger.observe(judged());
  const good = JSON.parse([...ledger.days.pieces()].join(""));
  const entry = good[2];
  const spoilt: unknown[] = [
    null,
    7,
    {},
    { ...entry, rua: "" },
    { ...entry, left: "x" },
    { ...entry, published: null },
    { ...entry, rows: [null] },
    { ...entry, rows: [{ ...entry.rows[0], count: "1" }] },
    { ...entry, rows: [{ ...entry.rows[0], dkimResults: [7] }] },
    { ...entry, rows: {} },
  ];
  for (const value of spoilt) {
    const next = new DmarcLedger();
    next.days.restore(JSON.stringify([10, "a.example", value]));
    assertEquals(next.report(KEY), null, JSON.stringify(value));
  }
});
