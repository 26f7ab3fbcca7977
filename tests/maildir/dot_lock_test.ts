import { Locks } from "../../mod/maildir/dot_lock.ts";
import { assert, assertEquals, assertRejects } from "../support/assert.ts";
import { FakeClock, settle } from "../support/fake_clock.ts";
import { MemFs, type MemFsOptions, takesSpace } from "../support/mem_fs.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { SeededRandom } from "../support/seeded_random.ts";
import { fileText } from "./support.ts";

const LOCK = "/d/x.lock";

let seed = 0;

/** The locks of a process; those of two with one number are two containers'. */
function process(fs: MemFs, clock: FakeClock, pid: number, hostname = "host"): Locks {
  const random = new SeededRandom(++seed);
  return new Locks({ fs, clock, pid, hostname, random, log: new MemoryLog() }, "/d");
}

function machine(options: MemFsOptions = {}): { readonly fs: MemFs; readonly clock: FakeClock } {
  const clock = new FakeClock();
  return { clock, fs: new MemFs({ clock, dirs: ["/d"], ...options }) };
}

/** Ways a lock can be on a file system: a link to the process's file, a held file, a plain one. */
const FILE_SYSTEMS: Readonly<Record<string, MemFsOptions>> = {
  "links and holds": {},
  "holds only": { links: false },
  "links only": { holds: false },
  "neither": { links: false, holds: false },
};

for (const [name, options] of Object.entries(FILE_SYSTEMS)) {
  Deno.test(`a lock is held by one process at a time, and once in a process (${name})`, async () => {
    const { fs, clock } = machine(options);
    const [one, two] = [process(fs, clock, 1), process(fs, clock, 2)];
    const unlock = await one.tryTake(LOCK);
    assert(unlock);
    assertEquals(await fileText(fs, LOCK), options.holds === false ? "1:host" : "01:host");
    assertEquals(await one.tryTake(LOCK), null);
    assertEquals(await two.tryTake(LOCK), null);
    const waiting = two.take(LOCK);
    await clock.advance(100);
    await unlock();
    await unlock();
    await clock.advance(100);
    await (await waiting)();
    await Promise.all([one.close(), two.close()]);
    assertEquals([fs.tree("/d"), fs.openFiles, clock.waiting], [["/d/"], 0, 0]);
  });
}

for (const links of [true, false]) {
  Deno.test(`a lock goes with its process, whatever its number (links: ${links})`, async () => {
    for (const pid of [1, 2]) {
      const { fs, clock } = machine({ links });
      const dead = process(fs, clock, 1);
      assert(await dead.tryTake(LOCK));
      const next = process(fs, clock, pid);
      await clock.advance(600_000);
      assertEquals(await next.tryTake(LOCK), null, "it lives");
      fs.dropHold(LOCK);
      const unlock = await next.tryTake(LOCK);
      assert(unlock);
      assertEquals(await process(fs, clock, 3).tryTake(LOCK), null);
      await unlock();
      await next.close();
    }
  });
}

Deno.test("a lock is broken at once after a power cut", async () => {
  const { fs, clock } = machine();
  const dead = process(fs, clock, 1);
  assert(await dead.tryTake(LOCK));
  const found = fs.afterCrash("all");
  const unlock = await process(found, clock, 7).tryTake(LOCK);
  assert(unlock);
  await unlock();
});

Deno.test("a lock of others is broken when it was not touched for long, and never before", async () => {
  for (const holder of ["1:host", "9:host", "9:other", "09:other", "", "x".repeat(100_000)]) {
    const { fs, clock } = machine({ files: { [LOCK]: holder } });
    const one = process(fs, clock, 1);
    assertEquals(await one.tryTake(LOCK), null, holder);
    await clock.advance(119_000);
    assertEquals(await one.tryTake(LOCK), null, holder);
    await clock.advance(2_000);
    const unlock = await one.tryTake(LOCK);
    assert(unlock, holder);
    await unlock();
    await one.close();
    assertEquals([fs.openFiles, clock.waiting], [0, 0]);
  }
});

Deno.test("a holder touches its lock, so no other machine breaks it however long it takes", async () => {
  const { fs, clock } = machine();
  const unlock = await process(fs, clock, 1).tryTake(LOCK);
  const waiting = assertRejects(() => process(fs, clock, 1, "other").take(LOCK), "Cannot lock");
  for (let i = 0; i < 70; i++) await clock.advance(2_000);
  await waiting;
  await unlock?.();
  await settle(1);
  assertEquals(clock.waiting, 0);
});

Deno.test("a disk with no room even for a name leaves no lock behind", async () => {
  const { fs, clock } = machine();
  const heal = fs.fail(takesSpace, "full");
  const one = process(fs, clock, 1);
  await assertRejects(() => one.tryTake(LOCK), "full");
  heal();
  const unlock = await one.tryTake(LOCK);
  assert(unlock);
  await unlock();
});

Deno.test("a lock that could not be removed is taken again by its process, and by no other", async () => {
  const { fs, clock } = machine();
  const one = process(fs, clock, 1);
  const unlock = await one.tryTake(LOCK);
  const heal = fs.fail("remove", "read-only");
  await assertRejects(() => unlock?.() ?? Promise.resolve(), "read-only");
  heal();
  assertEquals(await process(fs, clock, 1).tryTake(LOCK), null);
  assert(await one.tryTake(LOCK));
});

Deno.test("a lock that went along with its renamed folder keeps nobody of its process out", async () => {
  const { fs, clock } = machine();
  const one = process(fs, clock, 1);
  await fs.makeDir("/d/a");
  const unlock = await one.tryTake("/d/a/x.lock");
  await fs.rename("/d/a", "/d/b");
  // Whoever holds it works in a folder that is no more.
  const other = await one.tryTake("/d/b/x.lock");
  assert(other);
  await unlock?.();
  assert(await fs.stat("/d/b/x.lock"));
  await other();
  assertEquals(await fs.stat("/d/b/x.lock"), null);
});

for (const [name, options] of Object.entries(FILE_SYSTEMS)) {
  Deno.test(`a lock that went along with a folder that another process renamed keeps nobody out (${name})`, async () => {
    const { fs, clock } = machine({ ...options, dirs: ["/d/a"] });
    const [one, two] = [process(fs, clock, 1), process(fs, clock, 2)];
    const moved = await one.tryTake("/d/a/x.lock");
    const other = await one.tryTake("/d/other.lock");
    assert(moved && other);
    await fs.rename("/d/a", "/d/b");
    assertEquals(await two.tryTake("/d/b/x.lock"), null, "who has it is not done yet");
    await moved();
    // Others that its holder has are still his; with the last of them nothing is held any more.
    assertEquals(await two.tryTake("/d/other.lock"), null);
    await other();
    if (options.holds === false) await clock.advance(121_000);
    const unlock = await two.tryTake("/d/b/x.lock");
    assert(unlock);
    await unlock();
    const again = await one.tryTake(LOCK);
    assert(again);
    assertEquals(await two.tryTake(LOCK), null);
    await again();
    await Promise.all([one.close(), two.close()]);
    assertEquals([fs.tree("/d"), fs.openFiles], [["/d/b/"], 0]);
  });
}

for (const links of [true, false]) {
  Deno.test(`a lock is not taken away with one that was at its place before its folder was renamed (links: ${links})`, async () => {
    const { fs, clock } = machine({ links, dirs: ["/d/a"] });
    const [one, two, three] = [process(fs, clock, 1), process(fs, clock, 2), process(fs, clock, 3)];
    const moved = await one.tryTake("/d/a/x.lock");
    await fs.rename("/d/a", "/d/b");
    await fs.makeDir("/d/a");
    const here = await three.tryTake("/d/a/x.lock");
    assert(moved && here);
    await moved();
    assertEquals(await two.tryTake("/d/a/x.lock"), null);
    assertEquals(await one.tryTake("/d/a/x.lock"), null);
    await (await two.tryTake("/d/b/x.lock"))?.();
    await here();
    await Promise.all([one.close(), two.close(), three.close()]);
    assertEquals([fs.tree("/d"), fs.openFiles], [["/d/a/", "/d/b/"], 0]);
  });
}

Deno.test("a lock that could not be had keeps no file open where another went with its folder", async () => {
  const { fs, clock } = machine({ dirs: ["/d/a"] });
  const [one, two] = [process(fs, clock, 1), process(fs, clock, 2)];
  const moved = await one.tryTake("/d/a/x.lock");
  const taken = await two.tryTake(LOCK);
  await fs.rename("/d/a", "/d/b");
  assert(moved && taken);
  const link = fs.link.bind(fs);
  fs.link = async (from, to) => {
    await moved(); // just meanwhile
    return await link(from, to);
  };
  assertEquals(await one.tryTake(LOCK), null);
  fs.link = link;
  await (await two.tryTake("/d/b/x.lock"))?.();
  await taken();
  await Promise.all([one.close(), two.close()]);
  assertEquals([fs.tree("/d"), fs.openFiles], [["/d/b/"], 0]);
});

Deno.test("the file of a process is made anew when it is gone, and those of the dead are swept", async () => {
  const { fs, clock } = machine();
  const own = () => fs.tree("/d").filter((path) => path.includes(".roost-"));
  const one = process(fs, clock, 1);
  await (await one.tryTake(LOCK))?.();
  const [first = ""] = own();
  await fs.remove(first);
  await (await one.tryTake(LOCK))?.();
  await (await one.tryTake(LOCK))?.();
  const [second = ""] = own();
  assert(first !== second);
  await fs.createWith("/d/.roost-5-abc", [new TextEncoder().encode("05:other")]);
  await (await process(fs, clock, 2).tryTake(LOCK))?.();
  assertEquals(own().length, 3, "others live, or nobody knows");
  fs.dropHold(second);
  await (await process(fs, clock, 3).tryTake(LOCK))?.();
  assert(!own().includes(second));
});

Deno.test("a lock in a folder that is not there is a fault", async () => {
  const { fs, clock } = machine();
  await assertRejects(() => process(fs, clock, 1).tryTake("/none/x.lock"), "not-found");
});

for (const [name, options] of Object.entries(FILE_SYSTEMS)) {
  Deno.test(`a full disk keeps nobody from taking a lock, and costs nobody his (${name})`, async () => {
    const { fs, clock } = machine(options);
    const [one, two] = [process(fs, clock, 1), process(fs, clock, 2)];
    const heal = fs.fail("write", "full");
    const unlock = await one.tryTake(LOCK);
    assert(unlock);
    assertEquals(await two.tryTake(LOCK), null);
    await unlock();
    assertEquals(await fs.stat(LOCK), null);
    heal();
    const again = await one.tryTake(LOCK);
    assert(again);
    fs.fail("write", "full");
    assertEquals(await two.tryTake(LOCK), null);
    assert(await fs.stat(LOCK), "another's lock stays");
    await again();
    await Promise.all([one.close(), two.close()]);
  });
}
