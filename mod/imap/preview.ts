/** PREVIEW (RFC 8970): the beginning of a message's text, as people read it. */
import { asciiLower } from "../base/bytes.ts";
import { PREVIEW_LENGTH, PREVIEW_OCTETS } from "../base/limits.ts";
import { TextDecoding } from "../mail/text.ts";
import type { Part } from "../mail/types.ts";
import { type LargeSource, type MemorySource, readExactly } from "./fetch_content.ts";

/** The part that a preview is taken from: the first text that is no attachment; null where there is none. */
export function previewPart(root: Part): Part | null {
  const left: Part[] = [root];
  for (let part = left.pop(); part; part = left.pop()) {
    if (part.type === "text" && !isAttached(part)) return part;
    if (part.inner) left.push(part.inner.part);
    for (let i = part.children.length - 1; i >= 0; i--) left.push(part.children[i] as Part);
  }
  return null;
}

function isAttached(part: Part): boolean {
  const { disposition } = part.fields;
  return disposition !== null &&
    /^attachment$/i.test(String.fromCharCode(...disposition.kind.subarray(0, 20)));
}

/** Octets of a part's body from which its preview is made. */
export function previewEnd(part: Part): number {
  return Math.min(part.bodyEnd, part.bodyStart + PREVIEW_OCTETS);
}

/** The preview of a part's body, or of its beginning: in one line, at most 200 characters. */
export function previewOf(part: Part, body: Uint8Array): string {
  const decoding = new TextDecoding(part, PREVIEW_OCTETS);
  const text = decoding.write(body) + decoding.end();
  const readable = part.subtype === "html" ? htmlText(text) : ownText(text);
  const line = readable.replace(INVISIBLE, "").replace(/\s+/g, " ").trim();
  return [...line.slice(0, PREVIEW_LENGTH * 2)].slice(0, PREVIEW_LENGTH).join("").trimEnd();
}

/** The preview of a message in memory; empty where it has no text. */
export function previewNow({ bytes, root }: Pick<MemorySource, "bytes" | "root">): string {
  const part = previewPart(root);
  return part ? previewOf(part, bytes.subarray(part.bodyStart, previewEnd(part))) : "";
}

/** The same of one that has to be read. */
export async function readPreview({ content, root }: Pick<LargeSource, "content" | "root">): Promise<string> {
  const part = previewPart(root);
  return part ? previewOf(part, await readExactly(content, part.bodyStart, previewEnd(part))) : "";
}

/** What newsletters fill their first line with. */
const INVISIBLE = /[\u00ad\u034f\u180e\u200b-\u200f\u2060-\u2064\ufeff]/g;

/** Text without what it answers to, unless there is nothing else. */
function ownText(text: string): string {
  const own = text.split("\n").filter((line) => !line.startsWith(">")).join("\n");
  return own.trim() === "" ? text : own;
}

/** Elements that nobody reads. */
const UNREAD: ReadonlySet<string> = new Set(["head", "style", "script", "title", "template"]);
/** Elements that do not end a word. */
const INLINE: ReadonlySet<string> = new Set(["a", "b", "em", "font", "i", "span", "strong", "u"]);
const ENTITIES: ReadonlyMap<string, string> = new Map([
  ["amp", "&"],
  ["apos", "'"],
  ["gt", ">"],
  ["lt", "<"],
  ["nbsp", " "],
  ["quot", '"'],
]);

function htmlText(html: string): string {
  const lower = asciiLower(html);
  let text = "";
  let at = 0;
  while (at < html.length) {
    const tag = html.indexOf("<", at);
    if (tag < 0) return withoutEntities(text + html.slice(at));
    text += html.slice(at, tag);
    if (lower.startsWith("<!--", tag)) {
      at = after(html, "-->", tag + 4);
      continue;
    }
    const closing = html[tag + 1] === "/";
    const name = /^[a-z0-9]*/.exec(lower.slice(tag + (closing ? 2 : 1), tag + 12))?.[0] ?? "";
    if (!closing && UNREAD.has(name)) {
      const end = lower.indexOf(`</${name}`, tag);
      at = end < 0 ? html.length : end;
      continue;
    }
    if (!INLINE.has(name)) text += " ";
    at = after(html, ">", tag);
  }
  return withoutEntities(text);
}

function after(text: string, end: string, from: number): number {
  const at = text.indexOf(end, from);
  return at < 0 ? text.length : at + end.length;
}

function withoutEntities(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{1,8}));/gi, (whole, decimal, hex, name) => {
    if (name) return ENTITIES.get(name.toLowerCase()) ?? whole;
    const code = decimal ? Number(decimal) : parseInt(hex, 16);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : "";
  });
}
