import { FolderState } from "../../mod/maildir/folder_state.ts";
import { syncFolder } from "../../mod/maildir/folder_sync.ts";
import { leaveNew, removeFiles, renameAll } from "../../mod/maildir/renaming.ts";
import { SEEN } from "../../mod/store/store.ts";
import { assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemFs } from "../support/mem_fs.ts";
import { portsOn } from "./support.ts";

async function made(links = true, slow = false) {
  const clock = new FakeClock();
  const cur = Array.from({ length: 60 }, (_, i) => [`/m/cur/${i + 10}.a:2,`, "x"]);
  const files = { ...Object.fromEntries(cur), "/m/new/90.n": "n", "/m/new/91.n": "n" };
  const fs = new MemFs({ clock, links, dirs: ["/m/tmp"], files });
  let now = 0;
  const ports = {
    ...portsOn(fs, clock),
    clock: {
      ...portsOn(fs, clock).clock,
      now: () => clock.now(),
      monotonic: () => now += slow ? 50 : 0,
      sleep: () => Promise.resolve(),
      after: () => () => {},
    },
  };
  const state = new FolderState(ports, "/m", "/m");
  await syncFolder(state);
  return { fs, state };
}

Deno.test("renameAll() renames at once, and by waiting calls where the disk is slow", async () => {
  for (const slow of [false, true]) {
    const { fs, state } = await made(true, slow);
    await fs.remove("/m/cur/12.a:2,");
    const inCur = state.messages.filter((m) => !m.isNew);
    const lost = await renameAll(state, inCur, () => SEEN);
    assertEquals(lost.map((m) => m.base), ["12.a"]);
    assertEquals((await fs.list("/m/cur")).every((e) => e.name.endsWith(":2,S")), true);
    assertEquals(inCur.filter((m) => m.flags === SEEN).length, 59);
  }
});

Deno.test("leaveNew() never has a file in neither place, with links or without", async () => {
  for (const links of [true, false]) {
    const { fs, state } = await made(links);
    await fs.remove("/m/new/91.n");
    const fresh = state.messages.filter((m) => m.isNew);
    const lost = await leaveNew(state, fresh, () => SEEN);
    assertEquals(lost.map((m) => m.file), ["91.n"]);
    assertEquals([(await fs.list("/m/new")).length, fs.statSync("/m/cur/90.n:2,S")?.kind], [0, "file"]);
  }
});

Deno.test("removeFiles() says which were not there", async () => {
  const { fs, state } = await made();
  await fs.remove("/m/cur/10.a:2,");
  assertEquals((await removeFiles(state, state.messages)).map((m) => m.base), ["10.a"]);
  assertEquals([(await fs.list("/m/cur")).length, (await fs.list("/m/new")).length], [0, 0]);
});
