/** Messages with parts in another encoding: see binary_parts.ts. */
import { type Body, memoryBody } from "../base/body.ts";
import { BinaryParts, type ConvertedParts } from "./binary_parts.ts";

/**
 * A binary message (RFC 3030 3) with its binary parts in base64, so that every reader and every host can take it; null when it has binary
 * octets where it does not say so. Disposing it disposes `body`.
 */
export function withoutBinary(body: Body): Promise<Body | null> {
  return convertedBody(body, "binary");
}

/**
 * A message for a host without 8BITMIME (RFC 6152 3): parts marked 8bit in base64. Octets beyond ASCII that are not so marked stay as they are, and
 * all of it where it cannot be read. Disposing it disposes `body`.
 */
export async function withoutEightBit(body: Body): Promise<Body> {
  return await convertedBody(body, "8bit") ?? body;
}

async function convertedBody(body: Body, which: ConvertedParts): Promise<Body | null> {
  if (body.memory) {
    const chunks: Uint8Array[] = [];
    const parts = new BinaryParts((view) => chunks.push(view.slice()), which);
    for (const chunk of body.memory) parts.write(chunk);
    parts.end();
    return parts.fault === null ? memoryBody(...chunks) : null;
  }
  let size = 0;
  const parts = new BinaryParts((view) => size += view.length, which);
  for await (const chunk of body.stream()) parts.write(chunk);
  parts.end();
  if (parts.fault !== null) return null;
  return { size, memory: null, stream: () => converted(body, which), dispose: () => body.dispose() };
}

async function* converted(body: Body, which: ConvertedParts): AsyncIterable<Uint8Array> {
  let out: Uint8Array[] = [];
  const parts = new BinaryParts((view) => out.push(view.slice()), which);
  for await (const chunk of body.stream()) {
    parts.write(chunk);
    yield* out;
    out = [];
  }
  parts.end();
  yield* out;
}
