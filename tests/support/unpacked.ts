/**
 * Debian packages that cannot be installed beside each other (each mail server conflicts with all others): downloaded once and unpacked below
 * ROOST_PEERS, or .cache/roost-peers in the home folder, from where they run.
 */
import { must, run } from "./programs.ts";

/** Folder with the files of these packages; `name` is what it is called. Throws, and so fails the test, when they cannot be had. */
export async function unpacked(name: string, packages: readonly string[]): Promise<string> {
  const root = Deno.env.get("ROOST_PEERS") ?? `${Deno.env.get("HOME") ?? "/root"}/.cache/roost-peers`;
  const folder = `${root}/${name}`;
  if (await exists(folder)) return folder;
  await Deno.mkdir(root, { recursive: true });
  const fresh = await Deno.makeTempDir({ dir: root, prefix: `.${name}-` });
  try {
    await download(packages, fresh);
    for await (const file of Deno.readDir(fresh)) {
      await must("dpkg-deb", ["-x", `${fresh}/${file.name}`, `${fresh}/files`]);
    }
    // Another test may have been quicker: then its files do.
    await Deno.rename(`${fresh}/files`, folder).catch(async (e) => {
      if (!(await exists(folder))) throw e;
    });
  } finally {
    await Deno.remove(fresh, { recursive: true });
  }
  return folder;
}

async function download(packages: readonly string[], cwd: string): Promise<void> {
  const fetch = () => run("apt-get", ["download", "-q", ...packages], { cwd, seconds: 120 });
  if ((await fetch()).code === 0) return;
  // A machine that never asked has no lists yet.
  await run("apt-get", ["update", "-q"], { seconds: 120 });
  const second = await fetch();
  if (second.code !== 0) throw new Error(`Cannot have ${packages.join(", ")}:\n${second.out}\n${second.err}`);
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/**
 * Environment in which a program finds these accounts in the user database, all of them the system's account "mail" by another name.
 * Needs Debian's libnss-wrapper. Its files are put into `dir`.
 */
export async function withAccounts(dir: string, names: readonly string[]): Promise<Record<string, string>> {
  const ids = (await must("id", ["mail"])).match(/uid=(\d+).*? gid=(\d+)/);
  const [uid = "8", gid = "8"] = ids?.slice(1) ?? [];
  const all: readonly (readonly [string, string, string])[] = [
    ["root", "0", "0"],
    ...[...names, "mail"].map((name) => [name, uid, gid] as const),
  ];
  const accounts = all.map(([name, u, g]) => `${name}:x:${u}:${g}::/nonexistent:/bin/false\n`);
  await Deno.writeTextFile(`${dir}/passwd`, accounts.join(""));
  await Deno.writeTextFile(`${dir}/group`, all.map(([name, , g]) => `${name}:x:${g}:\n`).join(""));
  return {
    LD_PRELOAD: "libnss_wrapper.so",
    NSS_WRAPPER_PASSWD: `${dir}/passwd`,
    NSS_WRAPPER_GROUP: `${dir}/group`,
  };
}
