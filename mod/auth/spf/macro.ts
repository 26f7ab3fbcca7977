/** Macro strings (RFC 7208 7.1): what may stand in them, and how they are read. The values are put in by expand.ts. */
import { asciiLower } from "../../base/bytes.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { MacroLetter, MacroString } from "./types.ts";

const LETTERS: Readonly<Record<string, MacroLetter>> = {
  s: "s",
  l: "l",
  o: "o",
  d: "d",
  i: "i",
  p: "p",
  h: "h",
  v: "v",
  c: "c",
  r: "r",
  t: "t",
};
const EXPLAINING = "crt";
const EXPAND = /%(?:\{([a-z])([0-9]*)(r?)([.\-+,/_=]*)\}|([%_-]))/iy;
const SINGLE: Readonly<Record<string, string>> = { "%": "%", _: " ", "-": "%20" };

/** Where the text stands: a domain-spec, the value of a modifier nobody knows, or an explanation (which may have spaces and c, r, t). */
export type MacroPlace = "domain" | "modifier" | "explanation";

interface Read {
  readonly parts: MacroString;
  readonly endsInMacro: boolean;
}

/** Reads a macro string; the error is for people. */
export function parseMacroString(text: string, place: MacroPlace): Result<MacroString, string> {
  const found = read(text, place);
  return found.ok ? ok(found.value.parts) : found;
}

function read(text: string, place: MacroPlace): Result<Read, string> {
  const parts: MacroString[number][] = [];
  let literal = "";
  let endsInMacro = false;
  for (let at = 0; at < text.length;) {
    const c = text[at] ?? "";
    if (c !== "%") {
      if (!isLiteral(c, place)) return err(`has a character that may not be there (${describe(c)})`);
      literal += c;
      endsInMacro = false;
      at++;
      continue;
    }
    EXPAND.lastIndex = at;
    const found = EXPAND.exec(text);
    if (!found) return err('has a "%" that begins no macro');
    at = EXPAND.lastIndex;
    endsInMacro = true;
    const [, letter, digits = "", r = "", delimiters = "", single] = found;
    if (single !== undefined) {
      literal += SINGLE[single] ?? "";
      continue;
    }
    const known = LETTERS[asciiLower(letter ?? "")];
    if (!known || (EXPLAINING.includes(known) && place !== "explanation")) {
      return err(`has the macro letter "${letter}", which may not be there`);
    }
    // RFC 7208 7.3: to keep no part is an error.
    if (digits !== "" && Number(digits) === 0) return err("has a macro that keeps 0 parts");
    if (literal !== "") parts.push(literal);
    literal = "";
    parts.push({
      letter: known,
      escaped: letter !== known,
      keep: digits === "" ? Infinity : Number(digits),
      reversed: r !== "",
      delimiters: delimiters === "" ? "." : delimiters,
    });
  }
  if (literal !== "") parts.push(literal);
  return ok({ parts, endsInMacro });
}

/** Reads a domain-spec: a macro string that ends in a macro or in "." and a top label (RFC 7208 7.1). */
export function parseDomainSpec(text: string): Result<MacroString, string> {
  if (text === "") return err("lacks a domain");
  const found = read(text, "domain");
  if (!found.ok) return found;
  const { parts, endsInMacro } = found.value;
  const last = parts.at(-1);
  const ends = endsInMacro || (typeof last === "string" && endsInTopLabel(last));
  return ends ? ok(parts) : err("does not end like a domain");
}

function endsInTopLabel(literal: string): boolean {
  const text = literal.endsWith(".") ? literal.slice(0, -1) : literal;
  const dot = text.lastIndexOf(".");
  const label = text.slice(dot + 1);
  return dot >= 0 && /^[a-z0-9-]+$/i.test(label) && /[a-z-]/i.test(label) && !label.startsWith("-") &&
    !label.endsWith("-");
}

function isLiteral(c: string, place: MacroPlace): boolean {
  return (c > " " && c <= "~") || (c === " " && place === "explanation");
}

function describe(c: string): string {
  return `U+${(c.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}
