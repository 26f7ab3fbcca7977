import { REPORT_AGAIN, REPORT_KEPT, REPORT_LOOK, REPORT_SPREAD } from "../../mod/base/limits.ts";
import { DAY, type ReportKey } from "../../mod/report/daily_ledger.ts";
import { DailySender } from "../../mod/report/daily_sender.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { SeededRandom } from "../support/seeded_random.ts";

function setUp(keys: ReportKey[], start = 11 * DAY) {
  const clock = new FakeClock(start);
  const state = {
    keys,
    sent: [] as string[],
    outcome: "done" as "done" | "none" | "later",
    log: new MemoryLog(),
  };
  const sender = new DailySender({
    clock,
    random: new SeededRandom(),
    log: state.log,
    outbox: {
      finished: (now) => state.keys.filter((k) => (k.day + 1) * DAY <= now),
      drop: ({ day, domain }) => state.keys = state.keys.filter((k) => k.day !== day || k.domain !== domain),
    },
    send: (key) => {
      state.sent.push(`${Math.floor(clock.now() / 60_000)} ${key.domain}`);
      return Promise.resolve(state.outcome);
    },
  });
  return { clock, sender, state };
}

function days(...domains: string[]): ReportKey[] {
  return domains.map((domain) => ({ day: 10, domain }));
}

Deno.test("DailySender sends each report once, spread over some hours after the day", async () => {
  const domains = Array.from({ length: 50 }, (_, i) => `d${i}.example`);
  const { clock, sender, state } = setUp(days(...domains), 11 * DAY - 60_000);
  sender.start();
  await clock.advance(REPORT_SPREAD / 2);
  const early = state.sent.length;
  assert(early > 5 && early < 45, `${early}`);
  await clock.advance(REPORT_SPREAD);
  assertEquals(state.sent.map((s) => s.split(" ")[1]).sort(), domains.sort());
  assertEquals(state.keys, []);
  await clock.advance(DAY);
  assertEquals(state.sent.length, 50);
  await sender.stop();
  assertEquals(clock.waiting, 0);
});

Deno.test("DailySender tries again each hour, and gives up when it is of no use any more", async () => {
  const { clock, sender, state } = setUp(days("a.example"));
  state.outcome = "later";
  sender.start();
  await clock.advance(DAY);
  const tries = state.sent.length;
  assert(tries >= 18 && tries <= 24, `${tries}`);
  await clock.advance((REPORT_KEPT + 1) * DAY);
  assertEquals(state.keys, []);
  assert(state.log.lines.some((l) => l.event === "report given up"));
  assert(state.sent.length <= (REPORT_KEPT + 1) * DAY / REPORT_AGAIN);
  await sender.stop();
});

Deno.test("look(true) sends what is finished at once, and what nobody wants is dropped", async () => {
  const { sender, state } = setUp([...days("a.example", "b.example"), { day: 11, domain: "c.example" }]);
  assertEquals(await sender.look(), 0);
  assertEquals(await sender.look(true), 2);
  assertEquals(state.keys, [{ day: 11, domain: "c.example" }]);
  state.keys = days("d.example");
  state.outcome = "none";
  assertEquals(await sender.look(true), 0);
  assertEquals(state.keys, []);
});

Deno.test("stop() lets the report end that is being sent, and starts no other", async () => {
  const clock = new FakeClock(11 * DAY);
  let release = () => {};
  const sent: string[] = [];
  const sender = new DailySender({
    clock,
    random: new SeededRandom(),
    log: new MemoryLog(),
    outbox: { finished: () => days("a.example", "b.example"), drop: () => {} },
    send: async (key) => {
      await new Promise<void>((resolve) => release = resolve);
      sent.push(key.domain);
      return "done";
    },
  });
  sender.start();
  const looking = sender.look(true);
  const stopping = sender.stop();
  release();
  await Promise.all([looking, stopping]);
  assertEquals(sent, ["a.example"]);
  await clock.advance(2 * REPORT_LOOK);
  assertEquals(sent, ["a.example"]);
});
