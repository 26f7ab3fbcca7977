/**
 * Putting this executable and its units into a system. Files are replaced whole or not at all; what is as it should be is left alone, so that a
 * second run changes nothing and an upgrade only what is new.
 */
import { utf8 } from "../../base/bytes.ts";
import { folderOf, replaceFile } from "../../base/durable.ts";
import { type Fs, isFsError } from "../../base/fs.ts";
import { INSTALL_BLOCK, INSTALL_UNIT } from "../../base/limits.ts";

/** Where the executable goes; the units start it from there. */
export const EXECUTABLE = "/usr/local/bin/roost";

/** A file to be there. */
export interface Piece {
  /** In the system to be. */
  readonly path: string;
  readonly mode: number;
  /** Its text, or the file whose copy it is. */
  readonly from: { readonly text: string } | { readonly file: string };
}

/** What a piece is now. */
export type Standing = "new" | "changed" | "same";

export interface Planned extends Piece {
  readonly standing: Standing;
}

/** Everything that is to be there. `executable`: path of this program's own file. */
export function pieces(executable: string, units: ReadonlyMap<string, string>): readonly Piece[] {
  return [
    { path: EXECUTABLE, mode: 0o755, from: { file: executable } },
    ...[...units].map(([path, text]) => ({ path, mode: 0o644, from: { text } })),
  ];
}

/** Compares with what is below `root` ("" for the system itself). Throws FsError. */
export async function planInstall(fs: Fs, root: string, all: readonly Piece[]): Promise<readonly Planned[]> {
  const planned: Planned[] = [];
  for (const piece of all) {
    planned.push({ ...piece, standing: await standingOf(fs, root + piece.path, piece) });
  }
  return planned;
}

/** Writes what is new or changed; what is on the medium stays whole at any moment. An altered unit is kept beside it as NAME.old. Throws FsError. */
export async function doInstall(fs: Fs, root: string, plan: readonly Planned[]): Promise<void> {
  for (const piece of plan) if (piece.standing !== "same") await put(fs, root + piece.path, piece);
}

/** The path of the first symbolic link on the way from `root` to a piece: what is written through it may lie outside. null for none. */
export async function linkOnTheWay(fs: Fs, root: string, all: readonly Piece[]): Promise<string | null> {
  for (const { path } of all) {
    for (let dir = folderOf(path); dir !== "/"; dir = folderOf(dir)) {
      if ((await fs.stat(root + dir))?.kind === "symlink") return root + dir;
    }
  }
  return null;
}

async function standingOf(fs: Fs, path: string, piece: Piece): Promise<Standing> {
  const there = await fs.stat(path);
  if (there === null) return "new";
  if (there.kind !== "file" || (there.mode & 0o777) !== piece.mode) return "changed";
  if ("file" in piece.from) return await sameContents(fs, piece.from.file, path) ? "same" : "changed";
  const expected = utf8(piece.from.text);
  if (there.size !== expected.length) return "changed";
  const text = await fs.readFile(path, INSTALL_UNIT);
  return text?.every((octet, i) => octet === expected[i]) ? "same" : "changed";
}

async function put(fs: Fs, path: string, piece: Planned): Promise<void> {
  await fs.makeDir(folderOf(path), 0o755);
  if ("file" in piece.from) return await replaceByCopy(fs, path, piece.from.file, piece.mode);
  if (piece.standing === "changed") await keepOld(fs, path);
  await replaceFile(fs, path, utf8(piece.from.text), `${path}.new`, piece.mode);
}

async function replaceByCopy(fs: Fs, path: string, from: string, mode: number): Promise<void> {
  const temporary = `${path}.new`;
  await fs.remove(temporary); // of a run that was cut off
  await copy(fs, from, temporary, mode);
  await fs.rename(temporary, path);
  await fs.syncDir(folderOf(path));
}

/** Somebody may have written into it what they want to look up. */
async function keepOld(fs: Fs, path: string): Promise<void> {
  await fs.remove(`${path}.old`);
  try {
    await fs.link(path, `${path}.old`);
  } catch (e) {
    if (!isFsError(e, "io", "denied")) throw e; // a file system without links
  }
}

async function copy(fs: Fs, from: string, to: string, mode: number): Promise<void> {
  const source = await fs.open(from);
  try {
    const target = await fs.create(to, mode);
    try {
      const block = new Uint8Array(INSTALL_BLOCK);
      for (let at = 0, n = 0; (n = await source.readAt(block, at)) > 0; at += n) {
        await target.write(block.subarray(0, n));
      }
      await target.sync();
    } finally {
      await target.close();
    }
  } finally {
    source.close();
  }
}

async function sameContents(fs: Fs, one: string, other: string): Promise<boolean> {
  const a = await fs.open(one);
  try {
    const b = await fs.open(other);
    try {
      if (a.size !== b.size) return false;
      const [left, right] = [new Uint8Array(INSTALL_BLOCK), new Uint8Array(INSTALL_BLOCK)];
      for (let at = 0; at < a.size;) {
        const n = await a.readAt(left, at);
        if (n === 0 || await b.readAt(right.subarray(0, n), at) !== n) return false;
        for (let i = 0; i < n; i++) if (left[i] !== right[i]) return false;
        at += n;
      }
      return true;
    } finally {
      b.close();
    }
  } finally {
    a.close();
  }
}
