/** Destinations and hosts that are away, and come back. */
import { memoryBody } from "../../mod/base/body.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import type { RecipientOutcome } from "../../mod/queue/transport.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { everyCrash } from "../support/every_crash.ts";
import { FakeClock, settle } from "../support/fake_clock.ts";
import { MemFs } from "../support/mem_fs.ts";
import { type Answer, delivered, envelope, notDelivered, type Rig, rig, started, stop } from "./rig.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function send(r: Rig, to: string, text = "m"): Promise<string> {
  return r.queue.submit(envelope([to]), memoryBody(utf8(text)));
}

function untried(until: number): RecipientOutcome {
  return { ...notDelivered("deferred", true), until } as RecipientOutcome;
}

Deno.test("Queue sends all at once when a destination is back, whatever their schedules say", async () => {
  let away = true;
  const r = await started(undefined, () => away ? notDelivered("deferred", true) : delivered());
  for (let i = 0; i < 30; i++) await send(r, `${i}@x.test`);
  await r.clock.advance(14 * HOUR); // by now each waits for hours
  const [lane] = r.queue.away();
  assertEquals([lane?.name, (lane?.until ?? 0) - r.clock.now() < 20 * MINUTE], ["x.test", true]);
  assert(r.batches.length < 100, `${r.batches.length} attempts`);
  away = false;
  await r.clock.advance(20 * MINUTE);
  assertEquals([r.taken.length, r.queue.away()], [30, []]);
  await stop(r);
});

Deno.test("Queue does not send sooner who was put off for himself when the destination is back", async () => {
  let away = false;
  const r = await started(
    undefined,
    ({ address }) =>
      away
        ? notDelivered("deferred", true)
        : address.local === "grey"
        ? notDelivered("deferred")
        : delivered(),
  );
  const grey = await send(r, "grey@x.test");
  await settle();
  away = true;
  await send(r, "a@x.test");
  await settle();
  away = false;
  await send(r, "goes-ahead@x.test");
  await r.clock.advance(2 * MINUTE);
  assertEquals(r.taken, ["goes-ahead@x.test: m", "a@x.test: m"]);
  assertEquals((await r.queue.show(grey))?.destinations.get("x.test")?.attempts, 1);
  await stop(r);
});

Deno.test("Queue does the same after a restart", async () => {
  const fs = new MemFs({ dirs: ["/data"] });
  const first = await started(fs, () => notDelivered("deferred", true));
  for (let i = 0; i < 5; i++) await send(first, `${i}@x.test`);
  await first.clock.advance(9 * HOUR);
  await stop(first);
  const again = await started(fs, delivered, {}, first.clock);
  assertEquals(again.queue.away().map((a) => a.name), ["x.test"]);
  let waited = 0;
  while (again.taken.length === 0 && waited++ < 300) await again.clock.advance(MINUTE);
  await again.clock.advance(1000);
  assertEquals(again.taken.length, 5);
  await stop(again);
});

Deno.test("Queue counts no attempt that was not made, but gives up in time all the same", async () => {
  const clock = new FakeClock();
  const r = await started(undefined, () => untried(clock.now() + 10 * MINUTE), {}, clock);
  const id = await send(r, "a@x.test");
  await send(r, "b@x.test");
  await clock.advance(2 * HOUR);
  const message = await r.queue.show(id);
  assertEquals([message?.destinations.get("x.test")?.attempts, message?.recipients[0]?.last?.why], [
    0,
    "deferred by test",
  ]);
  assert(r.batches.length <= 15, `${r.batches.length} questions`);
  await clock.advance(120 * HOUR);
  assertEquals(r.queue.stats().failed, 2);
  assertEquals(r.reports.map((p) => p.recipients.map((q) => [q.state, q.last?.status])), [
    [["expired", "4.2.0"]],
    [["expired", "4.2.0"]],
  ]);
  await stop(r);
});

Deno.test("Queue warns of delay who was never tried itself, once", async () => {
  const r = await started(undefined, () => notDelivered("deferred", true));
  const warned = (to: string) => r.queue.submit(envelope([to], "me@home.test", null), memoryBody(utf8("m")));
  for (let i = 0; i < 40; i++) await warned(`${i}@x.test`);
  await r.clock.advance(7 * HOUR);
  const delays = r.reports.filter((p) => p.kind === "delay");
  assertEquals(delays.length, 40);
  assert(delays.some((p) => p.recipients[0]?.last === null), "some were never tried");
  await stop(r);
});

Deno.test("Queue.cameBack() takes up what waits for a host that others found again", async () => {
  const r = await started(
    undefined,
    ({ address }) => address.domain === "x.test" ? notDelivered("deferred", true) : delivered(),
  );
  await send(r, "a@x.test");
  await settle();
  assertEquals(r.batches.length, 1);
  r.queue.cameBack(["y.test"]);
  await r.clock.advance(1000);
  assertEquals(r.batches.length, 1);
  r.queue.cameBack(["x.test", "y.test"]);
  await r.clock.advance(1000);
  assertEquals(r.batches.length, 2);
  await stop(r);
});

Deno.test("Queue.retryAll() tries many, and forgets but once what it knows of their destination", async () => {
  let away = true;
  const forgiven: string[] = [];
  const r = rig(undefined, () => away ? notDelivered("deferred", true) : delivered());
  r.transport.forgive = (destination) => void forgiven.push(destination);
  await r.queue.open();
  await r.queue.start();
  const ids: string[] = [];
  for (let i = 0; i < 120; i++) ids.push(await send(r, `${i}@x.test`));
  await settle();
  const before = r.batches.length;
  assertEquals((await r.queue.retryAll([...ids, "unknown"])).length, 120);
  await settle();
  assert(r.batches.length - before <= 3, `${r.batches.length - before} attempts`);
  assertEquals(forgiven, ["x.test"]);
  away = false;
  await r.queue.retryAll(ids.slice(0, 1));
  await r.clock.advance(1000);
  assertEquals([r.taken.length, r.queue.stats().messages], [120, 0]);
  await stop(r);
});

Deno.test("Queue gives mail with a way of its own room and fate of its own", async () => {
  const r = await started(
    undefined,
    (_, batch) => batch.sender?.local === "own" ? notDelivered("deferred", true) : delivered(),
    { laneFor: (sender, destination) => sender?.local === "own" ? `${destination} by its own way` : null },
  );
  await r.queue.submit(envelope(["a@x.test"], "own@home.test"), memoryBody(utf8("1")));
  await settle();
  assertEquals(r.queue.away().map((a) => a.name), ["x.test by its own way"]);
  await r.queue.submit(envelope(["a@x.test"]), memoryBody(utf8("2")));
  await settle();
  assertEquals(r.taken, ["a@x.test: 2"]);
  await stop(r);
});

Deno.test("Queue knows after a power cut that a destination was away, or that it was not tried", async () => {
  const answer: Answer = () => notDelivered("deferred", true);
  await everyCrash<string>(async (fs, acknowledge) => {
    const r = await started(fs, answer);
    await send(r, "a@x.test");
    acknowledge("submitted");
    await settle();
    if (
      r.queue.away().length > 0 &&
      (await r.spool.load((await r.spool.ids())[0] ?? ""))?.destinations.get("x.test")?.away
    ) {
      acknowledge("away");
    }
    await stop(r);
  }, async (fs, acknowledged) => {
    const again = await started(fs, delivered);
    if (acknowledged.includes("away")) assertEquals(again.queue.away().map((a) => a.failures), [1]);
    await again.clock.advance(HOUR);
    assertEquals(again.queue.stats().messages, 0);
    if (acknowledged.includes("submitted")) assertEquals(again.taken, ["a@x.test: m"]);
    await stop(again);
  }, { make: () => new MemFs({ dirs: ["/data"] }) });
});

Deno.test("Queue tells what became of those our accounts wrote to, and of no others", async () => {
  const heard: string[] = [];
  const r = await started(
    undefined,
    ({ address }) => address.local === "no" ? notDelivered("failed") : delivered(),
    { heard: (to, outcome) => void heard.push(`${to.local} ${outcome.kind}`) },
  );
  const to = envelope(["no@x.test", "a@x.test"]);
  await r.queue.submit({ ...to, account: "me@home.test" }, memoryBody(utf8("m")));
  await r.queue.submit(to, memoryBody(utf8("m")));
  await settle();
  assertEquals(heard, ["no failed", "a delivered"]);
  await stop(r);
});
