/**
 * Puts values into macro strings (RFC 7208 7.3). Of a domain only the right end is ever made, since no more of it is kept
 * (7.3): a record full of macros costs little.
 */
import { asciiLower } from "../../base/bytes.ts";
import { formatIp, type Ip } from "../../base/ip.ts";
import type { Macro, MacroLetter, MacroString } from "./types.ts";

/** What the letters stand for. null: it is not ASCII, and text with it is none (RFC 8616 4). */
export type MacroValues = Readonly<Record<MacroLetter, string | null>>;

/** Octets of a name, without its final dot. */
const NAME = 253;

/** Whether the text has the letter. */
export function hasLetter(text: MacroString, letter: MacroLetter): boolean {
  return text.some((part) => typeof part !== "string" && part.letter === letter);
}

/**
 * A domain to ask for, in lower case, without final dot. Labels are dropped on the left until it has no more than 253 characters. null
 * when a value is not ASCII. It may still be no name that can exist.
 */
export function expandDomain(text: MacroString, values: MacroValues): string | null {
  const all = expandFromRight(text, values, 2 * NAME);
  if (all === null) return null;
  let domain = asciiLower(all.endsWith(".") ? all.slice(0, -1) : all);
  if (domain.length > NAME) {
    const dot = domain.indexOf(".", domain.length - NAME - 1);
    domain = dot < 0 ? "" : domain.slice(dot + 1);
  }
  return domain;
}

/** An explanation, cut after `most` characters; null when a value is not ASCII. */
export function expandText(text: MacroString, values: MacroValues, most: number): string | null {
  if (isSpoilt(text, values)) return null;
  let all = "";
  for (const part of text) {
    if (all.length >= most) break;
    all += expandPart(part, values);
  }
  return all.slice(0, most);
}

/** The whole text, or its right end with more than `enough` characters. */
function expandFromRight(text: MacroString, values: MacroValues, enough: number): string | null {
  if (isSpoilt(text, values)) return null;
  let all = "";
  for (let i = text.length - 1; i >= 0 && all.length <= enough; i--) {
    all = expandPart(text[i] ?? "", values) + all;
  }
  return all;
}

/** Whether a value that may not be used is anywhere in the text. */
function isSpoilt(text: MacroString, values: MacroValues): boolean {
  return text.some((part) => typeof part !== "string" && values[part.letter] === null);
}

function expandPart(part: string | Macro, values: MacroValues): string {
  return typeof part === "string" ? part : transform(part, values[part.letter] ?? "");
}

function transform(macro: Macro, value: string): string {
  const parts = split(value, macro.delimiters);
  if (macro.reversed) parts.reverse();
  const text = parts.slice(macro.keep < parts.length ? parts.length - macro.keep : 0).join(".");
  return macro.escaped ? escapeUrl(text) : text;
}

function split(text: string, delimiters: string): string[] {
  const parts: string[] = [];
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    if (!delimiters.includes(text[at] ?? "")) continue;
    parts.push(text.slice(from, at));
    from = at + 1;
  }
  parts.push(text.slice(from));
  return parts;
}

/** Everything but the unreserved characters of RFC 3986. */
function escapeUrl(text: string): string {
  return text.replace(
    /[^A-Za-z0-9._~-]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
}

/** The "i" macro: dotted decimal, or the nibbles of an IPv6 address with dots between them, in capitals as RFC 7208 7.4 has them. */
export function macroAddress(ip: Ip): string {
  if (ip.length === 4) return formatIp(ip);
  return [...ip].flatMap((b) => [b >> 4, b & 15]).map((n) => n.toString(16).toUpperCase()).join(".");
}
