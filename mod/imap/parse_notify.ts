/** NOTIFY (RFC 5465 8). */
import type { EventGroup, NotifyCommand, NotifyEvent, SelectedEvents } from "./notify_types.ts";
import { parseFetchItems } from "./parse_fetch.ts";
import { parseMailboxFilter } from "./parse_multisearch.ts";
import { CLOSE, type CommandReader, OPEN, ParseFault, SPACE } from "./parse_reader.ts";
import type { FetchItem } from "./types.ts";

/** In the order they are listed. */
export const NOTIFY_EVENTS: readonly NotifyEvent[] = [
  "MessageNew",
  "MessageExpunge",
  "FlagChange",
  "MailboxName",
  "SubscriptionChange",
  "MailboxMetadataChange",
  "ServerMetadataChange",
];
const EVENTS: ReadonlyMap<string, NotifyEvent> = new Map(NOTIFY_EVENTS.map((e) => [e.toUpperCase(), e]));
const OF_MESSAGES: ReadonlySet<NotifyEvent> = new Set(["MessageNew", "MessageExpunge", "FlagChange"]);

/** The events of one group, as far as we have them. */
interface Events {
  readonly known: Set<NotifyEvent>;
  /** Names that are none of ours, in capitals. */
  readonly unknown: Set<string>;
  /** After MessageNew; null where there was no list. */
  items: readonly FetchItem[] | null;
}

/** What follows NOTIFY. */
export function parseNotify(reader: CommandReader): NotifyCommand {
  reader.space();
  const how = reader.word("SET or NONE");
  if (how === "NONE") return { verb: "NOTIFY", set: null };
  if (how !== "SET") throw new ParseFault("Expected SET or NONE");
  reader.space();
  const status = reader.tryWord("STATUS");
  if (status) reader.space();
  const groups: EventGroup[] = [];
  let selected: SelectedEvents | null = null;
  let unknown = false;
  let more: boolean;
  do {
    reader.octet(OPEN, "Expected a list");
    const delayed = reader.tryWord("SELECTED-DELAYED");
    const filter = delayed ? { kind: "selected" } as const : parseMailboxFilter(reader);
    reader.space();
    const events = parseEvents(reader);
    reader.octet(CLOSE, "Expected the end of the list");
    check(events, filter.kind === "selected");
    unknown ||= events.unknown.size > 0;
    if (filter.kind !== "selected") groups.push({ mailboxes: filter, events: events.known });
    else {
      if (selected !== null) throw new ParseFault("SELECTED can only be given once");
      selected = { delayed, events: events.known, items: events.items ?? [] };
    }
    more = reader.tryOctet(SPACE);
  } while (more);
  return { verb: "NOTIFY", set: unknown ? "bad-event" : { status, selected, groups } };
}

function parseEvents(reader: CommandReader): Events {
  const events: Events = { known: new Set(), unknown: new Set(), items: null };
  if (reader.peek !== OPEN) {
    if (reader.word("events") !== "NONE") throw new ParseFault("Expected a list of events or NONE");
    return events;
  }
  let last = "";
  reader.list(() => {
    if (reader.peek === OPEN && last === "MESSAGENEW" && events.items === null) {
      events.items = parseFetchItems(reader);
      last = "";
      return;
    }
    const name = last = reader.word("an event");
    const event = EVENTS.get(name);
    if (event === undefined) events.unknown.add(name);
    else events.known.add(event);
  });
  return events;
}

/** What RFC 5465 5 and 6.1 call errors of the client. */
function check({ known, unknown, items }: Events, selected: boolean): void {
  const messages = known.has("MessageNew");
  if (messages !== known.has("MessageExpunge")) {
    throw new ParseFault("MessageNew and MessageExpunge go together");
  }
  if (!messages && (known.has("FlagChange") || unknown.has("ANNOTATIONCHANGE"))) {
    throw new ParseFault("Changes of flags need MessageNew and MessageExpunge");
  }
  if (selected && [...known].some((e) => !OF_MESSAGES.has(e))) {
    throw new ParseFault("Only events of messages are for the selected mailbox");
  }
  if (!selected && items !== null) throw new ParseFault("FETCH items are for the selected mailbox only");
}
