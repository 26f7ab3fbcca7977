/** The flags Roost runs under. deno.json's task `roost` is where they are written, and only there. */

/** The flags between `deno run` and `main.ts`, quotes taken off. Throws when the task is of another shape. */
export function runFlags(task: string): string[] {
  const words = [...task.matchAll(/(?:[^\s"']|"[^"]*"|'[^']*')+/g)].map(([w]) => w.replace(/["']/g, ""));
  const run = words.findIndex((w, i) => w === "run" && words[i - 1] === "deno");
  const main = words.indexOf("main.ts");
  if (run < 0 || main < run) throw new Error(`Cannot read the flags from the task: it is "${task}"`);
  // What the file sets is for `deno run` alone, or set by the starter.
  const flags = words.slice(run + 1, main).filter((f) => !f.startsWith("--env-file"));
  const foreign = flags.find((f) => !f.startsWith("-"));
  if (foreign !== undefined) throw new Error(`Cannot read the flags from the task: "${foreign}" is no flag`);
  for (const broad of ["-A", "--allow-all", "--allow-run", "--allow-ffi"]) {
    if (flags.some((f) => f === broad || f.startsWith(`${broad}=`))) {
      throw new Error(`Roost is not built with ${broad}: the server needs no such right`);
    }
  }
  return flags;
}
