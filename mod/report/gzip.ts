/** gzip (RFC 1952), by the platform's streams. */
import { concat } from "../base/bytes.ts";
import { err, ok, type Result } from "../base/result.ts";

/** Octets packed in one go: a millisecond's work. */
const PACKED_AT_ONCE = 64 * 1024;
/** Octets unpacked in one go: the platform gives back all they stand for at once, which may be a thousand times as much. */
const UNPACKED_AT_ONCE = 1024;

/** Octets to gzip. */
export async function gzip(octets: Uint8Array): Promise<Uint8Array> {
  const packed = await drain(octets, PACKED_AT_ONCE, new CompressionStream("gzip"), Infinity);
  // Our own octets can always be packed.
  if (!packed.ok) throw new Error(`Cannot pack: ${packed.error}`);
  return packed.value;
}

/** What was packed, as long as that is no more than `most` octets: of a bomb not much more than that is unpacked. */
export function unpack(
  octets: Uint8Array,
  format: "gzip" | "deflate-raw",
  most: number,
): Promise<Result<Uint8Array, string>> {
  return drain(octets, UNPACKED_AT_ONCE, new DecompressionStream(format), most);
}

async function drain(
  octets: Uint8Array,
  atOnce: number,
  through: CompressionStream | DecompressionStream,
  most: number,
): Promise<Result<Uint8Array, string>> {
  // Faults of the input are told on the reading side; who stops reading stops this too.
  feed(octets, atOnce, through.writable.getWriter()).catch(() => {});
  const reader = through.readable.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return ok(concat(chunks));
      size += value.length;
      if (size > most) return err("too large");
      chunks.push(value);
    }
  } catch {
    return err("it cannot be unpacked");
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** Writes piece by piece, each when the one before has been read. */
async function feed(
  octets: Uint8Array,
  atOnce: number,
  writer: WritableStreamDefaultWriter<BufferSource>,
): Promise<void> {
  for (let at = 0; at < octets.length; at += atOnce) {
    await writer.ready;
    await writer.write(octets.slice(at, at + atOnce));
  }
  await writer.close();
}
