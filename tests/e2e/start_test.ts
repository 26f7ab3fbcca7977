/** A server that cannot start says why in one line, and ends. */
import { assert, assertEquals } from "../support/assert.ts";
import { RoostProcess, runRoost } from "../support/roost_process.ts";

Deno.test("start: a file below DATA that cannot be used is named, and the process ends with 1", async () => {
  const dir = await Deno.makeTempDir({ prefix: "roost-start-" });
  try {
    await Deno.writeTextFile(
      `${dir}/roost.yaml`,
      "hostname: mail.example.test\nlisten: { smtp: 127.0.0.1:0 }\n",
    );
    await Deno.mkdir(`${dir}/data/keys`, { recursive: true });
    await Deno.writeTextFile(`${dir}/data/keys/srs`, "\n");
    const { code, out, err } = await runRoost(["serve", "--config", `${dir}/roost.yaml`]);
    const lines = err.split("\n").filter((l) => l.startsWith("roost:") || l.includes("srs"));
    assertEquals([code, out, lines.length], [1, "", 1], err);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("start: a second server on one data folder says so and ends; after a kill the next one starts", async () => {
  await using roost = await RoostProcess.start();
  const other = `${roost.dir}/other.yaml`;
  await Deno.writeTextFile(other, "hostname: mail.example.test\nlisten: { smtp: 127.0.0.1:0 }\ndata: data\n");
  const { code, err } = await runRoost(["serve", "--config", other]);
  assertEquals(code, 1);
  assert(err.includes(`another Roost serves ${roost.dir}/data: stop it`), err);
  await roost.kill();
  await roost.launch();
});
