import type { Body } from "../../base/body.ts";
import { HEADER_SIZE } from "../../base/limits.ts";
import { HeaderSplitter } from "../../mail/header.ts";
import { BodyHasher, type Canonicalization } from "./body_hasher.ts";

/** What a signature is made of. */
export interface MessageDigest {
  /** The header block, blank line included. */
  readonly header: Uint8Array;
  /** SHA-256 of the body in the form asked for. */
  readonly bodyHash: Uint8Array;
}

/**
 * Reads a message once, whose line ends are CRLF. null where its header is longer than HEADER_SIZE. Rejects where the body cannot be read.
 */
export async function digestMessage(body: Body, canon: Canonicalization): Promise<MessageDigest | null> {
  const cover = { canon, length: null };
  const hasher = new BodyHasher([cover]);
  const splitter = new HeaderSplitter(HEADER_SIZE);
  for await (const chunk of body.memory ?? body.stream()) {
    const taken = splitter.done ? 0 : splitter.write(chunk);
    if (splitter.overflow) return null;
    if (taken < chunk.length) hasher.write(taken === 0 ? chunk : chunk.subarray(taken));
  }
  hasher.end();
  return { header: splitter.header(), bodyHash: hasher.hash(cover).digest ?? new Uint8Array(0) };
}
