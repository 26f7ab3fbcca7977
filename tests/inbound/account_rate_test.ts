import { ACCOUNT_RATES } from "../../mod/base/limits.ts";
import { AccountRates } from "../../mod/inbound/account_rate.ts";
import { assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";

const RATE = { perHour: 60, perDay: 100 };
const MINUTE = 60_000;

function taken(rates: AccountRates, account: string, times: number): number {
  let n = 0;
  for (let i = 0; i < times; i++) if (rates.take(account, RATE) === "taken") n++;
  return n;
}

Deno.test("AccountRates bounds recipients by the hour and by the day, each account for itself", async () => {
  const clock = new FakeClock();
  const rates = new AccountRates(clock);
  assertEquals(taken(rates, "a", 1000), 60);
  assertEquals(taken(rates, "b", 10), 10);
  await clock.advance(10 * MINUTE);
  assertEquals(taken(rates, "a", 1000), 10);
  await clock.advance(60 * MINUTE);
  assertEquals(taken(rates, "a", 1000), 34); // the day's: 100 - 70, and what 70 minutes bring
  await clock.advance(24 * 60 * MINUTE);
  assertEquals(taken(rates, "a", 1000), 60);
});

Deno.test("AccountRates warns once for a flood that goes on", async () => {
  const clock = new FakeClock();
  const rates = new AccountRates(clock);
  taken(rates, "a", 60);
  assertEquals(rates.take("a", RATE), "stopped");
  for (let i = 0; i < 20; i++) {
    await clock.advance(MINUTE);
    assertEquals(rates.take("a", RATE), "taken");
    assertEquals(rates.take("a", RATE), "still-stopped");
  }
  await clock.advance(24 * 60 * MINUTE);
  taken(rates, "a", 60);
  assertEquals(rates.take("a", RATE), "stopped");
});

Deno.test("AccountRates takes over another rate, and forgets the oldest of too many", () => {
  const rates = new AccountRates(new FakeClock());
  assertEquals(taken(rates, "a", 60), 60);
  assertEquals(rates.take("a", { perHour: 10, perDay: 10 }), "stopped");
  for (let i = 0; i < ACCOUNT_RATES + 5; i++) rates.take(`x${i}`, RATE);
  assertEquals(rates.size, ACCOUNT_RATES);
});
