import { assert, assertEquals } from "../../support/assert.ts";
import { runRoost } from "../../support/roost_process.ts";

Deno.test("the command line works as a process: folder, standard input, exit codes", async () => {
  const dir = await Deno.makeTempDir();
  try {
    assertEquals((await runRoost(["quickstart", "you@example.test"], { stdin: "", cwd: dir })).code, 0);
    assertEquals((await runRoost(["sendmail", "you"], { stdin: "Subject: x\n\nhi\n", cwd: dir })).code, 0);
    const list = await runRoost(["queue", "list", "--json"], { stdin: "", cwd: dir });
    assertEquals(JSON.parse(list.out).length, 1);
    const bad = await runRoost(["quue"], { stdin: "", cwd: dir });
    assertEquals([bad.code, bad.out], [2, ""]);
    assert(bad.err.includes('did you mean "queue"?'));
    assertEquals((Deno.statSync(`${dir}/data/accounts.yaml`).mode ?? 0) & 0o777, 0o600);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
