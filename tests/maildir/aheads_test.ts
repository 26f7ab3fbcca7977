import { AHEADS } from "../../mod/base/limits.ts";
import { Aheads } from "../../mod/maildir/aheads.ts";
import { FolderState } from "../../mod/maildir/folder_state.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { settle } from "../support/fake_clock.ts";
import { MemBulk } from "../support/mem_bulk.ts";
import { MemFs } from "../support/mem_fs.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { portsOn } from "./support.ts";

Deno.test("Aheads brings in what reads ahead once, when it is first worth it, and bounds how many do", async () => {
  const fs = new MemFs();
  const log = new MemoryLog();
  const bulk = new MemBulk(fs);
  let made = 0;
  const aheads = new Aheads(() => {
    made++;
    return Promise.resolve(bulk);
  }, log);
  const state = new FolderState(portsOn(fs), "/a", "/a");
  const begin = (starts: boolean) => aheads.begin(state, "whole", () => [], 1, starts);
  assertEquals([begin(false), made], [null, 0]);
  assertEquals([begin(true), begin(true)], [null, null]);
  await settle(2);
  assertEquals([made, bulk.starts], [1, 1]);
  const going = Array.from({ length: AHEADS + 1 }, () => begin(false));
  assertEquals(going.map((a) => a !== null), [...Array(AHEADS).fill(true), false]);
  const [first, second] = going;
  assert(first && second);
  aheads.end(first);
  assert(begin(false));
  assertEquals(begin(false), null);
  second.close(); // by itself, since the thread died
  assert(begin(false));
  bulk.ready = false;
  assertEquals([begin(false), bulk.starts], [null, 1]);
  assertEquals([begin(true), bulk.starts], [null, 2]);
  aheads.close();
  assertEquals([bulk.closed, begin(true), log.lines], [true, null, []]);
});

Deno.test("Aheads that are closed while it is brought in, or cannot have it, do without", async () => {
  const fs = new MemFs();
  const bulk = new MemBulk(fs);
  const state = new FolderState(portsOn(fs), "/a", "/a");
  const closing = new Aheads(() => Promise.resolve(bulk), new MemoryLog());
  closing.begin(state, "whole", () => [], 1, true);
  closing.close();
  await settle(2);
  assertEquals([bulk.closed, bulk.starts], [true, 0]);
  const log = new MemoryLog();
  const failing = new Aheads(() => Promise.reject(new Error("no")), log);
  failing.begin(state, "whole", () => [], 1, true);
  await settle(2);
  assertEquals(failing.begin(state, "whole", () => [], 1, true), null);
  assertEquals(log.lines.map((l) => l.level), ["error"]);
});
