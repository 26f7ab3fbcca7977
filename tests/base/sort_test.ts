import fc from "fast-check";
import { sortInTurns } from "../../mod/base/sort.ts";
import { assert, assertEquals } from "../support/assert.ts";

const byKey = (a: readonly [number, number], b: readonly [number, number]) => a[0] - b[0];

Deno.test("sortInTurns() sorts as sort() does, equal ones in their order, whatever turns others get", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(50), { maxLength: 1500 }), fc.nat(20), async (keys, every) => {
      const items = keys.map((key, i) => [key, i] as const);
      let n = 0;
      const turn = () => every > 0 && ++n % (every * 100) === 0 ? Promise.resolve() : null;
      assertEquals(await sortInTurns(items, byKey, turn), [...items].sort(byKey));
    }),
  );
});

Deno.test("sortInTurns() tells of all its work, and of little for what is in order", async () => {
  const count = async (items: readonly number[]) => {
    let [told, most] = [0, 0];
    await sortInTurns(items, (a, b) => a - b, (n) => {
      told += n;
      most = Math.max(most, n);
      return null;
    });
    assert(most <= 256, "looks at the time often enough");
    return told;
  };
  const ascending = Array.from({ length: 1024 }, (_, i) => i);
  assertEquals(await count(ascending), 1024);
  assertEquals(await count(ascending.toReversed()), 1024 * 3, "two rounds of putting runs together");
  assertEquals(await count([]), 0);
});
