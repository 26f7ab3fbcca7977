import fc from "fast-check";

/**
 * Property tests draw the same examples in each run, so that a failure can be seen again and is due to the change under test. For others,
 * or more of them: FC_SEED=random or a number, FC_RUNS=10000 (examples a property; 100 if not told, unless the property says itself).
 */
function drawExamples(): void {
  const seed = Deno.env.get("FC_SEED") ?? "20261122";
  const runs = Deno.env.get("FC_RUNS");
  fc.configureGlobal({
    ...(seed === "random" ? {} : { seed: Number(seed) }),
    ...(runs ? { numRuns: Number(runs) } : {}),
  });
}

/**
 * Brings all test files of one folder into one module: a module for each file costs a start of its own, 40 ms and more, and there are
 * hundreds. The files stay as they are, and can be run alone (property tests draw at random then).
 */
export async function importTests(folder: string): Promise<void> {
  drawExamples();
  for (const path of [...testFiles(folder)].sort()) await import(new URL(`../${path}`, import.meta.url).href);
}

function* testFiles(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(new URL(`../${folder}`, import.meta.url))) {
    if (isDirectory) yield* testFiles(`${folder}/${name}`);
    else if (name.endsWith("_test.ts")) yield `${folder}/${name}`;
  }
}
