import { type Body, memoryBody } from "../../mod/base/body.ts";
import { concat, fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { withoutBinary, withoutEightBit } from "../../mod/mail/converted_body.ts";
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

Deno.test("withoutEightBit() puts parts with eight bits into base64, and leaves the rest", async () => {
  const message =
    `Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: 8bit\r\n\r
--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nm\u00fcn\r
--b\r\nContent-Type: text/plain\r\n\r\nplain\r\n--b--\r\n`;
  const held = memoryBody(utf8(message));
  for (const memory of [held.memory, null]) {
    const body = await withoutEightBit({ ...held, memory });
    const out = await text(body);
    assertEquals(out.length, body.size);
    assert(/^[\0-\x7f]*$/.test(out), out);
    assert(
      out.includes(
        "Content-Transfer-Encoding: base64\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nbcO8bg==\r\n",
      ),
      out,
    );
    assert(out.includes("\r\n\r\nplain\r\n--b--\r\n"), out);
    assert(out.startsWith("Content-Transfer-Encoding: 7bit\r\nSubject: x\r\n"), out);
  }
});

Deno.test("withoutEightBit() leaves what is not marked", async () => {
  const held = memoryBody(utf8("Subject: m\u00fcn\r\n\r\nm\u00fcn\r\n"));
  assertEquals(await text(await withoutEightBit(held)), "Subject: m\u00fcn\r\n\r\nm\u00fcn\r\n");
});
