import { SourceFault } from "./take_in.ts";

/** What Dovecot's zlib plugin packed with gzip. Throws SourceFault when it is broken. */
export async function* unpacked(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const copies = async function* () {
    // The stream reads ahead, and a chunk is valid only until the next one is asked for.
    for await (const chunk of chunks) yield new Uint8Array(chunk);
  };
  const stream = ReadableStream.from(copies()).pipeThrough(new DecompressionStream("gzip"));
  try {
    yield* stream;
  } catch (e) {
    if (e instanceof TypeError) throw new SourceFault("is packed with gzip, and broken");
    throw e;
  }
}
