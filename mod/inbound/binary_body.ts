/** Binary messages (RFC 3030 3) as text: see mail/binary_parts.ts. */
import { type Body, memoryBody } from "../base/body.ts";
import { BinaryParts } from "../mail/binary_parts.ts";

/**
 * The message with its binary parts in base64, so that every reader and every host can take it; null when it has binary octets where it does
 * not say so. Disposing it disposes `body`.
 */
export async function withoutBinary(body: Body): Promise<Body | null> {
  if (body.memory) {
    const chunks: Uint8Array[] = [];
    const parts = new BinaryParts((view) => chunks.push(view.slice()));
    for (const chunk of body.memory) parts.write(chunk);
    parts.end();
    return parts.fault === null ? memoryBody(...chunks) : null;
  }
  let size = 0;
  const parts = new BinaryParts((view) => size += view.length);
  for await (const chunk of body.stream()) parts.write(chunk);
  parts.end();
  if (parts.fault !== null) return null;
  return { size, memory: null, stream: () => converted(body), dispose: () => body.dispose() };
}

async function* converted(body: Body): AsyncIterable<Uint8Array> {
  let out: Uint8Array[] = [];
  const parts = new BinaryParts((view) => out.push(view.slice()));
  for await (const chunk of body.stream()) {
    parts.write(chunk);
    yield* out;
    out = [];
  }
  parts.end();
  yield* out;
}
