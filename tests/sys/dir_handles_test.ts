import { DirHandles } from "../../mod/sys/dir_handles.ts";
import { assert, assertEquals, assertRejects } from "../support/assert.ts";

async function inFolder(work: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await work(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("DirHandles keeps the last used, and none when told so", () =>
  inFolder(async (dir) => {
    for (const [max, open] of [[0, 0], [2, 2]] as const) {
      const handles = new DirHandles(max);
      for (const name of ["a", "b", "c"]) {
        await Deno.mkdir(`${dir}/${name}`, { recursive: true });
        await handles.sync(`${dir}/${name}`);
      }
      await Promise.all(["a", "a", "b", "c"].map((name) => handles.sync(`${dir}/${name}`)));
      assertEquals(handles.size, open);
      handles.close();
      assertEquals(handles.size, 0);
    }
  }));

Deno.test("DirHandles syncs the folder that is there now, not the one it had open", () =>
  inFolder(async (dir) => {
    const synced: number[] = [];
    const sync = Deno.FsFile.prototype.sync;
    Deno.FsFile.prototype.sync = function () {
      synced.push(this.statSync().ino ?? 0);
      return sync.call(this);
    };
    const handles = new DirHandles(2);
    try {
      await Deno.mkdir(`${dir}/a`);
      const first = Deno.statSync(`${dir}/a`).ino;
      await handles.sync(`${dir}/a`);
      await Deno.rename(`${dir}/a`, `${dir}/old`);
      await assertRejects(() => handles.sync(`${dir}/a`));
      await Deno.mkdir(`${dir}/a`);
      const second = Deno.statSync(`${dir}/a`).ino;
      assert(first !== second);
      const before = handles.sync(`${dir}/a`);
      await Deno.rename(`${dir}/a`, `${dir}/older`);
      await Deno.rename(`${dir}/old`, `${dir}/a`);
      await Promise.all([before, handles.sync(`${dir}/a`)]);
      assertEquals(synced, [first, second, first]);
    } finally {
      Deno.FsFile.prototype.sync = sync;
      handles.close();
    }
  }));
