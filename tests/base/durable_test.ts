import { DirSync, folderOf, replaceFile } from "../../mod/base/durable.ts";
import type { Fs } from "../../mod/base/fs.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import { assertEquals, assertRejects } from "../support/assert.ts";
import { settle } from "../support/fake_clock.ts";

/** A file system of which only `syncDir` is used: each sync waits until the test ends it. */
function slowSync(): { fs: Fs; running: { end: (e?: Error) => void }[] } {
  const running: { end: (e?: Error) => void }[] = [];
  const syncDir = () =>
    new Promise<void>((resolve, reject) => running.push({ end: (e) => e ? reject(e) : resolve() }));
  return { fs: { syncDir } as unknown as Fs, running };
}

Deno.test("DirSync shares one sync among all who ask while another runs, and never serves anyone with an earlier one", async () => {
  const { fs, running } = slowSync();
  const dirs = new DirSync(fs);
  const order: string[] = [];
  const ask = (name: string) => dirs.sync("/d").then(() => order.push(name));
  const all = [ask("a"), ask("b"), ask("c")];
  assertEquals(running.length, 1);
  running[0]?.end();
  await settle();
  assertEquals([order, running.length], [["a"], 2]);
  all.push(ask("d"));
  running[1]?.end();
  await settle();
  assertEquals([order, running.length], [["a", "b", "c"], 3]);
  running[2]?.end();
  await Promise.all(all);
  assertEquals(order.at(-1), "d");
});

Deno.test("DirSync passes a fault to those it concerns and goes on", async () => {
  const { fs, running } = slowSync();
  const dirs = new DirSync(fs);
  const first = assertRejects(() => dirs.sync("/d"), "disk");
  const second = dirs.sync("/d");
  running[0]?.end(new Error("disk"));
  await first;
  await settle();
  running[1]?.end();
  await second;
  const third = dirs.sync("/d");
  running[2]?.end();
  await third;
});

Deno.test("DirSync keeps folders apart", () => {
  const { fs, running } = slowSync();
  const dirs = new DirSync(fs);
  void dirs.sync("/a");
  void dirs.sync("/b");
  assertEquals(running.length, 2);
});

Deno.test("replaceFile() writes aside, renames, then syncs the folder", async () => {
  const calls: string[] = [];
  const fs = {
    remove: (p: string) => Promise.resolve(calls.push(`remove ${p}`) > 0),
    createWith: (p: string, _: unknown, mode: number) =>
      Promise.resolve(void calls.push(`create ${p} ${mode.toString(8)}`)),
    rename: (a: string, b: string) => Promise.resolve(void calls.push(`rename ${a} ${b}`)),
    syncDir: (p: string) => Promise.resolve(void calls.push(`sync ${p}`)),
  } as unknown as Fs;
  await replaceFile(fs, "/d/f", utf8("x"));
  assertEquals(calls, ["remove /d/f.new", "create /d/f.new 600", "rename /d/f.new /d/f", "sync /d"]);
});

Deno.test("folderOf() cuts the last name", () => {
  assertEquals([folderOf("/a/b"), folderOf("/a"), folderOf("/")], ["/a", "/", "/"]);
});
