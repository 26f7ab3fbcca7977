/**
 * `dovecot-acl` in a mailbox's folder, as Dovecot's plugin keeps it: lines of an id ("-" before it where rights are taken away, quotes around it where
 * it holds a blank), a blank, and rights by letter; ":" and rights by name may follow. A line that is none of these makes the whole file void, as
 * with Dovecot: it may have been one that takes rights away.
 */
import { fromUtf8, utf8 } from "../base/bytes.ts";
import { FsError } from "../base/fs.ts";
import { ACL_ENTRIES, ACL_SIZE } from "../base/limits.ts";
import type { Acl, AclEntry } from "../store/acl.ts";
import { formatRights, NO_RIGHTS, parseRights, type Rights } from "../store/rights.ts";
import { replaceLocked } from "./locked_file.ts";
import type { Ports } from "./ports.ts";

/** Its letters by Dovecot's names. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ["lookup", "l"],
  ["read", "r"],
  ["write", "w"],
  ["write-seen", "s"],
  ["write-deleted", "t"],
  ["insert", "i"],
  ["post", "p"],
  ["expunge", "e"],
  ["create", "k"],
  ["delete", "x"],
  ["admin", "a"],
]);
const ID = /^(?:anyone|anonymous|authenticated|owner|(?:user|group|group-override)=.+)$/s;

export interface AclText {
  readonly entries: Acl;
  /** Comments and blank lines, kept before the entries. */
  readonly comments: readonly string[];
}

/** null when a line cannot be understood. */
export function parseAcl(text: string): AclText | null {
  const entries: AclEntry[] = [];
  const comments: string[] = [];
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  for (const line of lines) {
    if (line === "" || line.startsWith("#")) comments.push(line);
    else {
      const entry = parseLine(line);
      if (entry === null) return null;
      entries.push(entry);
    }
  }
  return { entries, comments };
}

export function formatAcl({ entries, comments }: AclText): string {
  return [...comments, ...entries.map(formatLine)].map((line) => `${line}\n`).join("");
}

function parseLine(line: string): AclEntry | null {
  const match = /^(?:"((?:[^"\\]|\\.)*)"|([^ "][^ ]*))(?:[ \t]+|$)([^ \t:]*)[ \t]*(?::(.*))?$/s.exec(line);
  if (match === null) return null;
  const [, quoted, plain, letters = "", names = ""] = match;
  const text = quoted?.replace(/\\(.)/gs, "$1") ?? plain ?? "";
  const negative = text.startsWith("-");
  const id = negative ? text.slice(1) : text;
  // "c" and "d" are letters of IMAP alone.
  const named = rightsByName(names);
  const rights = /[cd]/.test(letters) ? null : parseRights(letters);
  if (rights === null || !ID.test(id)) return null;
  return { id, negative, rights: rights | named.rights, other: named.other };
}

function rightsByName(text: string): { readonly rights: Rights; readonly other: readonly string[] } {
  const names = text.split(/[ ,\t]+/).filter((n) => n !== "");
  const other = names.filter((n) => !NAMES.has(n));
  return { rights: parseRights(names.map((n) => NAMES.get(n) ?? "").join("")) ?? NO_RIGHTS, other };
}

function formatLine({ id, negative, rights, other }: AclEntry): string {
  const text = (negative ? "-" : "") + id;
  const written = /[ "]/.test(text) ? `"${text.replace(/["\\]/g, "\\$&")}"` : text;
  return `${written} ${formatRights(rights)}${other.length > 0 ? ` :${other.join(" ")}` : ""}`;
}

/** Where a mailbox's list lies; `dir` is its folder. */
export function aclPath(dir: string): string {
  return `${dir}/dovecot-acl`;
}

/** The list at `path`; empty where there is no file. Throws FsError for one that cannot be understood. */
export async function readAcl(ports: Pick<Ports, "fs">, path: string): Promise<Acl> {
  return understood(await ports.fs.readFile(path, ACL_SIZE) ?? new Uint8Array(), path).entries;
}

/** Changes the list at `path`, durably; false when it would be too long. Throws FsError for one that cannot be understood: it stays as it is. */
export async function changeAclFile(
  ports: Ports,
  path: string,
  change: (acl: Acl) => Acl,
): Promise<boolean> {
  let fits = true;
  await replaceLocked(ports, path, ACL_SIZE, (bytes) => {
    const before = understood(bytes, path);
    const entries = change(before.entries);
    if (entries === before.entries) return null;
    const text = utf8(formatAcl({ ...before, entries }));
    fits = entries.length <= Math.max(ACL_ENTRIES, before.entries.length) && text.length <= ACL_SIZE;
    return fits ? text : null;
  });
  return fits;
}

function understood(bytes: Uint8Array, path: string): AclText {
  const text = parseAcl(fromUtf8(bytes));
  if (text === null) throw new FsError("io", "understand", path);
  return text;
}
