import { WatchedDir } from "../../mod/maildir/watched_dir.ts";
import { assertEquals, assertRejects } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemFs } from "../support/mem_fs.ts";

async function made() {
  const clock = new FakeClock();
  const fs = new MemFs({ clock, files: { "/d/a": "", "/d/.hidden": "", "/d/sub/x": "" } });
  fs.symlink("/etc/passwd", "/d/link");
  await clock.advance(10_000);
  return { clock, fs, dir: new WatchedDir({ fs, clock }, "/d") };
}

Deno.test("a folder is listed when its time changed, and holds plain files only", async () => {
  const { clock, fs, dir } = await made();
  assertEquals(dir.due(), true);
  assertEquals(await dir.list(), { files: ["a"], stable: true });
  assertEquals(dir.due(), false);
  await clock.advance(60_000);
  assertEquals(dir.due(), false);
  await fs.createWith("/d/b", []);
  assertEquals(dir.due(), true);
});

Deno.test("a change in the tick of a listing is found by one more listing later", async () => {
  const { clock, fs, dir } = await made();
  await fs.createWith("/d/b", []);
  await dir.list();
  await fs.createWith("/d/c", []); // same time: unseen for now
  assertEquals(dir.due(), false);
  await clock.advance(2_001);
  assertEquals(dir.due(), true);
  assertEquals((await dir.list()).files.toSorted(), ["a", "b", "c"]);
  await clock.advance(60_000);
  assertEquals(dir.due(), false);
});

Deno.test("own changes need no listing at once, those of others among them do later", async () => {
  const { clock, fs, dir } = await made();
  await dir.list();
  await clock.advance(5_000);
  await dir.own(() => fs.rename("/d/a", "/d/z"));
  assertEquals(dir.due(), false);
  await clock.advance(1_000);
  assertEquals(dir.due(), false);
  await clock.advance(1_100);
  assertEquals(dir.due(), true);
  await dir.list();
  await fs.createWith("/d/foreign", []);
  await dir.own(() => fs.rename("/d/z", "/d/y"));
  assertEquals(dir.due(), true); // it was not as we knew it
});

Deno.test("a listing during which the folder changed is not stable", async () => {
  const { clock, fs, dir } = await made();
  const list = fs.list.bind(fs);
  let n = 0;
  fs.list = async (path) => {
    const entries = await list(path);
    await clock.advance(5);
    await fs.createWith(`/d/new${n++}`, []);
    return entries;
  };
  assertEquals((await dir.list()).stable, false);
  assertEquals([n, dir.due()], [3, true]);
});

Deno.test("a folder that is not there throws when listed", async () => {
  const { clock, fs } = await made();
  const dir = new WatchedDir({ fs, clock }, "/none");
  assertEquals(dir.due(), true);
  await assertRejects(() => dir.list(), "not-found");
});
