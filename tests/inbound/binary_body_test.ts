import { type Body, memoryBody } from "../../mod/base/body.ts";
import { concat, fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { withoutBinary } from "../../mod/inbound/binary_body.ts";
import { assert, assertEquals } from "../support/assert.ts";

async function text(body: Body): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const c of body.stream()) chunks.push(c.slice());
  return fromUtf8(concat(chunks));
}

Deno.test("withoutBinary() makes text of a binary message, in memory and spooled, as often as asked", async () => {
  const held = memoryBody(utf8("Content-Transfer-Encoding: bin"), utf8("ary\r\n\r\na\nb\0"));
  for (const memory of [held.memory, null]) {
    const body = await withoutBinary({ ...held, memory });
    assert(body);
    assertEquals(body.memory === null, memory === null);
    for (let i = 0; i < 2; i++) {
      assertEquals(await text(body), "Content-Transfer-Encoding: base64\r\n\r\nYQpiAA==\r\n");
    }
    assertEquals((await text(body)).length, body.size);
    await body.dispose();
  }
});

Deno.test("withoutBinary() refuses binary octets that are not marked", async () => {
  const held = memoryBody(utf8("A: b\r\n\r\na\nb"));
  assertEquals(await withoutBinary(held), null);
  assertEquals(await withoutBinary({ ...held, memory: null }), null);
});
