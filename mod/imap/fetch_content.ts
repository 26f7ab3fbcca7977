/** One message's octets as FETCH looks at them: in memory as a whole, or read piece by piece when it is large. */
import { FETCH_CHUNK, HEADER_SIZE } from "../base/limits.ts";
import { FieldCursor, HeaderSplitter } from "../mail/header.ts";
import { findSection } from "../mail/section.ts";
import { scanStructure, StructureScanner } from "../mail/structure.ts";
import type { Part } from "../mail/types.ts";
import type { MessageContent } from "../store/store.ts";
import type { FetchNeeds } from "./fetch_plan.ts";
import type { Slice } from "./slice.ts";
import type { Section } from "./types.ts";

/** Octets `start` (inclusive) to `end` (exclusive) of a message. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** What both kinds of source tell. The getters are only asked for what the plan said it needs. */
export interface MessageSource {
  readonly size: number;
  /** The header block with its blank line; octets after it may follow. */
  readonly header: Uint8Array;
  readonly bodyStart: number;
  readonly root: Part;
}

/** A message in memory; what is found out about it is kept. */
export class MemorySource implements MessageSource {
  readonly bytes: Uint8Array;
  #bodyStart = -1;
  #root: Part | null = null;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get size(): number {
    return this.bytes.length;
  }

  get header(): Uint8Array {
    return this.bytes;
  }

  get bodyStart(): number {
    if (this.#bodyStart < 0) {
      const cursor = new FieldCursor(this.bytes);
      while (cursor.next());
      this.#bodyStart = cursor.bodyStart;
    }
    return this.#bodyStart;
  }

  get root(): Part {
    return this.#root ??= scanStructure(this.bytes);
  }
}

/** A large message: only what is needed of it was read. */
export class LargeSource implements MessageSource {
  readonly content: MessageContent;
  readonly header: Uint8Array;
  readonly bodyStart: number;
  readonly #root: Part | null;

  private constructor(content: MessageContent, header: Uint8Array, root: Part | null) {
    this.content = content;
    this.header = header;
    this.bodyStart = header.length;
    this.#root = root;
  }

  /** Reads what `needs` says. */
  static async read(
    content: MessageContent,
    needs: Pick<FetchNeeds, "header" | "structure">,
    slice: Slice,
  ): Promise<LargeSource> {
    const splitter = new HeaderSplitter(HEADER_SIZE);
    const scanner = needs.structure ? new StructureScanner() : null;
    if (needs.header || scanner) {
      for (let at = 0; at < content.size; at += FETCH_CHUNK) {
        const chunk = await readExactly(content, at, Math.min(at + FETCH_CHUNK, content.size));
        splitter.write(chunk);
        scanner?.write(chunk);
        if (!scanner && (splitter.done || splitter.overflow)) break;
        await slice.spend(chunk.length);
      }
    }
    return new LargeSource(content, splitter.header(), scanner ? scanner.end() : null);
  }

  get size(): number {
    return this.content.size;
  }

  get root(): Part {
    if (!this.#root) throw new TypeError("Cannot tell the structure: it was not read");
    return this.#root;
  }
}

/** Where a section lies; of HEADER.FIELDS, the header to pick from. null: the message has no such part. */
export function sectionSpan(source: MessageSource, section: Section): Span | null {
  if (section.part.length === 0) {
    switch (section.text) {
      case "":
        return { start: 0, end: source.size };
      case "TEXT":
        return { start: source.bodyStart, end: source.size };
      default:
        return { start: 0, end: source.bodyStart };
    }
  }
  return findSection(source.root, section.part, PART_KINDS[section.text]);
}

const PART_KINDS = {
  "": "body",
  TEXT: "text",
  MIME: "mime",
  HEADER: "header",
  "HEADER.FIELDS": "header",
  "HEADER.FIELDS.NOT": "header",
} as const;

/** Octets that must be there: the file was cut short under us otherwise, and what was announced cannot be kept. */
export async function readExactly(content: MessageContent, start: number, end: number): Promise<Uint8Array> {
  const bytes = await content.read(start, end);
  if (bytes.length !== end - start) {
    throw new Error(`Cannot read octets ${start} to ${end} of a message: it became shorter`);
  }
  return bytes;
}
