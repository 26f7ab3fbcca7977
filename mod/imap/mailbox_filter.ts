/** Which mailboxes filters mean (RFC 5465 6, RFC 7377 2.2). */
import { isBelow } from "../store/mailbox_name.ts";
import type { MailboxEntry } from "../store/store.ts";
import type { MailboxFilter } from "./types.ts";

export interface FilterContext {
  readonly entries: readonly MailboxEntry[];
  readonly separator: string;
  /** Name of the selected mailbox; null for none. */
  readonly selected: string | null;
}

/** Names of mailboxes that are there and that one of the filters names, in the order of `entries`. */
export function filterMailboxes(filters: readonly MailboxFilter[], context: FilterContext): string[] {
  return context.entries.filter((entry) => entry.exists && filters.some((f) => isNamed(entry, f, context)))
    .map((entry) => entry.name);
}

function isNamed(
  entry: MailboxEntry,
  filter: MailboxFilter,
  { separator, selected }: FilterContext,
): boolean {
  const { name } = entry;
  switch (filter.kind) {
    case "selected":
      return name === selected;
    // RFC 5465 6.3: mail may be delivered to any folder, so these are all.
    case "inboxes":
    case "personal":
      return true;
    case "subscribed":
      return entry.subscribed;
    case "mailboxes":
      return filter.names.includes(name);
    case "subtree":
      return filter.names.some((top) => name === top || isBelow(name, top, separator));
    case "subtree-one":
      return filter.names.some((top) =>
        name === top || (isBelow(name, top, separator) && !name.slice(top.length + 1).includes(separator))
      );
  }
}
