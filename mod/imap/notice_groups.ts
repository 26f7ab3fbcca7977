/** Which events are told of which mailboxes (RFC 5465 6). */
import { type CompiledFilter, compileFilter } from "./mailbox_filter.ts";
import type { EventGroup, NotifyEvent } from "./notify_types.ts";

export interface Group {
  readonly test: CompiledFilter;
  /** Mailboxes of others are never of these. */
  readonly personal: boolean;
  /** null for NONE: nothing is told of these, whatever other groups say. */
  readonly events: ReadonlySet<NotifyEvent> | null;
}

const NO_EVENTS: ReadonlySet<NotifyEvent> = new Set();

export function compileGroups(groups: readonly EventGroup[], separator: string): Group[] {
  return groups.map(({ mailboxes, events }) => ({
    test: compileFilter(mailboxes, separator),
    personal: mailboxes.kind === "personal" || mailboxes.kind === "inboxes",
    events: events.size > 0 ? events : null,
  }));
}

/** Groups add up (RFC 5465 6); NONE takes its mailboxes out of all. `others`: it is another account's mailbox. */
export function eventsIn(
  groups: readonly Group[],
  name: string,
  subscribed: boolean,
  others: boolean,
): ReadonlySet<NotifyEvent> {
  let all: ReadonlySet<NotifyEvent> = NO_EVENTS;
  for (const { test, personal, events } of groups) {
    if ((personal && others) || !test(name, subscribed)) continue;
    if (events === null) return NO_EVENTS;
    all = all === NO_EVENTS ? events : new Set([...all, ...events]);
  }
  return all;
}
