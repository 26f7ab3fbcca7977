import { fromAscii } from "../base/bytes.ts";
import { ANSWERED, DELETED, DRAFT, type FlagBits, FLAGGED, type NamedFlags, SEEN } from "../store/store.ts";
import { parseDateTime } from "./date.ts";
import { type CommandReader, OPEN, ParseFault, SPACE } from "./parse_reader.ts";
import type { AppendCommand, AppendMessage } from "./types.ts";

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
  return { flags, internalDate };
}

/** APPEND with one or more messages (RFC 3501 6.3.11, RFC 3502), whose octets the assembler has streamed or buffered. */
export function parseAppend(reader: CommandReader): AppendCommand {
  const mailbox = reader.mailbox();
  const messages: AppendMessage[] = [];
  reader.space();
  do messages.push({ ...parseAppendArguments(reader), ...reader.messageLiteral() }); while (
    reader.tryOctet(SPACE)
  );
  return { verb: "APPEND", mailbox, messages };
}
