import { fromAscii } from "../base/bytes.ts";
import { ANSWERED, DELETED, DRAFT, type FlagBits, FLAGGED, type NamedFlags, SEEN } from "../store/store.ts";
import { parseDateTime } from "./date.ts";
import { CLOSE, type CommandReader, OPEN, ParseFault, SPACE } from "./parse_reader.ts";
import type { AppendCommand, AppendMessage, CatenatePart, ReplaceCommand, SequenceSet } from "./types.ts";

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
  /** CATENATE "(" stands before the message's parts, and ")" after them (RFC 4469 5). */
  readonly catenate: boolean;
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
  const utf8 = tryUtf8(reader);
  const catenate = !utf8 && reader.tryWord("CATENATE");
  if (catenate) openList(reader);
  return { flags, internalDate, utf8, catenate };
}

/** UTF8 "(" before a literal (RFC 6855 4). */
function tryUtf8(reader: CommandReader): boolean {
  if (!reader.tryWord("UTF8")) return false;
  if (!reader.options.utf8) throw new ParseFault("Enable UTF8=ACCEPT first");
  openList(reader);
  return true;
}

function openList(reader: CommandReader): void {
  reader.space();
  reader.octet(OPEN, "Expected a list");
}

/** A message's literal or parts, and what closes it. */
export function parseMessage(
  reader: CommandReader,
  { utf8, catenate }: AppendArguments,
): Pick<AppendMessage, "size" | "binary" | "parts"> {
  if (!catenate) return parseLiteral(reader, utf8);
  const parts: CatenatePart[] = [];
  if (parseParts(reader, parts) !== "end") throw new ParseFault("Expected a literal");
  const size = parts.reduce((sum, part) => sum + (part.kind === "text" ? part.size : 0), 0);
  return { size, binary: false, parts };
}

function parseLiteral(
  reader: CommandReader,
  utf8: boolean,
): { readonly size: number; readonly binary: boolean } {
  const literal = reader.messageLiteral();
  if (utf8) reader.octet(CLOSE, "Expected ')'");
  return literal;
}

/** Parts (RFC 4469 5, RFC 6855 4) up to the ")" after them, or to the literal that was announced last and is not there. */
export function parseParts(reader: CommandReader, parts: CatenatePart[]): "end" | "text" | "utf8" | "url" {
  do {
    const utf8 = tryUtf8(reader);
    if (utf8 || reader.tryWord("TEXT")) {
      if (!utf8) reader.space();
      if (reader.ended) return utf8 ? "utf8" : "text";
      parts.push({ kind: "text", ...parseLiteral(reader, utf8) });
    } else {
      if (!reader.tryWord("URL")) throw new ParseFault("Expected TEXT or URL");
      reader.space();
      if (reader.ended) return "url";
      parts.push({ kind: "url", url: reader.astringText("a URL") });
    }
  } while (reader.tryOctet(SPACE));
  reader.octet(CLOSE, "Expected a space or the end of the list");
  return "end";
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
