/** BINARY (RFC 3516): parts of a message without their transfer encoding. */
import { fromAscii } from "../base/bytes.ts";
import { FETCH_CHUNK } from "../base/limits.ts";
import { transferDecoder } from "../mail/decode.ts";
import { findPart, findSection } from "../mail/section.ts";
import { type LargeSource, type MessageSource, readExactly, type Span } from "./fetch_content.ts";
import type { ResponseBuffer } from "./response_buffer.ts";
import type { Slice } from "./slice.ts";
import type { Partial } from "./types.ts";

const KNOWN = ["", "7bit", "8bit", "binary", "base64", "quoted-printable"];

/** A part is in an encoding that nobody knows: NO [UNKNOWN-CTE] (RFC 3516 4.3). */
export class UnknownEncoding extends Error {
  override readonly name = "UnknownEncoding";
}

/** Where a part's octets lie, and how they are encoded. */
export interface EncodedPart {
  readonly span: Span;
  readonly encoding: string;
}

/** The part a command names, all of the message for an empty path; null when there is none. Throws UnknownEncoding. */
export function findEncoded(source: MessageSource, path: readonly number[]): EncodedPart | null {
  if (path.length === 0) return { span: { start: 0, end: source.size }, encoding: "" };
  const part = findPart(source.root, path);
  const span = findSection(source.root, path, "body");
  if (!part || !span) return null;
  // What holds other parts cannot be encoded itself (RFC 2045 6.4).
  const holds = part.type === "multipart" || part.type === "message";
  const encoding = holds || !part.fields.encoding ? "" : fromAscii(part.fields.encoding).trim().toLowerCase();
  if (!KNOWN.includes(encoding)) throw new UnknownEncoding("Part has an unknown encoding");
  return { span, encoding };
}

/** The part's octets, of a message in memory. */
export function decodeNow(message: Uint8Array, { span, encoding }: EncodedPart): Uint8Array {
  const octets = message.subarray(span.start, span.end);
  const decoder = transferDecoder(encoding);
  const most = decoder.write(octets);
  const rest = decoder.end();
  if (rest.length === 0) return most;
  const all = new Uint8Array(most.length + rest.length);
  all.set(most);
  all.set(rest, most.length);
  return all;
}

/** The part's octets that `partial` names, of a message that is read piece by piece. */
export async function* decodeSlowly(
  source: LargeSource,
  { span, encoding }: EncodedPart,
  partial: Partial | null,
  slice: Slice,
): AsyncGenerator<Uint8Array> {
  const decoder = transferDecoder(encoding);
  let skip = partial?.offset ?? 0;
  let left = partial?.length ?? Infinity;
  for (let at = span.start; left > 0;) {
    const end = Math.min(at + FETCH_CHUNK, span.end);
    const octets = at < span.end ? decoder.write(await readExactly(source.content, at, end)) : decoder.end();
    const wanted = octets.subarray(skip, skip + left);
    skip -= Math.min(skip, octets.length);
    left -= wanted.length;
    if (wanted.length > 0) yield wanted;
    if (at >= span.end) return;
    at = end;
    await slice.spend(FETCH_CHUNK);
  }
}

/** "{5}", or "~{5}" before octets with NUL among them (RFC 3516 4.2). */
export function writeBinaryHeader(out: ResponseBuffer, size: number, nul: boolean): void {
  out.ascii(`${nul ? "~" : ""}{${size}}\r\n`);
}
