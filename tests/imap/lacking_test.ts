import { lackingOf, messagesOf } from "../../mod/imap/lacking.ts";
import { Slice } from "../../mod/imap/slice.ts";
import { assert, assertEquals } from "../support/assert.ts";

function message(uid: number, size: number, internalDate: number) {
  return { uid, flags: 0, size, internalDate };
}

Deno.test("lackingOf() gives what lacks something that is wanted", async () => {
  const slice = new Slice({ monotonic: () => 0 }, () => Promise.resolve());
  const all = [message(1, 5, -1), message(2, -1, 7), message(3, 5, 7), message(4, -1, -1)];
  const uids = async (want: Parameters<typeof lackingOf>[1]) =>
    (await lackingOf(all, want, slice)).map((m) => m.uid);
  assertEquals(await uids({}), []);
  assertEquals(await uids({ size: true }), [2, 4]);
  assertEquals(await uids({ date: true }), [1, 4]);
  assertEquals(await uids({ size: true, date: true }), [1, 2, 4]);
  assertEquals([...messagesOf(all, [4, 9, 1])].map((m) => m.uid), [4, 1]);
});

Deno.test("lackingOf() gives others their turn where there are very many", async () => {
  let now = 0;
  let pauses = 0;
  const slice = new Slice({ monotonic: () => now++ }, () => {
    pauses++;
    return Promise.resolve();
  });
  await lackingOf(Array.from({ length: 20_000 }, (_, i) => message(i + 1, 1, 1)), { size: true }, slice);
  assert(pauses > 5, `${pauses}`);
});
