import { UidValidities } from "../../mod/maildir/uid_validity.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../support/assert.ts";
import { everyCrash } from "../support/every_crash.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemFs } from "../support/mem_fs.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { fileText, portsOn } from "./support.ts";

let pids = 100;

/** As a process that was just started. */
const next = (fs: MemFs, clock: FakeClock) => new UidValidities(portsOn(fs, clock, pids++)).next("/d");

Deno.test("a UIDVALIDITY goes up always, from the time or from what was given before", async () => {
  const clock = new FakeClock(0x6b02e646 * 1000);
  const fs = new MemFs({ clock, dirs: ["/d"] });
  assertEquals(await next(fs, clock), 0x6b02e646);
  assertEquals(await next(fs, clock), 0x6b02e647);
  assertEquals(fs.tree("/d"), ["/d/dovecot-uidvalidity", "/d/dovecot-uidvalidity.6b02e647"]);
  assertEquals(await fileText(fs.afterCrash("synced-only"), "/d/dovecot-uidvalidity"), "6b02e647");
});

Deno.test("a UIDVALIDITY heeds whichever of file and name is higher, and no junk", async () => {
  const clock = new FakeClock(1000);
  for (
    const [files, value] of [
      [{ "/d/dovecot-uidvalidity": "7fffffff" }, 0x80000000],
      [{ "/d/dovecot-uidvalidity": "00000005", "/d/dovecot-uidvalidity.00000009": "" }, 10],
      [{ "/d/dovecot-uidvalidity": "junk", "/d/dovecot-uidvalidity.xyz": "" }, 1],
    ] as const
  ) {
    const fs = new MemFs({ clock, files });
    assertEquals(await next(fs, clock), value);
  }
});

Deno.test("a UIDVALIDITY looks at all names only where it must, and gives none twice whatever was cut off", async () => {
  const clock = new FakeClock(1000);
  const fs = new MemFs({
    clock,
    files: { "/d/dovecot-uidvalidity": "00000005", "/d/dovecot-uidvalidity.00000005": "" },
  });
  const list = fs.list.bind(fs);
  let lists = 0;
  fs.list = (path) => {
    if (path === "/d") lists++;
    return list(path);
  };
  assertEquals([await next(fs, clock), await next(fs, clock)], [
    6,
    7,
  ]);
  assertEquals(lists, 0);
  // Others gave 8, and were cut off before they noted it, or have not come to it.
  await fs.createWith("/d/dovecot-uidvalidity.00000008", []);
  assertEquals(await next(fs, clock), 9);
  // Dovecot renames the one it finds.
  await fs.rename("/d/dovecot-uidvalidity.00000009", "/d/dovecot-uidvalidity.0000000c");
  assertEquals([await next(fs, clock), lists], [13, 1]);
});

Deno.test("where many are wanted they are taken some at a time, and never one that somebody else has", async () => {
  const clock = new FakeClock(1_700_000_000_000);
  const fs = new MemFs({ clock, dirs: ["/d"] });
  const [one, other] = [new UidValidities(portsOn(fs, clock)), new UidValidities(portsOn(fs, clock, 2))];
  const given = await Promise.all(Array.from({ length: 200 }, () => one.next("/d")));
  assertEquals(given, Array.from({ length: 200 }, (_, i) => 1_700_000_000 + i));
  // 1, 8, 64, 512 of them.
  assertEquals(fs.calls.get("rename"), 3 + 4);
  assertEquals(
    await fileText(fs.afterCrash("synced-only"), "/d/dovecot-uidvalidity"),
    (1_700_000_584).toString(16),
  );
  // Another process goes on after them, and from then on they are good no more.
  assertEquals([await one.next("/d"), await other.next("/d"), await one.next("/d")], [
    1_700_000_200,
    1_700_000_585,
    1_700_000_586,
  ]);
  await clock.advance(5000);
  await fs.rename(
    "/d/dovecot-uidvalidity." + (1_700_000_586).toString(16),
    "/d/dovecot-uidvalidity.66666666",
  );
  // Who wants one now and then takes one.
  assertEquals(await one.next("/d"), 0x66666667);
  assertEquals(fs.tree("/d"), ["/d/dovecot-uidvalidity", "/d/dovecot-uidvalidity.66666667"]);
});

Deno.test("who is always forestalled by others takes one at a time", async () => {
  const clock = new FakeClock(1_700_000_000_000);
  const fs = new MemFs({ clock, dirs: ["/d"] });
  const all = [new UidValidities(portsOn(fs, clock)), new UidValidities(portsOn(fs, clock, 2))];
  const given: number[] = [];
  for (let i = 0; i < 100; i++) given.push(await all[i % 2]?.next("/d") ?? 0);
  assertEquals(new Set(given).size, 100);
  assertEquals(given, given.toSorted((a, b) => a - b));
  assert((given.at(-1) ?? 0) < 1_700_001_000, `${given.at(-1)}`);
});

Deno.test("a UIDVALIDITY has 32 bits: when all are given there is none until somebody mends the files", async () => {
  const clock = new FakeClock(1_700_000_000_000);
  const files = { "/d/dovecot-uidvalidity": "fffffff9", "/d/dovecot-uidvalidity.fffffff9": "" };
  const fs = new MemFs({ clock, files });
  const ports = portsOn(fs, clock);
  const validities = new UidValidities(ports);
  // One, and then the rest of the eight that would be taken.
  for (let value = 0xfffffffa; value <= 0xffffffff; value++) assertEquals(await validities.next("/d"), value);
  assertEquals(fs.tree("/d"), ["/d/dovecot-uidvalidity", "/d/dovecot-uidvalidity.ffffffff"]);
  for (let i = 0; i < 2; i++) await assertRejects(() => validities.next("/d"), "dovecot-uidvalidity");
  assertEquals(fs.tree("/d"), ["/d/dovecot-uidvalidity", "/d/dovecot-uidvalidity.ffffffff"]);
  assert(ports.log instanceof MemoryLog);
  assertMatch(JSON.stringify(ports.log.lines), /no UIDVALIDITY left.*remove dovecot-uidvalidity/);
  for (const path of fs.tree("/d")) await fs.remove(path);
  assertEquals(await validities.next("/d"), 1_700_000_000);
  // Dovecot goes on with 0.
  const wrapped = { "/d/dovecot-uidvalidity": "00000000", "/d/dovecot-uidvalidity.00000000": "" };
  assertEquals(await next(new MemFs({ clock, files: wrapped }), clock), 1_700_000_000);
});

Deno.test("whatever a power cut leaves, no UIDVALIDITY is given twice", async () => {
  const noted = { "/d/dovecot-uidvalidity": "66666666", "/d/dovecot-uidvalidity.66666666": "" };
  const clock = new FakeClock(1_700_000_000_000);
  for (const files of [{}, noted]) {
    const make = () => new MemFs({ clock, dirs: ["/d", "/mail"], files });
    const steps = await everyCrash<number>(
      async (fs, told) => {
        const validities = new UidValidities(portsOn(fs, clock));
        for (let i = 0; i < 12; i++) told(await validities.next("/d"));
      },
      async (survivor, told) => {
        const value = await next(survivor, clock);
        assert(told.every((before) => before < value), `${told} and then ${value}`);
      },
      { make },
    );
    assert(steps > 10, `${steps}`);
  }
});
