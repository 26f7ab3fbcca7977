/** Backups by the real process beside a running server: killed, run again, restored. */
import { assert, assertEquals } from "../support/assert.ts";
import { roostCommand, RoostProcess, runRoost } from "../support/roost_process.ts";

const ALICE = "alice@example.test";

/** Messages of a Maildir by the mark in their names, from both folders. */
function marks(maildir: string): Set<string> {
  const found = new Set<string>();
  for (const dir of [`${maildir}/cur`, `${maildir}/new`, `${maildir}/.Archive/cur`]) {
    try {
      for (const { name } of Deno.readDirSync(dir)) found.add(/\.M(\d+)/.exec(name)?.[1] ?? name);
    } catch (e) {
      if (!(e instanceof Deno.errors.NotFound)) throw e;
    }
  }
  return found;
}

Deno.test("a backup beside a server in use misses no message, whole after a kill, and restores to the same", async () => {
  await using roost = await RoostProcess.start();
  const out = await Deno.makeTempDir({ prefix: "roost-backup-" });
  try {
    const config = ["--config", roost.config];
    const maildir = roost.maildir(ALICE);
    for (const dir of ["cur", "new", "tmp", ".Archive/cur", ".Archive/new", ".Archive/tmp"]) {
      await Deno.mkdir(`${maildir}/${dir}`, { recursive: true });
    }
    const count = 1500;
    for (let i = 0; i < count; i++) {
      Deno.writeTextFileSync(
        `${maildir}/cur/${1600000000 + i}.M${i}P1.x:2,S`,
        `Subject: ${i}\r\n\r\n${"x".repeat(3000)}\r\n`,
      );
    }
    // Killed in the middle: nothing that looks whole.
    const { command, args } = roostCommand("backup", out, ...config);
    const child = new Deno.Command(command, { args, stdin: "null", stdout: "null", stderr: "null" }).spawn();
    for (;;) {
      const names = [...Deno.readDirSync(out)].map((e) => e.name);
      if (names.some((n) => n.startsWith(".unfinished"))) break;
      await new Promise((done) => setTimeout(done, 5));
    }
    child.kill("SIGKILL");
    await child.status;
    assert(![...Deno.readDirSync(out)].some((e) => /^\d{4}-/.test(e.name)));

    // Clients move messages to and fro, under new names as MOVE gives them, while it runs.
    let moving = true;
    const moves = (async () => {
      let n = 0;
      while (moving) {
        const archive = n % 2 === 1;
        const [from, to] = archive ? [".Archive/cur", "cur"] : ["cur", ".Archive/cur"];
        const names = [...Deno.readDirSync(`${maildir}/${from}`)].slice(0, 20);
        for (const { name } of names) {
          Deno.renameSync(
            `${maildir}/${from}/${name}`,
            `${maildir}/${to}/${name.replace(/P\d+/, `P${++n}`)}`,
          );
        }
        n++;
        await new Promise((done) => setTimeout(done, 3));
      }
    })();
    const ran = await runRoost(["backup", out, ...config, "--json"]);
    moving = false;
    await moves;
    assertEquals([ran.code, ran.err], [0, ""]);
    const { name } = JSON.parse(ran.out);
    const saved = `${out}/${name}/data/mail/example.test/alice`;
    assertEquals(marks(saved).size, count);
    assertEquals((await runRoost(["verify", out, ...config])).code, 0);
    const second = JSON.parse((await runRoost(["backup", out, ...config, "--json"])).out);
    assert(second.linked > 0);

    const refused = await runRoost(["restore", out, "--into-existing-data", ...config]);
    assertEquals([refused.code, refused.err.includes("the server runs")], [1, true]);
    await roost.stop();
    await Deno.remove(`${roost.dir}/data`, { recursive: true });
    const restored = await runRoost(["restore", out, ...config]);
    assertEquals([restored.code, restored.err], [0, ""]);
    assertEquals(marks(maildir).size, count);
    assertEquals((await runRoost(["verify", ...config])).out.split(": ").at(-1)?.trim(), "nothing is broken");
    await roost.launch();
  } finally {
    await Deno.remove(out, { recursive: true });
  }
});
