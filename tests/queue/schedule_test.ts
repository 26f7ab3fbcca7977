import { assert, assertEquals } from "../support/assert.ts";
import { SeededRandom } from "../support/seeded_random.ts";
import { destinationPause, GIVE_UP, schedule } from "../../mod/queue/schedule.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

Deno.test("schedule() doubles from five minutes to four hours, a tenth left to chance", () => {
  const expected = [5, 10, 20, 40, 80, 160, 240, 240, 240];
  for (let seed = 0; seed < 50; seed++) {
    const random = new SeededRandom(seed);
    for (const [i, minutes] of expected.entries()) {
      const wait = schedule(i + 1, 0, random) ?? 0;
      assert(wait >= minutes * MINUTE * 0.9 && wait <= minutes * MINUTE * 1.1, `attempt ${i + 1}: ${wait}`);
    }
  }
  assert(new Set([1, 2, 3, 4].map((seed) => schedule(1, 0, new SeededRandom(seed)))).size > 1);
});

Deno.test("schedule() makes the last attempt after five days and gives up then", () => {
  const random = new SeededRandom(1);
  assertEquals(schedule(30, GIVE_UP, random), null);
  assertEquals(schedule(1, GIVE_UP + 1, random), null);
  assertEquals(schedule(30, GIVE_UP - MINUTE, random), MINUTE);
  assert((schedule(5000, 0, random) ?? 0) <= 4.4 * HOUR);
  let age = 0;
  let attempts = 0;
  for (let wait: number | null = 0; wait !== null; wait = schedule(++attempts, age, random)) age += wait;
  assertEquals(age, GIVE_UP);
  assert(attempts > 25 && attempts < 50, `${attempts} attempts`);
});

Deno.test("destinationPause() grows from a minute to an hour", () => {
  const random = new SeededRandom(1);
  const near = (failures: number, minutes: number) => {
    const pause = destinationPause(failures, random) / MINUTE;
    assert(pause >= minutes * 0.9 && pause <= minutes * 1.1, `${failures}: ${pause}`);
  };
  near(1, 1);
  near(2, 2);
  near(5, 16);
  near(7, 60);
  near(2000, 60);
});
