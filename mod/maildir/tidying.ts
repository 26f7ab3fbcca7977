/** What crashes leave behind: old files in tmp/, folders that were being removed. */
import { isFsError } from "../base/fs.ts";
import { REMOVED_PREFIX } from "./layout.ts";
import type { Ports } from "./ports.ts";

const TMP_AGE = 36 * 3600 * 1000; // what maildir(5) grants a delivery

/** Removes a folder and all in it. Links in it are removed, never followed. */
export async function removeTree(ports: Pick<Ports, "fs">, path: string): Promise<void> {
  const { fs } = ports;
  for (const entry of await fs.list(path)) {
    const inner = `${path}/${entry.name}`;
    if (entry.kind === "dir") await removeTree(ports, inner);
    else await fs.remove(inner);
  }
  await fs.removeDir(path);
}

/** Removes files in tmp/ that nobody can be writing any more. The times of both contents and name count: drafts carry old dates. */
export async function sweepTmp(ports: Pick<Ports, "fs" | "clock" | "log">, tmp: string): Promise<void> {
  const { fs, clock, log } = ports;
  const before = clock.now() - TMP_AGE;
  for (const entry of await listOrNothing(ports, tmp)) {
    if (entry.kind !== "file") continue;
    const path = `${tmp}/${entry.name}`;
    const stat = await fs.stat(path);
    if (!stat || Math.max(stat.mtime, stat.ctime) >= before) continue;
    if (await fs.remove(path)) log.info("left-over removed", { path });
  }
}

/** Tidies a whole account. */
export async function tidyAccount(ports: Pick<Ports, "fs" | "clock" | "log">, root: string): Promise<void> {
  await sweepTmp(ports, `${root}/tmp`);
  for (const entry of await listOrNothing(ports, root)) {
    if (entry.kind !== "dir" || !entry.name.startsWith(".")) continue;
    const path = `${root}/${entry.name}`;
    if (entry.name.startsWith(REMOVED_PREFIX)) await removeTree(ports, path);
    else await sweepTmp(ports, `${path}/tmp`);
  }
}

async function listOrNothing(ports: Pick<Ports, "fs">, path: string) {
  try {
    return await ports.fs.list(path);
  } catch (e) {
    if (isFsError(e, "not-found")) return [];
    throw e;
  }
}
