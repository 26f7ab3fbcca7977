import { BufferPool } from "../../mod/wire/buffer_pool.ts";
import { assertEquals } from "../support/assert.ts";

const KiB = 1024;

Deno.test("BufferPool gives the last array first, and none twice", () => {
  const pool = new BufferPool();
  assertEquals(pool.take(), null);
  const [a, b] = [new Uint8Array(64 * KiB), new Uint8Array(128 * KiB)];
  pool.give(a);
  pool.give(b);
  assertEquals([pool.take() === b, pool.take() === a, pool.take()], [true, true, null]);
});

Deno.test("BufferPool keeps a few arrays of its size, whatever it is given", () => {
  const pool = new BufferPool();
  for (const size of [0, 2 * KiB, 64 * KiB - 1, 128 * KiB + 1, 512 * KiB]) pool.give(new Uint8Array(size));
  assertEquals(pool.take(), null);
  for (let i = 0; i < 1000; i++) pool.give(new Uint8Array(64 * KiB));
  let kept = 0;
  while (pool.take()) kept++;
  assertEquals(kept, 4);
});
