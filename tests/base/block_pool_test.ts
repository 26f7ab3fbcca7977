import { BLOCK, BlockPool } from "../../mod/base/block_pool.ts";
import { assert, assertEquals } from "../support/assert.ts";

Deno.test("BlockPool lends up to its bound, and again what came back", () => {
  const pool = new BlockPool(2.5 * BLOCK);
  const one = pool.take();
  const two = pool.take();
  assert(one && two && one !== two);
  assertEquals([one.length, pool.lent, pool.take()], [BLOCK, 2 * BLOCK, null]);
  pool.give(one);
  assertEquals(pool.lent, BLOCK);
  assert(pool.take() === one);
  pool.limit(BLOCK);
  pool.give(one);
  assertEquals(pool.take(), null);
  pool.give(two);
  assert(pool.take() !== null);
});

Deno.test("BlockPool counts what others hold towards its bound", () => {
  const pool = new BlockPool(2 * BLOCK);
  assert(pool.claim(BLOCK + 1));
  assertEquals([pool.take(), pool.claim(BLOCK), pool.lent], [null, false, BLOCK + 1]);
  pool.release(BLOCK + 1);
  assert(pool.take() && pool.claim(BLOCK));
});

Deno.test("BlockPool gives back to the system what nobody needed between two looks", () => {
  const pool = new BlockPool(10 * BLOCK);
  const blocks = Array.from({ length: 4 }, () => pool.take() ?? new Uint8Array(0));
  for (const block of blocks) pool.give(block);
  const sizes = () => blocks.map((b) => b.length).sort((a, b) => a - b);
  pool.tidy();
  assertEquals(sizes(), [BLOCK, BLOCK, BLOCK, BLOCK], "they were all in use since the last look");
  const again = pool.take();
  assert(again);
  pool.give(again);
  pool.tidy();
  assertEquals(sizes(), [0, 0, 0, BLOCK]);
  pool.tidy();
  assertEquals(sizes(), [0, 0, 0, 0]);
  assertEquals([pool.take()?.length, pool.lent], [BLOCK, BLOCK]);
});
