import { memoryBody } from "../../mod/base/body.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import { assert, assertEquals, assertRejects } from "../support/assert.ts";
import { FakeClock, settle } from "../support/fake_clock.ts";
import { MemFs, takesSpace } from "../support/mem_fs.ts";
import { SeededRandom } from "../support/seeded_random.ts";
import { Queue } from "../../mod/queue/queue.ts";
import type { Batch } from "../../mod/queue/transport.ts";
import { delivered, DIR, envelope, notDelivered, type Rig, rig } from "./rig.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

async function started(...args: Parameters<typeof rig>): Promise<Rig> {
  const r = rig(...args);
  await r.queue.open();
  await r.queue.start();
  return r;
}

async function stop(r: Rig): Promise<void> {
  const stopping = r.queue.stop(1000);
  await r.clock.advance(20_000);
  await stopping;
  assertEquals([r.clock.waiting, r.fs.openFiles], [0, 0], "nothing is left running");
}

function send(
  r: Rig,
  to: readonly string[],
  text = "m",
  sender: string | null = "me@home.test",
): Promise<string> {
  return r.queue.submit(envelope(to, sender), memoryBody(utf8(text)));
}

Deno.test("Queue delivers at once, one batch a destination, and forgets", async () => {
  const r = await started();
  await send(r, ["a@x.test", "b@y.test", "c@x.test"]);
  await settle();
  assertEquals(r.taken.sort(), ["a@x.test: m", "b@y.test: m", "c@x.test: m"]);
  assertEquals(r.batches.map((b) => b.recipients.length).sort(), [1, 2]);
  assertEquals(r.fs.tree(DIR), [`${DIR}/`]);
  assertEquals([r.queue.stats().messages, r.queue.stats().delivered], [0, 3]);
  await stop(r);
});

Deno.test("Queue tries again by schedule until it is taken", async () => {
  let refusals = 3;
  const r = await started(undefined, () => refusals-- > 0 ? notDelivered("deferred") : delivered());
  const id = await send(r, ["a@x.test"]);
  await settle();
  assertEquals([r.batches.length, r.queue.stats().deferred], [1, 1]);
  await r.clock.advance(4 * MINUTE);
  assertEquals(r.batches.length, 1);
  await r.clock.advance(2 * MINUTE);
  assertEquals(r.batches.length, 2);
  const shown = await r.queue.show(id);
  assertEquals(shown?.destinations.get("x.test")?.attempts, 2);
  assertEquals(shown?.recipients[0]?.last?.reply, "450 no such user");
  await r.clock.advance(HOUR);
  assertEquals([r.taken, r.queue.stats().messages], [["a@x.test: m"], 0]);
  await stop(r);
});

Deno.test("Queue gives up after five days and tells the sender", async () => {
  const r = await started(
    undefined,
    ({ address }) => address.local === "a" ? notDelivered("deferred") : delivered(),
  );
  await send(r, ["a@x.test", "b@x.test"]);
  for (let i = 0; i < 25; i++) await r.clock.advance(5 * HOUR);
  assertEquals(r.taken, ["b@x.test: m", "me@home.test: bounce about a@x.test expired"]);
  assertEquals(r.queue.stats().messages, 0);
  assertEquals(r.reports[0]?.recipients[0]?.last?.why, "deferred by test");
  const attempts = r.batches.filter((b) => b.destination === "x.test").length;
  assert(attempts > 25 && attempts < 50, `${attempts} attempts`);
  await stop(r);
});

Deno.test("Queue makes one bounce for what failed in one round, and none for a bounce", async () => {
  const r = await started(undefined, () => notDelivered("failed"));
  await send(r, ["a@x.test", "b@y.test"]);
  await settle(60);
  assertEquals(r.reports.map((p) => p.recipients.length), [2]);
  assertEquals([r.queue.stats().messages, r.fs.tree(DIR)], [0, [`${DIR}/`]]); // the bounce failed too
  await send(r, ["a@x.test"], "m", null);
  await settle();
  assertEquals([r.reports.length, r.queue.stats().messages], [1, 0]);
  await stop(r);
});

Deno.test("Queue bounces early what failed and goes on with the rest", async () => {
  const r = await started(undefined, ({ address }) => {
    if (address.local === "no") return notDelivered("failed");
    return address.local === "wait" ? notDelivered("deferred") : delivered();
  });
  const id = await send(r, ["no@x.test", "wait@x.test"]);
  await settle(60);
  assertEquals(r.taken, ["me@home.test: bounce about no@x.test failed"]);
  assertEquals((await r.queue.show(id))?.bounces, 1);
  for (let i = 0; i < 25; i++) await r.clock.advance(5 * HOUR);
  assertEquals(r.taken[1], "me@home.test: bounce about wait@x.test expired");
  assertEquals(r.reports.map((p) => p.id), [`${id}-b1`, `${id}-b2`]);
  await stop(r);
});

Deno.test("Queue bounds attempts to one destination and in all", async () => {
  let now = 0;
  const most = { x: 0, all: 0 };
  const running: (() => void)[] = [];
  const r = await started(undefined, async ({ address }) => {
    now++;
    most.all = Math.max(most.all, now);
    if (address.domain === "x.test") most.x = Math.max(most.x, now);
    await new Promise<void>((done) => running.push(done));
    now--;
    return delivered();
  }, { limits: { attempts: 3, perDestination: 2 } });
  for (let i = 0; i < 6; i++) await send(r, ["a@x.test"]);
  await settle();
  assertEquals([most.x, r.queue.stats().active], [2, 2]);
  for (let i = 0; i < 6; i++) await send(r, [`a@y${i}.test`]);
  await settle();
  assertEquals(r.queue.stats().active, 3);
  while (running.length > 0) {
    for (const done of running.splice(0)) done();
    await settle();
  }
  assertEquals([most.all, r.taken.length, r.queue.stats().messages], [3, 12, 0]);
  await stop(r);
});

Deno.test("Queue spares a destination that is down, and takes it up again", async () => {
  let down = true;
  const r = await started(undefined, () => down ? notDelivered("deferred", true) : delivered());
  for (let i = 0; i < 20; i++) {
    await send(r, ["a@x.test"], `${i}`);
    await settle(3);
  }
  assert(r.batches.length <= 5, `${r.batches.length} attempts`);
  await r.clock.advance(20 * MINUTE);
  assert(r.batches.length <= 15, `${r.batches.length} attempts`);
  down = false;
  await r.clock.advance(3 * HOUR);
  assertEquals([r.taken.length, r.queue.stats().messages], [20, 0]);
  await stop(r);
});

Deno.test("Queue.retry() does not wait, hold() does not try, drop() forgets", async () => {
  let refuse = true;
  const r = await started(undefined, () => refuse ? notDelivered("deferred", true) : delivered());
  const [a, b, c] = [await send(r, ["a@x.test"]), await send(r, ["b@y.test"]), await send(r, ["c@z.test"])];
  await settle();
  refuse = false;
  assertEquals(await r.queue.hold(b), true);
  assertEquals(await r.queue.retry(a), true);
  assertEquals(await r.queue.drop(c), true);
  await settle();
  assertEquals(r.taken, ["a@x.test: m"]);
  await r.clock.advance(24 * HOUR);
  assertEquals([r.taken, r.queue.stats().held], [["a@x.test: m"], 1]);
  assertEquals((await r.queue.list()).map((m) => m.id), [b]);
  assertEquals(await r.queue.list({ destination: "x.test" }), []);
  assertEquals(await r.queue.release(b), true);
  await settle();
  assertEquals(r.taken, ["a@x.test: m", "b@y.test: m"]);
  for (const id of [a, c, "unknown"]) {
    assertEquals([await r.queue.retry(id), await r.queue.hold(id), await r.queue.drop(id)], [
      false,
      false,
      false,
    ]);
  }
  await stop(r);
});

Deno.test("Queue carries on after a restart, and a held message stays held", async () => {
  const fs = new MemFs({ dirs: ["/data"] });
  const first = await started(fs, () => notDelivered("deferred"));
  await send(first, ["a@x.test"]);
  const held = await send(first, ["b@x.test"]);
  await settle();
  await first.queue.hold(held);
  await stop(first);
  const second = await started(fs, delivered, {}, new FakeClock());
  await second.clock.advance(MINUTE);
  assertEquals(second.taken, []); // not due yet
  await second.clock.advance(HOUR);
  assertEquals([second.taken, second.queue.stats().held], [["a@x.test: m"], 1]);
  await stop(second);
});

Deno.test("Queue remembers whom a delivery was put off for, over a restart", async () => {
  const fs = new MemFs({ dirs: ["/data"] });
  const first = await started(fs, () => notDelivered("deferred"));
  const options = { deliverTo: { account: "bob@x.test", detail: null } };
  const recipients = [{ address: { local: "team", domain: "x.test" }, options }];
  await first.queue.submit({ ...envelope(["team@x.test"]), recipients }, memoryBody(utf8("m")));
  await settle();
  await stop(first);
  const second = await started(fs, delivered, {}, new FakeClock());
  await second.clock.advance(HOUR);
  assertEquals(second.batches.map((b) => b.recipients), [recipients]);
  await stop(second);
});

Deno.test("Queue.stop() waits, then breaks off, without counting the attempt", async () => {
  let release: () => void = () => {};
  const r = await started(undefined, async () => {
    await new Promise<void>((done) => release = done);
    return notDelivered("deferred");
  });
  const id = await send(r, ["a@x.test"]);
  await settle();
  const stopping = r.queue.stop(5000);
  await r.clock.advance(4000);
  await r.clock.advance(1000); // now it is aborted
  release();
  await settle();
  await stopping;
  assertEquals((await r.queue.show(id))?.destinations.get("x.test")?.attempts, 0);
});

Deno.test("Queue does not forget a delivery while the disk is full", async () => {
  const r = await started(
    undefined,
    ({ address }) => address.local === "b" ? notDelivered("deferred") : delivered(),
  );
  const heal: (() => void)[] = [];
  await send(r, ["a@x.test", "b@x.test"]);
  heal.push(r.fs.fail(takesSpace, "full"));
  await settle();
  assertEquals(r.taken, ["a@x.test: m"]);
  await assertRejects(() => send(r, ["c@x.test"]), "full");
  await r.clock.advance(10 * MINUTE);
  assertEquals(r.batches.length, 1); // what it told is not yet written down
  heal[0]?.();
  await r.clock.advance(HOUR);
  assert(r.batches.length > 1);
  assertEquals(r.taken, ["a@x.test: m"]);
  await stop(r);
});

Deno.test("Queue keeps the mail when transport or reporter throw", async () => {
  const r = await started(undefined, () => {
    throw new Error("a bug");
  });
  await send(r, ["a@x.test"]);
  await settle();
  assertEquals(r.queue.stats(), { ...r.queue.stats(), messages: 1, deferred: 1 });
  assert(r.log.lines.some((l) => l.level === "error"));
  await stop(r);
});

Deno.test("Queue gives up a message that cannot be read as it does others, and keeps its file", async () => {
  const r = await started(undefined, () => notDelivered("deferred"));
  const lost = await send(r, ["a@x.test"]);
  const good = await send(r, ["b@x.test"]);
  await settle();
  r.fs.fail((operation, path) => operation === "read" && path.includes(lost), "io");
  const before = r.fs.calls.get("read") ?? 0;
  for (let i = 0; i < 23; i++) await r.clock.advance(5 * HOUR);
  assertEquals(r.queue.stats().messages, 2);
  assert((r.fs.calls.get("read") ?? 0) - before < 200, "it is not tried each minute");
  for (let i = 0; i < 3; i++) await r.clock.advance(5 * HOUR);
  assertEquals(r.fs.tree(DIR).filter((path) => path.includes(lost)), [
    `${DIR}/broken/${lost}.mail`,
    `${DIR}/broken/${lost}.state`,
  ]);
  assert(r.log.lines.some((l) => l.event.startsWith("queued message given up") && l.fields.id === lost));
  assertEquals(r.reports.map((p) => p.messageId), [good]);
  await stop(r);
});

Deno.test("Queue loads a message that could not be read at the start when it can be, its bounce too", async () => {
  const fs = new MemFs({ dirs: ["/data"] });
  const first = await started(
    fs,
    ({ address }) => notDelivered(address.local === "no" ? "failed" : "deferred"),
  );
  const id = await send(first, ["no@x.test", "wait@y.test"]);
  await settle(60);
  await stop(first);
  assertEquals(fs.tree(DIR).filter((path) => path.endsWith(".mail")).length, 2);
  const heal = fs.fail((operation, path) => operation === "read" && path.includes(id), "io");
  const second = await started(fs, delivered, {}, new FakeClock());
  await second.clock.advance(10_000);
  assertEquals([second.taken, second.queue.stats().messages > 0], [[], true]);
  heal();
  for (let i = 0; i < 10; i++) await second.clock.advance(HOUR);
  assertEquals(second.taken.sort(), ["me@home.test: bounce about no@x.test failed", "wait@y.test: m"]);
  assertEquals([second.queue.stats().messages, second.reports.length], [0, 0]);
  await stop(second);
});

Deno.test("Queue tells the sender of a message whose text cannot be read", async () => {
  const r = await started(undefined, () => notDelivered("deferred"));
  const long = "x".repeat(100_000);
  const id = await send(r, ["a@x.test"], long);
  await settle();
  // Its head still can be: the file was cut short.
  const path = `${DIR}/${id}.mail`;
  const bytes = await r.fs.readFile(path, 999_999) ?? new Uint8Array();
  await r.fs.remove(path);
  await r.fs.createWith(path, [bytes.subarray(0, 50_000)]);
  for (let i = 0; i < 26; i++) await r.clock.advance(5 * HOUR);
  assertEquals(r.reports[0]?.recipients[0]?.last?.why, "the queued message cannot be read");
  assertEquals(r.reports[0]?.recipients[0]?.state, "expired");
  await stop(r);
});

Deno.test("Queue drops a bounce that cannot be delivered, and says so", async () => {
  const r = await started(undefined, () => notDelivered("failed"));
  await send(r, ["a@x.test"], "m", null);
  await settle();
  assertEquals([r.queue.stats().messages, r.reports.length], [0, 0]);
  const told = r.log.lines.filter((l) => l.event === "report dropped");
  assertEquals(told.map((l) => [l.level, l.fields.to]), [["warn", "a@x.test"]]);
  await stop(r);
});

Deno.test("Queue gives up after the lifetime it is told, also when that gets shorter meanwhile", async () => {
  let lifetime = 48 * 3600_000;
  const r = await started(undefined, () => notDelivered("deferred"), {
    terms: (destination) => ({ lifetime, waits: destination === "x.test" ? [10 * 3600_000] : [] }),
  });
  await send(r, ["a@x.test"]);
  await settle();
  lifetime = 3600_000;
  r.queue.reschedule();
  assertEquals(r.batches.length, 1);
  await r.clock.advance(lifetime);
  await settle();
  assertEquals(r.batches[1]?.recipients.map((to) => to.address.local), ["a"]);
  assertEquals(r.reports.map((one) => [one.kind, one.lifetime, one.recipients[0]?.state]), [
    ["failure", lifetime, "expired"],
  ]);
  await stop(r);
});

Deno.test("Queue.reconsider() tries at once what could not be reached, and nothing else", async () => {
  let down = true;
  const r = await started(
    undefined,
    ({ address }) => address.domain === "y.test" || down ? notDelivered("deferred", down) : delivered(),
  );
  for (let i = 0; i < 3; i++) await send(r, ["a@x.test"], `${i}`);
  await settle();
  down = false;
  await send(r, ["b@y.test"]);
  await settle();
  r.queue.reconsider();
  await settle(60);
  assertEquals(r.taken.sort(), ["a@x.test: 0", "a@x.test: 1", "a@x.test: 2"]);
  assertEquals(r.batches.filter((b) => b.destination === "y.test").length, 1);
  await stop(r);
});

Deno.test("Queue sends once what a rescan finds while it is being submitted", async () => {
  for (let turns = 0; turns < 12; turns++) {
    const r = await started();
    const submitted = send(r, ["a@x.test"]);
    for (let i = 0; i < turns; i++) await Promise.resolve();
    await Promise.all([submitted, r.queue.rescan()]);
    await settle();
    assertEquals([r.taken, r.queue.stats().messages], [["a@x.test: m"], 0], `after ${turns} turns`);
    await stop(r);
  }
});

Deno.test("Queue.rescan() looks once for all who ask at once, and once more for who asks later", async () => {
  const r = await started(undefined, () => notDelivered("deferred"));
  const lists = () => r.fs.calls.get("list") ?? 0;
  const before = lists();
  const first = r.queue.rescan();
  await Promise.resolve(); // it has begun
  await r.spool.add(envelope(["a@x.test"]), memoryBody(utf8("m")));
  await Promise.all([first, ...Array.from({ length: 9 }, () => r.queue.rescan())]);
  assertEquals([lists() - before, r.queue.stats().messages], [2, 1]);
  const heal = r.fs.fail((operation) => operation === "list", "io");
  await assertRejects(() => r.queue.rescan(), "io");
  heal();
  await r.queue.rescan();
  await stop(r);
});

/** A clock on which each look at it costs a millisecond. */
class SlowClock extends FakeClock {
  #looks = 0;
  override monotonic(): number {
    return super.monotonic() + this.#looks++;
  }
}

Deno.test("Queue loads in slices, and sends what is due meanwhile", async () => {
  const fs = new MemFs({ dirs: ["/data"] });
  const first = rig(fs);
  await first.queue.open();
  for (let i = 0; i < 60; i++) await send(first, [`a@x${i % 7}.test`], `${i}`);
  const second = rig(fs, delivered, {}, new SlowClock());
  await second.queue.open();
  let early = 0;
  const starting = second.queue.start().then(() => early = second.taken.length);
  await second.clock.advance(1000);
  await starting;
  assert(early > 0 && early < 60, `${early} were sent before all were loaded`);
  await second.clock.advance(1000);
  assertEquals([second.taken.length, new Set(second.taken).size, second.queue.stats().messages], [60, 60, 0]);
  await stop(second);
});

Deno.test("Queue.drop() is not undone by a rescan", async () => {
  const r = await started(undefined, () => notDelivered("deferred"));
  const id = await send(r, ["a@x.test"]);
  await settle();
  const remove = r.fs.remove.bind(r.fs);
  r.fs.remove = async (path) => {
    await settle();
    return await remove(path);
  };
  const dropped = r.queue.drop(id);
  await r.queue.rescan();
  assertEquals(await dropped, true);
  assertEquals(r.queue.stats().messages, 0);
  await r.clock.advance(HOUR);
  assertEquals(r.batches.length, 1);
  await stop(r);
});

Deno.test("Queue.rescan() takes in and lets go what another process did", async () => {
  const r = await started(undefined, () => notDelivered("deferred"));
  const id = await send(r, ["a@x.test"]);
  await settle();
  await r.spool.add(envelope(["b@y.test"]), memoryBody(utf8("other")));
  await r.spool.remove(id);
  await r.queue.rescan();
  await settle();
  assertEquals(r.batches.map((b) => b.destination), ["x.test", "y.test"]);
  assertEquals((await r.queue.list()).length, 1);
  await stop(r);
});

Deno.test("Queue does not send a bounce that its message does not know of, until it does", async () => {
  let steps = 0;
  // Cut when the bounce is there and the message has not been told.
  for (let n = 1; steps === 0; n++) {
    const r = rig(undefined, ({ address }) => address.local === "no" ? notDelivered("failed") : delivered());
    await r.queue.open();
    await r.queue.start();
    r.fs.crashAt(n);
    await send(r, ["no@x.test"]).catch(() => {});
    await settle(60);
    const after = r.fs.afterCrash("all");
    if (after.tree(DIR).filter((path) => path.endsWith(".mail")).length < 2) continue;
    steps = n;
    const again = await started(after, delivered, {}, new FakeClock());
    assertEquals(again.reports.length, 1);
    await again.clock.advance(HOUR);
    assertEquals(again.taken, ["me@home.test: bounce about no@x.test failed"]);
    await stop(again);
    const silent = await startedSilent(r.fs.afterCrash("all"));
    await silent.clock.advance(HOUR);
    assertEquals(silent.taken, []); // the report fails, so the bounce waits
    assertEquals(silent.queue.stats().messages, 1);
    await stop(silent);
  }
});

/** A queue whose reporter is again. */
async function startedSilent(fs: MemFs): Promise<Rig> {
  const r = rig(fs);
  const reporter = { write: () => Promise.reject(new Error("a bug")) };
  const transport = {
    deliver: (batch: Batch) => {
      r.taken.push(batch.destination);
      return Promise.resolve(batch.recipients.map(delivered));
    },
  };
  const { spool, clock, log } = r;
  const queue = new Queue({ spool, transport, reporter, clock, random: new SeededRandom(1), log });
  await queue.open();
  await queue.start();
  return { ...r, queue };
}
