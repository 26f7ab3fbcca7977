import { REPORT_DETAILS, REPORT_POLICIES, REPORT_STRINGS, REPORT_TEXT } from "../../mod/base/limits.ts";
import type { TlsSession } from "../../mod/outbound/tls_session.ts";
import { DAY } from "../../mod/report/daily_ledger.ts";
import { TlsLedger } from "../../mod/report/tls_ledger.ts";
import { assertEquals } from "../support/assert.ts";

const KEY = { day: 10, domain: "a.example" };
const clock = { now: () => 10 * DAY + 1 };

const GOOD: TlsSession = {
  destination: "a.example",
  published: { type: "no-policy-found", strings: [], mx: [] },
  reached: "valid",
  fault: null,
  host: "mx.a.example",
  address: "192.0.2.1",
  localAddress: "192.0.2.9",
};
const BAD: TlsSession = {
  ...GOOD,
  reached: "clear",
  fault: { type: "starttls-not-supported", why: "STARTTLS is not offered" },
};
const STS: TlsSession = {
  ...GOOD,
  published: { type: "sts", strings: ["version: STSv1"], mx: ["*.a.example"] },
};

Deno.test("TlsLedger counts sessions by policy, and failures by kind and place", () => {
  const ledger = new TlsLedger(clock);
  for (const s of [GOOD, GOOD, BAD, BAD, { ...BAD, address: "192.0.2.2" }, STS]) ledger.note(s);
  ledger.note({ ...GOOD, destination: "b.example" });
  const failure = {
    type: "starttls-not-supported",
    sendingIp: "192.0.2.9",
    mx: "mx.a.example",
    receivingIp: "192.0.2.1",
    sessions: 2,
    reason: "STARTTLS is not offered",
  };
  const wanted = [
    {
      type: "no-policy-found",
      strings: [],
      mx: [],
      successes: 2,
      failures: 3,
      domain: "a.example",
      details: [failure, { ...failure, receivingIp: "192.0.2.2", sessions: 1 }],
    },
    {
      type: "sts",
      strings: ["version: STSv1"],
      mx: ["*.a.example"],
      successes: 1,
      failures: 0,
      domain: "a.example",
      details: [],
    },
  ];
  assertEquals(ledger.report(KEY), wanted);
  const next = new TlsLedger(clock);
  next.days.restore([...ledger.days.pieces()].join(""));
  assertEquals(next.report(KEY), wanted);
  for (const s of [GOOD, BAD, STS]) next.note(s);
  assertEquals(next.report(KEY).map((p) => [p.successes, p.failures, p.details[0]?.sessions]), [
    [3, 4, 3],
    [2, 0, undefined],
  ]);
  assertEquals(next.report({ ...KEY, day: 9 }), []);
});

Deno.test("TlsLedger has bounds: the totals stay right where kinds do not fit any more", () => {
  const ledger = new TlsLedger(clock);
  for (let i = 0; i < REPORT_DETAILS + 50; i++) {
    ledger.note({ ...BAD, fault: { type: "validation-failure", why: `${i} ${"x".repeat(5000)}` } });
  }
  const [policy] = ledger.report(KEY);
  assertEquals([policy?.failures, policy?.details.length], [REPORT_DETAILS + 50, REPORT_DETAILS]);
  assertEquals(policy?.details[0]?.reason?.length, REPORT_TEXT);
  const strings = Array.from({ length: 500 }, () => "y".repeat(5000));
  for (let i = 0; i < REPORT_POLICIES + 50; i++) {
    ledger.note({ ...STS, published: { type: "sts", strings, mx: [`${i}.example`] } });
  }
  const all = ledger.report(KEY);
  assertEquals(all.length, REPORT_POLICIES);
  assertEquals([all[1]?.strings.length, all[1]?.strings[0]?.length], [REPORT_STRINGS, REPORT_TEXT]);
});
