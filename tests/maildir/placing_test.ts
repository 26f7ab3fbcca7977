import { FolderState } from "../../mod/maildir/folder_state.ts";
import { syncFolder } from "../../mod/maildir/folder_sync.ts";
import { Placing } from "../../mod/maildir/placing.ts";
import { SEEN } from "../../mod/store/store.ts";
import { assert, assertEquals, assertRejects } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemFs } from "../support/mem_fs.ts";
import { fileText, portsOn } from "./support.ts";

function made() {
  const clock = new FakeClock();
  const names = Array.from({ length: 12 }, (_, i) => [`/m/tmp/t${i}`, `text ${i}`]);
  const fs = new MemFs({ clock, dirs: ["/m/new", "/m/cur"], files: Object.fromEntries(names) });
  const state = new FolderState(portsOn(fs, clock), "/m", "/m");
  return { fs, state, placing: new Placing(state) };
}

const part = (i: number, how: "rename" | "link" = "rename") => {
  return { from: `/m/tmp/t${i}`, how, base: `b${i}`, flags: SEEN, internalDate: -1 };
};

Deno.test("what is asked for together shares one lock and one write of the UID list", async () => {
  const { fs, placing } = made();
  const uids = await Promise.all([0, 1, 2, 3, 4].map((i) => placing.place([part(i), part(i + 5)])));
  assertEquals(uids, [[1, 2], [3, 4], [5, 6], [7, 8], [9, 10]]);
  assert((fs.calls.get("append") ?? 0) <= 2);
  const list = await fileText(fs.afterCrash("synced-only"), "/m/dovecot-uidlist");
  assertEquals(list.split("\n").slice(1, 4), ["1 :b0", "2 :b5", "3 :b1"]);
  assertEquals(await fileText(fs.afterCrash("synced-only"), "/m/cur/b5:2,S"), "text 5");
  assertEquals(await placing.place([]), []);
});

Deno.test("a group that cannot be placed leaves nothing, and others go on", async () => {
  const { fs, state, placing } = made();
  await syncFolder(state);
  const bad = assertRejects(() => placing.place([part(0, "link"), part(99), part(1, "link")]), "not-found");
  const good = await placing.place([part(2)]);
  await bad;
  assertEquals(fs.tree("/m/cur"), ["/m/cur/b2:2,S"]);
  assertEquals(state.messages.map((m) => m.uid), good);
});

Deno.test("files are taken back when the UID list cannot be written", async () => {
  const { fs, state, placing } = made();
  await syncFolder(state);
  const heal = fs.fail((op, path) => op === "sync" && path.endsWith("uidlist"), "full");
  await assertRejects(() => placing.place([part(0)]), "full");
  heal();
  assertEquals([(await fs.list("/m/cur")).length, state.messages.length], [0, 0]);
  assertEquals((await placing.place([part(1)])).length, 1);
});

Deno.test("a delivered file is taken in once, whoever sees it first", async () => {
  const { fs, state, placing } = made();
  await syncFolder(state);
  await fs.rename("/m/tmp/t0", "/m/new/1.a");
  state.newDir.forget();
  await syncFolder(state);
  placing.delivered("1.a", 1);
  await fs.rename("/m/tmp/t1", "/m/new/2.b");
  placing.delivered("2.b", 2);
  placing.delivered("3.gone", 2);
  while (state.serial.busy > 0) await state.serial.run(() => Promise.resolve());
  assertEquals(state.messages.map((m) => [m.uid, m.file]), [[1, "1.a"], [2, "2.b"]]);
});
