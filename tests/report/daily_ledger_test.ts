import { REPORT_DAYS, REPORT_DOMAINS } from "../../mod/base/limits.ts";
import { DailyLedger, DAY } from "../../mod/report/daily_ledger.ts";
import { assert, assertEquals } from "../support/assert.ts";

function counter(): DailyLedger<{ n: number }> {
  return new DailyLedger({
    fresh: () => ({ n: 0 }),
    write: ({ n }) => n,
    read: (value) => typeof value === "number" ? { n: value } : null,
  });
}

function count(ledger: DailyLedger<{ n: number }>, day: number, domain: string): void {
  const entry = ledger.open(day * DAY + 5, domain);
  if (entry) entry.n++;
}

Deno.test("DailyLedger counts by domain and day, and gives out days that are over", () => {
  const ledger = counter();
  count(ledger, 10, "a.example");
  count(ledger, 10, "a.example");
  count(ledger, 11, "a.example");
  assertEquals(ledger.finished(10 * DAY + DAY - 1), []);
  assertEquals(ledger.finished(11 * DAY), [{ day: 10, domain: "a.example" }]);
  assertEquals(ledger.get({ day: 10, domain: "a.example" }), { n: 2 });
  const before = ledger.revision;
  ledger.drop({ day: 10, domain: "a.example" });
  assert(ledger.revision > before);
  assertEquals(ledger.finished(12 * DAY), [{ day: 11, domain: "a.example" }]);
  ledger.drop({ day: 10, domain: "a.example" });
});

Deno.test("DailyLedger is the same after a restart, but for lines that are broken", () => {
  const ledger = counter();
  count(ledger, 10, "a.example");
  count(ledger, 11, "b.example");
  const text = [...ledger.pieces()].join("");
  assertEquals(text, '[10,"a.example",1]\n[11,"b.example",1]\n');
  const next = counter();
  next.restore(`${text}nonsense\n{}\n[1]\n["1","x",1]\n[1.5,"x",1]\n[1,"",1]\n[1,"x",{}]\n[12,"c.exam`);
  assertEquals([...next.pieces()].join(""), text);
  count(next, 10, "a.example");
  assertEquals(next.get({ day: 10, domain: "a.example" }), { n: 2 });
});

Deno.test("DailyLedger has bounds, also when the clock jumps about", () => {
  const ledger = counter();
  for (let i = 0; i < REPORT_DOMAINS + 10; i++) count(ledger, 10, `d${i}.example`);
  assertEquals(ledger.finished(11 * DAY).length, REPORT_DOMAINS);
  for (let day = 0; day < 100; day++) count(ledger, 1000 - 7 * day, "a.example");
  const days = new Set(ledger.finished(2000 * DAY).map((k) => k.day));
  assertEquals(days.size, REPORT_DAYS);
  const lines = Array.from({ length: REPORT_DOMAINS + 10 }, (_, i) => `[5,"d${i}.example",1]`).join("\n");
  const next = counter();
  next.restore(lines);
  assertEquals(next.finished(6 * DAY).length, REPORT_DOMAINS);
});
