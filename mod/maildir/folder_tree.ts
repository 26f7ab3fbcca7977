/** The folders of one account on disk: which there are, making, renaming and removing them. */
import { utf8 } from "../base/bytes.ts";
import { FsError, isFsError } from "../base/fs.ts";
import { compareNames, INBOX, parentsOf } from "../store/mailbox_name.ts";
import type { MailboxEntry, SpecialUse } from "../store/store.ts";
import { folderDir, folderName, isDir, PARTS, REMOVED_PREFIX } from "./layout.ts";
import type { Ports } from "./ports.ts";
import { inSlices, sortInSlices } from "./slices.ts";

/** Path of the folder, or null when it is not there (or a link). `name` is canonical. */
export function findFolder(ports: Ports, root: string, name: string): string | null {
  const dir = folderDir(name, ports.separator);
  if (dir === null) return null;
  const path = dir === "" ? root : `${root}/${dir}`;
  return isDir(ports.fs, path) && isDir(ports.fs, `${path}/cur`) ? path : null;
}

/** Names of all folders, INBOX first. */
export async function listFolders(ports: Ports, root: string): Promise<string[]> {
  const names = [INBOX];
  await inSlices(ports, root, await ports.fs.list(root), (entry) => {
    if (entry.kind !== "dir" || !entry.name.startsWith(".")) return;
    const name = folderName(entry.name, ports.separator);
    if (name !== null && isDir(ports.fs, `${root}/${entry.name}/cur`)) names.push(name);
  });
  return await sortInSlices(ports, root, names, compareNames);
}

/** These folders and the levels above them, INBOX first, as they are told to clients. */
export async function entriesOf(
  ports: Ports,
  root: string,
  names: readonly string[],
  subscribed: ReadonlySet<string>,
  uses: ReadonlyMap<string, SpecialUse>,
): Promise<MailboxEntry[]> {
  const folders = new Set(names);
  const parents = new Set<string>();
  await inSlices(ports, root, names, (name) => {
    for (const parent of parentsOf(name, ports.separator)) parents.add(parent);
  });
  const all = await sortInSlices(ports, root, [...folders.union(parents)], compareNames);
  const entries: MailboxEntry[] = [];
  await inSlices(ports, root, all, (name) => {
    entries.push({
      name,
      exists: folders.has(name),
      hasChildren: parents.has(name),
      subscribed: subscribed.has(name),
      specialUse: uses.get(name) ?? null,
    });
  });
  return entries;
}

/** Makes a folder; it is there for good when this resolves. cur/ comes last: without it there is no folder. */
export async function makeFolder(ports: Ports, root: string, dir: string): Promise<void> {
  const { fs } = ports;
  const path = dir === "" ? root : `${root}/${dir}`;
  // A link, say: what is made through it would lie outside of the account.
  if (dir !== "" && ((await fs.stat(path))?.kind ?? "dir") !== "dir") {
    throw new FsError("denied", "create", path);
  }
  for (const part of PARTS) await fs.makeDir(`${path}/${part}`);
  if (dir !== "") await touch(ports, `${path}/maildirfolder`);
  await fs.syncDir(path);
  if (dir !== "") await fs.syncDir(root);
}

/** Takes a folder out of sight at once and for good; gives where it lies, for `removeTree`. */
export async function hideFolder(ports: Ports, root: string, path: string): Promise<string> {
  const hidden = `${root}/${REMOVED_PREFIX}${ports.names.next()}`;
  await ports.fs.rename(path, hidden);
  await ports.fs.syncDir(root);
  return hidden;
}

async function touch(ports: Ports, path: string): Promise<void> {
  try {
    await ports.fs.createWith(path, [utf8("")]);
  } catch (e) {
    if (!isFsError(e, "exists")) throw e;
  }
}
