import { RoomGuard } from "../../mod/app/room_guard.ts";
import { ROOM_LOOK } from "../../mod/base/limits.ts";
import { assertEquals } from "../support/assert.ts";
import { FakeClock, settle } from "../support/fake_clock.ts";
import { MemoryLog } from "../support/memory_log.ts";

function rig() {
  const room: { free: number | null; queued: number } = { free: 500, queued: 0 };
  const clock = new FakeClock();
  const log = new MemoryLog();
  const ports = {
    free: () => room.free === -1 ? Promise.reject(new Error("gone")) : Promise.resolve(room.free),
    queued: () => room.queued,
    clock,
    log,
  };
  const guard = new RoomGuard(ports, { diskFree: 100, queueMessages: 1000 });
  return { room, clock, log, guard };
}

Deno.test("RoomGuard puts off while either is short, and tells each change once", async () => {
  const { room, guard, log } = rig();
  const steps: readonly (readonly [free: number | null, queued: number, short: boolean])[] = [
    [100, 999, false],
    [99, 0, true],
    [50, 0, true],
    [104, 0, true], // not yet enough to be done with it
    [105, 0, false],
    [500, 1000, true],
    [500, 951, true],
    [500, 950, true],
    [500, 949, false],
    [null, 0, false],
    [-1, 0, false],
  ];
  for (const [free, queued, short] of steps) {
    Object.assign(room, { free, queued });
    await guard.look();
    assertEquals(guard.short, short, `${free} free, ${queued} queued`);
  }
  assertEquals(log.lines.map((l) => `${l.level} ${l.event}`), [
    "warn disk nearly full: new messages are put off",
    "info disk has room again",
    "warn queue full: new messages are put off",
    "info queue has room again",
  ]);
});

Deno.test("RoomGuard looks at once and now and then, by the limits of the moment", async () => {
  const { room, guard, clock } = rig();
  const stop = new AbortController();
  const watching = guard.watch(stop.signal);
  await settle();
  room.free = 10;
  await clock.advance(ROOM_LOOK);
  assertEquals(guard.short, true);
  guard.limit({ diskFree: 5, queueMessages: 1 });
  await clock.advance(ROOM_LOOK);
  assertEquals(guard.short, false);
  stop.abort();
  await watching;
  assertEquals(clock.waiting, 0);
});
