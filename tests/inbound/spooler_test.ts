import { utf8 } from "../../mod/base/bytes.ts";
import { SMTP_DATA_TOTAL } from "../../mod/base/limits.ts";
import { FsSpooler } from "../../mod/inbound/spooler.ts";
import { assert, assertEquals, assertRejects } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { isWrite, MemFs, takesSpace } from "../support/mem_fs.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { SeededRandom } from "../support/seeded_random.ts";
import { textOf } from "./rig.ts";

const FOLDER = "/data/queue/tmp";

function spooler(fs: MemFs, log = new MemoryLog()): FsSpooler {
  return new FsSpooler(fs, FOLDER, new SeededRandom(), log);
}

Deno.test("FsSpooler keeps a message in a file until it is disposed of", async () => {
  const fs = new MemFs();
  const writer = await spooler(fs).start();
  const block = utf8("0123456789".repeat(10_000));
  await writer.write(block);
  await writer.write(utf8("end"));
  const body = await writer.finish();
  assertEquals([body.size, body.memory], [100_003, null]);
  const text = await textOf(body);
  assert(text.endsWith("789end"));
  assertEquals(await textOf(body), text);
  assertEquals((await fs.list(FOLDER)).length, 1);
  await body.dispose();
  await body.dispose();
  await writer.abort();
  assertEquals(await fs.list(FOLDER), []);
});

Deno.test("FsSpooler removes what is given up, and uses a name once", async () => {
  const fs = new MemFs();
  const s = spooler(fs);
  const [one, two] = [await s.start(), await s.start()];
  await one.write(utf8("x"));
  assertEquals((await fs.list(FOLDER)).length, 2);
  await one.abort();
  await one.abort();
  await two.abort();
  assertEquals(await fs.list(FOLDER), []);
  await assertRejects(() => one.write(utf8("x")));
});

Deno.test("FsSpooler tells of a full and a read-only disk, and abort never throws", async () => {
  const fs = new MemFs();
  const log = new MemoryLog();
  const s = spooler(fs, log);
  const writer = await s.start();
  const heal = fs.fail(takesSpace, "full");
  await assertRejects(() => writer.write(utf8("x".repeat(100))), "full");
  heal();
  const heal2 = fs.fail(isWrite, "read-only");
  await assertRejects(() => s.start(), "read-only");
  await writer.abort();
  heal2();
  assert(log.lines.some((l) => l.event === "spool file left over"));
});

Deno.test("FsSpooler sweeps what a crash left over, and nothing that may be in use", async () => {
  const clock = new FakeClock();
  const fs = new MemFs({ clock, files: { [`${FOLDER}/in-old`]: "x", [`${FOLDER}/other`]: "x" } });
  const log = new MemoryLog();
  await clock.advance(2 * SMTP_DATA_TOTAL + 1);
  const s = spooler(fs, log);
  const writer = await s.start();
  await writer.write(utf8("x"));
  assertEquals(await s.sweep(clock), 1);
  assertEquals((await fs.list(FOLDER)).length, 2);
  await writer.abort();
  assertEquals(await spooler(new MemFs(), log).sweep(clock), 0);
  const heal = fs.fail("list", "io");
  assertEquals([await s.sweep(clock), log.lines.length], [0, 1]);
  heal();
});
