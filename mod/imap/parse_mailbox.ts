import { asciiUpper } from "../base/bytes.ts";
import type { SpecialUse } from "../store/store.ts";
import { parseEntries } from "./parse_metadata.ts";
import { type CommandReader, OPEN, ParseFault, SPACE } from "./parse_reader.ts";
import type {
  CreateCommand,
  ListCommand,
  ListReturn,
  ListSelect,
  LsubCommand,
  StatusCommand,
  StatusItem,
} from "./types.ts";

const STATUS_ITEMS: readonly StatusItem[] = [
  "MESSAGES",
  "RECENT",
  "UIDNEXT",
  "UIDVALIDITY",
  "UNSEEN",
  "DELETED",
  "SIZE",
  "HIGHESTMODSEQ",
  "DELETED-STORAGE",
  "APPENDLIMIT",
  "MAILBOXID",
];
const SPECIAL_USES: readonly SpecialUse[] = ["All", "Archive", "Drafts", "Flagged", "Junk", "Sent", "Trash"];
const SELECTS: readonly ListSelect[] = ["SUBSCRIBED", "REMOTE", "RECURSIVEMATCH", "SPECIAL-USE"];
const RETURNS: readonly ListReturn[] = ["SUBSCRIBED", "CHILDREN", "SPECIAL-USE", "MYRIGHTS"];

/** LIST with or without RFC 5258's options; the reader stands after the verb's space. */
export function parseList(reader: CommandReader): ListCommand {
  let extended = false;
  const select: ListSelect[] = [];
  if (reader.peek === OPEN) {
    extended = true;
    reader.list(() => add(select, SELECTS, reader, "Unknown LIST selection option"), true);
    reader.space();
  }
  // RFC 5258 3.1: RECURSIVEMATCH modifies an option that filters; REMOTE does not.
  if (
    select.includes("RECURSIVEMATCH") && !select.includes("SUBSCRIBED") && !select.includes("SPECIAL-USE")
  ) {
    throw new ParseFault("RECURSIVEMATCH needs another selection option");
  }
  const reference = reader.listMailbox();
  reader.space();
  const patterns: string[] = [];
  if (reader.peek === OPEN) {
    extended = true;
    reader.list(() => patterns.push(reader.listMailbox()));
  } else {
    patterns.push(reader.listMailbox());
  }
  const returns: ListReturn[] = [];
  let status: readonly StatusItem[] | null = null;
  let metadata: readonly string[] = [];
  if (reader.tryOctet(SPACE)) {
    extended = true;
    if (reader.word("RETURN") !== "RETURN") throw new ParseFault("Expected RETURN");
    reader.space();
    reader.list(() => {
      const option = reader.word("a LIST return option");
      if (option === "STATUS") {
        reader.space();
        status = parseStatusItems(reader);
      } else if (option === "METADATA") {
        reader.space();
        metadata = parseEntries(reader);
      } else if (!includes(RETURNS, option)) {
        throw new ParseFault("Unknown LIST return option");
      } else if (!returns.includes(option)) {
        returns.push(option);
      }
    }, true);
  }
  return { verb: "LIST", reference, patterns, select, returns, status, metadata, extended };
}

export function parseLsub(reader: CommandReader): LsubCommand {
  const reference = reader.listMailbox();
  reader.space();
  return { verb: "LSUB", reference, pattern: reader.listMailbox() };
}

export function parseStatus(reader: CommandReader): StatusCommand {
  const mailbox = reader.mailbox();
  reader.space();
  return { verb: "STATUS", mailbox, items: parseStatusItems(reader) };
}

/** CREATE, with RFC 6154's USE. An attribute that is not known is NO [USEATTR] there. */
export function parseCreate(reader: CommandReader): CreateCommand {
  const mailbox = reader.mailbox();
  const { asked } = reader;
  const specialUse: SpecialUse[] = [];
  if (reader.tryOctet(SPACE)) {
    reader.list(() => {
      if (reader.word("a CREATE parameter") !== "USE") throw new ParseFault("Unknown CREATE parameter");
      reader.space();
      reader.list(() => {
        const flag = reader.flag();
        const use = SPECIAL_USES.find((u) => asciiUpper(`\\${u}`) === asciiUpper(flag));
        if (!flag.startsWith("\\")) throw new ParseFault("Expected a special-use attribute");
        if (!use) throw new ParseFault("Unknown special-use attribute", "use-attr");
        if (!specialUse.includes(use)) specialUse.push(use);
      }, true);
    });
  }
  return { verb: "CREATE", mailbox, asked, specialUse };
}

function parseStatusItems(reader: CommandReader): readonly StatusItem[] {
  const items: StatusItem[] = [];
  reader.list(() => add(items, STATUS_ITEMS, reader, "Unknown STATUS item"));
  return items;
}

/** Reads a word that must be one of `known` and is kept once. */
function add<T extends string>(into: T[], known: readonly T[], reader: CommandReader, fault: string): void {
  const word = reader.word("an option");
  if (!includes(known, word)) throw new ParseFault(fault);
  if (!into.includes(word)) into.push(word);
}

function includes<T extends string>(known: readonly T[], word: string): word is T {
  return known.some((k) => k === word);
}
