import { IMAP_NESTING } from "../base/limits.ts";
import { CLOSE, type CommandReader, OPEN, ParseFault, SPACE } from "./parse_reader.ts";
import type { FetchItem, Partial, Section } from "./types.ts";

const LESS = 0x3c;
const GREATER = 0x3e;
const BRACKET_OPEN = 0x5b;
const BRACKET_CLOSE = 0x5d;
const DOT = 0x2e;

const FAST: readonly FetchItem[] = [{ kind: "FLAGS" }, { kind: "INTERNALDATE" }, { kind: "RFC822.SIZE" }];
/** RFC 3501 6.4.5: only valid alone, never in a list. */
const MACROS: Readonly<Record<string, readonly FetchItem[]>> = {
  FAST,
  ALL: [...FAST, { kind: "ENVELOPE" }],
  FULL: [...FAST, { kind: "ENVELOPE" }, { kind: "BODY" }],
};
const WHOLE: Section = { part: [], text: "", fields: [] };

/** The items of FETCH (RFC 3501 6.4.5), macros spelt out, the same simple item only once. */
export function parseFetchItems(reader: CommandReader): readonly FetchItem[] {
  if (reader.peek !== OPEN) {
    const name = reader.itemName();
    return MACROS[name] ?? [parseItem(reader, name)];
  }
  const items: FetchItem[] = [];
  reader.list(() => {
    const item = parseItem(reader, reader.itemName());
    if ("section" in item || "part" in item || !items.some((i) => i.kind === item.kind)) items.push(item);
  });
  return items;
}

function parseItem(reader: CommandReader, name: string): FetchItem {
  switch (name) {
    case "FLAGS":
    case "UID":
    case "INTERNALDATE":
    case "RFC822.SIZE":
    case "ENVELOPE":
    case "BODYSTRUCTURE":
    case "MODSEQ":
    case "EMAILID":
    case "THREADID":
    case "SAVEDATE":
      return { kind: name };
    case "PREVIEW":
      return { kind: name, lazy: reader.tryText(" (LAZY)") }; // RFC 8970 3.1
    case "RFC822":
      return { kind: "section", name, section: WHOLE, peek: false, partial: null };
    case "RFC822.HEADER":
      return { kind: "section", name, section: { ...WHOLE, text: "HEADER" }, peek: true, partial: null };
    case "RFC822.TEXT":
      return { kind: "section", name, section: { ...WHOLE, text: "TEXT" }, peek: false, partial: null };
    case "BODY":
    case "BODY.PEEK": {
      const peek = name === "BODY.PEEK";
      if (!reader.tryOctet(BRACKET_OPEN)) {
        if (peek) throw new ParseFault("Expected '[' after BODY.PEEK");
        return { kind: "BODY" };
      }
      const section = parseSection(reader);
      return { kind: "section", name: "BODY", section, peek, partial: parsePartial(reader) };
    }
    case "BINARY":
    case "BINARY.PEEK":
    case "BINARY.SIZE": {
      reader.octet(BRACKET_OPEN, `Expected '[' after ${name}`);
      const part = parsePart(reader);
      if (name === "BINARY.SIZE") return { kind: "binary-size", part };
      return { kind: "binary", part, peek: name === "BINARY.PEEK", partial: parsePartial(reader) };
    }
    default:
      throw new ParseFault(name === "" ? "Expected a FETCH item" : `Unknown FETCH item ${name}`);
  }
}

/** After "[": section-spec and "]". */
export function parseSection(reader: CommandReader): Section {
  const part: number[] = [];
  if (reader.tryOctet(BRACKET_CLOSE)) return WHOLE;
  while (isDigit(reader.peek)) {
    if (part.length >= IMAP_NESTING) throw new ParseFault("Too deeply nested");
    part.push(reader.nzNumber("a part number"));
    if (reader.tryOctet(BRACKET_CLOSE)) return { part, text: "", fields: [] };
    reader.octet(DOT, "Invalid section");
  }
  const text = reader.itemName();
  if (text === "MIME" && part.length === 0) throw new ParseFault("MIME needs a part number");
  if (
    text !== "HEADER" && text !== "TEXT" && text !== "MIME" && text !== "HEADER.FIELDS" &&
    text !== "HEADER.FIELDS.NOT"
  ) {
    throw new ParseFault("Invalid section");
  }
  const fields: string[] = [];
  if (text === "HEADER.FIELDS" || text === "HEADER.FIELDS.NOT") {
    reader.octet(SPACE, "Expected a list of field names");
    reader.list(() => fields.push(reader.astringText("a field name")));
  }
  reader.octet(BRACKET_CLOSE, "Expected ']'");
  return { part, text, fields };
}

/** After "[": a part's number, or none, and "]" (RFC 3516 7). */
function parsePart(reader: CommandReader): readonly number[] {
  const part: number[] = [];
  if (reader.tryOctet(BRACKET_CLOSE)) return part;
  do {
    if (part.length >= IMAP_NESTING) throw new ParseFault("Too deeply nested");
    part.push(reader.nzNumber("a part number"));
  } while (reader.tryOctet(DOT));
  reader.octet(BRACKET_CLOSE, "Expected ']'");
  return part;
}

function parsePartial(reader: CommandReader): Partial | null {
  if (!reader.tryOctet(LESS)) return null;
  const offset = reader.number("an offset");
  reader.octet(DOT, "Invalid partial");
  const length = reader.nzNumber("a length");
  reader.octet(GREATER, "Invalid partial");
  const next = reader.peek;
  if (next !== undefined && next !== SPACE && next !== CLOSE) throw new ParseFault("Invalid partial");
  return { offset, length };
}

function isDigit(c: number | undefined): boolean {
  return c !== undefined && c >= 0x30 && c <= 0x39;
}
