import { concat, fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { CompressedConn, type Compression } from "../../mod/wire/compressed_conn.ts";
import { assertEquals, assertRejects } from "../support/assert.ts";
import { ScriptConn } from "../support/script_conn.ts";

/** Compresses by turning every bit; gives what came in pieces of two. */
class Turned implements Compression {
  closed = false;
  #held: Uint8Array = new Uint8Array();

  compress(bytes: Uint8Array): Uint8Array {
    return bytes.map((b) => ~b);
  }

  expand(bytes: Uint8Array): void {
    assertEquals(this.#held.length, 0);
    this.#held = bytes.map((b) => ~b);
  }

  expanded(): Promise<Uint8Array | null> {
    const piece = this.#held.subarray(0, 2);
    this.#held = this.#held.subarray(2);
    return Promise.resolve(piece.length === 0 ? null : piece);
  }

  close(): void {
    this.closed = true;
  }
}

Deno.test("CompressedConn compresses what goes and expands what comes", async () => {
  const inner = new ScriptConn();
  const compression = new Turned();
  const conn = new CompressedConn(inner, compression);
  inner.feed(utf8("hello").map((b) => ~b), 4);
  const got: Uint8Array[] = [];
  assertEquals(conn.readNow(), null);
  for (let n = 0; n < 5; n += got[got.length - 1]?.length ?? 5) {
    got.push(await conn.read() ?? new Uint8Array());
  }
  assertEquals([fromUtf8(concat(got)), got.length], ["hello", 3]);
  await conn.write(utf8("x".repeat(70_000)));
  assertEquals(inner.written.map((w) => w.length), [65_536, 4464]);
  assertEquals(inner.written[0]?.[0], ~0x78 & 0xff);
  conn.setIdle(77);
  assertEquals([inner.idle, conn.remote, conn.local, conn.tls, conn.ended], [
    77,
    inner.remote,
    inner.local,
    null,
    false,
  ]);
  await assertRejects(() => conn.startTls(), "compression is active");
  inner.end();
  assertEquals(await conn.read(), null);
  await conn.close();
  assertEquals([inner.closed, compression.closed], [true, true]);
  const other = new Turned();
  new CompressedConn(inner, other).destroy();
  assertEquals([inner.destroyed, other.closed], [true, true]);
});
