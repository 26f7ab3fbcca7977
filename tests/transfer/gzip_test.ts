import { unpacked } from "../../mod/transfer/gzip.ts";
import { SourceFault } from "../../mod/transfer/take_in.ts";
import { assert, assertEquals } from "../support/assert.ts";

async function packed(text: string): Promise<Uint8Array> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** The octets in pieces of `size`, each valid only until the next. */
async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  const piece = new Uint8Array(size);
  for (let at = 0; at < bytes.length; at += size) {
    await Promise.resolve();
    const part = bytes.subarray(at, at + size);
    piece.set(part);
    yield piece.subarray(0, part.length);
  }
}

Deno.test("unpacked() gives the octets in any chunking, and a fault of the source for broken ones", async () => {
  const text = "Subject: x\r\n\r\n" + "hello\r\n".repeat(1000);
  const bytes = await packed(text);
  for (const size of [1, 7, 64, bytes.length]) {
    let out = "";
    for await (const chunk of unpacked(inPieces(bytes, size))) out += new TextDecoder().decode(chunk);
    assertEquals(out, text);
  }
  for (const broken of [bytes.slice(0, 30), bytes.map((b, i) => i > 20 ? 255 - b : b)]) {
    let fault: unknown = null;
    try {
      for await (const _ of unpacked(inPieces(broken, 16)));
    } catch (e) {
      fault = e;
    }
    assert(fault instanceof SourceFault);
  }
});
