/** Finds the folders of a Maildir that another program made: Maildir++ (".A.B") and Dovecot's LAYOUT=fs ("A/B"), also both at once. */
import { type Fs, isFsError } from "../base/fs.ts";
import { TRANSFER_DEPTH, TRANSFER_FOLDERS } from "../base/limits.ts";
import { canonicalName, INBOX } from "../store/mailbox_name.ts";
import { decodeModifiedUtf7 } from "../store/modified_utf7.ts";
import type { Tally } from "./tally.ts";

export interface TreeFolder {
  /** Canonical, with "separator" between levels. */
  readonly name: string;
  readonly path: string;
}

/** What stands beside folders and is none. */
const NO_FOLDERS = new Set(["cur", "new", "tmp", "sieve", "courierimapkeywords", "courierimaphieracl"]);

/** All folders below `root`, INBOX first. Links are not followed. Throws FsError. */
export async function findMaildirs(
  fs: Fs,
  root: string,
  separator: string,
  tally: Tally,
): Promise<TreeFolder[]> {
  const found: TreeFolder[] = [];
  await walk({ fs, separator, tally, found }, root, [], 0);
  return found.sort((a, b) => a.name === INBOX ? -1 : b.name === INBOX ? 1 : a.name < b.name ? -1 : 1);
}

interface Walk {
  readonly fs: Fs;
  readonly separator: string;
  readonly tally: Tally;
  readonly found: TreeFolder[];
}

async function walk(walk_: Walk, path: string, levels: readonly string[], depth: number): Promise<void> {
  const { fs, tally, found } = walk_;
  const entries = await fs.list(path);
  const parts = new Set(entries.filter((e) => e.kind === "dir").map((e) => e.name));
  if (parts.has("cur") || parts.has("new")) add(walk_, path, levels.length === 0 ? [INBOX] : levels);
  for (const { name, kind } of entries) {
    const inner = `${path}/${name}`;
    const hidden = name.startsWith(".");
    if (NO_FOLDERS.has(name) || (hidden && (depth > 0 || name.startsWith("..")))) continue;
    if (kind === "symlink" && await isMaildir(fs, inner)) {
      tally.lose(
        inner,
        "the folder",
        "is a link, which may lead anywhere; import what it leads to by itself",
      );
    }
    if (kind !== "dir") continue;
    if (found.length >= TRANSFER_FOLDERS || depth >= TRANSFER_DEPTH) {
      tally.lose(inner, "the folder", `more than ${TRANSFER_FOLDERS} folders, or ${TRANSFER_DEPTH} levels`);
      continue;
    }
    if (!hidden) await walk(walk_, inner, [...levels, name], depth + 1);
    else if (await isMaildir(fs, inner)) add(walk_, inner, name.slice(1).split("."));
  }
}

async function isMaildir(fs: Fs, path: string): Promise<boolean> {
  return (await fs.stat(`${path}/cur`))?.kind === "dir" || (await fs.stat(`${path}/new`))?.kind === "dir";
}

function add({ separator, found, tally }: Walk, path: string, levels: readonly string[]): void {
  const { name, same } = folderNameOf(levels, separator);
  if (!same) tally.note(`${path}: becomes the folder "${name}", since its own name cannot be one here`);
  found.push({ name, path });
}

/** The name here of a folder with these levels, in modified UTF-7 or plain text; whether it is just the same. */
export function folderNameOf(
  levels: readonly string[],
  separator: string,
): { readonly name: string; readonly same: boolean } {
  const texts = levels.map((l) => decodeModifiedUtf7(l) ?? l);
  const canonical = canonicalName(texts.join(separator), separator);
  // A level that holds the separator would become two.
  if (canonical.ok && !texts.some((t) => t.includes(separator))) return { name: canonical.value, same: true };
  const mended = texts.map((t) =>
    // deno-lint-ignore no-control-regex
    t.toWellFormed().replace(/[./\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, "_").trim().slice(0, 60) || "_"
  );
  const name = canonicalName(mended.join(separator), separator);
  return { name: name.ok ? name.value : "Imported", same: false };
}

/** Lines of a small text file; none where it is not there. Throws FsError. */
export async function linesOf(fs: Fs, path: string, max: number): Promise<string[]> {
  try {
    const bytes = await fs.readFile(path, max);
    return bytes ? new TextDecoder().decode(bytes).split("\n") : [];
  } catch (e) {
    if (isFsError(e, "denied")) return [];
    throw e;
  }
}
