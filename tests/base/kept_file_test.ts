import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { type Keepable, KeptFile } from "../../mod/base/kept_file.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemFs } from "../support/mem_fs.ts";
import { MemoryLog } from "../support/memory_log.ts";

const PATH = "/data/notes.jsonl";
const EVERY = 60_000;

/** Keeps lines. */
class Notes implements Keepable {
  revision = 0;
  lines: string[] = [];
  add(line: string): void {
    this.lines.push(line);
    this.revision++;
  }
  *pieces(): Generator<string> {
    for (const line of this.lines) yield `${line}\n`;
  }
  restore(text: string): void {
    if (text.startsWith("\0")) throw new TypeError("no notes");
    for (const line of text.split("\n")) if (line !== "") this.add(line);
  }
}

async function opened(fs: MemFs) {
  const ports = { fs, clock: new FakeClock(), log: new MemoryLog() };
  const notes = new Notes();
  await fs.makeDir("/data");
  const file = new KeptFile(notes, { path: PATH, name: "notes", most: 1000, every: EVERY }, ports);
  await file.open();
  return { notes, file, ...ports };
}

/** Closes; the clock must run for that, since long texts are written with pauses. */
async function closed(file: KeptFile, clock: FakeClock): Promise<void> {
  const closing = file.close();
  await clock.advance(0);
  await closing;
}

async function saved(fs: MemFs): Promise<string | null> {
  const octets = await fs.readFile(PATH, 1000);
  return octets && fromUtf8(octets);
}

Deno.test("KeptFile saves now and then what changed, and at the end; a restart knows it", async () => {
  const fs = new MemFs();
  const { notes, file, clock } = await opened(fs);
  await clock.advance(EVERY);
  assertEquals(await saved(fs), null);
  notes.add("a");
  await clock.advance(EVERY);
  assertEquals(await saved(fs), "a\n");
  notes.add("b");
  await closed(file, clock);
  assertEquals(clock.waiting, 0);
  const next = await opened(fs);
  assertEquals(next.notes.lines, ["a", "b"]);
  await closed(next.file, next.clock);
  assertEquals(fs.tree("/data"), [PATH]);
});

Deno.test("KeptFile saves once for all who ask at a time, and what changes meanwhile the next time", async () => {
  const fs = new MemFs();
  const { notes, file, clock } = await opened(fs);
  notes.add("a");
  const both = Promise.all([file.save(), file.save()]);
  await clock.advance(0);
  await both;
  notes.add("b");
  await clock.advance(EVERY);
  assertEquals(await saved(fs), "a\nb\n");
  await closed(file, clock);
});

Deno.test("KeptFile goes on without a file it cannot read or write", async () => {
  const fs = new MemFs();
  const repair = fs.fail("rename", "full");
  const { notes, file, clock, log } = await opened(fs);
  notes.add("a");
  await clock.advance(EVERY);
  assert(log.lines.some((l) => l.event === "notes not saved"));
  repair();
  await closed(file, clock);
  assert(await saved(fs));
  for (const content of ["\0nonsense", "x".repeat(2000)]) {
    await fs.remove(PATH);
    await fs.createWith(PATH, [utf8(content)]);
    const next = await opened(fs);
    assert(next.log.lines.some((l) => l.event === "notes not read"));
    assertEquals(next.notes.lines, []);
    await closed(next.file, next.clock);
  }
});
