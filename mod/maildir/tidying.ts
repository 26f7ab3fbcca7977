/** What crashes leave behind: old files in tmp/, folders that were being removed. */
import { isFsError } from "../base/fs.ts";
import { REMOVED_PREFIX } from "./layout.ts";
import type { Ports } from "./ports.ts";
import { Turns } from "./slices.ts";

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

/** An account of 10,000 folders is tidied a few milliseconds at a time. */
type TidyPorts = Pick<Ports, "fs" | "clock" | "log">;

/** What looking into a folder counts for, and a file. */
const FOLDER = 8;
const FILE = 2;

/** Removes files in tmp/ that nobody can be writing any more. The times of both contents and name count: drafts carry old dates. */
export async function sweepTmp(
  ports: TidyPorts,
  tmp: string,
  turns: Turns = new Turns(ports, tmp),
): Promise<void> {
  const { fs, clock, log } = ports;
  const before = clock.now() - TMP_AGE;
  for (const entry of await listOrNothing(ports, tmp)) {
    if (entry.kind !== "file") continue;
    const path = `${tmp}/${entry.name}`;
    if (turns.worked(FILE)) await turns.pass();
    const stat = await fs.stat(path);
    if (!stat || Math.max(stat.mtime, stat.ctime) >= before) continue;
    if (await fs.remove(path)) log.info("left-over removed", { path });
  }
}

/** Tidies a whole account. */
export async function tidyAccount(ports: TidyPorts, root: string): Promise<void> {
  const turns = new Turns(ports, root);
  await sweepTmp(ports, `${root}/tmp`, turns);
  for (const entry of await listOrNothing(ports, root)) {
    if (entry.kind !== "dir" || !entry.name.startsWith(".")) continue;
    const path = `${root}/${entry.name}`;
    if (turns.worked(FOLDER)) await turns.pass();
    if (entry.name.startsWith(REMOVED_PREFIX)) await removeTree(ports, path);
    else await sweepTmp(ports, `${path}/tmp`, turns);
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
