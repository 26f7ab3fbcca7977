/** A server that cannot start says why in one line, and ends. */
import { assertEquals } from "../support/assert.ts";
import { runRoost } from "../support/roost_process.ts";

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
