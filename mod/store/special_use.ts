import { asciiLower } from "../base/bytes.ts";
import type { SpecialUse } from "./store.ts";

/** Folders every account gets at first use, with their use (RFC 6154). */
export const SPECIAL_FOLDERS: readonly { readonly name: string; readonly use: SpecialUse }[] = [
  { name: "Sent", use: "Sent" },
  { name: "Drafts", use: "Drafts" },
  { name: "Trash", use: "Trash" },
  { name: "Junk", use: "Junk" },
  { name: "Archive", use: "Archive" },
];

/** Names clients and other servers give to the same thing; they count where the folder by our own name does not exist. */
const OTHER_NAMES: Readonly<Record<string, SpecialUse>> = {
  "sent messages": "Sent",
  "sent items": "Sent",
  "sent mail": "Sent",
  "deleted messages": "Trash",
  "deleted items": "Trash",
  "spam": "Junk",
  "junk e-mail": "Junk",
  "archives": "Archive",
};

/** What each of `names` is for, one folder a use: what `chosen` says, else by name. */
export function specialUses(
  names: readonly string[],
  chosen: ReadonlyMap<string, SpecialUse>,
): Map<string, SpecialUse> {
  const uses = new Map<string, SpecialUse>();
  const taken = new Set<SpecialUse>();
  const give = (name: string, use: SpecialUse | undefined) => {
    if (use === undefined || taken.has(use) || uses.has(name)) return;
    uses.set(name, use);
    taken.add(use);
  };
  for (const name of names) give(name, chosen.get(name));
  for (const { name, use } of SPECIAL_FOLDERS) if (names.includes(name)) give(name, use);
  for (const name of names) give(name, OTHER_NAMES[asciiLower(name)]);
  return uses;
}
