import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { GREY_SAVE } from "../../mod/base/limits.ts";
import { Greylist } from "../../mod/inbound/checks/greylist.ts";
import { GreylistFile } from "../../mod/inbound/greylist_file.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemFs } from "../support/mem_fs.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { addr } from "./rig.ts";

const PATH = "/data/greylist.jsonl";

async function opened(fs: MemFs) {
  const ports = { fs, clock: new FakeClock(), log: new MemoryLog() };
  const list = new Greylist();
  await fs.makeDir("/data");
  const file = new GreylistFile(list, PATH, ports);
  await file.open();
  return { list, file, ...ports };
}

function tryOnce(list: Greylist, at: number): number {
  return list.check("192.0.2.1", addr("a@far.example"), addr("alice@example.test"), at, 1000).length;
}

/** Closes; the clock must run for that, since long lists are written with pauses. */
async function closed(file: GreylistFile, clock: FakeClock): Promise<void> {
  const closing = file.close();
  await clock.advance(0);
  await closing;
}

async function saved(fs: MemFs): Promise<string | null> {
  const octets = await fs.readFile(PATH, 1000);
  return octets && fromUtf8(octets);
}

Deno.test("GreylistFile saves now and then what changed, and at the end; a restart knows it", async () => {
  const fs = new MemFs();
  const { list, file, clock } = await opened(fs);
  await clock.advance(GREY_SAVE);
  assertEquals(await saved(fs), null);
  assertEquals(tryOnce(list, 1), 1);
  await clock.advance(GREY_SAVE);
  assertEquals(await saved(fs), `["192.0.2.0 a@far.example alice@example.test",1,1,0]\n`);
  tryOnce(list, 500);
  await closed(file, clock);
  assertEquals(clock.waiting, 0);
  const next = await opened(fs);
  assertEquals(tryOnce(next.list, 1001), 0);
  await closed(next.file, next.clock);
  assertEquals(fs.tree("/data"), [PATH]);
});

Deno.test("GreylistFile goes on without a file it cannot read or write", async () => {
  const fs = new MemFs();
  const repair = fs.fail("rename", "full");
  const { list, file, clock, log } = await opened(fs);
  tryOnce(list, 1);
  await clock.advance(GREY_SAVE);
  assert(log.lines.some((l) => l.event === "greylist not saved"));
  repair();
  await closed(file, clock);
  assert(await saved(fs));
  await fs.remove(PATH);
  await fs.createWith(PATH, [utf8("\u0000nonsense\n")]);
  const next = await opened(fs);
  assertEquals(next.list.size, 0);
  await closed(next.file, next.clock);
});
