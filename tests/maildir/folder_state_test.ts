import { FolderMessage, FolderState } from "../../mod/maildir/folder_state.ts";
import { SEEN } from "../../mod/store/store.ts";
import { assertEquals } from "../support/assert.ts";
import { MemFs } from "../support/mem_fs.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { portsOn } from "./support.ts";

const made = (log = new MemoryLog()) =>
  new FolderState({ ...portsOn(new MemFs({ dirs: ["/m"] })), log }, "/m", "/m");
const message = (uid: number) => new FolderMessage(uid, `${uid}.x,S=5,W=6:2,S`, false);

Deno.test("a message reads flags and size from its name, no flags in new/", () => {
  const m = message(1);
  assertEquals([m.flags, m.size, m.internalDate, m.base], [SEEN, 6, -1, "1.x,S=5,W=6"]);
  const fresh = new FolderMessage(2, "2.x:2,S", true);
  assertEquals([fresh.flags, fresh.size], [0, -1]);
});

Deno.test("messages are added in place, dropped into another array, and both are told", async () => {
  const state = made();
  const log: string[] = [];
  const end = state.listen((c) => log.push(c.kind));
  const list = state.messages;
  assertEquals(await state.add([message(1), message(2)]), true);
  assertEquals([state.messages === list, state.messages.length], [true, 2]);
  await state.drop(new Set(list.slice(0, 1)));
  assertEquals([state.messages === list, list.length, state.messages.map((m) => m.uid)], [false, 2, [2]]);
  await state.drop(new Set());
  await state.add([]);
  end();
  await state.add([message(3)]);
  assertEquals(log, ["added", "expunged"]);
});

Deno.test("a lower UID that comes late ends the mailbox rather than break its order", async () => {
  const state = made();
  const log: string[] = [];
  await state.add([message(5)]);
  state.listen((c) => log.push(c.kind));
  assertEquals(await state.add([message(4)]), false);
  state.end();
  assertEquals([state.gone, log], [true, ["gone"]]);
});

Deno.test("a listener that throws does not keep others from hearing", () => {
  const log = new MemoryLog();
  const state = made(log);
  let heard = 0;
  state.listen(() => {
    throw new Error("bug");
  });
  state.listen(() => heard++);
  state.tell({ kind: "keywords" });
  assertEquals([heard, log.lines.map((l) => l.level)], [1, ["error"]]);
});

Deno.test("what lies in new/ is known without looking at all messages", async () => {
  const state = made();
  const fresh = (uid: number) => new FolderMessage(uid, `${uid}.x`, true);
  const one = fresh(2);
  state.load([message(1), one], [one]);
  await state.add([fresh(3)]);
  const uids = () => [...state.fresh].map((m) => m.uid);
  assertEquals([state.loaded, uids()], [true, [2, 3]]);
  state.lies(one, false);
  assertEquals([one.isNew, uids()], [false, [3]]);
  state.lies(one, true);
  await state.drop(new Set(state.messages.filter((m) => m.uid === 3)));
  assertEquals(uids(), [2]);
  state.unload();
  assertEquals(uids(), []);
});

Deno.test("known() tells bases of messages from others, and knows what came since", async () => {
  const state = made();
  state.load([message(1), message(2)], []);
  const known = async (...bases: string[]) => [...await state.known(bases)];
  assertEquals(await known("1.x,S=5,W=6", "1.x", "9.x,S=5,W=6", ""), ["1.x,S=5,W=6"]);
  await state.add([message(3)]);
  assertEquals(await known("3.x,S=5,W=6", "2.x,S=5,W=6"), ["2.x,S=5,W=6", "3.x,S=5,W=6"]);
  await state.takeOut(new Set(state.messages.filter((m) => m.uid === 2)));
  assertEquals(await known("3.x,S=5,W=6", "2.x,S=5,W=6"), ["3.x,S=5,W=6"]);
});

Deno.test("listeners are told of very many some at a time, in order, and see what they are told of", async () => {
  const state = made();
  const many = Array.from({ length: 2500 }, (_, i) => message(i + 1));
  const told: [string, number, number][] = [];
  state.listen((c) => {
    if (c.kind === "expunged") told.push([c.kind, c.uids.length, c.uids[0] ?? 0]);
    else if (c.kind === "added") {
      told.push([c.kind, c.messages.length, c.messages[0]?.uid ?? 0]);
      assertEquals(state.messages.length, c.messages.at(-1)?.uid);
    }
  });
  await state.add(many);
  await state.drop(new Set(many.slice(0, 1200)));
  assertEquals(told, [
    ["added", 1000, 1],
    ["added", 1000, 1001],
    ["added", 500, 2001],
    ["expunged", 1000, 1],
    ["expunged", 200, 1001],
  ]);
  assertEquals(state.all([1300, 1, 1301, 2500, 2501, 1202]).map((m) => m.uid), [1300, 1301, 2500, 1202]);
});
