import { utf8 } from "../base/bytes.ts";
import { writeAstring } from "./format.ts";
import { ResponseBuffer } from "./response_buffer.ts";
import type { FetchItem, Partial, Section } from "./types.ts";

/** What has to be known of a message's octets to answer: none, its header block, all of its structure, or some octets themselves. */
export interface FetchNeeds {
  readonly content: boolean;
  readonly header: boolean;
  readonly structure: boolean;
  /** Octets after the header block. */
  readonly body: boolean;
}

/** A section with its name as the response gives it, a space after it. */
export interface PlannedSection {
  readonly kind: "section";
  readonly label: Uint8Array;
  readonly section: Section;
  readonly partial: Partial | null;
}

/** BINARY or BINARY.SIZE, likewise. */
export interface PlannedBinary {
  readonly kind: "binary" | "binary-size";
  readonly label: Uint8Array;
  readonly part: readonly number[];
  readonly partial: Partial | null;
}

export type PlannedItem =
  | Exclude<FetchItem, { kind: "section" | "binary" | "binary-size" }>
  | PlannedSection
  | PlannedBinary;

/** The items of one FETCH, made ready once for all its messages. */
export interface FetchPlan {
  /** UID first where it goes without saying (UID FETCH). */
  readonly items: readonly PlannedItem[];
  readonly needs: FetchNeeds;
  readonly flags: boolean;
  readonly size: boolean;
  readonly date: boolean;
  readonly modSeq: boolean;
  readonly setsSeen: boolean;
}

export function planFetch(items: readonly FetchItem[], uid: boolean): FetchPlan {
  const planned: PlannedItem[] = [];
  if (uid && !items.some((i) => i.kind === "UID")) planned.push({ kind: "UID" });
  for (const item of items) planned.push(plan(item));
  return {
    items: planned,
    needs: needsOf(items),
    flags: items.some((i) => i.kind === "FLAGS"),
    size: items.some((i) => i.kind === "RFC822.SIZE"),
    date: items.some((i) => i.kind === "INTERNALDATE"),
    modSeq: items.some((i) => i.kind === "MODSEQ"),
    setsSeen: setsSeen(items),
  };
}

function plan(item: FetchItem): PlannedItem {
  switch (item.kind) {
    case "section":
      return { kind: "section", label: labelOf(item), section: item.section, partial: item.partial };
    case "binary": {
      const origin = item.partial ? `<${item.partial.offset}>` : "";
      const label = utf8(`BINARY[${item.part.join(".")}]${origin} `);
      return { kind: "binary", label, part: item.part, partial: item.partial };
    }
    case "binary-size":
      return {
        kind: "binary-size",
        label: utf8(`BINARY.SIZE[${item.part.join(".")}] `),
        part: item.part,
        partial: null,
      };
    default:
      return item;
  }
}

/** Whether fetching these items sets \Seen (RFC 3501 6.4.5, RFC 3516 4.2). */
export function setsSeen(items: readonly FetchItem[]): boolean {
  return items.some((i) => (i.kind === "section" || i.kind === "binary") && !i.peek);
}

function needsOf(items: readonly FetchItem[]): FetchNeeds {
  let content = false;
  let header = false;
  let structure = false;
  let body = false;
  for (const item of items) {
    if (item.kind === "BODY" || item.kind === "BODYSTRUCTURE") structure = true;
    else if (item.kind === "PREVIEW") structure ||= !item.lazy;
    else if (item.kind === "ENVELOPE") header = true;
    else if (item.kind === "binary" || item.kind === "binary-size") {
      content = true;
      if (item.part.length > 0) structure = true;
      body = true;
    } else if (item.kind === "section") {
      content = true;
      if (item.section.part.length > 0) structure = true;
      else if (item.section.text !== "") header = true;
      body ||= !item.section.text.startsWith("HEADER");
    }
  }
  return { content: content || header || structure, header, structure, body: body || structure };
}

function labelOf(item: Extract<FetchItem, { kind: "section" }>): Uint8Array {
  const out = new ResponseBuffer(64);
  out.ascii(item.name);
  if (item.name === "BODY") {
    const { part, text, fields } = item.section;
    out.byte(0x5b);
    out.ascii(part.join("."));
    if (part.length > 0 && text !== "") out.byte(0x2e);
    out.ascii(text);
    for (let i = 0; i < fields.length; i++) {
      out.ascii(i === 0 ? " (" : " ");
      writeAstring(out, fields[i] ?? "");
    }
    if (fields.length > 0) out.byte(0x29);
    out.byte(0x5d);
    if (item.partial) out.ascii(`<${item.partial.offset}>`);
  }
  out.byte(0x20);
  return out.take();
}
