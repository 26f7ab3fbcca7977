import { utf8 } from "../../../mod/base/bytes.ts";
import { doInstall, EXECUTABLE, pieces, planInstall } from "../../../mod/app/install/install.ts";
import { UNITS } from "../../../mod/app/install/units.ts";
import { removeTree } from "../../../mod/maildir/tidying.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { Machine } from "../../support/command.ts";
import { everyCrash } from "../../support/every_crash.ts";
import type { MemFs } from "../../support/mem_fs.ts";

const SERVICE = "/etc/systemd/system/roost.service";

/** A machine with the program in a folder of downloads. */
async function machine(program = "program one"): Promise<Machine> {
  const m = new Machine({});
  await m.fs.makeDir("/run/systemd/system");
  await place(m, program);
  return m;
}

async function place(m: Machine, program: string): Promise<void> {
  m.executable = "/home/download";
  await m.fs.remove(m.executable);
  await m.fs.createWith(m.executable, [utf8(program)], 0o644);
}

function standings(out: string): Record<string, string> {
  const rows = [...out.matchAll(/^(new|changed|same|written) +(\S+)$/gm)];
  return Object.fromEntries(rows.map((r) => [r[2] ?? "", r[1] ?? ""]));
}

Deno.test("install tells what it would do and what only root can, and does nothing", async () => {
  const m = await machine();
  m.isRoot = false;
  const r = await m.run(["install"]);
  assertEquals([r.code, r.err], [0, ""]);
  assertEquals(
    standings(r.out),
    Object.fromEntries([EXECUTABLE, ...UNITS.keys()].map((p) => [p, "new"])),
  );
  for (const part of ["systemd-sysusers roost.conf", "systemctl daemon-reload", "roost quickstart"]) {
    assert(r.out.includes(part), part);
  }
  assertEquals(m.fs.tree("/").filter((p) => !p.startsWith("/home")), ["/run/systemd/system/"]);
  const refused = await m.run(["install", "--do"]);
  assertEquals([refused.code, refused.out], [1, ""]);
  assert(refused.err.includes("sudo"));
});

Deno.test("install --do writes all with its mode, prints commands for sh alone, and finds nothing to do the second time", async () => {
  const m = await machine();
  const r = await m.run(["install", "--do"]);
  assertEquals(r.code, 0);
  assertEquals(r.out.split("\n"), [
    "set -e",
    "systemd-sysusers roost.conf",
    "systemd-tmpfiles --create roost.conf",
    "systemctl daemon-reload",
    "systemctl try-restart roost.service",
  ]);
  assertEquals([await m.text(EXECUTABLE), m.fs.statSync(EXECUTABLE)?.mode], ["program one", 0o755]);
  for (const [path, text] of UNITS) {
    assertEquals([await m.text(path), m.fs.statSync(path)?.mode], [text, 0o644]);
  }
  assert(r.err.includes("roost quickstart"));

  await m.fs.makeDir("/etc/roost");
  await m.fs.createWith("/etc/roost/roost.yaml", []);
  const before = m.fs.tree("/").join();
  const again = await m.run(["install", "--do"]);
  assert(Object.values(standings(again.err)).every((s) => s === "same"), again.err);
  assert(!again.out.includes("restart"), again.out);
  assert(!again.err.includes("quickstart"), again.err);
  assertEquals(m.fs.tree("/").join(), before);
});

Deno.test("install asks nothing of a systemd that does not run", async () => {
  const m = await machine();
  await m.fs.removeDir("/run/systemd/system");
  assert(!(await m.run(["install", "--do"])).out.includes("systemctl"));
});

Deno.test("install upgrades what changed, and keeps a unit that somebody altered beside the new one", async () => {
  const m = await machine();
  await m.run(["install", "--do"]);
  await place(m, "program two");
  await m.fs.remove(SERVICE);
  await m.fs.createWith(SERVICE, [utf8("mine\n")], 0o644);
  const told = standings((await m.run(["install"])).out);
  assertEquals([told[EXECUTABLE], told[SERVICE]], ["changed", "changed"]);
  assertEquals(await m.text(EXECUTABLE), "program one");
  const done = await m.run(["install", "--do"]);
  assert(done.out.includes("systemctl try-restart roost.service"));
  assertEquals([await m.text(EXECUTABLE), await m.text(`${SERVICE}.old`)], ["program two", "mine\n"]);
  assertEquals(await m.text(SERVICE), UNITS.get(SERVICE));
  // Run from where it stands, it is not copied onto itself.
  m.executable = EXECUTABLE;
  assertEquals(standings((await m.run(["install"])).out)[EXECUTABLE], "same");
});

Deno.test("doInstall() cut off anywhere leaves the old executable or the new one, and is done by the next run", async () => {
  const make = async () => {
    const m = await machine("old");
    await m.run(["install", "--do"]);
    await place(m, "new");
    return m.fs;
  };
  const scenario = async (fs: MemFs) => {
    const plan = await planInstall(fs, "", pieces("/home/download", UNITS));
    await doInstall(fs, "", plan);
  };
  const steps = await everyCrash(scenario, async (survivor) => {
    const text = await survivor.readFile(EXECUTABLE, 100);
    assert(text && ["old", "new"].includes(new TextDecoder().decode(text)));
    await doInstall(survivor, "", await planInstall(survivor, "", pieces("/home/download", UNITS)));
    assertEquals(new TextDecoder().decode(await survivor.readFile(EXECUTABLE, 100) ?? undefined), "new");
    assertEquals(survivor.tree("/usr/local/bin"), [EXECUTABLE]);
  }, { make });
  assert(steps > 3);
});

Deno.test("install --root writes below a folder, for any user, and never through a link out of it", async () => {
  const m = await machine();
  m.isRoot = false;
  await m.fs.makeDir("/home/a b");
  const r = await m.run(["install", "--do", "--root", "a b/"]);
  assertEquals(r.out.split("\n"), [
    "set -e",
    "systemd-sysusers --root='/home/a b' roost.conf",
    "systemd-tmpfiles --root='/home/a b' --create roost.conf",
  ]);
  assertEquals(await m.text(`/home/a b${EXECUTABLE}`), "program one");
  assertEquals(await m.fs.stat("/usr"), null);
  await removeTree({ fs: m.fs }, "/home/a b/etc");
  m.fs.symlink("/elsewhere", "/home/a b/etc");
  const linked = await m.run(["install", "--root", "a b"]);
  assertEquals([linked.code, linked.err.includes("/home/a b/etc is a link")], [1, true]);
  for (const args of [["--root", "nowhere"], ["--root", "download"]]) {
    assertEquals((await m.run(["install", ...args])).code, 1, args.join(" "));
  }
});

Deno.test("install: from source there is no file to install, and operands are none", async () => {
  const m = new Machine({});
  const r = await m.run(["install"]);
  assertEquals(r.code, 1);
  assert(r.err.includes("deno task compile"));
  assertEquals((await m.run(["install", "now"])).code, 2);
});
