/** Finds the report that a message brings, and unpacks it: plain, gzip, or zip, whatever its type and name say. Nothing here throws. */
import { asciiLower, concat, fromAscii, fromUtf8 } from "../base/bytes.ts";
import { REPORT_JSON, REPORT_PARTS, REPORT_XML } from "../base/limits.ts";
import { transferDecoder } from "../mail/decode.ts";
import { scanStructure } from "../mail/structure.ts";
import type { Part } from "../mail/types.ts";
import { unpack } from "./gzip.ts";
import { unzip } from "./zip.ts";

/** A report unpacked: about TLS in JSON, about DMARC in XML. */
export type Enclosed =
  | { readonly kind: "tls"; readonly json: Uint8Array }
  | { readonly kind: "dmarc"; readonly xml: string };

/** Octets of a header in which signs of a report are looked for. */
const HEAD = 8192;
const SIGNS =
  /^(?:tls-report-(?:domain|submitter):|subject:\s*report\s+domain:|content-type:\s*(?:multipart\/report;[^]{0,200}?report-type="?tlsrpt|application\/(?:gzip|x-gzip|zip|x-zip-compressed|tlsrpt\+(?:gzip|json))[\s;]))/im;

/** Whether a message, by the beginning of its header, may bring a report: quick, for it is asked of every message. */
export function mayEnclose(chunks: readonly Uint8Array[]): boolean {
  let text = "";
  for (const chunk of chunks) {
    text += fromAscii(chunk.subarray(0, HEAD - text.length));
    if (text.length >= HEAD) break;
  }
  const end = text.indexOf("\r\n\r\n");
  return SIGNS.test(end < 0 ? text : text.slice(0, end));
}

/** The first report in a message; null when there is none. */
export async function findEnclosed(message: Uint8Array): Promise<Enclosed | null> {
  let parts = 0;
  for (const part of leaves(scanStructure(message))) {
    if (++parts > REPORT_PARTS) return null;
    if (part.type === "text" && part.subtype !== "xml") continue;
    const decoder = transferDecoder(part.fields.encoding);
    const body = message.subarray(part.bodyStart, part.bodyEnd);
    const found = await recognised(concat([decoder.write(body), decoder.end()]));
    if (found) return found;
  }
  return null;
}

function* leaves(part: Part): Generator<Part> {
  if (part.children.length === 0) yield part;
  for (const child of part.children) yield* leaves(child);
}

/** By what the octets begin with: types and names are wrong too often. */
async function recognised(octets: Uint8Array): Promise<Enclosed | null> {
  let plain = octets;
  if (octets[0] === 0x1f && octets[1] === 0x8b) {
    const unpacked = await unpack(octets, "gzip", REPORT_XML);
    if (!unpacked.ok) return null;
    plain = unpacked.value;
  } else if (octets[0] === 0x50 && octets[1] === 0x4b) {
    const unpacked = await unzip(octets, ".xml", REPORT_XML);
    if (!unpacked.ok) return null;
    plain = unpacked.value;
  }
  if (plain.length > REPORT_XML) return null;
  const start = asciiLower(fromAscii(plain.subarray(0, 4096))).replace(/^(?:\ufeff|ï»¿)?\s*/, "");
  if (start.startsWith("{")) return plain.length > REPORT_JSON ? null : { kind: "tls", json: plain };
  return start.startsWith("<") && start.includes("<feedback")
    ? { kind: "dmarc", xml: fromUtf8(plain) }
    : null;
}
