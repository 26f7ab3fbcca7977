/** Which mailboxes filters mean (RFC 5465 6, RFC 7377 2.2). */
import { parentsOf } from "../store/mailbox_name.ts";
import type { MailboxEntry } from "../store/store.ts";
import type { MailboxFilter } from "./types.ts";

export interface FilterContext {
  readonly entries: readonly MailboxEntry[];
  readonly separator: string;
  /** Name of the selected mailbox; null for none. */
  readonly selected: string | null;
}

/** Says of a mailbox whether a filter means it; the same for thousands of names in a filter as for one. */
export type CompiledFilter = (name: string, subscribed: boolean) => boolean;

/** Names of mailboxes that are there and that one of the filters names, in the order of `entries`. */
export function filterMailboxes(
  filters: readonly MailboxFilter[],
  { entries, separator, selected }: FilterContext,
): string[] {
  const tests = filters.map((filter) => compileFilter(filter, separator, selected));
  return entries.filter((entry) => entry.exists && tests.some((test) => test(entry.name, entry.subscribed)))
    .map((entry) => entry.name);
}

/** A filter made ready. `selected`: as in `FilterContext`. */
export function compileFilter(
  filter: MailboxFilter,
  separator: string,
  selected: string | null = null,
): CompiledFilter {
  switch (filter.kind) {
    case "selected":
      return (name) => name === selected;
    // RFC 5465 6.3: mail may be delivered to any folder, so these are all.
    case "inboxes":
    case "personal":
      return () => true;
    case "subscribed":
      return (_, subscribed) => subscribed;
    case "mailboxes": {
      const names = new Set(filter.names);
      return (name) => names.has(name);
    }
    case "subtree": {
      const tops = new Set(filter.names);
      return (name) => tops.has(name) || parentsOf(name, separator).some((parent) => tops.has(parent));
    }
    case "subtree-one": {
      const tops = new Set(filter.names);
      return (name) => tops.has(name) || tops.has(parentsOf(name, separator).at(-1) ?? "");
    }
  }
}
