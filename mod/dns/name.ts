import { asciiLower } from "../base/bytes.ts";

/**
 * A domain name as the rest of the room has it: lower case, no final dot; "" is the root. null when it cannot be a name in the DNS:
 * empty or overlong labels (RFC 1035 2.3.4), octets that are not printable ASCII.
 */
export function parseName(text: string): string | null {
  return text.includes(" ") ? null : parseQuestionName(text);
}

/**
 * The same for a name that is only asked for: it may have spaces, too, which no host's name has. SPF makes such names, with "%_" (RFC 7208
 * 7.1).
 */
export function parseQuestionName(text: string): string | null {
  const name = asciiLower(text.endsWith(".") ? text.slice(0, -1) : text);
  if (name === "") return text === "." ? "" : null;
  if (name.length > 253) return null;
  for (const label of name.split(".")) {
    if (label.length === 0 || label.length > 63 || !/^[\x20-\x7e]+$/.test(label)) return null;
  }
  return name;
}
