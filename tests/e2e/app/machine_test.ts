import { assert, assertEquals } from "../../support/assert.ts";

const MAIN = new URL("../../../main.ts", import.meta.url).pathname;

async function roost(
  args: string[],
  stdin: string,
  cwd: string,
): Promise<{ code: number; out: string; err: string }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--allow-net",
      "--allow-read",
      "--allow-write",
      "--allow-env",
      "--allow-sys",
      MAIN,
      ...args,
    ],
    cwd,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(stdin));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}

Deno.test("the command line works as a process: folder, standard input, exit codes", async () => {
  const dir = await Deno.makeTempDir();
  try {
    assertEquals((await roost(["quickstart", "you@example.test"], "", dir)).code, 0);
    assertEquals((await roost(["sendmail", "you"], "Subject: x\n\nhi\n", dir)).code, 0);
    const list = await roost(["queue", "list", "--json"], "", dir);
    assertEquals(JSON.parse(list.out).length, 1);
    const bad = await roost(["quue"], "", dir);
    assertEquals([bad.code, bad.out], [2, ""]);
    assert(bad.err.includes('did you mean "queue"?'));
    assertEquals((Deno.statSync(`${dir}/data/accounts.yaml`).mode ?? 0) & 0o777, 0o600);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
