/** Makes the program out of the sources: one folder of JavaScript that imports nothing from outside. */
import { run } from "./command.ts";

/** Programs of the bundle beside main.js, which are started as threads: name without ending -> module. mod/app/build.ts names them. */
export const THREADS: Readonly<Record<string, string>> = { bulk_thread: "./mod/sys/bulk_thread.ts" };

/** What of the tree makes the program. */
export const SOURCES: readonly string[] = ["main.ts", "deno.json", "deno.lock", "mod", "systemd"];

/**
 * Bundles the tree at `top`; gives file name -> text, main.js among them. It is done in a copy, so that what is recorded of the build
 * never stands in the tree, and so that no path of this machine gets into the program: packages are laid out below the copy.
 */
export async function bundleProgram(
  top: string,
  commit: string | null,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const dir = await Deno.makeTempDir({ prefix: "roost-build-" });
  try {
    for (const path of SOURCES) await copy(`${top}/${path}`, `${dir}/${path}`);
    await Deno.writeTextFile(`${dir}/mod/app/build_facts.ts`, formatFacts(commit));
    const threads = Object.entries(THREADS);
    for (const [name, module] of threads) {
      await Deno.writeTextFile(`${dir}/${name}.ts`, `import "${module}";\n`);
    }
    await run(Deno.execPath(), [
      ...["bundle", "--quiet", "--frozen", "--node-modules-dir=auto", "--platform=deno"],
      ...["--code-splitting", "--outdir=out", "main.ts"],
      ...threads.map(([name]) => `${name}.ts`),
    ], dir);
    const files = new Map<string, Uint8Array>();
    for await (const { name } of Deno.readDir(`${dir}/out`)) {
      files.set(name, await Deno.readFile(`${dir}/out/${name}`));
    }
    return files;
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** The commit the tree stands at, with a plus sign behind it when its sources were changed since; null without git. */
export async function readCommit(top: string): Promise<string | null> {
  try {
    const commit = (await run("git", ["rev-parse", "--short=12", "HEAD"], top)).trim();
    return (await run("git", ["status", "--porcelain", "--", ...SOURCES], top)) === ""
      ? commit
      : `${commit}+changes`;
  } catch {
    return null; // no git, or an unpacked archive of the sources
  }
}

/** The text of mod/app/build_facts.ts in a build. */
export function formatFacts(commit: string | null): string {
  return `export const BUILD_FACTS = ${JSON.stringify({ commit, built: true })};\n`;
}

async function copy(from: string, to: string): Promise<void> {
  if ((await Deno.stat(from)).isFile) return await Deno.copyFile(from, to);
  await Deno.mkdir(to, { recursive: true });
  for await (const { name } of Deno.readDir(from)) await copy(`${from}/${name}`, `${to}/${name}`);
}
