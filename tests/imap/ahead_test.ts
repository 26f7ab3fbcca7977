import { Ahead } from "../../mod/imap/ahead.ts";
import { assertEquals, assertRejects, assertThrows } from "../support/assert.ts";
import { settle } from "../support/fake_clock.ts";

Deno.test("Ahead gives results in order, with so many under way and no more", async () => {
  let running = 0;
  let most = 0;
  const ahead = new Ahead([5, 1, 4, 2, 3], 3, async (n) => {
    most = Math.max(most, ++running);
    await settle(n);
    running--;
    return n * 10;
  });
  const results: number[] = [];
  for (let i = 0; i < 5; i++) results.push(await ahead.next());
  assertEquals([results, most, running], [[50, 10, 40, 20, 30], 3, 0]);
  assertThrows(() => ahead.next());
  await ahead.end();
});

Deno.test("Ahead fails when the one that failed has its turn, and begins nothing after its end", async () => {
  const begun: number[] = [];
  const ended: number[] = [];
  const ahead = new Ahead([1, 2, 3, 4, 5], 2, async (n) => {
    begun.push(n);
    await settle(n);
    ended.push(n);
    if (n === 2) throw new Error("no");
    return n;
  });
  assertEquals(await ahead.next(), 1);
  await assertRejects(() => ahead.next());
  await ahead.end();
  assertEquals([begun, ended], [[1, 2, 3], [1, 2, 3]]);
});
