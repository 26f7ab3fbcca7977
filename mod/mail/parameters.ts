/** Parameters of MIME fields as people read them: RFC 2231, and the encoded words some programs write instead. */
import { fromAscii, utf8 } from "../base/bytes.ts";
import { decodeCharset } from "./charset.ts";
import { decodeWords } from "./encoded_word.ts";
import { parameter } from "./part_fields.ts";
import type { Param, Part } from "./types.ts";

/** The decoded value of the parameter `name` (lower case), or null. Sections must have been joined, as in `PartFields`. */
export function findParameter(params: readonly Param[], name: string): string | null {
  const extended = parameter(params, `${name}*`);
  if (extended) {
    const decoded = decodeExtended(extended);
    if (decoded !== null) return decoded;
  }
  const plain = parameter(params, name);
  return plain ? decodeWords(plain) : extended ? decodeWords(extended) : null;
}

/** The charset of a text part in lower case, or "". */
export function charsetOf(part: Part): string {
  return (findParameter(part.fields.params, "charset") ?? "").toLowerCase();
}

/** The file name a part was given (RFC 2183 2.3, or the older "name"), or null. It may hold anything: never use it as a path. */
export function fileNameOf(part: Part): string | null {
  const given = part.fields.disposition ? findParameter(part.fields.disposition.params, "filename") : null;
  return given ?? findParameter(part.fields.params, "name");
}

// RFC 2231 4: charset'language'percent-encoded
function decodeExtended(value: Uint8Array): string | null {
  const first = value.indexOf(0x27);
  const second = first < 0 ? -1 : value.indexOf(0x27, first + 1);
  if (second < 0) return null;
  const text = value.subarray(second + 1);
  const out = new Uint8Array(text.length);
  let n = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i] as number;
    const hex = c === 0x25 ? fromAscii(text.subarray(i + 1, i + 3)) : "";
    if (/^[0-9a-f]{2}$/i.test(hex)) {
      out[n++] = parseInt(hex, 16);
      i += 2;
    } else out[n++] = c;
  }
  return decodeCharset(fromAscii(value.subarray(0, first)), out.subarray(0, n));
}

/** `name=value` for a field we write: a token, a quoted string, or RFC 2231 where it is not ASCII. */
export function formatParameter(name: string, value: string): string {
  if (/^[A-Za-z0-9!#$&+.^_`{|}~-]+$/.test(value)) return `${name}=${value}`;
  if (/^[\x20-\x7e]*$/.test(value)) return `${name}="${value.replace(/["\\]/g, "\\$&")}"`;
  const encoded = Array.from(utf8(value), (c) => {
    const char = String.fromCharCode(c);
    return /[A-Za-z0-9!#$&+.^_`{|}~-]/.test(char)
      ? char
      : `%${c.toString(16).toUpperCase().padStart(2, "0")}`;
  });
  return `${name}*=utf-8''${encoded.join("")}`;
}
