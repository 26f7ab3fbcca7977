import { assert, assertEquals, assertRejects } from "./assert.ts";
import { fsContract } from "./fs_contract.ts";
import { everyCrash } from "./every_crash.ts";
import { isWrite, MemFs, PowerCut, takesSpace } from "./mem_fs.ts";
import { FakeClock, settle } from "./fake_clock.ts";
import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { DirSync, replaceFile } from "../../mod/base/durable.ts";
import { isFsError } from "../../mod/base/fs.ts";

fsContract("MemFs", () => {
  const fs = new MemFs({ dirs: ["/work"] });
  return Promise.resolve({
    fs,
    dir: "/work",
    symlink: (target: string, path: string) => fs.symlink(target, path),
    dispose: () => {
      assertEquals(fs.openFiles, 0, "files left open");
      return Promise.resolve();
    },
  });
});

Deno.test("MemFs keeps only what was synced", async () => {
  const fs = new MemFs({ dirs: ["/d"], files: { "/d/old": "old" } });
  await fs.createWith("/d/named", [utf8("1")]);
  await fs.syncDir("/d");
  await fs.createWith("/d/unnamed", [utf8("2")]);
  const empty = await fs.create("/d/empty");
  await empty.write(utf8("3"));
  await empty.close();
  assertEquals(fs.afterCrash("synced-only").tree(), ["/d/named", "/d/old"]);
  await fs.syncDir("/d");
  await fs.remove("/d/old");
  const after = fs.afterCrash("synced-only");
  assertEquals(after.tree(), ["/d/empty", "/d/named", "/d/old", "/d/unnamed"]);
  assertEquals((await after.stat("/d/empty"))?.size, 0);
  assertEquals(fs.afterCrash("all").tree(), ["/d/empty", "/d/named", "/d/unnamed"]);
  assertEquals(fs.tree(), ["/d/empty", "/d/named", "/d/unnamed"]);
});

Deno.test("MemFs loses a new folder whose parent was not synced", async () => {
  const fs = new MemFs();
  await fs.makeDir("/a/b");
  await fs.createWith("/a/b/c", [utf8("x")]);
  await fs.syncDir("/a/b");
  await fs.syncDir("/");
  assertEquals(fs.afterCrash("synced-only").tree(), ["/a/"]);
  await fs.syncDir("/a");
  assertEquals(fs.afterCrash("synced-only").tree(), ["/a/b/c"]);
});

Deno.test("MemFs shows a rename across folders in both, in neither, or once", async () => {
  const make = async () => {
    const fs = new MemFs({ dirs: ["/new", "/cur"], files: { "/new/m": "x" } });
    await fs.rename("/new/m", "/cur/m");
    return fs;
  };
  const fs = await make();
  assertEquals(fs.afterCrash("synced-only").tree("/new"), ["/new/m"]);
  await fs.syncDir("/cur");
  const both = fs.afterCrash("synced-only");
  assertEquals(both.tree(), ["/cur/m", "/new/m"]);
  assertEquals((await both.stat("/cur/m"))?.links, 2);
  await fs.syncDir("/new");
  assertEquals(fs.afterCrash("synced-only").tree(), ["/cur/m", "/new/"]);
  const other = await make();
  await other.syncDir("/new");
  assertEquals(other.afterCrash("synced-only").tree(), ["/cur/", "/new/"]);
  const seen = new Set<string>();
  for (let seed = 0; seed < 40; seed++) seen.add((await make()).afterCrash({ seed }).tree().join(" "));
  assertEquals([...seen].sort(), ["/cur/ /new/", "/cur/ /new/m", "/cur/m /new/", "/cur/m /new/m"]);
});

Deno.test("MemFs never tears a rename within a folder", async () => {
  const fs = new MemFs({ files: { "/d/a": "a", "/d/b": "b" } });
  await fs.rename("/d/a", "/d/b");
  for (let seed = 0; seed < 20; seed++) {
    const after = fs.afterCrash({ seed });
    const tree = after.tree().join(" ");
    const b = fromUtf8(await after.readFile("/d/b", 9) ?? new Uint8Array());
    assert((tree === "/d/b" && b === "a") || (tree === "/d/a /d/b" && b === "b"), `${tree}: ${b}`);
  }
});

Deno.test("MemFs lets unsynced contents survive whole, in part, as zeros or not", async () => {
  const fs = new MemFs({ files: { "/d/a": "12" } });
  const file = await fs.append("/d/a");
  await file.write(utf8("34"));
  await file.close();
  const seen = new Set<string>();
  for (let seed = 0; seed < 60; seed++) {
    seen.add(fromUtf8(await fs.afterCrash({ seed }).readFile("/d/a", 9) ?? new Uint8Array()));
  }
  assertEquals([...seen].sort(), ["12", "12\0\0", "123", "1234"]);
});

Deno.test("MemFs.setTime() is durable only with the contents", async () => {
  const fs = new MemFs({ dirs: ["/d"] });
  await fs.createWith("/d/a", [], 0o600, 5000);
  await fs.createWith("/d/b", []);
  await fs.setTime("/d/b", 5000);
  await fs.syncDir("/d");
  const after = fs.afterCrash("synced-only");
  assertEquals((await after.stat("/d/a"))?.mtime, 5000);
  assert((await after.stat("/d/b"))?.mtime !== 5000);
});

Deno.test("MemFs.crashAt() cuts in the middle and stays off", async () => {
  const fs = new MemFs({ dirs: ["/d"] });
  fs.crashAt(2);
  await assertRejects(() => fs.createWith("/d/a", [utf8("1234")]), "PowerCut");
  await assertRejects(() => fs.stat("/d/a"), "PowerCut");
  assertEquals(fs.openFiles, 0);
  const after = fs.afterCrash("all");
  assertEquals(fromUtf8(await after.readFile("/d/a", 9) ?? new Uint8Array()), "12");
  assertEquals(after.steps, 0);
  await after.remove("/d/a");
});

Deno.test("MemFs.syncDir() covers what was done before the call only", async () => {
  const fs = new MemFs({ dirs: ["/d"] });
  await fs.createWith("/d/a", []);
  const syncing = fs.syncDir("/d");
  fs.renameSync("/d/a", "/d/b");
  await syncing;
  assertEquals(fs.afterCrash("synced-only").tree(), ["/d/a"]);
});

Deno.test("MemFs.fail() makes faults without a crash, and leaves no half file", async () => {
  const fs = new MemFs({ dirs: ["/d"] });
  const heal = fs.fail("sync", "full");
  assert(isFsError(await assertRejects(() => fs.createWith("/d/a", [utf8("x")])), "full"));
  assertEquals(fs.tree(), ["/d/"]);
  heal();
  await fs.createWith("/d/a", [utf8("x")]);
  const thaw = fs.fail(isWrite, "read-only");
  assert(isFsError(await assertRejects(() => fs.rename("/d/a", "/d/b")), "read-only"));
  assertEquals((await fs.list("/d")).length, 1);
  thaw();
  fs.fail((operation, path) => takesSpace(operation) && path.startsWith("/d/"), "full");
  assert(isFsError(await assertRejects(() => fs.create("/d/c")), "full"));
  await fs.rename("/d/a", "/d/b");
});

Deno.test("MemFs takes times from the clock and tells watchers later, once", async () => {
  const clock = new FakeClock(1000);
  const fs = new MemFs({ clock, dirs: ["/d"] });
  const heard: string[] = [];
  const watcher = fs.watch(["/d"], (folder) => heard.push(folder));
  await clock.advance(500);
  await fs.createWith("/d/a", []);
  assertEquals((await fs.stat("/d/a"))?.mtime, 1500);
  await settle();
  const before = heard.length;
  fs.renameSync("/d/a", "/d/b");
  fs.renameSync("/d/b", "/d/c");
  assertEquals(heard.length, before);
  await settle();
  assertEquals(heard.length, before + 1);
  watcher.close();
  fs.renameSync("/d/c", "/d/d");
  await settle();
  assertEquals(heard.length, before + 1);
});

Deno.test("everyCrash() proves replaceFile() and finds what is wrong with a careless one", async () => {
  const make = () => new MemFs({ files: { "/d/f": "old" } });
  const check = async (fs: MemFs, acknowledged: readonly string[]) => {
    const now = fromUtf8(await fs.readFile("/d/f", 9) ?? new Uint8Array());
    const allowed = acknowledged.length > 0 ? ["new"] : ["old", "new"];
    assert(allowed.includes(now), `"${now}" is not ${allowed}`);
    await replaceFile(fs, "/d/f", utf8("again"));
    assertEquals(fs.tree("/d"), ["/d/f"]);
  };
  const steps = await everyCrash<string>(
    async (fs, acknowledge) => {
      await replaceFile(fs, "/d/f", utf8("new"));
      acknowledge("new");
    },
    check,
    { make },
  );
  assertEquals(steps, 5);

  const e = await assertRejects(() =>
    everyCrash<string>(
      async (fs, acknowledge) => {
        const file = await fs.create("/d/f.new");
        await file.write(utf8("new"));
        await file.close();
        await fs.rename("/d/f.new", "/d/f");
        await fs.syncDir("/d");
        acknowledge("new");
      },
      check,
      { make },
    )
  );
  assert(e.message.startsWith("Power cut at "), e.message);
});

Deno.test("everyCrash() ends a scenario that waits for ever and passes on its faults", async () => {
  const steps = await everyCrash(async (fs) => {
    fs.createWith("/a", []).catch(() => {});
    if (fs.cut === null) await settle();
    if (fs.cut !== null) await new Promise(() => {});
  }, () => {});
  assertEquals(steps, 2);
  await assertRejects(() => everyCrash(() => Promise.reject(new Error("a bug")), () => {}), "a bug");
  assert(new PowerCut("x") instanceof Error);
});

Deno.test("DirSync shares syncs, and each covers what was there when it was asked for", async () => {
  const fs = new MemFs({ dirs: ["/d"] });
  const sync = new DirSync(fs);
  const one = async (n: number) => {
    await fs.createWith(`/d/${n}`, []);
    await sync.sync("/d");
    assert(fs.afterCrash("synced-only").tree().includes(`/d/${n}`), `file ${n} is durable`);
  };
  await Promise.all(Array.from({ length: 50 }, (_, i) => one(i)));
  assert((fs.calls.get("syncDir") ?? 0) < 10, `${fs.calls.get("syncDir")} syncs`);
});
