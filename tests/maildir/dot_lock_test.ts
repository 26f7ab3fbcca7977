import { takeLock, tryLock } from "../../mod/maildir/dot_lock.ts";
import { assert, assertEquals, assertRejects } from "../support/assert.ts";
import { FakeClock, settle } from "../support/fake_clock.ts";
import { MemFs } from "../support/mem_fs.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { SeededRandom } from "../support/seeded_random.ts";
import { fileText } from "./support.ts";

function process(fs: MemFs, clock: FakeClock, pid: number) {
  return {
    fs,
    clock,
    pid,
    hostname: "host",
    random: new SeededRandom(pid),
    log: new MemoryLog(),
    heldLocks: new Set<string>(),
  };
}

const LOCK = "/d/x.lock";

Deno.test("a lock is held by one process at a time, and by one in a process", async () => {
  const clock = new FakeClock();
  const fs = new MemFs({ clock, dirs: ["/d"] });
  const [one, two] = [process(fs, clock, 1), process(fs, clock, 2)];
  const unlock = await tryLock(one, LOCK);
  assert(unlock);
  assertEquals(await fileText(fs, LOCK), "1:host");
  assertEquals(await tryLock(one, LOCK), null);
  assertEquals(await tryLock(two, LOCK), null);
  const waiting = takeLock(two, LOCK);
  await clock.advance(100);
  await unlock();
  await unlock();
  await clock.advance(100);
  await (await waiting)();
  assertEquals([fs.statSync(LOCK), clock.waiting], [null, 0]);
});

Deno.test("a lock of a dead process is broken: our own pid, one not in /proc, or one untouched for long", async () => {
  const cases: readonly (readonly [string, Record<string, string>, boolean])[] = [
    ["1:host", {}, true],
    ["9:host", {}, false], // no /proc: nobody can tell
    ["9:host", { "/proc/self/x": "" }, true],
    ["9:host", { "/proc/self/x": "", "/proc/9/x": "" }, false],
    ["9:other", { "/proc/self/x": "" }, false],
    ["", {}, false],
  ];
  for (const [holder, files, broken] of cases) {
    const clock = new FakeClock();
    const fs = new MemFs({ clock, files: { ...files, [LOCK]: holder } });
    const unlock = await tryLock(process(fs, clock, 1), LOCK);
    assertEquals(unlock !== null, broken, holder);
    await unlock?.();
    if (broken) continue;
    await clock.advance(121_000);
    const later = await tryLock(process(fs, clock, 1), LOCK);
    assert(later, holder);
    await later();
  }
});

Deno.test("a holder touches its lock, so it is not broken however long it takes", async () => {
  const clock = new FakeClock();
  const fs = new MemFs({ clock, dirs: ["/d"] });
  const unlock = await tryLock(process(fs, clock, 1), LOCK);
  const waiting = assertRejects(() => takeLock(process(fs, clock, 2), LOCK), "Cannot lock");
  for (let i = 0; i < 70; i++) await clock.advance(2_000);
  await waiting;
  await unlock?.();
  await settle(1);
  assertEquals(clock.waiting, 0);
});

Deno.test("a full disk leaves no lock behind", async () => {
  const clock = new FakeClock();
  const fs = new MemFs({ clock, dirs: ["/d"] });
  const heal = fs.fail("write", "full");
  const one = process(fs, clock, 1);
  await assertRejects(() => tryLock(one, LOCK), "full");
  heal();
  const unlock = await tryLock(one, LOCK);
  assert(unlock);
  await unlock();
});
