/** The units as systemd reads them, without booting. */
import { assert, assertEquals } from "../support/assert.ts";
import { run } from "../support/programs.ts";

const UNITS = new URL("../../systemd/", import.meta.url);
const FILES = ["roost.service", "roost-backup.service", "roost-backup.timer"];

/** The units in a folder of their own; the executable is not installed here. */
async function copies(): Promise<string> {
  const dir = await Deno.makeTempDir({ prefix: "roost-systemd-" });
  for (const name of FILES) {
    const unit = await Deno.readTextFile(new URL(name, UNITS));
    await Deno.writeTextFile(`${dir}/${name}`, unit.replaceAll("/usr/local/bin/roost", "/bin/true"));
  }
  return dir;
}

Deno.test("systemd finds nothing wrong with the units, and no service is exposed 2.0 or more", async () => {
  const dir = await copies();
  try {
    const verified = await run("systemd-analyze", ["verify", "--man=no", ...FILES.map((f) => `${dir}/${f}`)]);
    assertEquals([verified.code, verified.err], [0, ""]);
    for (const name of FILES.filter((f) => f.endsWith(".service"))) {
      // The threshold counts tenths.
      const rated = await run("systemd-analyze", [
        ...["security", "--offline=true", "--threshold=19"],
        `${dir}/${name}`,
      ]);
      const score = /Overall exposure level for \S+: (\d+\.\d)/.exec(rated.out)?.[1];
      assertEquals(rated.code, 0, rated.out);
      assert(Number(score) < 2, rated.out.slice(-200));
      console.log(`${name}: exposure ${score}`);
      // V8 compiles at run time and dies under it.
      assert(!/^MemoryDenyWriteExecute/m.test(await Deno.readTextFile(new URL(name, UNITS))));
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("sysusers and tmpfiles make the user and the folders the units name", async () => {
  const root = await Deno.makeTempDir({ prefix: "roost-root-" });
  try {
    for (const kind of ["sysusers", "tmpfiles"]) {
      await Deno.mkdir(`${root}/etc/${kind}.d`, { recursive: true });
      await Deno.copyFile(new URL(`roost.${kind}`, UNITS), `${root}/etc/${kind}.d/roost.conf`);
    }
    const made = await run("systemd-sysusers", [`--root=${root}`, "roost.conf"]);
    assertEquals(made.code, 0, made.err);
    const [, , uid, gid] = (await Deno.readTextFile(`${root}/etc/passwd`)).split(":");
    const folders = await run("systemd-tmpfiles", [`--root=${root}`, "--create", "roost.conf"]);
    assertEquals(folders.code, 0, folders.err);
    for (const path of ["etc/roost", "var/lib/roost", "var/cache/roost", "var/backups/roost"]) {
      const is = await Deno.stat(`${root}/${path}`);
      assertEquals([(is.mode ?? 0) & 0o7777, `${is.uid}`, `${is.gid}`], [0o700, uid, gid], path);
    }
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
