import { runFlags } from "../../mod/build/flags.ts";
import { assert, assertEquals, assertThrows } from "../support/assert.ts";

Deno.test("runFlags() takes what stands between deno run and main.ts", () => {
  const rows: readonly [string, readonly string[]][] = [
    ["deno run main.ts", []],
    ["deno run --no-prompt --allow-net main.ts", ["--no-prompt", "--allow-net"]],
    ["deno run --env-file=.deno.env --no-prompt main.ts", ["--no-prompt"]],
    ["X=1 deno run --v8-flags=--a=1,--b main.ts demo", ["--v8-flags=--a=1,--b"]],
    [`deno run "--allow-read=/a b" --v8-flags='--c' main.ts`, ["--allow-read=/a b", "--v8-flags=--c"]],
  ];
  for (const [task, flags] of rows) assertEquals(runFlags(task), flags, task);
});

Deno.test("runFlags() refuses a task of another shape, and rights the server must not have", () => {
  for (
    const task of ["", "deno task x", "node main.ts", "deno run other.ts", "deno run --config x main.ts"]
  ) {
    assertThrows(() => runFlags(task), "Cannot read the flags");
  }
  for (const flag of ["-A", "--allow-all", "--allow-run", "--allow-run=sh", "--allow-ffi"]) {
    assertThrows(() => runFlags(`deno run ${flag} main.ts`), flag.replace(/=.*/, ""));
  }
});

Deno.test("runFlags() reads the task that deno.json has", async () => {
  const manifest = JSON.parse(await Deno.readTextFile(new URL("../../deno.json", import.meta.url))) as {
    tasks: Record<string, string>;
  };
  const flags = runFlags(manifest.tasks["roost"] ?? "");
  assert(flags.includes("--no-prompt"), "a server has nobody to ask");
});
