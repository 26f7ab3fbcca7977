/** What is wrong with a YAML file and what to do about it, in words for the person who wrote it. */

/** One fault, with its place in UTF-16 units from the start of the text. */
export interface YamlFault {
  readonly offset: number;
  readonly message: string;
}

export const DUPLICATE_KEY = "this key is there twice; keep one of them";
export const SECOND_DOCUMENT = "a second document starts here; remove the line with ---";
export const NAMED_KEY = "a key must be a name; put quotes around it if it is one";
export const TAG = "tags are not read here; a value that begins with ! needs quotes around it";
export const TOO_MANY_ALIASES =
  "the aliases (*NAME) up to here unfold to too many values; write the values out";
const NEEDS_QUOTES = 'a value that holds [ ] { } : # or quotes needs quotes around it, such as "[::]:25"';
const QUOTES = `cannot be read from here on; ${NEEDS_QUOTES}`;

/** For `*NAME` where nothing is called so. */
export function unknownAlias(name: string): string {
  return `nothing above is named &${name}; a text that begins with * needs quotes around it`;
}

/** By what the parser says; a text it has no row for is shown as it is. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/^tab characters/, "a tab cannot indent; use spaces"],
  [
    /^deficient indentation|end of the stream within a flow/,
    "what a [, a { or a quote began above does not end before this; close it, or indent this line further",
  ],
  [/^missed comma|found ','/, `a comma, "]" or "}" is missing or out of place; ${NEEDS_QUOTES}`],
  [/quoted scalar/, "the quote that began above does not end; close it"],
  [/escape sequence|hexadecimal/, "there is no such escape; for a backslash in double quotes write two"],
  [/null byte|non-printable|JSON character/, "a control character; remove it"],
  [/^nesting exceeded/, "nested too deeply"],
  [/\btags?\b/, TAG],
  [/\banchor\b|\balias\b/, "a text that begins with & or * needs quotes around it"],
  [/directive/, "a line that begins with % needs quotes around it"],
  [/block scalar|line break is expected/, "only + or - and a digit may follow | or > on its line"],
];
const MISPLACED =
  "indented unlike the lines of its mapping or list, which must begin in the same column; or the line above lacks its colon";

/** Words for the parser's `reason` at `offset` of `text`. */
export function faultMessage(text: string, offset: number, reason: string): string {
  for (const [pattern, message] of REASONS) if (pattern.test(reason)) return message;
  const line = text.slice(text.lastIndexOf("\n", offset - 1) + 1, offset);
  if (/^\s*(- )*\*:\s/.test(line)) return 'a key that begins with * needs quotes around it, such as "*"';
  if (/^\s*$/.test(line)) return MISPLACED;
  // The first colon of a line that was read as one text with the line before.
  if (text.startsWith(":", offset) && !/[:[\]{}"']/.test(line)) return MISPLACED;
  return QUOTES;
}
