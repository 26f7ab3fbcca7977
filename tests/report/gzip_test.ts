import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { gzip, unpack } from "../../mod/report/gzip.ts";
import { assert, assertEquals } from "../support/assert.ts";

Deno.test("unpack() gives what gzip() packed", async () => {
  for (const text of ["", "x", "report ".repeat(50_000)]) {
    const packed = await gzip(utf8(text));
    const read = await unpack(packed, "gzip", 1_000_000);
    assert(read.ok);
    assertEquals(fromUtf8(read.value), text);
  }
});

Deno.test("unpack() stops a bomb, and tells what is not packed", async () => {
  const bomb = await gzip(new Uint8Array(64 * 1024 * 1024));
  assert(bomb.length < 100_000);
  assertEquals(await unpack(bomb, "gzip", 1_000_000), { ok: false, error: "too large" });
  // The largest message that is looked into, all of it a bomb: some 2 GB, were it unpacked.
  const large = new Uint8Array(2 * 1024 * 1024);
  const one = await gzip(new Uint8Array(1_000_000));
  for (let at = 0; at + one.length <= large.length; at += one.length) large.set(one, at);
  const before = Deno.memoryUsage().rss;
  assertEquals((await unpack(large, "gzip", 8_000_000)).ok, false);
  assert(Deno.memoryUsage().rss - before < 100_000_000);
  const cut = (await gzip(utf8("report ".repeat(1000)))).subarray(0, 30);
  for (const octets of [utf8("plain"), new Uint8Array(0), cut]) {
    assertEquals(await unpack(octets, "gzip", 1000), { ok: false, error: "it cannot be unpacked" });
  }
});
