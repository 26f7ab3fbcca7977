import { memoryBody } from "../../mod/base/body.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { everyCrash } from "../support/every_crash.ts";
import { FakeClock, settle } from "../support/fake_clock.ts";
import { MemFs } from "../support/mem_fs.ts";
import { type Answer, delivered, DIR, envelope, notDelivered, rig } from "./rig.ts";

const HOUR = 3600_000;
const make = () => new MemFs({ dirs: ["/data"] });

/** What happened outside, before and after the cut, and how often. */
function counted(lines: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
  return counts;
}

/** The machine comes back and the queue goes on until it is empty. */
async function comeBack(fs: MemFs, answer: Answer): Promise<string[]> {
  const again = rig(fs, answer);
  await again.queue.open();
  await again.queue.start();
  for (let i = 0; i < 40 && again.queue.stats().messages > 0; i++) await again.clock.advance(4 * HOUR);
  assertEquals(again.queue.stats().messages, 0, "the queue gets empty");
  await stopped(again);
  assertEquals(fs.tree(DIR).filter((path) => path.endsWith(".mail")), []);
  return again.taken;
}

async function stopped(r: ReturnType<typeof rig>): Promise<void> {
  const stopping = r.queue.stop(1000);
  await r.clock.advance(10_000);
  await stopping;
}

Deno.test("Queue loses nothing it acknowledged, whenever the power is cut in submit()", async () => {
  const steps = await everyCrash<string>(async (fs, acknowledge) => {
    const { queue } = rig(fs);
    await queue.open();
    for (const text of ["one", "two"]) {
      await queue.submit(envelope(["a@x.test", "b@y.test"]), memoryBody(utf8(text)));
      acknowledge(text);
    }
  }, async (fs, acknowledged) => {
    const counts = counted(await comeBack(fs, delivered));
    for (const to of ["a@x.test", "b@y.test"]) {
      for (const text of acknowledged) assertEquals(counts.get(`${to}: ${text}`), 1);
    }
    for (const [line, n] of counts) assertEquals(n, 1, line);
    for (const line of counts.keys()) assert(/^[ab]@[xy]\.test: (one|two)$/.test(line), line);
  }, { make });
  assert(steps >= 12, `${steps} steps`);
});

Deno.test("Queue delivers once, whenever the power is cut in deliveries, but for what was under way", async () => {
  // b defers twice, so that there is a journal; c takes it on the first attempt.
  const answers = (): Answer => {
    let refusals = 2;
    return ({ address }) => address.local === "b" && refusals-- > 0 ? notDelivered("deferred") : delivered();
  };
  await everyCrash<string>(async (fs, acknowledge) => {
    const r = rig(fs, answers(), {}, new FakeClock(), acknowledge);
    await r.queue.open();
    await r.queue.start();
    await r.queue.submit(envelope(["a@x.test", "b@x.test", "c@y.test"]), memoryBody(utf8("m")));
    acknowledge("submit");
    await r.clock.advance(4 * HOUR);
    // Done and on the medium: nothing may come after this.
    if (r.queue.stats().messages === 0) acknowledge("done");
    await stopped(r);
  }, async (fs, acknowledged) => {
    const later = await comeBack(fs, delivered);
    if (!acknowledged.includes("submit")) return;
    for (const to of ["a@x.test", "b@x.test", "c@y.test"]) {
      const before = acknowledged.filter((line) => line === `${to}: m`).length;
      const after = later.filter((line) => line === `${to}: m`).length;
      assert(before + after >= 1, `${to} has it`);
      if (acknowledged.includes("done")) assertEquals([before, after], [1, 0], `${to} has it once`);
      assert(before <= 1 && after <= 1, `${to} has it ${before} and ${after} times`);
    }
  }, { make });
});

Deno.test("Queue keeps outcomes before it goes on: a later cut repeats no delivery", async () => {
  let refuse = true;
  const fs = make();
  const r = rig(
    fs,
    ({ address }) => address.local === "b" && refuse ? notDelivered("deferred") : delivered(),
  );
  await r.queue.open();
  await r.queue.start();
  await r.queue.submit(envelope(["a@x.test", "b@x.test"]), memoryBody(utf8("m")));
  await settle();
  assertEquals(r.taken, ["a@x.test: m"]);
  for (const mode of ["synced-only", "all", { seed: 1 }, { seed: 2 }] as const) {
    assertEquals(await comeBack(fs.afterCrash(mode), delivered), ["b@x.test: m"]);
  }
  refuse = false;
  await r.clock.advance(HOUR);
  assertEquals(r.taken, ["a@x.test: m", "b@x.test: m"]);
  await stopped(r);
});

Deno.test("Queue makes one bounce, whenever the power is cut while it is made", async () => {
  const answer: Answer = ({ address }) => address.local === "no" ? notDelivered("failed") : delivered();
  let [sent, repeated] = [0, 0];
  const bounce = "me@home.test: bounce about no@x.test failed";
  await everyCrash<string>(async (fs, acknowledge) => {
    const r = rig(fs, answer, {}, new FakeClock(), acknowledge);
    await r.queue.open();
    await r.queue.start();
    await r.queue.submit(envelope(["no@x.test", "yes@x.test"]), memoryBody(utf8("m")));
    acknowledge("submit");
    await settle(60);
    if (r.queue.stats().messages === 0) acknowledge("done");
    await stopped(r);
  }, async (fs, acknowledged) => {
    const later = await comeBack(fs, answer);
    if (!acknowledged.includes("submit")) return;
    const before = acknowledged.filter((line) => line === bounce).length;
    const after = later.filter((line) => line === bounce).length;
    if (acknowledged.includes("done")) assertEquals([before, later], [1, []]);
    // Twice the very same one only where the cut came between the peer's OK and our sync.
    assert(before + after >= 1 && before <= 1 && after <= 1, `${before} and ${after} bounces`);
    repeated += before + after - 1;
    sent++;
  }, { make, seeds: 6 });
  assert(sent > 100 && repeated < sent / 10, `${repeated} of ${sent} repeated`);
});

Deno.test("Queue survives a second power cut while it recovers from the first", async () => {
  const answer: Answer = ({ address }) => address.local === "no" ? notDelivered("failed") : delivered();
  const first = rig(make(), answer);
  await first.queue.open();
  await first.queue.start();
  first.fs.crashAt(9); // in the bounce
  await first.queue.submit(envelope(["no@x.test"]), memoryBody(utf8("m")));
  await settle(60);
  assert(first.fs.cut !== null);
  await everyCrash<string>(async (fs) => {
    const r = rig(fs, answer);
    await r.queue.open();
    await r.queue.start();
    await settle(60);
    await stopped(r);
  }, async (fs) => {
    const later = await comeBack(fs, answer);
    assert(later.length <= 1, later.join("; "));
  }, { make: () => first.fs.afterCrash("all") });
});
