/** Messages that somebody holds, sends back or looks for, and reports that cannot be delivered; with power cuts. */
import { memoryBody } from "../../mod/base/body.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import type { RecipientOutcome } from "../../mod/queue/transport.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { everyCrash } from "../support/every_crash.ts";
import { FakeClock, settle } from "../support/fake_clock.ts";
import { MemFs } from "../support/mem_fs.ts";
import { address, type Answer, delivered, envelope, notDelivered, started, stop } from "./rig.ts";

const HOUR = 3600_000;
const POSTMASTER = { postmaster: () => address("postmaster@home.test") };
const make = () => new MemFs({ dirs: ["/data"] });

/** x.test does not take it yet; all others do. */
const notYet: Answer = ({ address }) => address.domain === "x.test" ? notDelivered("deferred") : delivered();

Deno.test("Queue.bounce() sends back what waits, and what was delivered stays so", async () => {
  const r = await started(undefined, notYet);
  const id = await r.queue.submit(envelope(["a@x.test", "b@y.test", "c@x.test"]), memoryBody(utf8("m")));
  await settle();
  assertEquals(await r.queue.bounce(id), "done");
  await settle();
  assertEquals(r.taken, ["b@y.test: m", "me@home.test: bounce about a@x.test failed, c@x.test failed"]);
  const [first] = r.reports[0]?.recipients ?? [];
  assertEquals([first?.last?.status, first?.last?.reply], ["5.7.1", null]);
  assertEquals([r.queue.stats().messages, r.queue.stats().failed], [0, 2]);
  assertEquals(await r.queue.bounce(id), "missing");
  await r.clock.advance(8 * HOUR);
  assertEquals(r.batches.length, 3);
  await stop(r);
});

Deno.test("Queue.bounce() of a held message, and of one whose sender wants to hear nothing", async () => {
  const r = await started(undefined, notYet);
  const held = await r.queue.submit(envelope(["a@x.test"]), memoryBody(utf8("m")));
  const quiet = await r.queue.submit(
    envelope(["q@x.test"], "me@home.test", { notify: ["never"] }),
    memoryBody(utf8("m")),
  );
  await settle();
  assertEquals([await r.queue.hold(held), await r.queue.bounce(held)], [true, "done"]);
  assertEquals(await r.queue.bounce(quiet), "done");
  await settle();
  assertEquals(r.taken, ["me@home.test: bounce about a@x.test failed"]);
  assertEquals(r.queue.stats().messages, 0);
  await stop(r);
});

Deno.test("Queue.bounce() leaves alone what is being tried: its end is not known", async () => {
  const waiting: ((o: RecipientOutcome) => void)[] = [];
  const r = await started(undefined, () => new Promise((resolve) => waiting.push(resolve)));
  const id = await r.queue.submit(envelope(["a@x.test"]), memoryBody(utf8("m")));
  await settle();
  assertEquals(await r.queue.bounce(id), "busy");
  waiting[0]?.(delivered());
  await settle();
  assertEquals([r.taken, await r.queue.bounce(id)], [["a@x.test: m"], "missing"]);
  await stop(r);
});

Deno.test("Queue.bounce() that the disk does not take changes nothing", async () => {
  const r = await started(undefined, notYet);
  const id = await r.queue.submit(envelope(["a@x.test"]), memoryBody(utf8("m")));
  await settle();
  const append = r.spool.append;
  r.spool.append = () => Promise.reject(new Error("full"));
  const fault = await r.queue.bounce(id).catch((e: Error) => e.message);
  r.spool.append = append;
  assertEquals(fault, "full");
  await r.clock.advance(HOUR);
  assert(r.batches.length > 1, "it is still tried");
  assertEquals(await r.queue.bounce(id), "done");
  await settle();
  assertEquals(r.queue.stats().messages, 0);
  await stop(r);
});

Deno.test("Queue.list() goes by a filter; held ones stay held after a restart", async () => {
  const r = await started(undefined, notYet);
  const one = await r.queue.submit(envelope(["a@x.test"]), memoryBody(utf8("m")));
  await r.clock.advance(HOUR);
  const two = await r.queue.submit(envelope(["b@x.test"], "you@home.test"), memoryBody(utf8("m")));
  await settle();
  await r.queue.hold(two);
  await stop(r);
  const again = await started(r.fs, delivered, {}, r.clock);
  await settle();
  assertEquals([again.taken, again.queue.stats().held], [[], 1]);
  const ids = async (filter: Parameters<typeof again.queue.list>[0]) =>
    (await again.queue.list(filter)).map((m) => m.id);
  assertEquals(await ids({}), [one, two]);
  assertEquals(await ids({ state: "held" }), [two]);
  assertEquals(await ids({ state: "deferred" }), [one]);
  assertEquals(await ids({ olderThan: HOUR / 2 }), [one]);
  assertEquals(await ids({ destination: "X.TEST", sender: "you@home.test" }), [two]);
  await again.queue.release(two);
  await again.clock.advance(HOUR);
  assert(again.taken.includes("b@x.test: m"));
  await stop(again);
});

/** Nobody takes anything, or but the postmaster does. */
function refusing(postmaster: boolean): Answer {
  return ({ address }) => postmaster && address.local === "postmaster" ? delivered() : notDelivered("failed");
}

Deno.test("Queue tells the postmaster of a report that cannot be delivered, once, and ends there", async () => {
  for (const taken of [true, false]) {
    const r = await started(undefined, refusing(taken), POSTMASTER);
    await r.queue.submit(envelope(["a@x.test"]), memoryBody(utf8("m")));
    await settle(60);
    assertEquals(r.reports.map((one) => `${one.sender.local}@${one.sender.domain}`), [
      "me@home.test",
      "postmaster@home.test",
    ]);
    assertEquals(r.taken, taken ? ["postmaster@home.test: bounce about me@home.test failed"] : []);
    assertEquals(r.log.lines.filter((l) => l.event === "report dropped").length, taken ? 0 : 1);
    assertEquals(r.queue.stats().messages, 0);
    await stop(r);
  }
});

Deno.test("Queue drops a report that cannot be delivered where there is no postmaster, and says so", async () => {
  const r = await started(undefined, refusing(false));
  await r.queue.submit(envelope(["a@x.test"]), memoryBody(utf8("m")));
  await settle(60);
  assertEquals([r.reports.length, r.queue.stats().messages], [1, 0]);
  assertEquals(r.log.lines.filter((l) => l.event === "report dropped").length, 1);
  await stop(r);
});

/** The machine comes back and the queue goes on until it is empty. */
async function comeBack(fs: MemFs, answer: Answer): Promise<string[]> {
  const again = await started(fs, answer, POSTMASTER);
  for (let i = 0; i < 40 && again.queue.stats().messages > 0; i++) await again.clock.advance(4 * HOUR);
  assertEquals(again.queue.stats().messages, 0, "the queue gets empty");
  await stop(again);
  return again.taken;
}

Deno.test("Queue.bounce() reports once and delivers no more, whenever the power is cut", async () => {
  const bounce = "me@home.test: bounce about a@x.test failed";
  let [all, repeated] = [0, 0];
  await everyCrash<string>(async (fs, acknowledge) => {
    const r = await started(fs, notYet, {}, new FakeClock(), acknowledge);
    const id = await r.queue.submit(envelope(["a@x.test"]), memoryBody(utf8("m")));
    await settle();
    if (await r.queue.bounce(id) === "done") acknowledge("bounced");
    await settle(60);
    await stop(r);
  }, async (fs, acknowledged) => {
    const later = await comeBack(fs, delivered);
    if (!acknowledged.includes("bounced")) return;
    const before = acknowledged.filter((line) => line === bounce).length;
    const after = later.filter((line) => line === bounce).length;
    assert(!later.includes("a@x.test: m"), "it is delivered after it was sent back");
    assert(before + after >= 1 && before <= 1 && after <= 1, `${before} and ${after} bounces`);
    repeated += before + after - 1;
    all++;
  }, { make });
  assert(all > 10 && repeated < all / 4, `${repeated} of ${all} repeated`);
});

Deno.test("Queue holds what it said it holds, whenever the power is cut", async () => {
  let held = 0;
  await everyCrash<string>(async (fs, acknowledge) => {
    const r = await started(fs, notYet);
    const id = await r.queue.submit(envelope(["a@x.test"]), memoryBody(utf8("m")));
    await settle();
    if (await r.queue.hold(id)) acknowledge("held");
    await stop(r);
  }, async (fs, acknowledged) => {
    if (!acknowledged.includes("held")) return;
    const again = await started(fs, delivered);
    await again.clock.advance(24 * HOUR);
    assertEquals([again.taken, again.queue.stats().held], [[], 1]);
    await stop(again);
    held++;
  }, { make });
  assert(held > 0);
});

Deno.test("Queue tells the postmaster, and but once, whenever the power is cut", async () => {
  const answer = refusing(true);
  const told = "postmaster@home.test: bounce about me@home.test failed";
  let [all, repeated] = [0, 0];
  await everyCrash<string>(async (fs, acknowledge) => {
    const r = await started(fs, answer, POSTMASTER, new FakeClock(), acknowledge);
    await r.queue.submit(envelope(["a@x.test"]), memoryBody(utf8("m")));
    acknowledge("submit");
    await settle(80);
    await stop(r);
  }, async (fs, acknowledged) => {
    const later = await comeBack(fs, answer);
    if (!acknowledged.includes("submit")) return;
    const before = acknowledged.filter((line) => line === told).length;
    const after = later.filter((line) => line === told).length;
    assert(before + after >= 1 && before <= 1 && after <= 1, `${before} and ${after} times`);
    repeated += before + after - 1;
    all++;
  }, { make });
  assert(all > 20 && repeated < all / 5, `${repeated} of ${all} repeated`);
});
