/** gzip (RFC 1952), by the platform's streams. */
import { concat } from "../base/bytes.ts";
import { err, ok, type Result } from "../base/result.ts";

/** Octets to gzip. */
export async function gzip(octets: Uint8Array): Promise<Uint8Array> {
  const packed = await drain(octets, new CompressionStream("gzip"), Infinity);
  // Our own octets can always be packed.
  if (!packed.ok) throw new Error(`Cannot pack: ${packed.error}`);
  return packed.value;
}

/** What was packed, as long as that is no more than `most` octets: of a bomb not more than that is unpacked. */
export function unpack(
  octets: Uint8Array,
  format: "gzip" | "deflate-raw",
  most: number,
): Promise<Result<Uint8Array, string>> {
  return drain(octets, new DecompressionStream(format), most);
}

async function drain(
  octets: Uint8Array,
  through: CompressionStream | DecompressionStream,
  most: number,
): Promise<Result<Uint8Array, string>> {
  const writer = through.writable.getWriter();
  // Faults of the input are told on the reading side.
  writer.write(new Uint8Array(octets)).then(() => writer.close()).catch(() => {});
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
