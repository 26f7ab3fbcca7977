/** Writes an edited roost.yaml back: atomically, with the mode it had, if nobody changed it meanwhile. */
import { fromUtf8, sameBytes, utf8 } from "../base/bytes.ts";
import { replaceFile } from "../base/durable.ts";
import { CONFIG_FILE } from "../base/limits.ts";
import type { EditResult } from "../config/edit.ts";
import { CommandFault, type Tools } from "./terminal.ts";

/** Applies `edit` to the file. Throws CommandFault with what is wrong, and then nothing is changed. */
export async function editConfig(
  tools: Tools,
  file: string,
  edit: (text: string) => EditResult,
): Promise<void> {
  const before = await tools.fs.readFile(file, CONFIG_FILE);
  if (before === null) throw new CommandFault(`${file}: there is no such file`);
  const edited = edit(fromUtf8(before));
  if (!edited.ok) throw new CommandFault(edited.error);
  const [stat, now] = [await tools.fs.stat(file), await tools.fs.readFile(file, CONFIG_FILE)];
  if (!now || !sameBytes(before, now)) {
    throw new CommandFault(`${file}: was changed by someone else meanwhile; run it again`);
  }
  await replaceFile(tools.fs, file, utf8(edited.value), undefined, stat ? stat.mode & 0o777 : 0o600);
}
