/** Deliver By (RFC 2852): when mail comes back, and what senders hear. */
import { memoryBody } from "../../mod/base/body.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import {
  endOf,
  isOver,
  termsFor,
  timeOver,
  wantsRelayed,
  wantsWarning,
  warnTime,
} from "../../mod/queue/deliver_by.ts";
import { TERMS } from "../../mod/queue/schedule.ts";
import type { Delivered } from "../../mod/queue/transport.ts";
import type { DeliverBy, RecipientOptions } from "../../mod/queue/types.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { type Answer, delivered, envelope, notDelivered, rig } from "./rig.ts";

const HOUR = 3600_000;
const START = Date.UTC(2026, 0, 2, 3, 4, 5);

/** A queue with one message, some hours later: attempts, and reports as "kind: state status action". */
async function after(
  hours: number,
  by: DeliverBy,
  answer: Answer,
  notify?: RecipientOptions["notify"],
) {
  const r = rig(
    undefined,
    (to, batch) => to.address.domain === "home.test" ? delivered() : answer(to, batch),
    {},
    new FakeClock(START),
  );
  await r.queue.open();
  await r.queue.start();
  const wishes = envelope(["a@x.test"], "me@home.test", notify ? { notify } : null);
  await r.queue.submit({ ...wishes, deliverBy: by }, memoryBody(utf8("m")));
  for (let n = 0; n < hours * 4; n++) await r.clock.advance(HOUR / 4);
  const told = r.reports.map(({ kind, late, recipients: [to] }) =>
    `${kind}: ${to?.state} ${late ? "late" : to?.last?.status} ${to?.action ?? "-"}`
  );
  const times = r.reports.map((report) => Math.round((report.now - START) / (HOUR / 4)) / 4);
  const tried = r.batches.filter((b) => b.destination === "x.test").length;
  const left = r.queue.stats().messages;
  const stopping = r.queue.stop(1000);
  await r.clock.advance(10_000);
  await stopping;
  return { told, times, tried, left };
}

const byReturn: DeliverBy = { at: START + HOUR, mode: "return" };
const byNotify: DeliverBy = { at: START + HOUR, mode: "notify" };

Deno.test("Queue returns mail when its sender's time is over, and tries no more", async () => {
  for (const down of [false, true]) {
    const late = await after(6, byReturn, () => notDelivered("deferred", down));
    assertEquals([late.told, late.times, late.left], [["failure: failed 5.4.7 -"], [1], 0], `${down}`);
    const early = await after(0.75, byReturn, () => notDelivered("deferred", down));
    assertEquals([early.told, early.left], [[], 1]);
  }
  assertEquals((await after(6, byReturn, delivered)).told, []);
  for (const notify of [["never"], ["success"]] as const) {
    assertEquals((await after(6, byReturn, () => notDelivered("deferred"), notify)).told, []);
  }
});

Deno.test("Queue tells once of mail past its sender's time, and tries on", async () => {
  const late = await after(6, byNotify, () => notDelivered("deferred"));
  assertEquals([late.told, late.times, late.left], [["delay: pending late -"], [1], 1]);
  assert(late.tried > 3);
  assertEquals((await after(6, byNotify, () => notDelivered("deferred"), ["failure"])).told, [
    "delay: pending late -",
  ]);
  assertEquals((await after(6, byNotify, () => notDelivered("deferred"), ["never"])).told, []);
  // It was over when we got it: whoever had it then has told.
  const over = await after(6, { at: START - 1, mode: "notify" }, () => notDelivered("deferred"));
  assertEquals(over.times, [4]);
});

Deno.test("Queue tells where mail went: with a trace always, else where the time is not known", async () => {
  const known = (): Delivered => ({ ...delivered() as Delivered, byPassedOn: true, dsnPassedOn: true });
  const unknown = (): Delivered => ({ ...delivered() as Delivered, byPassedOn: false, dsnPassedOn: true });
  const told = "success: delivered 2.0.0 relayed";
  const table: readonly (readonly [DeliverBy, () => Delivered, readonly string[]])[] = [
    [byNotify, known, []],
    [byNotify, unknown, [told]],
    [byReturn, known, []],
    [{ ...byReturn, trace: true }, known, [told]],
    [{ ...byNotify, trace: true }, known, [told]],
    [{ ...byNotify, trace: true }, () => ({ ...known(), action: "delivered" }), []],
  ];
  for (const [by, answer, want] of table) {
    assertEquals((await after(1, by, answer)).told, want, JSON.stringify(by));
    assertEquals((await after(1, by, answer, ["never"])).told, []);
  }
});

Deno.test("the times of Deliver By", () => {
  assertEquals([endOf(5, 100, undefined), endOf(5, 100, { at: 50, mode: "return" })], [105, 50]);
  assertEquals([endOf(5, 100, { at: 500, mode: "return" }), endOf(5, 100, { at: 50, mode: "notify" })], [
    105,
    105,
  ]);
  assertEquals(termsFor(TERMS, 0, undefined) === TERMS, true);
  assertEquals(termsFor(TERMS, 0, { at: 7, mode: "return" }).lifetime, 7);
  assertEquals(termsFor(TERMS, 10, { at: 7, mode: "return" }).lifetime, 0);
  assertEquals([warnTime(0, undefined), warnTime(0, byNotify), warnTime(0, { at: 9, mode: "notify" })], [
    4 * HOUR,
    4 * HOUR,
    9,
  ]);
  assertEquals([isOver({ at: 9, mode: "return" }, 8), isOver({ at: 9, mode: "return" }, 9)], [false, true]);
  assertEquals([isOver({ at: 9, mode: "notify" }, 9), isOver(undefined, 9)], [false, false]);
  assertEquals(wantsWarning(["success"], 0, byReturn), false);
  assertEquals(wantsRelayed(delivered() as Delivered, undefined, undefined), false);
  const over = timeOver(null);
  assert(over.kind === "failed" && over.status === "5.4.7" && !over.why.includes("last"));
});
