/** Gets a runtime's package by the npm client. */
import { hasIntegrity } from "./checksum.ts";
import { run } from "./command.ts";
import type { Runtime } from "./runtimes.ts";

/** npm as Deno runs it where none is installed. */
const NPM = "npm:npm@11.6.2";

/** Puts the archive of a package (`NAME@VERSION`) into a folder, under npm's name for it. */
export type Pack = (spec: string, dir: string) => Promise<void>;

/** The package's archive, from `cache` when it lies there, else by `npm pack`. Throws when it is not the pinned one. */
export async function fetchRuntime(
  runtime: Runtime,
  cache: string,
  pack: Pack = packByNpm,
): Promise<Uint8Array> {
  const name = `${runtime.package.replace("@", "").replace("/", "-")}-${runtime.version}.tgz`;
  const kept = await Deno.readFile(`${cache}/${name}`).catch(() => null); // not there yet
  if (kept && hasIntegrity(kept, runtime.integrity)) return kept;
  await Deno.mkdir(cache, { recursive: true });
  const dir = await Deno.makeTempDir({ dir: cache });
  try {
    await pack(`${runtime.package}@${runtime.version}`, dir);
    const fetched = await Deno.readFile(`${dir}/${name}`);
    if (!hasIntegrity(fetched, runtime.integrity)) {
      throw new Error(`${name} is not the file that was pinned: its checksum differs`);
    }
    await Deno.rename(`${dir}/${name}`, `${cache}/${name}`);
    return fetched;
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function packByNpm(spec: string, dir: string): Promise<void> {
  const args = ["pack", "--silent", spec];
  try {
    await run("npm", args, dir);
  } catch (e) {
    if (!(e instanceof Deno.errors.NotFound)) throw e;
    await run(Deno.execPath(), ["run", "--quiet", "--no-config", "-A", NPM, ...args], dir);
  }
}
