import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { BufferPool } from "../../mod/wire/buffer_pool.ts";
import { SendBuffer } from "../../mod/wire/send_buffer.ts";
import { assertEquals, assertRejects } from "../support/assert.ts";

const SIZES = [1, 3, 1000, 1024, 1025, 5_000, 60_000, 64 * 1024, 70_000, 300_000];

Deno.test("SendBuffer sends in one write what was gathered, in arrays that are the connection's own where it lends none", async () => {
  const written: Uint8Array[] = [];
  const write = (bytes: Uint8Array) => {
    written.push(bytes);
    return Promise.resolve();
  };
  const out = new SendBuffer({ write }, new BufferPool());
  await out.flush();
  const expected: string[] = [];
  for (const size of SIZES) {
    const text = "é" + String(size % 10).repeat(size);
    out.text(text);
    out.bytes(utf8("."));
    expected.push(`${text}.`);
    assertEquals(out.length, size + 3);
    await out.flush();
    assertEquals(out.length, 0);
  }
  assertEquals(written.map(fromUtf8), expected);
});

Deno.test("SendBuffer uses what it lent again, and lets others use it", async () => {
  const pool = new BufferPool();
  const arrays: ArrayBufferLike[] = [];
  const taken: string[] = [];
  let lost = false;
  const lend = async (bytes: Uint8Array) => {
    arrays.push(bytes.buffer);
    await Promise.resolve();
    if (lost) throw new Error("lost");
    taken.push(fromUtf8(bytes));
  };
  const write = () => Promise.reject(new Error("given for good"));
  const out = new SendBuffer({ write, lend }, pool);
  for (const size of SIZES) {
    out.text("a".repeat(size));
    await out.flush();
  }
  assertEquals(taken, SIZES.map((size) => "a".repeat(size)));
  out.text("b".repeat(5000));
  await out.flush();
  out.text("c");
  out.release(); // holds what is not sent
  await out.flush();
  assertEquals(arrays.at(-1) === arrays.at(-2), true);
  out.release();
  out.release();
  const other = new SendBuffer({ write, lend }, pool);
  other.text("d");
  await other.flush();
  assertEquals([arrays.at(-1) === arrays.at(-2), taken.at(-1), pool.take()], [true, "d", null]);
  lost = true;
  other.text("e");
  await assertRejects(() => other.flush());
  other.release();
  assertEquals(pool.take(), null);
});
