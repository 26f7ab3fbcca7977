/**
 * `roost-metadata` (of a mailbox, in its folder: renames take it along) and `roost-metadata-account`: what clients note (RFC 5464). Lines of an
 * entry's name, TAB, its value with backslash, line ends and NUL escaped.
 */
import { asciiLower, concat, fromAscii, LF, utf8 } from "../base/bytes.ts";
import { METADATA_ENTRIES, METADATA_VALUE } from "../base/limits.ts";
import { replaceLocked } from "./locked_file.ts";
import type { Ports } from "./ports.ts";

const TAB = 0x09;
const BACKSLASH = 0x5c;
const ESCAPES: ReadonlyMap<number, number> = new Map([[BACKSLASH, BACKSLASH], [0x0a, 0x6e], [0x0d, 0x72], [
  0,
  0x30,
]]);
const MEANINGS: ReadonlyMap<number, number> = new Map([...ESCAPES].map(([octet, letter]) => [letter, octet]));
/** A whole file: every octet of every value escaped, and names. */
const FILE = METADATA_ENTRIES * (2 * METADATA_VALUE + 1024);

export type Annotations = ReadonlyMap<string, Uint8Array>;

/** Entries by name. Lines that are none are passed over. */
export function parseMetadata(bytes: Uint8Array): Map<string, Uint8Array> {
  const entries = new Map<string, Uint8Array>();
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(LF, at);
    if (end < 0) break; // torn
    const line = bytes.subarray(at, end);
    const tab = line.indexOf(TAB);
    if (tab > 0) entries.set(fromAscii(line.subarray(0, tab)), unescaped(line.subarray(tab + 1)));
    at = end + 1;
  }
  return entries;
}

export function formatMetadata(entries: Annotations): Uint8Array {
  return concat([...entries].flatMap(([name, value]) => [utf8(`${name}\t`), escaped(value), utf8("\n")]));
}

export class MetadataFile {
  readonly #ports: Ports;
  readonly #path: string;

  constructor(ports: Ports, path: string) {
    this.#ports = ports;
    this.#path = path;
  }

  async read(): Promise<Annotations> {
    return parseMetadata(await this.#ports.fs.readFile(this.#path, FILE) ?? new Uint8Array());
  }

  /** Sets values, or (null) takes entries away; all or none, durable. False when there would be too many. */
  async change(changes: ReadonlyMap<string, Uint8Array | null>): Promise<boolean> {
    let fits = true;
    await replaceLocked(this.#ports, this.#path, FILE, (bytes) => {
      const entries = parseMetadata(bytes);
      for (const [name, value] of changes) {
        if (value === null) entries.delete(asciiLower(name));
        else entries.set(asciiLower(name), value);
      }
      fits = entries.size <= METADATA_ENTRIES;
      return fits ? formatMetadata(entries) : null;
    });
    return fits;
  }
}

function escaped(value: Uint8Array): Uint8Array {
  const out: number[] = [];
  for (const octet of value) {
    const letter = ESCAPES.get(octet);
    if (letter === undefined) out.push(octet);
    else out.push(BACKSLASH, letter);
  }
  return Uint8Array.from(out);
}

function unescaped(text: Uint8Array): Uint8Array {
  const out: number[] = [];
  for (let i = 0; i < text.length; i++) {
    const octet = text[i] ?? 0;
    out.push(octet === BACKSLASH ? MEANINGS.get(text[++i] ?? 0) ?? 0x3f : octet);
  }
  return Uint8Array.from(out);
}
