/**
 * Brings all test files of one folder into one module: a module for each file costs a start of its own, 40 ms and more, and there are
 * hundreds. The files stay as they are, and can be run alone.
 */
export async function importTests(folder: string): Promise<void> {
  for (const path of [...testFiles(folder)].sort()) await import(new URL(`../${path}`, import.meta.url).href);
}

function* testFiles(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(new URL(`../${folder}`, import.meta.url))) {
    if (isDirectory) yield* testFiles(`${folder}/${name}`);
    else if (name.endsWith("_test.ts")) yield `${folder}/${name}`;
  }
}
