/**
 * A message's octets on their way through the server: lines end in CRLF, no dot-stuffing, no final dot.
 * Small ones are held in memory, larger ones lie in a spool file; both can be read any number of times until `dispose`.
 */
export interface Body {
  /** Octets. */
  readonly size: number;
  /** The octets where they are in memory, else null. */
  readonly memory: readonly Uint8Array[] | null;
  /** Whoever made it has seen to it that no CR and no LF stands alone; absent where nobody looked. */
  readonly crlf?: true;
  /** All octets in order. Chunks are valid until the next one is asked for. */
  stream(): AsyncIterable<Uint8Array>;
  /** Gives back memory or file; the body cannot be read afterwards. Harmless when called twice. */
  dispose(): Promise<void>;
}

/** A body that is already in memory. */
export function memoryBody(...chunks: Uint8Array[]): Body {
  let size = 0;
  for (const c of chunks) size += c.length;
  return {
    size,
    memory: chunks,
    async *stream() {
      yield* chunks;
    },
    dispose: () => Promise.resolve(),
  };
}

/** `body` with `head` (trace headers, say: whole lines) before it. Disposing it disposes `body`. */
export function prefixed(head: Uint8Array, body: Body): Body {
  return {
    size: head.length + body.size,
    memory: body.memory ? [head, ...body.memory] : null,
    ...(body.crlf ? { crlf: true } : {}),
    async *stream() {
      yield head;
      yield* body.stream();
    },
    dispose: () => body.dispose(),
  };
}
