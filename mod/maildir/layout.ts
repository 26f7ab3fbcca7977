/**
 * Where things lie. An account's root is ROOT/DOMAIN/USER; INBOX is the root itself, every other folder one hidden folder below it, its levels in
 * modified UTF-7 with "." between (Maildir++). Names are mapped level by level and checked; nothing is ever joined as it came.
 */
import type { AccountId } from "../account/directory.ts";
import { utf8 } from "../base/bytes.ts";
import type { Fs } from "../base/fs.ts";
import { MAILBOX_NAME } from "../base/limits.ts";
import { canonicalName, INBOX } from "../store/mailbox_name.ts";
import { decodeModifiedUtf7, encodeModifiedUtf7 } from "../store/modified_utf7.ts";

export const PARTS = ["tmp", "new", "cur"] as const;

/** Folders on their way out. Two dots make it no Maildir++ name, so no program shows them. */
export const REMOVED_PREFIX = "..roost-removed-";

/** The folder of an account below the mail root, "DOMAIN/USER"; null for an id that is none. */
export function accountPath(id: AccountId): string | null {
  const at = id.lastIndexOf("@");
  const user = pathPart(id.slice(0, Math.max(0, at)));
  const domain = pathPart(id.slice(at + 1));
  return at < 0 || user === null || domain === null ? null : `${domain}/${user}`;
}

/** Letters, digits and a few marks as they are, all else as %XX: no separator, no hidden or special name comes through. */
function pathPart(text: string): string | null {
  if (text === "" || !text.isWellFormed()) return null;
  const safe = text.normalize("NFC").toLowerCase().replace(
    /^\.|[^\p{Ll}\p{Lo}\p{N}._+=-]/gu,
    (c) => [...utf8(c)].map((b) => `%${b.toString(16).padStart(2, "0").toUpperCase()}`).join(""),
  );
  return utf8(safe).length > MAILBOX_NAME ? null : safe;
}

/** A folder's place below the account's root ("" for INBOX, else ".A.B"); null when the name cannot be one. `name` is canonical. */
export function folderDir(name: string, separator: string): string | null {
  if (name === INBOX) return "";
  const dir = "." + name.split(separator).map(encodeModifiedUtf7).join(".");
  // "~" first is what Dovecot refuses too: it would be a home folder to it.
  return dir.length > MAILBOX_NAME || dir.startsWith(".~") ? null : dir;
}

/** The name of a folder found on disk; null when it is none of ours to show. */
export function folderName(dir: string, separator: string): string | null {
  if (!dir.startsWith(".") || dir.length < 2) return null;
  const levels = dir.slice(1).split(".").map(decodeModifiedUtf7);
  if (levels.includes(null)) return null;
  const name = canonicalName(levels.join(separator), separator);
  // Only the one spelling that we would give it: else two folders had one name.
  return name.ok && name.value !== INBOX && folderDir(name.value, separator) === dir ? name.value : null;
}

/** Makes the parts of a folder that are missing: a crash, or somebody with too much zeal, left it without. Durable. */
export async function repairFolder(fs: Fs, path: string): Promise<void> {
  for (const part of PARTS) await fs.makeDir(`${path}/${part}`);
  await fs.syncDir(path);
}

/** Whether `path` is a folder itself, not a link to one. */
export function isDir(fs: Fs, path: string): boolean {
  return fs.statSync(path)?.kind === "dir";
}
