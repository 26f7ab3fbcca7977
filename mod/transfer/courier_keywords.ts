/**
 * Courier's keywords: `courierimapkeywords/:list` of a folder has their names, a line each, an empty line, then lines `FILE:NUMBER NUMBER…`; newer ones
 * are in a file a message beside it, a name a line.
 */
import { fromUtf8 } from "../base/bytes.ts";
import { type Fs, isFsError } from "../base/fs.ts";
import { UIDLIST_SIZE } from "../base/limits.ts";
import { baseOf } from "../maildir/file_name.ts";

const FILE_SIZE = 64 * 1024;

/** The text of `:list`: names of keywords by file base. */
export function parseCourierList(text: string): Map<string, readonly string[]> {
  const names: string[] = [];
  const found = new Map<string, readonly string[]>();
  const lines = text.split("\n");
  let at = 0;
  for (; at < lines.length && lines[at] !== ""; at++) names.push(lines[at] ?? "");
  for (const line of lines.slice(at + 1)) {
    const colon = line.lastIndexOf(":");
    if (colon <= 0) continue;
    const numbers = line.slice(colon + 1).trim().split(/\s+/).map(Number);
    const own = numbers.map((n) => names[n]).filter((n) => n !== undefined);
    if (own.length > 0) found.set(baseOf(line.slice(0, colon)), own);
  }
  return found;
}

/** Keywords of the messages of one folder, by file base. Throws FsError. */
export async function courierKeywords(fs: Fs, folder: string): Promise<Map<string, readonly string[]>> {
  const dir = `${folder}/courierimapkeywords`;
  const list = await fs.stat(dir) ? await fs.readFile(`${dir}/:list`, UIDLIST_SIZE) : null;
  const found = parseCourierList(list ? fromUtf8(list) : "");
  if (!await fs.stat(dir)) return found;
  for (const { name, kind } of await fs.list(dir)) {
    if (kind !== "file" || name.startsWith(":")) continue;
    try {
      const bytes = await fs.readFile(`${dir}/${name}`, FILE_SIZE);
      // ".N.FILE" is one that is being changed.
      const base = baseOf(name.replace(/^\.\d+\./, ""));
      if (bytes) found.set(base, fromUtf8(bytes).split("\n").filter((l) => l !== ""));
    } catch (e) {
      if (!isFsError(e)) throw e; // a keyword is not worth the message
    }
  }
  return found;
}
