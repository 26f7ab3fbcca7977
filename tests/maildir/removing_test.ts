import { FsError } from "../../mod/base/fs.ts";
import { FolderState } from "../../mod/maildir/folder_state.ts";
import { syncFolder } from "../../mod/maildir/folder_sync.ts";
import { removeMessages } from "../../mod/maildir/removing.ts";
import { DELETED } from "../../mod/store/store.ts";
import { assertEquals, assertRejects } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemFs } from "../support/mem_fs.ts";
import { portsOn } from "./support.ts";

async function made(messages: number) {
  const clock = new FakeClock(1_700_000_000_000);
  const files: Record<string, string> = { "/m/new/9999.n": "n" };
  for (let i = 0; i < messages; i++) files[`/m/cur/${1000 + i}.a:2,`] = "x";
  const fs = new MemFs({ clock, dirs: ["/m/tmp"], files });
  const state = new FolderState(portsOn(fs, clock), "/m", "/m");
  await syncFolder(state);
  const told: string[] = [];
  state.listen((c) => {
    if (c.kind !== "expunged") told.push(c.kind);
    else told.push(`${c.uids.length} from ${c.uids[0]}`);
  });
  return { fs, state, told };
}

Deno.test("removeMessages() takes very many away, durably, and tells of them bit by bit", async () => {
  const { fs, state, told } = await made(2400);
  const gone = await removeMessages(state, state.messages.filter((m) => m.uid !== 7).map((m) => m.uid));
  assertEquals([gone.length, gone[5], gone[6], state.messages.map((m) => m.uid)], [2400, 6, 8, [7]]);
  assertEquals(told, ["1000 from 1", "1000 from 1002", "400 from 2002"]);
  assertEquals(fs.afterCrash("synced-only").tree("/m/cur").filter((p) => p.includes(".a")), [
    "/m/cur/1006.a:2,",
  ]);
  assertEquals(fs.afterCrash("synced-only").tree("/m/new").filter((p) => p.includes(".n")), []);
});

Deno.test("removeMessages() finds what was renamed meanwhile, and leaves what others removed to them", async () => {
  const { fs, state, told } = await made(5);
  await fs.rename("/m/cur/1001.a:2,", "/m/cur/1001.a:2,S");
  await fs.remove("/m/cur/1002.a:2,");
  assertEquals(await removeMessages(state, [1, 2, 3, 4]), [1, 2, 4]);
  // The look at the folder tells of the one that others removed, and of the new flags.
  assertEquals(told, ["1 from 3", "flags", "3 from 1"]);
  assertEquals(state.messages.map((m) => m.uid), [5, 6]);
});

Deno.test("removeMessages() leaves what has not the flags any more, whoever took them away", async () => {
  const { fs, state } = await made(4);
  for (const name of ["1000.a", "1001.a", "1002.a"]) {
    await fs.rename(`/m/cur/${name}:2,`, `/m/cur/${name}:2,T`);
  }
  state.forgetDirs();
  await syncFolder(state);
  await fs.rename("/m/cur/1001.a:2,T", "/m/cur/1001.a:2,");
  assertEquals(await removeMessages(state, [1, 2, 3, 4], DELETED), [1, 3]);
  assertEquals(state.messages.map((m) => m.uid), [2, 4, 5]);
  assertEquals(fs.tree("/m/cur").filter((p) => p.includes(".a")), ["/m/cur/1001.a:2,", "/m/cur/1003.a:2,"]);
});

Deno.test("removeMessages() tells of what is gone also where it fails half-way", async () => {
  const { fs, state, told } = await made(5);
  const whole = fs.fail("syncDir", "io");
  await assertRejects(() => removeMessages(state, [1, 2]));
  whole();
  assertEquals([told, state.messages.map((m) => m.uid)], [["2 from 1"], [3, 4, 5, 6]]);
  const remove = fs.remove.bind(fs);
  let calls = 0;
  fs.remove = (path) => ++calls > 1 ? Promise.reject(new FsError("io", "remove", path)) : remove(path);
  await assertRejects(() => removeMessages(state, [3, 4]));
  fs.remove = remove;
  await syncFolder(state);
  assertEquals([told, state.messages.map((m) => m.uid)], [["2 from 1", "1 from 3"], [4, 5, 6]]);
});
