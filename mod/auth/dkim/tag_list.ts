/** Tag lists, the syntax of signatures and key records: "v=1; a=rsa-sha256; ..." (RFC 6376 3.2, with UTF-8 in values by RFC 8616 3). */
import { fromUtf8 } from "../../base/bytes.ts";
import { DKIM_TAGS } from "../../base/limits.ts";
import { err, ok, type Result } from "../../base/result.ts";

/** Values by tag name, in the order written, without the white space around them; folding within is still there. */
export type TagList = ReadonlyMap<string, string>;

const NAME = /^[A-Za-z][A-Za-z0-9_]*$/;
// Folding has put line ends only before white space; a value holds nothing else below space, and no semicolon.
// deno-lint-ignore no-control-regex -- controls are what must not be there
const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/;
const WHITE = " \t\r\n";
const BLANKS = /[ \t\r\n]+/g;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** Reads a tag list; the error says what is wrong with it. A name that comes twice makes the whole list void. */
export function parseTagList(input: Uint8Array | string): Result<TagList, string> {
  const text = typeof input === "string" ? input : fromUtf8(input);
  if (CONTROL.test(text)) return err("control character");
  const tags = new Map<string, string>();
  const specs = text.split(";", DKIM_TAGS + 2);
  // One semicolon may stand at the end (RFC 6376 3.2).
  if (specs.length > 1 && trimmed(specs.at(-1) ?? "") === "") specs.pop();
  if (specs.length > DKIM_TAGS) return err("too many tags");
  for (const spec of specs) {
    const equals = spec.indexOf("=");
    const name = trimmed(spec.slice(0, Math.max(equals, 0)));
    if (!NAME.test(name)) return err(trimmed(spec) === "" ? "empty tag" : "something that is no tag");
    if (tags.has(name)) return err(`${name}= twice`);
    tags.set(name, trimmed(spec.slice(equals + 1)));
  }
  return ok(tags);
}

/** Without space, tab, CR and LF at both ends. By hand: a pattern would look at each run of spaces as often as it is long. */
function trimmed(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && WHITE.includes(text.charAt(start))) start++;
  while (end > start && WHITE.includes(text.charAt(end - 1))) end--;
  return text.slice(start, end);
}

/** A value without any white space: for base64 and for names, where folding means nothing. */
export function withoutBlanks(value: string): string {
  return value.replace(BLANKS, "");
}

/** Parts of a list with colons, such as h=, in lower case and without the white space around them. */
export function colonList(value: string): string[] {
  return value.split(":").map((part) => trimmed(part).toLowerCase());
}

/**
 * Octets of a value in base64 with white space anywhere; null where it is something else, or nothing. Missing padding is let pass, as key
 * records typed by hand have it.
 */
export function base64Value(value: string): Uint8Array<ArrayBuffer> | null {
  const text = withoutBlanks(value);
  if (!BASE64.test(text)) return null;
  let binary: string;
  try {
    binary = atob(text);
  } catch {
    // A length that no octets have.
    return null;
  }
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
