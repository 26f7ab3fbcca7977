import { memoryBody, prefixed } from "../../mod/base/body.ts";
import { concat, fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { assertEquals } from "../support/assert.ts";

async function text(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const c of stream) chunks.push(c.slice());
  return fromUtf8(concat(chunks));
}

Deno.test("memoryBody() gives its octets any number of times", async () => {
  const body = memoryBody(utf8("ab"), utf8("c"));
  assertEquals(body.size, 3);
  assertEquals([await text(body.stream()), await text(body.stream())], ["abc", "abc"]);
});

Deno.test("prefixed() puts octets before a body in memory and before one on disk", async () => {
  const inner = memoryBody(utf8("body"));
  const both = prefixed(utf8("head "), inner);
  assertEquals([both.size, both.memory?.length, await text(both.stream())], [9, 2, "head body"]);
  let disposed = 0;
  const spooled = { ...inner, memory: null, dispose: () => Promise.resolve(void disposed++) };
  const far = prefixed(utf8("head "), spooled);
  assertEquals([far.memory, await text(far.stream())], [null, "head body"]);
  await far.dispose();
  assertEquals(disposed, 1);
});
