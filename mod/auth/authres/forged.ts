/** Authentication-Results that a message brings along and that could be taken for ours (RFC 8601 5): they go. */
import { asciiLower, fromUtf8 } from "../../base/bytes.ts";
import { AUTHRES_SIZE } from "../../base/limits.ts";
import { parseDomain } from "../../mail/address.ts";
import { withoutFieldsThat } from "../../mail/fixup.ts";
import { parseAuthResults, withoutComments } from "./parse.ts";

/**
 * The header block without the fields that speak in the name of `id` (our authserv-id), all else octet for octet; the same array when
 * there is none. What cannot be read goes as soon as our name stands in it: some reader may be more lenient than we are.
 */
export function withoutForgedResults(header: Uint8Array, id: string): Uint8Array {
  return withoutFieldsThat(header, (f) => f.is("authentication-results") && speaksFor(f.raw(), id));
}

/** Whether the value of an Authentication-Results field could be taken for one of `id`. */
export function speaksFor(raw: Uint8Array, id: string): boolean {
  const ours = bare(id);
  // Nobody writes so much but to hide something in it.
  if (raw.length > AUTHRES_SIZE) return asciiLower(fromUtf8(raw)).includes(ours);
  const parsed = parseAuthResults(raw);
  if (parsed) return bare(parsed.id) === ours;
  // A reader may pass over what does not belong there, or stop at it.
  const readings = ["", " "].flatMap((instead) => {
    // deno-lint-ignore no-control-regex -- control characters are what it is about
    const text = asciiLower(fromUtf8(raw)).replace(/[\0-\x1f\\\x7f]+/g, instead);
    return [text.replaceAll('"', " "), text.replaceAll('"', "")];
  });
  return readings.some((t) => holdsName(t, ours) || holdsName(withoutComments(t), ours));
}

/** A name as names compare: lower case, A-labels, no final dot. */
function bare(name: string): string {
  const text = name.replace(/\.$/, "");
  const domain = parseDomain(text.trim());
  return domain.ok ? domain.value : asciiLower(text);
}

/** Whether `name` stands in the text as a name of its own, not as a part of a longer one. */
function holdsName(text: string, name: string): boolean {
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    const before = text[at - 1] ?? " ";
    const after = text.slice(at + name.length, at + name.length + 2);
    if (!/[a-z0-9.-]/.test(before) && !/^(?:[a-z0-9-]|\.[a-z0-9])/.test(after)) return true;
  }
  return false;
}
