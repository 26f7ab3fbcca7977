import v8 from "node:v8";
import vm from "node:vm";
import { CACHED_FOLDERS, KNOWN_FOLDERS } from "../../mod/base/limits.ts";
import type { Folder } from "../../mod/maildir/folder.ts";
import { LiveFolders } from "../../mod/maildir/live_folders.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { settle } from "../support/fake_clock.ts";
import { ALICE, machine, opened, ROOT, storeOn } from "./support.ts";

v8.setFlagsFromString("--expose-gc");
const gc = vm.runInNewContext("gc") as () => void;

/** Takes away what nobody holds. */
async function collect(): Promise<void> {
  await settle();
  gc();
  await settle();
}

Deno.test("LiveFolders finds a folder as long as somebody holds it, and keeps no names of others", async () => {
  const folders = new LiveFolders();
  const held = { name: "held" } as Folder; // only its name is read
  const fill = (from: number) => {
    for (let i = 0; i < 700; i++) folders.set({ name: `f${from + i}` } as Folder);
  };
  folders.set(held);
  fill(0);
  assert(folders.get("f0"));
  await collect();
  assertEquals([folders.get("f0"), folders.get("held") === held], [undefined, true]);
  assertEquals(folders.all(), [held]);
  fill(1000);
  assert(folders.size < 1000, `${folders.size}`);
  folders.delete("held");
  assertEquals(folders.get("held"), undefined);
});

Deno.test("MaildirStore lets go of folders that were looked at, and never of one that is in use", async () => {
  const fs = machine();
  const { store } = storeOn(fs);
  const account = await store.account(ALICE);
  const names = Array.from({ length: 1500 }, (_, i) => `f${i}`);
  for (const name of names) {
    for (const part of ["new", "cur", "tmp"]) await fs.makeDir(`${ROOT}/.${name}/${part}`);
  }
  const box = await opened(store, "f3");
  for (const name of names) assert((await account.status(name, {})).ok);
  await collect();
  const { length } = account.folders();
  assert(length <= KNOWN_FOLDERS + CACHED_FOLDERS + 1, `${length} folders`);
  assert(length >= KNOWN_FOLDERS, "the last ones are at hand");
  assert(account.findNow("f3") === box, "one of a name");
  box.close();
  await store.close();
});
