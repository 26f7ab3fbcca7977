import { assert, assertEquals } from "../support/assert.ts";
import { TRACE_FLUSH, TRACE_PAUSE, TRACE_WAITING } from "../../mod/base/limits.ts";
import { DatabaseError, type OpenDatabase } from "../../mod/base/database.ts";
import { openSqlite } from "../../mod/sys/sqlite.ts";
import { Recorder } from "../../mod/trace/recorder.ts";
import { systemClock } from "../../mod/sys/clock.ts";
import { DenoFs } from "../../mod/sys/fs.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemoryLog } from "../support/memory_log.ts";

const LIMITS = { age: 1e9, size: 1e8 };

class Bench implements AsyncDisposable {
  readonly dir = Deno.makeTempDirSync({ prefix: "roost-trace-" });
  readonly path = `${this.dir}/log/trace.sqlite`;
  readonly log = new MemoryLog();
  readonly clock = new FakeClock();
  opened = 0;
  open: OpenDatabase = openSqlite;

  recorder(limits: typeof LIMITS | null = LIMITS): Recorder {
    // The clock's sleeps are for real: nobody but the recorder waits.
    const sleep = systemClock.sleep;
    const clock = {
      now: () => this.clock.now(),
      monotonic: () => this.clock.monotonic(),
      after: (ms: number, fn: () => void) => this.clock.after(ms, fn),
      sleep,
    };
    const database = () => {
      this.opened++;
      return Promise.resolve(this.open);
    };
    return new Recorder(this.path, limits, { database, fs: new DenoFs(this.log), clock, log: this.log });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Deno.remove(this.dir, { recursive: true });
  }
}

async function texts(recorder: Recorder, needle: string): Promise<string[]> {
  const file = await recorder.file();
  return file?.look(null, 0, needle).events.map((e) =>
    `${e.event} ${e.trace} ${e.fields["n"] ?? e.fields["count"]}`
  ) ?? [];
}

Deno.test("Recorder opens no file before the first event, and writes within a second", async () => {
  await using bench = new Bench();
  const recorder = bench.recorder();
  assertEquals([bench.opened, bench.clock.waiting], [0, 0]);
  recorder.note("mail accepted", { id: "t1", n: 1 });
  recorder.note("delivered", { id: "t1", n: 2 });
  assertEquals([bench.opened, bench.clock.waiting], [0, 1]);
  await bench.clock.advance(TRACE_FLUSH);
  await recorder.flush();
  assertEquals(bench.opened, 1);
  assertEquals(await texts(recorder, "t1"), ["mail accepted t1 1", "delivered t1 2"]);
  await recorder.close();
  const again = bench.recorder();
  assertEquals(await texts(again, "t1"), ["mail accepted t1 1", "delivered t1 2"]);
  await again.close();
});

Deno.test("Recorder keeps nothing where that is wished, and begins when it is wished again", async () => {
  await using bench = new Bench();
  const recorder = bench.recorder(null);
  recorder.note("mail accepted", { id: "t1" });
  await recorder.flush();
  assertEquals(bench.opened, 0);
  recorder.limit(LIMITS);
  recorder.note("mail accepted", { id: "t2", n: 1 });
  assertEquals(await texts(recorder, "mail"), ["mail accepted t2 1"]);
  await recorder.close();
});

Deno.test("Recorder counts refusals in one row an hour, which it goes on with", async () => {
  await using bench = new Bench();
  const recorder = bench.recorder();
  for (let i = 0; i < 5; i++) {
    recorder.note("recipient refused", { id: "t", remote: "192.0.2.1", sender: "a@b", recipient: "c@d" });
    await recorder.flush();
  }
  assertEquals(await texts(recorder, "192.0.2.1"), ["refused null 5"]);
  await bench.clock.advance(3_600_000);
  recorder.note("recipient refused", { id: "t", remote: "192.0.2.1", sender: "a@b", recipient: "c@d" });
  assertEquals(await texts(recorder, "192.0.2.1"), ["refused null 5", "refused null 1"]);
  await recorder.close();
});

Deno.test("Recorder never holds more than it may: what does not fit is counted and told", async () => {
  await using bench = new Bench();
  const recorder = bench.recorder();
  for (let i = 0; i < TRACE_WAITING + 7; i++) recorder.note("mail accepted", { id: "t" });
  await recorder.flush();
  const line = bench.log.lines.find((l) => l.event.startsWith("trace too slow"));
  assertEquals(line?.fields["events"], 7);
  await recorder.close();
});

Deno.test("Recorder parts the events of a message with very many recipients, and cuts what strangers made long", async () => {
  await using bench = new Bench();
  const recorder = bench.recorder();
  for (let n = 0; n < 500; n++) recorder.note("deferred", { id: "q", trace: "t", n });
  recorder.note("mail refused", { id: "t2", n: 1, sender: "x".repeat(100_000) });
  await recorder.flush();
  const file = await recorder.file();
  assertEquals(file?.of("t").map((e) => e.fields["n"]), Array.from({ length: 500 }, (_, n) => n));
  assertEquals(file?.of("t2").map((e) => [e.fields["n"], `${e.fields["sender"]}`.length]), [[1, 500]]);
  await recorder.close();
});

Deno.test("Recorder sets a broken file aside and begins a new one", async () => {
  await using bench = new Bench();
  Deno.mkdirSync(`${bench.dir}/log`);
  Deno.writeTextFileSync(bench.path, "this is no database, whatever its name says".repeat(100));
  const recorder = bench.recorder();
  recorder.note("mail accepted", { id: "t1", n: 1 });
  await recorder.flush();
  recorder.note("mail accepted", { id: "t2", n: 2 });
  assertEquals(await texts(recorder, "mail"), ["mail accepted t1 1", "mail accepted t2 2"]);
  assert(Deno.readTextFileSync(`${bench.path}.old`).startsWith("this is no database"));
  await recorder.close();
});

Deno.test("Recorder rests when its file cannot be used, and mail goes on", async () => {
  await using bench = new Bench();
  bench.open = (path) => {
    throw new DatabaseError("unusable", path);
  };
  const recorder = bench.recorder();
  for (let i = 0; i < 3; i++) {
    recorder.note("mail accepted", { id: "t1", n: i });
    recorder.note("connection refused", { remote: "192.0.2.9" });
    await recorder.flush();
  }
  assertEquals([bench.opened, bench.log.lines.length], [1, 1]);
  bench.open = openSqlite;
  await bench.clock.advance(TRACE_PAUSE);
  recorder.note("mail accepted", { id: "t2", n: 2 });
  assertEquals(await texts(recorder, "mail"), [
    "mail accepted t1 0",
    "mail accepted t1 1",
    "mail accepted t1 2",
    "mail accepted t2 2",
  ]);
  assertEquals(await texts(recorder, "192.0.2.9"), ["refused null 3"]);
  await recorder.close();
});

Deno.test("Recorder removes what is too old when it writes", async () => {
  await using bench = new Bench();
  const recorder = bench.recorder({ age: 86_400_000, size: 1e8 });
  recorder.note("mail accepted", { id: "t1", n: 1 });
  await recorder.flush();
  await bench.clock.advance(90_000_000);
  recorder.note("mail accepted", { id: "t2", n: 2 });
  assertEquals(await texts(recorder, "mail"), ["mail accepted t2 2"]);
  await recorder.close();
});
