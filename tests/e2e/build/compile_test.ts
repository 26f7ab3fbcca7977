/** The portable build as users have it: one file, started by somebody without rights or a home. */
import { gunzipSync } from "node:zlib";
import { elfMachine } from "../../../mod/build/elf.ts";
import { runtimeFor } from "../../../mod/build/runtimes.ts";
import { findInTar } from "../../../mod/build/tar.ts";
import { assert, assertEquals, assertMatch } from "../../support/assert.ts";
import { mailThrough, PortableFile } from "../../support/portable.ts";

Deno.test("e2e: the portable build unpacks itself once, serves mail, and repairs what was done to its cache", async (t) => {
  await using portable = await PortableFile.build(Deno.build.target);
  const home = { HOME: `${portable.dir}/home` };

  await t.step("with HOME it unpacks into a private folder there, once", async () => {
    const first = await portable.run(["--version"], home);
    assertEquals(first.code, 0, first.err);
    assertMatch(
      first.out,
      new RegExp(
        `^roost \\d+\\.\\d+\\.\\d+ \\(commit \\S+, ${Deno.build.target}, portable, Deno \\d+\\.\\d+\\.\\d+\\)\\n$`,
      ),
    );
    const cache = `${home.HOME}/.cache/roost`;
    assertEquals(((await Deno.stat(cache)).mode ?? 0) & 0o777, 0o700);
    const unpacked = (await Deno.stat(await portable.runtime(cache))).ino;
    const again = await portable.run(["--version"], home);
    assertEquals([again.code, again.out], [0, first.out]);
    assertEquals((await Deno.stat(await portable.runtime(cache))).ino, unpacked);
  });

  await t.step("it installs itself and the units it carries, and the copy is the same", async () => {
    const root = `${home.HOME}/system`;
    await Deno.mkdir(root);
    if (Deno.uid() === 0) await Deno.chown(root, 65534, 65534);
    const done = await portable.run(["install", "--do", "--root", root], home);
    assertEquals([done.code, done.out.split("\n")[0]], [0, "set -e"], done.err);
    const copy = `${root}/usr/local/bin/roost`;
    assertEquals((Deno.statSync(copy).mode ?? 0) & 0o777, 0o755);
    assertEquals(Deno.readFileSync(copy), Deno.readFileSync(portable.path));
    const unit = new URL("../../../systemd/roost.service", import.meta.url);
    assertEquals(
      Deno.readTextFileSync(`${root}/etc/systemd/system/roost.service`),
      Deno.readTextFileSync(unit),
    );
    // Run from where it was put, it finds nothing to do.
    const again = await portable.run(["install", "--root", root], home, copy);
    assert(again.out.includes("All files are as they should be"), again.out + again.err);
  });

  await t.step("a changed runtime and a changed program are not run but unpacked anew", async () => {
    const cache = `${home.HOME}/.cache/roost`;
    for (const path of [await portable.runtime(cache), await portable.programFile(cache)]) {
      const whole = await Deno.readFile(path);
      const bad = whole.slice();
      bad.fill(0x78, 0, 64);
      await Deno.writeFile(path, bad);
      const run = await portable.run(["--version"], home);
      assertEquals(run.code, 0, run.err);
      assertEquals(Deno.readFileSync(path), whole);
    }
  });

  await t.step("several first starts at once all work", async () => {
    const env = { XDG_CACHE_HOME: `${portable.dir}/shared` };
    const runs = await Promise.all(Array.from({ length: 3 }, () => portable.run(["--version"], env)));
    for (const run of runs) assertEquals(run.code, 0, run.err);
    const left = [...Deno.readDirSync(`${env.XDG_CACHE_HOME}/roost`)].map((e) => e.name);
    assertEquals(left.filter((name) => name.startsWith(".new")), []);
  });

  await t.step("a folder that others may write to is not used", async () => {
    const cache = `${portable.dir}/open/roost`;
    await Deno.mkdir(cache, { recursive: true });
    await Deno.chmod(cache, 0o777);
    const run = await portable.run(["--version"], { ...home, XDG_CACHE_HOME: `${portable.dir}/open` });
    assertEquals(run.code, 0, run.err);
    assertEquals([...Deno.readDirSync(cache)], []);
  });

  await t.step("exit codes, arguments with blanks and standard input go through", async () => {
    assertEquals((await portable.run(["no such verb"], home)).code, 2);
    const run = await portable.run(["user", "list", "--config", "a  'b'"], home);
    assertEquals(run.code, 1);
    assert(run.err.includes("a  'b'"), run.err);
  });

  await t.step("without HOME it serves a mail, and SIGTERM ends it as it should", async () => {
    const { subject, code } = await mailThrough(portable);
    assertEquals([subject, code], ["through one file", 0]);
  });

  await t.step("a file that was not copied whole says so", async () => {
    const bytes = await Deno.readFile(portable.path);
    const cut = `${portable.dir}/cut`;
    await Deno.writeFile(cut, bytes.subarray(0, bytes.length - 1_000_000), { mode: 0o755 });
    const run = await portable.run(["--version"], { XDG_CACHE_HOME: `${portable.dir}/other` }, cut);
    assertEquals(run.code, 1);
    assertMatch(run.err, /damaged or was not copied whole/);
  });
});

Deno.test("e2e: the portable build for a 64-bit Raspberry Pi holds a runtime for it", async () => {
  const target = "aarch64-unknown-linux-gnu";
  await using portable = await PortableFile.build(target);
  const file = await Deno.readFile(portable.path);
  const head = new TextDecoder().decode(file.subarray(0, 16_384));
  const number = (name: string) => Number(new RegExp(`\\b${name}=(\\d+)`).exec(head)?.[1]);
  const tar = gunzipSync(file.subarray(number("runtime_at") - 1));
  const entry = findInTar(tar, "package/deno");
  assertEquals(entry?.at, number("runtime_skip") - 1);
  assertEquals(elfMachine(tar.subarray(entry?.at ?? 0)), runtimeFor(target)?.machine);
  assert(head.includes(target));
});
