/** The Content-... fields of a part's header, with defaults (RFC 2045 5.2, RFC 2046 5.1.5) and Dovecot's choice among doubled ones. */
import { utf8 } from "../base/bytes.ts";
import { parseContentType, parseDisposition, parseEncoding, parseLanguages } from "./content_type.ts";
import { FieldCursor, unfold } from "./header.ts";
import type { Disposition, Param, PartFields } from "./types.ts";

const TEXT = utf8("text");
const PLAIN = utf8("plain");
const MESSAGE = utf8("message");
const RFC822 = utf8("rfc822");
const ASCII: Param = { name: utf8("charset"), value: utf8("us-ascii") };

/** Reads a part's header block; `inDigest` when the part stands in a multipart/digest. */
export function readPartFields(header: Uint8Array, inDigest: boolean): PartFields {
  let contentType: ReturnType<typeof parseContentType> | null = null;
  let id: Uint8Array | null = null;
  let description: Uint8Array | null = null;
  let encoding: Uint8Array | null = null;
  let md5: Uint8Array | null = null;
  let disposition: Disposition | null = null;
  let languages: readonly Uint8Array[] = [];
  let location: Uint8Array | null = null;
  const f = new FieldCursor(header);
  while (f.next()) {
    if (((header[f.start] ?? 0) | 0x20) !== 0x63) continue;
    switch (f.nameEnd - f.start) {
      case 10:
        if (f.is("content-id")) id ??= copy(f);
        break;
      case 11:
        if (f.is("content-md5")) md5 ??= copy(f);
        break;
      case 12:
        if (f.is("content-type")) contentType ??= parseContentType(f.raw());
        break;
      case 16:
        if (f.is("content-language")) languages = parseLanguages(f.raw());
        else if (f.is("content-location")) location ??= copy(f);
        break;
      case 19:
        if (f.is("content-description")) description ??= copy(f);
        else if (f.is("content-disposition")) disposition = parseDisposition(f.raw());
        break;
      case 25:
        if (f.is("content-transfer-encoding")) encoding = parseEncoding(f.raw()) ?? encoding;
        break;
    }
  }
  const { type, subtype, params } = contentType ??
    (inDigest ? { type: MESSAGE, subtype: RFC822, params: [] } : { type: TEXT, subtype: PLAIN, params: [] });
  return {
    type,
    subtype,
    params: isWord(type, "text") && !parameter(params, "charset") ? [...params, ASCII] : params,
    id,
    description,
    encoding,
    md5,
    disposition,
    languages,
    location,
  };
}

/** The raw value of the first parameter called `name` (lower case), or null. See parameters.ts for the decoded one. */
export function parameter(params: readonly Param[], name: string): Uint8Array | null {
  for (const p of params) if (isWord(p.name, name)) return p.value;
  return null;
}

/** Whether octets are `word` (lower case), in any ASCII case. */
export function isWord(bytes: Uint8Array, word: string): boolean {
  if (bytes.length !== word.length) return false;
  for (let i = 0; i < word.length; i++) {
    const c = bytes[i] as number;
    if ((c >= 0x41 && c <= 0x5a ? c + 0x20 : c) !== word.charCodeAt(i)) return false;
  }
  return true;
}

function copy(f: FieldCursor): Uint8Array {
  return unfold(f.raw()).slice();
}
