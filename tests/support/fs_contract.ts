/** What every `Fs` does, run on the real one and on the one in memory. */
import { assert, assertEquals, assertRejects, assertThrows } from "./assert.ts";
import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { type Fs, type FsErrorCode, isFsError } from "../../mod/base/fs.ts";

/** A file system with an empty folder to work in. */
export interface FsUnderTest {
  readonly fs: Fs;
  readonly dir: string;
  symlink(target: string, path: string): void | Promise<void>;
  dispose(): Promise<void>;
}

type Case = (fs: Fs, dir: string, under: FsUnderTest) => Promise<void>;

/** Registers the suite as tests called "NAME ...". */
export function fsContract(name: string, make: () => Promise<FsUnderTest>): void {
  for (const [title, run] of Object.entries(CASES)) {
    Deno.test(`${name} ${title}`, async () => {
      const under = await make();
      try {
        await run(under.fs, under.dir, under);
      } finally {
        await under.dispose();
      }
    });
  }
}

const CASES: Readonly<Record<string, Case>> = {
  "creates, appends and reads": async (fs, dir) => {
    const path = `${dir}/a`;
    const file = await fs.create(path);
    await file.write(utf8("one "));
    await file.write(new Uint8Array(0));
    await file.write(utf8("two"));
    await file.sync();
    await file.close();
    const more = await fs.append(path);
    await more.write(utf8(" three"));
    await more.close();
    assertEquals(await text(fs, path), "one two three");
    assertEquals((await fs.stat(path))?.size, 13);
    const fresh = await fs.append(`${dir}/b`);
    await fresh.write(utf8("x"));
    await fresh.close();
    assertEquals(await text(fs, `${dir}/b`), "x");
  },

  "refuses to create what is there": async (fs, dir) => {
    await fs.createWith(`${dir}/a`, [utf8("old")]);
    await fails("exists", () => fs.create(`${dir}/a`));
    await fails("exists", () => fs.createWith(`${dir}/a`, [utf8("new")]));
    await fails("exists", () => fs.createWith(dir, [utf8("new")]));
    assertEquals(await text(fs, `${dir}/a`), "old");
  },

  "creates nothing in a folder that is not there": async (fs, dir) => {
    await fails("not-found", () => fs.create(`${dir}/no/a`));
    await fails("not-found", () => fs.createWith(`${dir}/no/a`, []));
    await fails("not-found", () => fs.append(`${dir}/no/a`));
    await fails("not-found", () => fs.rename(`${dir}/a`, `${dir}/b`));
    await fails("not-found", () => fs.link(`${dir}/a`, `${dir}/b`));
    await fails("not-found", () => fs.list(`${dir}/no`));
    await fails("not-found", () => fs.open(`${dir}/no`));
    await fails("not-found", () => fs.removeDir(`${dir}/no`));
    await fails("not-found", () => fs.syncDir(`${dir}/no`));
    await fails("not-found", () => fs.setTime(`${dir}/no`, 1));
  },

  "createWith() joins chunks, sets mode and time": async (fs, dir) => {
    await fs.createWith(`${dir}/a`, [utf8("one "), utf8("two")]);
    await fs.createWith(`${dir}/b`, [], 0o640);
    await fs.createWith(`${dir}/c`, [utf8("x")], 0o600, 1_600_000_000_000);
    const large = new Uint8Array(300_000).fill(7);
    await fs.createWith(`${dir}/d`, [large, large]);
    assertEquals(await text(fs, `${dir}/a`), "one two");
    assertEquals((await fs.stat(`${dir}/a`))?.mode, 0o600);
    assertEquals((await fs.stat(`${dir}/b`))?.mode, 0o640);
    assertEquals((await fs.stat(`${dir}/b`))?.size, 0);
    assertEquals((await fs.stat(`${dir}/c`))?.mtime, 1_600_000_000_000);
    assertEquals((await fs.readFile(`${dir}/d`, 1e6))?.every((b) => b === 7), true);
    assertEquals((await fs.stat(`${dir}/d`))?.size, 600_000);
  },

  "takes many chunks and many files at once": async (fs, dir) => {
    const chunks = Array.from({ length: 3000 }, (_, i) => utf8(`${i},`));
    await Promise.all(
      Array.from({ length: 40 }, (_, i) => fs.createWith(`${dir}/${i}`, i % 8 ? [] : chunks)),
    );
    assertEquals((await fs.list(dir)).length, 40);
    assertEquals(await text(fs, `${dir}/8`), Array.from({ length: 3000 }, (_, i) => `${i},`).join(""));
  },

  "stat() tells kinds, links and nothing": async (fs, dir, under) => {
    await fs.createWith(`${dir}/file`, [utf8("x")]);
    await under.symlink(`${dir}/file`, `${dir}/symlink`);
    await under.symlink(`${dir}/nowhere`, `${dir}/dangling`);
    await fs.makeDir(`${dir}/dir`);
    for (const stat of [(p: string) => fs.stat(p), (p: string) => Promise.resolve(fs.statSync(p))]) {
      assertEquals((await stat(`${dir}/file`))?.kind, "file");
      assertEquals((await stat(`${dir}/symlink`))?.kind, "symlink");
      assertEquals((await stat(`${dir}/dangling`))?.kind, "symlink");
      assertEquals((await stat(`${dir}/dir`))?.kind, "dir");
      assertEquals(await stat(`${dir}/none`), null);
      assertEquals(await stat(`${dir}/none/none`), null);
      assertEquals(await stat(`${dir}/file/none`), null);
    }
    await fs.link(`${dir}/file`, `${dir}/twin`);
    const [one, two] = [await fs.stat(`${dir}/file`), await fs.stat(`${dir}/twin`)];
    assertEquals([one?.links, two?.links, one?.inode], [2, 2, two?.inode]);
    assertEquals(
      (await fs.list(dir)).sort((a, b) => a.name < b.name ? -1 : 1),
      [
        { name: "dangling", kind: "symlink" },
        { name: "dir", kind: "dir" },
        { name: "file", kind: "file" },
        { name: "symlink", kind: "symlink" },
        { name: "twin", kind: "file" },
      ],
    );
  },

  "realPath() follows links anywhere in a path": async (fs, dir, under) => {
    await fs.makeDir(`${dir}/real/mail`);
    await under.symlink(`${dir}/real`, `${dir}/one`);
    await under.symlink(`${dir}/one`, `${dir}/two`);
    await under.symlink(`${dir}/nowhere`, `${dir}/dangling`);
    const real = await fs.realPath(`${dir}/real`);
    for (const path of ["one", "two"]) {
      assertEquals(await fs.realPath(`${dir}/${path}`), real);
      assertEquals(await fs.realPath(`${dir}/${path}/mail`), `${real}/mail`);
    }
    for (const path of ["dangling", "none", "one/none"]) {
      assertEquals(await fs.realPath(`${dir}/${path}`), null);
    }
  },

  "does not follow a symbolic link": async (fs, dir, under) => {
    await fs.createWith(`${dir}/file`, [utf8("secret")]);
    await under.symlink(`${dir}/file`, `${dir}/s`);
    await under.symlink(`${dir}/made`, `${dir}/dangling`);
    await fails("denied", () => fs.open(`${dir}/s`));
    await fails("denied", () => fs.readFile(`${dir}/s`, 100));
    await fails("denied", () => Promise.resolve().then(() => fs.readInto(`${dir}/s`, new Uint8Array(100))));
    await fails("denied", () => Promise.resolve().then(() => fs.readHead(`${dir}/s`, new Uint8Array(100))));
    await fails("denied", () => fs.append(`${dir}/s`));
    await fails("denied", () => fs.append(`${dir}/dangling`));
    await fails("exists", () => fs.create(`${dir}/dangling`));
    await fails("exists", () => fs.createWith(`${dir}/dangling`, []));
    assertEquals(await fs.stat(`${dir}/made`), null);
    assertEquals(await fs.remove(`${dir}/s`), true);
    assertEquals(await text(fs, `${dir}/file`), "secret");
  },

  "reads at any place, also after the name is gone": async (fs, dir) => {
    await fs.createWith(`${dir}/a`, [utf8("0123456789")]);
    const file = await fs.open(`${dir}/a`);
    try {
      assertEquals(file.size, 10);
      await fs.remove(`${dir}/a`);
      const into = new Uint8Array(4);
      assertEquals(await file.readAt(into, 8), 2);
      assertEquals(fromUtf8(into.subarray(0, 2)), "89");
      assertEquals(await file.readAt(into, 2), 4);
      assertEquals(fromUtf8(into), "2345");
      assertEquals(await file.readAt(into, 10), 0);
      assertEquals(await file.readAt(into, 99), 0);
      assertEquals(await file.readAt(new Uint8Array(0), 0), 0);
    } finally {
      file.close();
      file.close();
    }
  },

  "reads concurrently from one file": async (fs, dir) => {
    const bytes = Uint8Array.from({ length: 200_000 }, (_, i) => i % 251);
    await fs.createWith(`${dir}/a`, [bytes]);
    const file = await fs.open(`${dir}/a`);
    try {
      await Promise.all([0, 1000, 77_777, 199_990].map(async (at) => {
        const into = new Uint8Array(5000);
        const got = await file.readAt(into, at);
        assertEquals(got, Math.min(5000, 200_000 - at));
        assert(into.subarray(0, got).every((b, i) => b === (at + i) % 251));
      }));
    } finally {
      file.close();
    }
  },

  "readFile() and readInto() give whole small files": async (fs, dir) => {
    await fs.createWith(`${dir}/a`, [utf8("12345")]);
    await fs.createWith(`${dir}/empty`, []);
    assertEquals(await fs.readFile(`${dir}/none`, 9), null);
    assertEquals(await fs.readFile(`${dir}/a`, 5), utf8("12345"));
    assertEquals(await fs.readFile(`${dir}/empty`, 0), new Uint8Array(0));
    await fails("io", () => fs.readFile(`${dir}/a`, 4));
    await fails("io", () => fs.readFile(dir, 100));
    const into = new Uint8Array(5);
    assertEquals(fs.readInto(`${dir}/none`, into), null);
    assertEquals(fs.readInto(`${dir}/a`, into), 5);
    assertEquals(fromUtf8(into), "12345");
    assertEquals(fs.readInto(`${dir}/a`, new Uint8Array(4)), 5);
    assertEquals(fs.readInto(`${dir}/empty`, new Uint8Array(0)), 0);
    const start = new Uint8Array(3);
    assertEquals([fs.readStart(`${dir}/a`, start), fromUtf8(start)], [3, "123"]);
    assertEquals([fs.readStart(`${dir}/a`, into), fs.readStart(`${dir}/none`, into)], [5, null]);
    assertEquals([fs.readHead(`${dir}/a`, start), fs.readHead(`${dir}/none`, into)], [3, null]);
    const stat = { mtime: 0 };
    assertEquals(fs.readHead(`${dir}/a`, start, stat), 3);
    assertEquals(stat.mtime, fs.statSync(`${dir}/a`)?.mtime);
    const thrown = assertThrows(() => fs.readInto(dir, new Uint8Array(10)));
    assert(isFsError(thrown, "io"), String(thrown));
  },

  "renames over what is there, across folders too": async (fs, dir) => {
    await fs.createWith(`${dir}/a`, [utf8("a")]);
    await fs.createWith(`${dir}/b`, [utf8("b")]);
    await fs.rename(`${dir}/a`, `${dir}/b`);
    assertEquals(await text(fs, `${dir}/b`), "a");
    assertEquals(await fs.stat(`${dir}/a`), null);
    await fs.makeDir(`${dir}/sub`);
    fs.renameSync(`${dir}/b`, `${dir}/sub/c`);
    assertEquals(await text(fs, `${dir}/sub/c`), "a");
    await fs.rename(`${dir}/sub`, `${dir}/moved`);
    assertEquals(await text(fs, `${dir}/moved/c`), "a");
    await fs.makeDir(`${dir}/other`);
    await fails("not-empty", () => fs.rename(`${dir}/other`, `${dir}/moved`));
    await fs.rename(`${dir}/moved`, `${dir}/other`);
    assertEquals(await text(fs, `${dir}/other/c`), "a");
    const thrown = assertThrows(() => fs.renameSync(`${dir}/none`, `${dir}/x`));
    assert(isFsError(thrown, "not-found"));
    await fails("io", () => fs.rename(`${dir}/other`, `${dir}/other/inside`));
  },

  "links two names to one file": async (fs, dir) => {
    await fs.createWith(`${dir}/a`, [utf8("a")]);
    await fs.createWith(`${dir}/c`, []);
    await fs.link(`${dir}/a`, `${dir}/b`);
    await fails("exists", () => fs.link(`${dir}/a`, `${dir}/c`));
    await fs.rename(`${dir}/a`, `${dir}/b`); // POSIX: does nothing, says nothing
    assertEquals((await fs.stat(`${dir}/a`))?.links, 2);
    assertEquals(await fs.remove(`${dir}/a`), true);
    assertEquals((await fs.stat(`${dir}/b`))?.links, 1);
    assertEquals(await text(fs, `${dir}/b`), "a");
  },

  "removes files and empty folders only": async (fs, dir) => {
    await fs.makeDir(`${dir}/x/y`);
    await fs.makeDir(`${dir}/x/y`);
    await fs.createWith(`${dir}/x/f`, []);
    assertEquals(await fs.remove(`${dir}/none`), false);
    assertEquals(await fs.remove(`${dir}/none/none`).catch((e) => isFsError(e, "not-found")), false);
    await fails("io", () => fs.remove(`${dir}/x/y`));
    await fails("not-empty", () => fs.removeDir(`${dir}/x`));
    await fs.removeDir(`${dir}/x/y`);
    assertEquals(await fs.remove(`${dir}/x/f`), true);
    await fs.removeDir(`${dir}/x`);
    assertEquals(await fs.list(dir), []);
    await fs.makeDir(`${dir}/mode`, 0o750);
    assertEquals((await fs.stat(`${dir}/mode`))?.mode, 0o750);
    await fs.createWith(`${dir}/file`, []);
    await fails("exists", () => fs.makeDir(`${dir}/file`));
  },

  "holds a file until it is let go": async (fs, dir) => {
    const [path, mark] = [`${dir}/held`, utf8("mine")];
    const held = await fs.hold(path, mark);
    assert(held);
    assertEquals([await text(fs, path), (await fs.stat(path))?.inode], ["mine", held.inode]);
    await fails("exists", () => fs.hold(path, mark));
    await fs.link(path, `${dir}/other`);
    for (const name of ["held", "other"]) assertEquals(await fs.removeUnheld(`${dir}/${name}`, mark), false);
    await fs.remove(path);
    assertEquals(await fs.removeUnheld(`${dir}/other`, mark), false, "its last name");
    held.close();
    held.close();
    for (const what of ["min", "mine!", "Mine", ""]) {
      assertEquals(await fs.removeUnheld(`${dir}/other`, utf8(what)), false, what);
    }
    assertEquals(await fs.removeUnheld(`${dir}/other`, mark), true);
    assertEquals(await fs.removeUnheld(`${dir}/other`, mark), false);
    assertEquals(await fs.list(dir), []);
    await fails("not-found", () => fs.hold(`${dir}/no/held`, mark));
  },

  "removeUnheld() follows no link and takes no folder": async (fs, dir, under) => {
    await fs.createWith(`${dir}/file`, [utf8("mine")]);
    await under.symlink(`${dir}/file`, `${dir}/s`);
    await fs.makeDir(`${dir}/d`);
    for (const name of ["s", "d"]) assertEquals(await fs.removeUnheld(`${dir}/${name}`, utf8("mine")), false);
    assertEquals(await text(fs, `${dir}/file`), "mine");
  },

  "sets times": async (fs, dir) => {
    await fs.createWith(`${dir}/a`, [utf8("x")]);
    await fs.setTime(`${dir}/a`, 1_500_000_000_250);
    assertEquals((await fs.stat(`${dir}/a`))?.mtime, 1_500_000_000_250);
    await fs.makeDir(`${dir}/d`);
    await fs.setTime(`${dir}/d`, 1_400_000_000_000);
    assertEquals(fs.statSync(`${dir}/d`)?.mtime, 1_400_000_000_000);
    await fs.createWith(`${dir}/d/new`, []);
    assert((fs.statSync(`${dir}/d`)?.mtime ?? 0) > 1_400_000_000_000, "a new name changes the folder's time");
  },

  "syncs folders and tells space": async (fs, dir) => {
    await fs.createWith(`${dir}/a`, [utf8("x")]);
    await Promise.all([fs.syncDir(dir), fs.syncDir(dir)]);
    const { free, total } = await fs.space(dir);
    assert(free === null || total === null || (free > 0 && free <= total));
  },

  "keeps hostile but legal names apart": async (fs, dir) => {
    const names = ["a b", "ü", "-rf", "a\nb", "*", "名前", ".hidden", "x:2,S", "%2F", "a\\b"];
    for (const name of names) await fs.createWith(`${dir}/${name}`, [utf8(name)]);
    assertEquals((await fs.list(dir)).map((e) => e.name).sort(), [...names].sort());
    for (const name of names) assertEquals(await text(fs, `${dir}/${name}`), name);
    await fails("io", () => fs.createWith(`${dir}/${"n".repeat(256)}`, []));
  },

  "watches folders": async (fs, dir) => {
    await fs.makeDir(`${dir}/one`);
    await fs.makeDir(`${dir}/two`);
    const heard = new Set<string>();
    let wake: () => void = () => {};
    const watcher = fs.watch([`${dir}/one`, `${dir}/two`, `${dir}/none`], (folder) => {
      heard.add(folder);
      wake();
    });
    try {
      for (const name of ["one", "two"]) {
        await fs.createWith(`${dir}/${name}/x`, []);
        // Any folder's news wake: one file may be told of more than once.
        while (!heard.has(`${dir}/${name}`)) await new Promise<void>((r) => wake = r);
      }
      assertEquals(heard.has(`${dir}/none`), false);
    } finally {
      watcher.close();
      watcher.close();
    }
  },
};

async function text(fs: Fs, path: string): Promise<string | null> {
  const bytes = await fs.readFile(path, 1 << 20);
  return bytes && fromUtf8(bytes);
}

async function fails(code: FsErrorCode, run: () => Promise<unknown>): Promise<void> {
  const e = await assertRejects(run);
  assert(isFsError(e, code), `Expected FsError "${code}", got ${e}`);
}
