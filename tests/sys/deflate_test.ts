import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import { concat, utf8 } from "../../mod/base/bytes.ts";
import { Deflate } from "../../mod/sys/deflate.ts";
import { ConnectionLost } from "../../mod/wire/conn.ts";
import { assert, assertEquals, assertRejects } from "../support/assert.ts";

const SYNC = { finishFlush: constants.Z_SYNC_FLUSH };

async function all(deflate: Deflate): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = [];
  for (let piece = await deflate.expanded(); piece; piece = await deflate.expanded()) pieces.push(piece);
  return pieces;
}

Deno.test("Deflate.compress() writes pieces of one stream, each readable as soon as it is there", () => {
  const deflate = new Deflate();
  const texts = ["* OK", "", "x".repeat(63), "y".repeat(64), "* 1 FETCH (FLAGS ())\r\n".repeat(5000), "z"];
  let sent = new Uint8Array();
  let said = "";
  for (const text of texts) {
    sent = concat([sent, deflate.compress(utf8(text))]) as Uint8Array<ArrayBuffer>;
    said += text;
    assertEquals(inflateRawSync(sent, SYNC).toString(), said);
  }
  assert(sent.length < 2000);
  deflate.close();
});

Deno.test("Deflate expands a stream in any pieces", async () => {
  const text = "a1 NOOP\r\n".repeat(400);
  const stream = deflateRawSync(utf8(text), SYNC);
  for (const size of [1, 7, 1000]) {
    const deflate = new Deflate();
    let got = "";
    for (let at = 0; at < stream.length; at += size) {
      deflate.expand(stream.subarray(at, at + size));
      for (const piece of await all(deflate)) got += new TextDecoder().decode(piece);
    }
    assertEquals(got, text);
    deflate.close();
  }
});

Deno.test("Deflate gives what is much in small pieces, and what is broken not at all", async () => {
  const deflate = new Deflate();
  deflate.expand(deflateRawSync(new Uint8Array(3_000_000), SYNC));
  const pieces = await all(deflate);
  assertEquals(pieces.reduce((sum, p) => sum + p.length, 0), 3_000_000);
  assert(pieces.every((p) => p.length <= 4096));
  deflate.expand(Uint8Array.of(255, 255, 255, 255));
  const lost = await assertRejects(() => all(deflate), "compression broken");
  assert(lost instanceof ConnectionLost);
  deflate.expand(Uint8Array.of(1));
  await assertRejects(() => deflate.expanded());
  deflate.close();
});

Deno.test("Deflate ends with close(), also while somebody waits", async () => {
  const deflate = new Deflate();
  deflate.expand(deflateRawSync(utf8("more"), SYNC));
  const waiting = all(deflate);
  deflate.close();
  await assertRejects(() => waiting.then(() => deflate.expanded()), "compression closed");
});
