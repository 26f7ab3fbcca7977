/** The folder backups go to: DST/DATE/ for each snapshot, `latest` with the name of the newest, `.unfinished-DATE/` for one under way. */
import { type Fs, isFsError } from "../base/fs.ts";
import { MANIFEST } from "./manifest.ts";

export const LATEST = "latest";
export const UNFINISHED = ".unfinished-";
const NAME = /^\d{4}-\d\d-\d\dT\d{6}Z$/;

/** The name of a snapshot made at `time` (milliseconds since 1970): "2026-11-22T165307Z". */
export function snapshotName(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, "Z").replaceAll(":", "");
}

/** When a snapshot of this name was made, in milliseconds since 1970; null for no such name. */
export function snapshotTime(name: string): number | null {
  if (!NAME.test(name)) return null;
  const time = Date.parse(name.replace(/T(\d\d)(\d\d)(\d\d)Z$/, "T$1:$2:$3Z"));
  return Number.isNaN(time) ? null : time;
}

/** Names of finished snapshots in `dir`, oldest first; none where there is no such folder. Throws FsError. */
export async function listSnapshots(fs: Fs, dir: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for (const { name, kind } of await fs.list(dir)) {
      if (kind === "dir" && snapshotTime(name) !== null && await fs.stat(`${dir}/${name}/${MANIFEST}`)) {
        names.push(name);
      }
    }
  } catch (e) {
    if (!isFsError(e, "not-found")) throw e;
  }
  return names.sort();
}

/** Snapshots that `path` means: itself, or those in it, newest first, none made after `before` (milliseconds since 1970). Throws FsError. */
export async function snapshotsAt(fs: Fs, path: string, before: number | null): Promise<string[]> {
  if (await fs.stat(`${path}/${MANIFEST}`)) return [path];
  const names = await listSnapshots(fs, path);
  const wanted = names.filter((n) => before === null || (snapshotTime(n) ?? Infinity) <= before);
  return wanted.reverse().map((n) => `${path}/${n}`);
}
