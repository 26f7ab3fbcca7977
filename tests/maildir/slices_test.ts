import { inParallel, inSlices, sortInSlices, Turns } from "../../mod/maildir/slices.ts";
import { assert, assertEquals, assertRejects } from "../support/assert.ts";
import { settle } from "../support/fake_clock.ts";
import { MemFs } from "../support/mem_fs.ts";

Deno.test("inSlices() does all, giving way when time is up", async () => {
  const fs = new MemFs({ dirs: ["/d"] });
  let now = 0;
  let slept = 0;
  const clock = {
    monotonic: () => now,
    now: () => now,
    sleep: () => {
      slept++;
      return Promise.resolve();
    },
    after: () => () => {},
  };
  const seen: number[] = [];
  await inSlices({ fs, clock }, "/d", Array.from({ length: 200 }, (_, i) => i), (i) => {
    seen.push(i);
    now += 0.1;
  });
  assertEquals(seen.length, 200);
  // After 64, 128 and 192 items; every second time by a timer, so that sockets have their turn for certain.
  assertEquals([slept, fs.calls.get("stat")], [2, 1]);
});

Deno.test("inParallel() keeps its width, and fails after all have ended", async () => {
  let running = 0;
  let most = 0;
  const items = Array.from({ length: 20 }, (_, i) => i);
  const work = (fail: number) => async (i: number) => {
    most = Math.max(most, ++running);
    await settle(1);
    running--;
    if (i === fail) throw new Error(`item ${i}`);
  };
  await inParallel(items, 4, work(-1));
  assertEquals([most, running], [4, 0]);
  await assertRejects(() => inParallel(items, 4, work(5)), "item 5");
  assert(running === 0);
  await inParallel([], 4, work(0));
});

Deno.test("inParallel() gives way when time is up, though nobody waits for anything", async () => {
  const fs = new MemFs({ dirs: ["/d"] });
  let now = 0;
  let slept = 0;
  const clock = {
    monotonic: () => now,
    now: () => now,
    sleep: () => {
      slept++;
      return Promise.resolve();
    },
    after: () => () => {},
  };
  let done = 0;
  let passed = 0;
  const turns = new Turns({ fs, clock }, "/d");
  const pass = turns.pass.bind(turns);
  turns.pass = () => {
    passed++;
    return pass();
  };
  await inParallel(Array.from({ length: 400 }, (_, i) => i), 8, () => {
    done++;
    now += 0.1;
    return Promise.resolve();
  }, turns);
  assertEquals(done, 400);
  // Each pass is waited for by all eight: some four milliseconds lie between two.
  assert(slept + (fs.calls.get("stat") ?? 0) >= 5, `${slept}`);
  assert(passed >= 5 * 8 - 8, `${passed}`);
});

Deno.test("sortInSlices() sorts as sort() does, equals in their order, giving way when time is up", async () => {
  const fs = new MemFs({ dirs: ["/d"] });
  let now = 0;
  let slept = 0;
  const clock = {
    monotonic: () => now += 0.01,
    now: () => 0,
    sleep: () => {
      slept++;
      return Promise.resolve();
    },
    after: () => () => {},
  };
  for (const length of [0, 1, 2, 127, 128, 129, 256, 1000, 5001]) {
    const items = Array.from({ length }, (_, i) => [i * 7919 % 503, i] as const);
    const sorted = await sortInSlices({ fs, clock }, "/d", items, (a, b) => a[0] - b[0]);
    assertEquals(sorted, [...items].sort((a, b) => a[0] - b[0]));
  }
  const before = slept;
  const items = Array.from({ length: 40_000 }, (_, i) => i * 7919 % 40_009);
  await sortInSlices({ fs, clock }, "/d", items, (a, b) => a - b);
  assert(slept > before + 3);
});
