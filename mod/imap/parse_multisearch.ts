/** ESEARCH over several mailboxes (RFC 7377 4), and the mailbox filters it has of NOTIFY (RFC 5465 8). */
import { type CommandReader, OPEN, ParseFault, SPACE } from "./parse_reader.ts";
import { parseSearch, type SearchArguments } from "./parse_search.ts";
import type { MailboxFilter } from "./types.ts";

/** What follows ESEARCH and its space. */
export function parseMultiSearch(
  reader: CommandReader,
): SearchArguments & { readonly sources: readonly MailboxFilter[] | null } {
  let sources: MailboxFilter[] | null = null;
  if (reader.tryWord("IN")) {
    reader.space();
    const filters: MailboxFilter[] = [];
    reader.list(() => {
      if (filters.length > 0 && reader.peek === OPEN) throw new ParseFault("Scope options are not known");
      filters.push(parseMailboxFilter(reader));
    });
    sources = filters;
    reader.space();
  }
  const search = parseSearch(reader);
  if (search.update) throw new ParseFault("UPDATE is for SEARCH");
  return { sources, ...search };
}

/** One filter-mailboxes: "personal", "subtree" with a name or a list of names, and so on. */
export function parseMailboxFilter(reader: CommandReader): MailboxFilter {
  const word = reader.word("mailboxes");
  switch (word) {
    case "SELECTED":
      return { kind: "selected" };
    case "INBOXES":
      return { kind: "inboxes" };
    case "PERSONAL":
      return { kind: "personal" };
    case "SUBSCRIBED":
      return { kind: "subscribed" };
    case "SUBTREE":
    case "SUBTREE-ONE":
    case "MAILBOXES":
      reader.octet(SPACE, "Expected a space");
      return {
        kind: word.toLowerCase() as "subtree" | "subtree-one" | "mailboxes",
        names: parseNames(reader),
      };
    default:
      throw new ParseFault("Unknown mailbox filter");
  }
}

function parseNames(reader: CommandReader): readonly string[] {
  if (reader.peek !== OPEN) return [reader.mailbox()];
  const names: string[] = [];
  reader.list(() => names.push(reader.mailbox()));
  return names;
}
