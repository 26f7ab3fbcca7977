import { IMAP_SLICE } from "../../mod/base/limits.ts";
import { Slice } from "../../mod/imap/slice.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("Slice asks the clock only after some work and pauses when time is up", async () => {
  let now = 0;
  let asked = 0;
  let pauses = 0;
  const clock = {
    monotonic: () => {
      asked++;
      return now;
    },
  };
  const slice = new Slice(clock, () => {
    pauses++;
    return Promise.resolve();
  });
  asked = 0;
  for (let i = 0; i < 3; i++) assertEquals(slice.worked(4096), false);
  assertEquals(asked, 0);
  assertEquals(slice.worked(4096), false);
  assertEquals(asked, 1);
  now = IMAP_SLICE;
  await slice.spend(65536);
  assertEquals(pauses, 1);
  await slice.spend(65536);
  assertEquals(pauses, 1);
});

Deno.test("Slice does not count the time in which others had their turn", async () => {
  let now = 0;
  let pauses = 0;
  const slice = new Slice({ monotonic: () => now }, () => {
    pauses++;
    return Promise.resolve();
  });
  now = 1000;
  slice.rested();
  now += IMAP_SLICE - 1;
  await slice.spend(65536);
  assertEquals(pauses, 0);
  now += 1;
  await slice.spend(65536);
  assertEquals(pauses, 1);
});
