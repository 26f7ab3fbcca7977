import { run } from "../../../mod/build/command.ts";
import { assertEquals, assertRejects } from "../../support/assert.ts";

Deno.test("run() gives what a program printed, or fails with what it said", async () => {
  assertEquals(await run("sh", ["-c", 'printf "$X"; pwd'], "/", { X: "a" }), "a/\n");
  await assertRejects(() => run("sh", ["-c", "echo no >&2; exit 3"], "/"), "sh -c failed (3): no");
  await assertRejects(() => run("/nowhere/program", [], "/"), "NotFound");
});
