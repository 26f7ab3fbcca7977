import { startThread, type Thread, ThreadReader } from "../../mod/sys/bulk_reader.ts";
import type { FilledBulk } from "../../mod/sys/bulk_files.ts";
import type { ThreadRequest } from "../../mod/sys/bulk_thread.ts";
import { fromUtf8 } from "../../mod/base/bytes.ts";
import { BULK_ARRAYS, BULK_IDLE, BULK_OCTETS, BULK_RETRY, BULK_WAITING } from "../../mod/base/limits.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemoryLog } from "../support/memory_log.ts";

const PROGRAM = new URL("../../mod/sys/bulk_thread.ts", import.meta.url);
const REQUEST = { dir: "/d", names: ["a"], sizes: [-1], part: "whole" } as const;

/** A thread that does what the test says. */
class FakeThread implements Thread {
  onmessage: Thread["onmessage"] = null;
  onerror: Thread["onerror"] = null;
  onmessageerror: Thread["onmessageerror"] = null;
  readonly requests: ThreadRequest[] = [];
  ended = false;

  postMessage(message: ThreadRequest): void {
    this.requests.push(message);
  }

  terminate(): void {
    this.ended = true;
  }

  say(data: "ready" | FilledBulk): void {
    this.onmessage?.(new MessageEvent("message", { data }));
  }

  answer(bytes = new Uint8Array(BULK_OCTETS)): void {
    this.say({ bytes, spans: new Int32Array(2), times: new Float64Array(1), took: 0 });
  }
}

function made() {
  const clock = new FakeClock();
  const log = new MemoryLog();
  const threads: FakeThread[] = [];
  const reader = new ThreadReader({ clock, log }, () => {
    const thread = new FakeThread();
    threads.push(thread);
    return thread;
  });
  return { clock, log, threads, reader };
}

Deno.test("ThreadReader reads files by a real thread, and ends it", async () => {
  const dir = await Deno.makeTempDir();
  const log = new MemoryLog();
  const reader = new ThreadReader({ clock: new FakeClock(), log }, () => startThread(PROGRAM));
  try {
    for (let i = 0; i < 100; i++) await Deno.writeTextFile(`${dir}/${i}`, `number ${i}\n`);
    assertEquals(reader.read({ ...REQUEST, dir }), null);
    reader.start();
    while (!reader.ready) await new Promise((r) => setTimeout(r, 1));
    for (let round = 0; round < 3; round++) {
      const names = Array.from({ length: 100 }, (_, i) => `${i}`);
      const request = { dir, names: [...names, "none"], sizes: names.map(() => -1), part: "whole" } as const;
      const reads = await Promise.all([reader.read(request), reader.read(request)]);
      for (const read of reads) {
        assert(read);
        assertEquals(
          fromUtf8(read.bytes.subarray(0, read.spans[199])),
          names.map((n) => `number ${n}\r\n`).join(""),
        );
        assertEquals(read.spans[200], -1);
        read.done();
      }
    }
    const pending = reader.read({ ...REQUEST, dir });
    reader.close();
    assertEquals([await pending, reader.ready, reader.read(REQUEST)], [null, false, null]);
    reader.start();
    assertEquals(reader.ready, false);
    assertEquals(log.lines, []);
  } finally {
    reader.close();
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("ThreadReader does without a thread whose program is not there", async () => {
  const log = new MemoryLog();
  const reader = new ThreadReader(
    { clock: new FakeClock(), log },
    () => startThread(new URL("file:///none.ts")),
  );
  reader.start();
  while (log.lines.length === 0) await new Promise((r) => setTimeout(r, 1));
  assertEquals([log.lines.length, log.lines[0]?.level, reader.ready], [1, "warn", false]);
  reader.start();
  assertEquals(log.lines.length, 1);
});

Deno.test("ThreadReader ends the thread when nobody has read for a while, and starts another", async () => {
  const { clock, reader, threads, log } = made();
  reader.start();
  reader.start();
  assertEquals([threads.length, reader.ready], [1, false]);
  threads[0]?.say("ready");
  const first = reader.read(REQUEST);
  await clock.advance(3 * BULK_IDLE); // a slow disk
  assertEquals(threads[0]?.ended, false);
  threads[0]?.answer();
  assert(await first);
  await clock.advance(BULK_IDLE - 1);
  const second = reader.read(REQUEST);
  threads[0]?.answer();
  assert(await second);
  await clock.advance(BULK_IDLE - 1);
  assertEquals([threads[0]?.ended, reader.ready], [false, true]);
  await clock.advance(BULK_IDLE);
  assertEquals([threads[0]?.ended, reader.ready, clock.waiting], [true, false, 0]);
  reader.start();
  assertEquals([threads.length, log.lines.length], [2, 0]);
  reader.close();
  assertEquals([threads[1]?.ended, clock.waiting], [true, 0]);
});

Deno.test("ThreadReader takes only so many requests at a time", async () => {
  const { reader, threads } = made();
  reader.start();
  threads[0]?.say("ready");
  const first = reader.read(REQUEST);
  for (let i = 1; i < BULK_WAITING; i++) void reader.read(REQUEST);
  assertEquals([reader.ready, reader.read(REQUEST)], [false, null]);
  threads[0]?.answer();
  assert(await first);
  assertEquals(reader.ready, true);
  reader.close();
});

Deno.test("ThreadReader answers who waits when the thread dies, says so once, and rests", async () => {
  const ways: readonly ((thread: FakeThread) => void)[] = [
    (thread) => thread.onerror?.(new ErrorEvent("error", { message: "died", cancelable: true })),
    (thread) => thread.onmessageerror?.(new MessageEvent("messageerror")),
  ];
  for (const die of ways) {
    const { clock, reader, threads, log } = made();
    reader.start();
    const [thread] = threads;
    assert(thread);
    thread.say("ready");
    const waiting = [reader.read(REQUEST), reader.read(REQUEST)];
    die(thread);
    assertEquals(await Promise.all(waiting), [null, null]);
    assertEquals([thread.ended, reader.ready, log.lines.map((l) => l.level)], [true, false, ["warn"]]);
    reader.start();
    assertEquals(threads.length, 1);
    await clock.advance(BULK_RETRY);
    reader.start();
    assertEquals(threads.length, 2);
    threads[1]?.say("ready");
    assertEquals(reader.ready, true);
    reader.close();
  }
});

Deno.test("ThreadReader does without where no thread can be made", () => {
  const log = new MemoryLog();
  const reader = new ThreadReader({ clock: new FakeClock(), log }, () => {
    throw new Error("too many");
  });
  reader.start();
  reader.start();
  assertEquals([reader.ready, log.lines.length], [false, 1]);
  reader.close();
});

Deno.test("ThreadReader hands arrays back to the thread, each once, and keeps a few", async () => {
  const { reader, threads } = made();
  reader.start();
  const [thread] = threads;
  assert(thread);
  thread.say("ready");
  const all = Array.from({ length: 2 * BULK_ARRAYS }, () => reader.read(REQUEST));
  assert(thread.requests.every((r) => r.array === null));
  for (const _ of all) thread.answer();
  for (const read of all) {
    const came = await read;
    came?.done();
    came?.done();
  }
  thread.requests.length = 0;
  for (const _ of all) void reader.read(REQUEST);
  const arrays = thread.requests.flatMap((r) => r.array ?? []);
  assertEquals([arrays.length, new Set(arrays).size], [BULK_ARRAYS, BULK_ARRAYS]);
  reader.close();
});
