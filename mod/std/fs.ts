/** `@std/fs` names over Deno itself; same signatures as the JSR module. To use that one, change its line in deno.json. */

/** Makes a folder and its parents; no error if it is there. Throws if something else has the name. */
export async function ensureDir(dir: string | URL): Promise<void> {
  await Deno.mkdir(dir, { recursive: true });
}

/** Whether the path can be read; with `isDirectory` or `isFile`, whether it is one. */
export async function exists(
  path: string | URL,
  options?: { readonly isDirectory?: boolean; readonly isFile?: boolean },
): Promise<boolean> {
  try {
    const stat = await Deno.stat(path);
    if (options?.isDirectory) return stat.isDirectory;
    if (options?.isFile) return stat.isFile;
    return true;
  } catch (e) {
    if (e instanceof Deno.errors.NotFound) return false;
    throw e;
  }
}
