import { MemoryGuard } from "../../mod/app/memory_guard.ts";
import { putOffWhile } from "../../mod/app/memory_guard.ts";
import { Connections } from "../../mod/app/connections.ts";
import { CONNECTIONS_WHEN_TIGHT, MEMORY_COLLECT, MEMORY_LOOK } from "../../mod/base/limits.ts";
import type { Client, Transaction } from "../../mod/smtp/ports.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemoryLog } from "../support/memory_log.ts";

function rig() {
  const memory = { now: 10, garbage: 0, collected: 0 };
  const clock = new FakeClock();
  const log = new MemoryLog();
  const guard = new MemoryGuard(
    {
      resident: () => memory.now,
      collect() {
        memory.collected++;
        memory.now -= memory.garbage;
        memory.garbage = 0;
      },
    },
    clock,
    log,
    100,
  );
  return { memory, clock, log, guard };
}

Deno.test("MemoryGuard collects garbage before the ceiling, and tells once when it is passed and once when that is over", async () => {
  const { memory, clock, log, guard } = rig();
  const stop = new AbortController();
  const watching = guard.watch(stop.signal);
  await clock.advance(MEMORY_LOOK);
  assertEquals([guard.tight, memory.collected], [false, 0]);
  await clock.advance(MEMORY_LOOK);
  assertEquals([guard.tight, memory.collected], [false, 1], "once after the start");
  memory.collected = 0;
  Object.assign(memory, { now: 120, garbage: 60 });
  await clock.advance(MEMORY_LOOK);
  assertEquals([guard.tight, memory.collected], [false, 1], "only garbage was over it");
  memory.now = 120;
  await clock.advance(MEMORY_LOOK * 3);
  assertEquals([guard.tight, memory.collected], [true, 1], "collecting has its pace");
  await clock.advance(MEMORY_COLLECT);
  assertEquals(memory.collected, 2);
  memory.now = 90;
  await clock.advance(MEMORY_LOOK);
  assert(!guard.tight);
  guard.limit(50);
  await clock.advance(MEMORY_LOOK);
  assert(guard.tight);
  assertEquals(log.lines.map((l) => l.level), ["warn", "info", "warn"]);
  stop.abort();
  await watching;
  assertEquals(clock.waiting, 0);
});

Deno.test("Connections: while memory is short a few are let in, no more", () => {
  let tight = true;
  const c = new Connections({ total: 100, perAddress: 100, trusted: [] }, () => tight);
  for (let i = 0; i < CONNECTIONS_WHEN_TIGHT; i++) assert(c.admit("192.0.2.1"));
  assert(c.full && !c.admit("192.0.2.2"));
  tight = false;
  assert(!c.full && c.admit("192.0.2.2"));
});

Deno.test("putOffWhile() answers MAIL with 452 while memory is short, and asks the policy otherwise", async () => {
  let full = true;
  const policy = putOffWhile(() => full, {
    connect: () => null,
    helo: () => null,
    mail: () => null,
    rcpt: () => null,
    origin: () => ({ name: "mx.far.example" }),
    silence: () => 7,
    holdBack: (_, refusals) => refusals,
  });
  // The policy above looks at nothing of the transaction.
  const transaction = {} as Transaction;
  const verdict = await policy.mail(transaction);
  assertEquals([verdict?.code, verdict?.enhanced], [452, "4.3.1"]);
  full = false;
  assertEquals(await policy.mail(transaction), null);
  // Nor does it at a client.
  const client = {} as Client;
  assertEquals(policy.origin?.(client), { name: "mx.far.example" });
  assertEquals([policy.silence?.(client), policy.holdBack?.(client, 3)], [7, 3]);
});

Deno.test("MemoryGuard has what is kept for reuse looked through each time", () => {
  let tidied = 0;
  const memory = { resident: () => 10, collect: () => {} };
  const guard = new MemoryGuard(memory, new FakeClock(), new MemoryLog(), 100, () => void tidied++);
  guard.look();
  guard.look();
  assertEquals(tidied, 2);
});
