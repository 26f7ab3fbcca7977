/** GETMETADATA and SETMETADATA (RFC 5464 4). */
import { asciiLower, fromAscii } from "../base/bytes.ts";
import { type CommandReader, OPEN, ParseFault } from "./parse_reader.ts";
import type { GetMetadataCommand, SetMetadataCommand } from "./types.ts";

const SLASH = 0x2f;
/** Entries named in one command. */
const MOST = 100;

/** Options stand before the mailbox in the grammar, and after it in the RFC's examples: both are taken. */
export function parseGetMetadata(reader: CommandReader): GetMetadataCommand {
  let options = { maxSize: null as number | null, depth: 0 };
  reader.space();
  if (reader.peek === OPEN) {
    options = parseOptions(reader);
    reader.space();
  }
  const mailbox = reader.mailbox();
  reader.space();
  if (reader.peek === OPEN && !reader.listOf(SLASH)) {
    options = parseOptions(reader);
    reader.space();
  }
  return { verb: "GETMETADATA", mailbox, entries: parseEntries(reader), ...options };
}

/** One entry's name, or a list of them. */
export function parseEntries(reader: CommandReader): readonly string[] {
  const entries: string[] = [];
  if (reader.peek === OPEN) reader.list(() => entries.push(entryName(reader)));
  else entries.push(entryName(reader));
  if (entries.length > MOST) throw new ParseFault("Too many entries");
  return entries;
}

export function parseSetMetadata(reader: CommandReader): SetMetadataCommand {
  reader.space();
  const mailbox = reader.mailbox();
  reader.space();
  const entries = new Map<string, Uint8Array | null>();
  reader.list(() => {
    const name = entryName(reader);
    reader.space();
    entries.set(name, reader.nstring("a value"));
  });
  if (entries.size > MOST) throw new ParseFault("Too many entries");
  return { verb: "SETMETADATA", mailbox, entries };
}

function parseOptions(reader: CommandReader): { maxSize: number | null; depth: number } {
  const options = { maxSize: null as number | null, depth: 0 };
  reader.list(() => {
    const option = reader.word("an option");
    reader.space();
    if (option === "MAXSIZE") options.maxSize = reader.number("a size");
    else if (option === "DEPTH") options.depth = depthOf(reader.word("a depth"));
    else throw new ParseFault("Unknown GETMETADATA option");
  });
  return options;
}

function depthOf(word: string): number {
  if (word === "0" || word === "1") return Number(word);
  if (word !== "INFINITY") throw new ParseFault("Invalid depth");
  return Infinity;
}

/** An entry's name in lower case (RFC 5464 3.1, 6.1). */
function entryName(reader: CommandReader): string {
  const name = asciiLower(fromAscii(reader.astring("an entry")));
  if (
    name.length > 255 || !/^\/(?:private|shared)(?:\/[\x21-\x24\x26-\x29\x2b-\x2e\x30-\x7e]+)+$/.test(name)
  ) {
    throw new ParseFault("Invalid entry name");
  }
  return name;
}
