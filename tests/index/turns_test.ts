import { Turns } from "../../mod/index/turns.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("Turns gives each its turn in order, and passes over who does not want it any more", async () => {
  const turns = new Turns();
  const never = new AbortController();
  const gone = new AbortController();
  assertEquals([await turns.take(never.signal), turns.wanted], [true, false]);
  const told: string[] = [];
  const take = async (name: string, signal: AbortSignal) =>
    void told.push(`${name} ${await turns.take(signal)}`);
  const all = [take("a", never.signal), take("b", gone.signal), take("c", never.signal)];
  assertEquals(turns.wanted, true);
  gone.abort();
  await all[1];
  turns.give();
  await all[0];
  turns.give();
  await all[2];
  assertEquals(told, ["b false", "a true", "c true"]);
  assertEquals(await turns.take(gone.signal), false);
  turns.give();
  assertEquals([await turns.take(never.signal), turns.wanted], [true, false]);
});

Deno.test("Turns favours one at a time", () => {
  const turns = new Turns();
  const [a, b] = [{}, {}];
  assertEquals([turns.favours(a), turns.favours(b), turns.favours(a)], [true, false, true]);
  turns.release(b);
  assertEquals(turns.favours(b), false);
  turns.release(a);
  assertEquals(turns.favours(b), true);
});
