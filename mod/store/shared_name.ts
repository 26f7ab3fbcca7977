/**
 * Names that mailboxes of other accounts have for a user: "shared", the owner's address, and the name in the owner's account, as in Dovecot's
 * examples (`shared/%u/`), so that clients of a server that was Dovecot find them where they were. Where "." parts the levels of names it cannot
 * stand in an address: "^" does, as it does with Cyrus, and addresses with "^" share nothing there.
 */
import type { AccountId } from "../account/directory.ts";
import { err, ok, type Result } from "../base/result.ts";
import { canonicalName } from "./mailbox_name.ts";

/** The level above all of them. */
export const SHARED_TOP = "shared";

const DOT = "^";

export interface SharedName {
  readonly owner: AccountId;
  /** In the owner's account: canonical, or "" for the level above all of them. */
  readonly name: string;
}

/** The owner's address as a level; null where it cannot be one. */
function ownerLevel(owner: AccountId, separator: string): string | null {
  // deno-lint-ignore no-control-regex -- nor may any other name hold them
  if (/[/*%\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(owner) || owner !== owner.normalize("NFC")) {
    return null;
  }
  if (separator !== ".") return owner;
  return owner.includes(DOT) ? null : owner.replaceAll(".", DOT);
}

/** What others call a mailbox; null where it has no name for them. `name` is canonical, or "" for the level above all of the owner's. */
export function sharedName({ owner, name }: SharedName, separator: string): string | null {
  const level = ownerLevel(owner, separator);
  // To the owner such a name would be of somebody else's mailbox: it is no name of one there.
  if (level === null || isSharedName(name, separator)) return null;
  return [SHARED_TOP, level, ...(name === "" ? [] : [name])].join(separator);
}

/** Whether a name is one of another account's mailboxes: its second level is an address. Everything else is the user's own. */
export function isSharedName(name: string, separator: string): boolean {
  const prefix = SHARED_TOP + separator;
  if (!name.startsWith(prefix)) return false;
  const end = name.indexOf(separator, prefix.length);
  return name.slice(prefix.length, end < 0 ? name.length : end).includes("@");
}

/** What such a name stands for; null where nothing can have it. */
export function parseSharedName(name: string, separator: string): SharedName | null {
  if (!isSharedName(name, separator)) return null;
  const [, level = "", ...rest] = name.split(separator);
  const owner = separator === "." ? level.replaceAll(DOT, ".") : level;
  if (ownerLevel(owner, separator) !== level) return null;
  if (rest.length === 0) return { owner, name: "" };
  const inner = canonicalName(rest.join(separator), separator);
  return inner.ok && !isSharedName(inner.value, separator) ? { owner, name: inner.value } : null;
}

/** As `canonicalName`, for names of others' mailboxes too. */
export function canonicalOrShared(name: string, separator: string): Result<string, "bad-name"> {
  if (!isSharedName(name, separator)) return canonicalName(name, separator);
  const shared = parseSharedName(name, separator);
  const text = shared && sharedName(shared, separator);
  return text === null ? err("bad-name") : ok(text);
}

/** The levels of such a name as Dovecot has them in files: the owner's address is one. */
export function levelsOf(name: string, separator: string): string[] {
  const shared = parseSharedName(name, separator);
  if (shared === null) return name.split(separator);
  return [SHARED_TOP, shared.owner, ...(shared.name === "" ? [] : shared.name.split(separator))];
}

/** The name of such levels; null where they make none. */
export function nameOfLevels(levels: readonly string[], separator: string): string | null {
  const [top, owner = "", ...rest] = levels;
  if (top !== SHARED_TOP || !owner.includes("@")) {
    const name = canonicalName(levels.join(separator), separator);
    return name.ok ? name.value : null;
  }
  const inner = rest.length === 0 ? ok("") : canonicalName(rest.join(separator), separator);
  return inner.ok ? sharedName({ owner, name: inner.value }, separator) : null;
}
