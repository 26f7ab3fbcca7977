import { fromAscii } from "../base/bytes.ts";
import { ANSWERED, DELETED, DRAFT, type FlagBits, FLAGGED, type NamedFlags, SEEN } from "../store/store.ts";
import { parseDateTime } from "./date.ts";
import { CLOSE, type CommandReader, OPEN, ParseFault, SPACE } from "./parse_reader.ts";
import type { AppendCommand, AppendMessage, ReplaceCommand, SequenceSet } from "./types.ts";

const SYSTEM_FLAGS: Readonly<Record<string, FlagBits>> = {
  "\\seen": SEEN,
  "\\answered": ANSWERED,
  "\\flagged": FLAGGED,
  "\\deleted": DELETED,
  "\\draft": DRAFT,
};
const QUOTE = 0x22;

/** What comes before an APPEND's message. */
export interface AppendArguments {
  readonly flags: NamedFlags;
  readonly internalDate: number | null;
  /** UTF8 "(" stands before the literal, and ")" after it (RFC 6855 4). */
  readonly utf8: boolean;
}

/** flag-list, or with `bare` flags without parentheses too (STORE). \Recent and unknown system flags are refused. */
export function parseFlags(reader: CommandReader, bare: boolean): NamedFlags {
  let system = 0;
  const keywords: string[] = [];
  const item = (): void => {
    const flag = reader.flag();
    if (!flag.startsWith("\\")) {
      if (!keywords.some((k) => k.toLowerCase() === flag.toLowerCase())) keywords.push(flag);
      return;
    }
    const bit = SYSTEM_FLAGS[flag.toLowerCase()];
    if (bit === undefined) throw new ParseFault("Invalid system flag");
    system |= bit;
  };
  if (bare && reader.peek !== OPEN) {
    do item(); while (reader.tryOctet(SPACE));
  } else {
    reader.list(item, true);
  }
  return { system, keywords };
}

/** Optional flags and date before a message literal, with the space after each. */
export function parseAppendArguments(reader: CommandReader): AppendArguments {
  let flags: NamedFlags = { system: 0, keywords: [] };
  let internalDate: number | null = null;
  if (reader.peek === OPEN) {
    flags = parseFlags(reader, false);
    reader.space();
  }
  if (reader.peek === QUOTE) {
    internalDate = parseDateTime(fromAscii(reader.string("a date")));
    if (internalDate === null) throw new ParseFault("Invalid internal date");
    reader.space();
  }
  const utf8 = reader.tryWord("UTF8");
  if (utf8) {
    if (!reader.options.utf8) throw new ParseFault("Enable UTF8=ACCEPT first");
    reader.space();
    reader.octet(OPEN, "Expected a list");
  }
  return { flags, internalDate, utf8 };
}

/** A message's literal, and what closes it. */
export function parseMessage(reader: CommandReader, { utf8 }: AppendArguments) {
  const literal = reader.messageLiteral();
  if (utf8) reader.octet(CLOSE, "Expected ')'");
  return literal;
}

/** APPEND with one or more messages (RFC 3501 6.3.11, RFC 3502), whose octets the assembler has streamed or buffered. */
export function parseAppend(reader: CommandReader): AppendCommand {
  const mailbox = reader.mailbox();
  const messages: AppendMessage[] = [];
  reader.space();
  do {
    const before = parseAppendArguments(reader);
    const { flags, internalDate } = before;
    messages.push({ flags, internalDate, ...parseMessage(reader, before) });
  } while (reader.tryOctet(SPACE));
  return { verb: "APPEND", mailbox, messages };
}

/** REPLACE (RFC 8508 6), as APPEND with one message. */
export function parseReplace(reader: CommandReader): ReplaceCommand {
  const set = parseReplaced(reader);
  const { mailbox, messages } = parseAppend(reader);
  const [message] = messages;
  if (message === undefined || messages.length > 1) throw new ParseFault("One message replaces one");
  return { verb: "REPLACE", uid: false, set, mailbox, message };
}

/** The number of the message to be replaced, and the space after it. */
export function parseReplaced(reader: CommandReader): SequenceSet {
  const set = reader.sequenceSet();
  const [range, ...more] = set.ranges;
  if (range === undefined || range.from !== range.to || more.length > 0) {
    throw new ParseFault("Expected one message");
  }
  reader.space();
  return set;
}
